"""What a search looks in lies apart from the cases, so that dating them anew writes no word index

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def _index(name: str, table: str, column: str, where: str | None = None) -> None:
    op.create_index(
        name,
        table,
        [column],
        postgresql_using="gin",
        postgresql_ops={column: "gin_trgm_ops"},
        postgresql_where=sa.text(where) if where else None,
    )


def upgrade() -> None:
    op.create_table(
        "case_words",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_words_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_words")),
    )
    op.execute(
        "INSERT INTO case_words (case_id, words, is_open)"
        " SELECT id, search_key, stage <> 'closed' FROM cases ORDER BY id"
    )
    _index("ix_case_words", "case_words", "words")
    _index("ix_case_words_open", "case_words", "words", "is_open")
    op.drop_index("ix_cases_search", "cases")
    op.drop_index("ix_cases_open_words", "cases")
    op.drop_column("cases", "search_key")
    op.execute(
        """
        CREATE FUNCTION case_words_follow_stage() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE case_words SET is_open = NEW.stage <> 'closed' WHERE case_id = NEW.id;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER case_words_follow_stage AFTER UPDATE OF stage ON cases FOR EACH ROW"
        " WHEN ((OLD.stage = 'closed') IS DISTINCT FROM (NEW.stage = 'closed'))"
        " EXECUTE FUNCTION case_words_follow_stage()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER case_words_follow_stage ON cases")
    op.execute("DROP FUNCTION case_words_follow_stage()")
    op.add_column("cases", sa.Column("search_key", sa.String(), nullable=True))
    op.execute(
        "UPDATE cases SET search_key = case_words.words FROM case_words"
        " WHERE case_words.case_id = cases.id"
    )
    op.execute("UPDATE cases SET search_key = '' WHERE search_key IS NULL")
    op.alter_column("cases", "search_key", nullable=False)
    _index("ix_cases_search", "cases", "search_key")
    _index("ix_cases_open_words", "cases", "search_key", "stage <> 'closed'")
    op.drop_table("case_words")
