"""Feedback calls, kinds of call-ins, registrations with a code, calls of the exchange

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

KINDS = "kind IN ('call_in', 'meeting', 'mosque', 'press', 'visit')"
MOMENT = sa.DateTime(timezone=True)


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_index(
        "ix_feedback_open_asked",
        "case_feedback_questions",
        ["asked_at"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_feedback_asked", "case_feedback_questions", ["asked_at"])
    op.create_table(
        "feedback_calls",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("again_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "result IN ('no_answer', 'busy', 'later', 'wrong_number', 'accepted', 'objected')",
            name=op.f("ck_feedback_calls_result"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_feedback_calls_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["case_feedback_questions.id"],
            name=op.f("fk_feedback_calls_question_id_case_feedback_questions"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["users.id"], name=op.f("fk_feedback_calls_operator_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_calls")),
    )
    op.create_index(op.f("ix_feedback_calls_case_id"), "feedback_calls", ["case_id"])
    op.create_index(op.f("ix_feedback_calls_question_id"), "feedback_calls", ["question_id"])

    for table in ("callin_series", "callin_sessions"):
        op.add_column(
            table, sa.Column("kind", sa.String(), server_default="call_in", nullable=False)
        )
        op.create_check_constraint(op.f(f"ck_{table}_kind"), table, KINDS)
    # A series that runs already keeps to the days it was announced for.
    op.add_column(
        "callin_series", sa.Column("on_holiday", sa.String(), server_default="hold", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_callin_series_on_holiday"), "callin_series", "on_holiday IN ('skip', 'hold')"
    )
    op.add_column(
        "callin_calls", sa.Column("medium", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "callin_calls", sa.Column("seats", sa.BigInteger(), server_default="1", nullable=False)
    )
    op.add_column("callin_calls", sa.Column("lease_until", MOMENT, nullable=True))
    op.create_check_constraint(
        op.f("ck_callin_calls_seats"), "callin_calls", "seats BETWEEN 1 AND 20"
    )

    op.create_table(
        "callin_requests",
        _id(),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["callin_sessions.id"],
            name=op.f("fk_callin_requests_session_id_callin_sessions"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["callin_calls.id"], name=op.f("fk_callin_requests_call_id_callin_calls")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callin_requests")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_callin_requests_token_digest")),
    )
    op.create_index("ix_callin_requests_number", "callin_requests", ["e164", "created_at"])
    op.create_index("ix_callin_requests_session", "callin_requests", ["session_id", "created_at"])

    op.create_table(
        "exchange_calls",
        _id(),
        sa.Column("call_id", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("source IN ('hook', 'file')", name=op.f("ck_exchange_calls_source")),
        sa.CheckConstraint(
            "answered_at >= offered_at", name=op.f("ck_exchange_calls_answered_after")
        ),
        sa.CheckConstraint("ended_at >= offered_at", name=op.f("ck_exchange_calls_ended_after")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["callin_sessions.id"],
            name=op.f("fk_exchange_calls_session_id_callin_sessions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_calls")),
        sa.UniqueConstraint("call_id", name=op.f("uq_exchange_calls_call_id")),
    )
    op.create_index("ix_exchange_calls_session", "exchange_calls", ["session_id"])
    op.create_index("ix_exchange_calls_offered", "exchange_calls", ["offered_at", "id"])


def downgrade() -> None:
    op.drop_table("exchange_calls")
    op.drop_table("callin_requests")
    op.drop_constraint(op.f("ck_callin_calls_seats"), "callin_calls")
    for column in ("lease_until", "seats", "medium"):
        op.drop_column("callin_calls", column)
    op.drop_constraint(op.f("ck_callin_series_on_holiday"), "callin_series")
    op.drop_column("callin_series", "on_holiday")
    for table in ("callin_sessions", "callin_series"):
        op.drop_constraint(op.f(f"ck_{table}_kind"), table)
        op.drop_column(table, "kind")
    op.drop_table("feedback_calls")
    op.drop_index("ix_feedback_asked", table_name="case_feedback_questions")
    op.drop_index("ix_feedback_open_asked", table_name="case_feedback_questions")
