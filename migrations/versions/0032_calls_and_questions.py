"""Calls and call-backs; questions of categories and their answers; what a channel adds

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.add_column("case_categories", sa.Column("definition", sa.String(length=60), nullable=True))
    op.add_column(
        "cases", sa.Column("details", JSON, server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("transferred_to", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "result IN ('answered', 'registered', 'transferred', 'irrelevant', 'dropped')",
            name=op.f("ck_calls_result"),
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_calls_hour")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["users.id"], name=op.f("fk_calls_operator_id_users")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_calls_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["case_categories.id"],
            name=op.f("fk_calls_category_id_case_categories"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("key", name=op.f("uq_calls_key")),
    )
    op.create_index("ix_calls_counts", "calls", ["day", "hour", "operator_id", "result"])
    op.create_index("ix_calls_number", "calls", ["e164", "id"])
    op.create_index("ix_calls_operator", "calls", ["operator_id", "id"])
    op.create_index(op.f("ix_calls_case_id"), "calls", ["case_id"])
    op.create_table(
        "callbacks",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'registered', 'unreached', 'withdrawn')",
            name=op.f("ck_callbacks_state"),
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["users.id"], name=op.f("fk_callbacks_taken_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_callbacks_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_callbacks_waiting", "callbacks", ["call_at", "id"], postgresql_where=waiting
    )
    op.create_index(
        "uq_callbacks_waiting_number", "callbacks", ["e164"], unique=True, postgresql_where=waiting
    )
    op.create_table(
        "case_questions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("hints", JSON, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('text', 'choice', 'several', 'number', 'yesno', 'date')",
            name=op.f("ck_case_questions_kind"),
        ),
        sa.CheckConstraint(
            "audience IN ('everybody', 'staff')", name=op.f("ck_case_questions_audience")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["case_categories.id"],
            name=op.f("fk_case_questions_category_id_case_categories"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_questions")),
        sa.UniqueConstraint(
            "category_id", "key", "version", name=op.f("uq_case_questions_category_id_key_version")
        ),
    )
    op.create_index(
        "uq_case_questions_current",
        "case_questions",
        ["category_id", "key"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "case_answers",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_answers_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["case_questions.id"],
            name=op.f("fk_case_answers_question_id_case_questions"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["users.id"], name=op.f("fk_case_answers_answered_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_answers")),
        sa.UniqueConstraint(
            "case_id", "question_id", name=op.f("uq_case_answers_case_id_question_id")
        ),
    )
    op.create_index(op.f("ix_case_answers_question_id"), "case_answers", ["question_id"])


def downgrade() -> None:
    op.drop_table("case_answers")
    op.drop_table("case_questions")
    op.drop_table("callbacks")
    op.drop_table("calls")
    op.drop_column("cases", "details")
    op.drop_column("case_categories", "definition")
