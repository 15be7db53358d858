"""Cases joined to others, indexes to find the same matter, hiding and redacting.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

REDACTABLE = (
    "case_events",
    "packet_snapshots",
    "packet_files",
    "packet_comments",
    "consent_records",
)


def upgrade() -> None:
    op.create_table(
        "case_joins",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.BigInteger(), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("case_id <> into_id", name=op.f("ck_case_joins_not_itself")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_joins_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["into_id"], ["cases.id"], name=op.f("fk_case_joins_into_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["joined_by"], ["users.id"], name=op.f("fk_case_joins_joined_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"], ["users.id"], name=op.f("fk_case_joins_undone_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_joins")),
    )
    active = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_case_joins_case", "case_joins", ["case_id"], unique=True, postgresql_where=active
    )
    op.create_index("ix_case_joins_into", "case_joins", ["into_id"], postgresql_where=active)
    _candidates()
    _hides()
    _redactions()


def _candidates() -> None:
    """What a message that is just being typed is compared with: open cases only."""
    op.create_index(
        "ix_cases_open_category",
        "cases",
        ["category_id", "received_at"],
        postgresql_where=sa.text("stage <> 'closed'"),
    )
    op.create_index(
        "ix_cases_open_neighbourhood",
        "cases",
        ["neighbourhood", "received_at"],
        postgresql_where=sa.text("stage <> 'closed' AND neighbourhood <> ''"),
    )
    op.create_index(
        "ix_cases_open_neighbourhood_category",
        "cases",
        ["neighbourhood", "category_id", "received_at"],
        postgresql_where=sa.text("stage <> 'closed' AND neighbourhood <> ''"),
    )
    op.create_index(
        "ix_cases_open_point",
        "cases",
        ["latitude", "longitude"],
        postgresql_where=sa.text("stage <> 'closed' AND latitude IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_open_words",
        "cases",
        ["search_key"],
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
        postgresql_where=sa.text("stage <> 'closed'"),
    )


def _hides() -> None:
    op.create_table(
        "case_hides",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_by", sa.BigInteger(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('third_party', 'own_wish', 'insult', 'court', 'security', 'mistake')",
            name=op.f("ck_case_hides_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_hides_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["case_events.id"], name=op.f("fk_case_hides_event_id_case_events")
        ),
        sa.ForeignKeyConstraint(
            ["hidden_by"], ["users.id"], name=op.f("fk_case_hides_hidden_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["shown_by"], ["users.id"], name=op.f("fk_case_hides_shown_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_hides")),
    )
    op.create_index(
        "ix_case_hides_case",
        "case_hides",
        ["case_id"],
        postgresql_where=sa.text("shown_at IS NULL"),
    )


def _redactions() -> None:
    op.create_table(
        "case_redactions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("places", postgresql.JSONB(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("scrubbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("large", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('passage', 'name', 'phone', 'photo')", name=op.f("ck_case_redactions_kind")
        ),
        sa.CheckConstraint(
            "reason IN ('third_party', 'own_wish', 'insult', 'court', 'security', 'mistake')",
            name=op.f("ck_case_redactions_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_redactions_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["users.id"], name=op.f("fk_case_redactions_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_redactions")),
    )
    op.create_index("ix_case_redactions_case", "case_redactions", ["case_id", "id"])
    op.create_index(
        "ix_case_redactions_open",
        "case_redactions",
        ["id"],
        postgresql_where=sa.text("scrubbed_at IS NULL"),
    )
    # Rows that never change may be redacted, and only so: by the transaction that also writes
    # down who redacted what (a row of this very transaction), and never from one setting alone.
    op.execute(
        """
        CREATE FUNCTION pasokh_redactable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (
                SELECT FROM case_redactions r
                WHERE r.id = NULLIF(current_setting('pasokh.redaction', true), '')::bigint
                  AND r.xmin::text::bigint
                      = pg_current_xact_id()::text::numeric % 4294967296
            ) THEN
                RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
            END IF;
            RAISE EXCEPTION '% on % is refused: its rows never change', TG_OP, TG_TABLE_NAME;
        END $$
        """
    )
    for table in REDACTABLE:
        op.execute(f"DROP TRIGGER {table}_never_change ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION pasokh_redactable()"
        )


def downgrade() -> None:
    for table in REDACTABLE:
        op.execute(f"DROP TRIGGER {table}_never_change ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()"
        )
    op.execute("DROP FUNCTION pasokh_redactable")
    op.drop_table("case_redactions")
    op.drop_table("case_hides")
    op.drop_index("ix_cases_open_words", table_name="cases")
    op.drop_index("ix_cases_open_point", table_name="cases")
    op.drop_index("ix_cases_open_neighbourhood_category", table_name="cases")
    op.drop_index("ix_cases_open_neighbourhood", table_name="cases")
    op.drop_index("ix_cases_open_category", table_name="cases")
    op.drop_table("case_joins")
