"""Workflow definitions as data; a case carries its definition, version and state.

Revision ID: 0030
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workflow_definitions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "origin IN ('shipped', 'city')", name=op.f("ck_workflow_definitions_origin")
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (number IS NULL)",
            name=op.f("ck_workflow_definitions_published"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_workflow_definitions_created_by_users")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["users.id"], name=op.f("fk_workflow_definitions_published_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_definitions")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_workflow_definitions_name_number")),
    )
    op.create_index(
        "uq_workflow_definitions_draft",
        "workflow_definitions",
        ["name"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.execute(
        "CREATE TRIGGER workflow_definitions_never_change "
        "BEFORE UPDATE OR DELETE ON workflow_definitions "
        "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) "
        "EXECUTE FUNCTION pasokh_refuse_change()"
    )
    op.add_column("cases", sa.Column("definition_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "cases", sa.Column("state", sa.String(), server_default="received", nullable=False)
    )
    op.add_column(
        "cases", sa.Column("special", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.alter_column("cases", "special", server_default=None)
    op.create_foreign_key(
        op.f("fk_cases_definition_id_workflow_definitions"),
        "cases",
        "workflow_definitions",
        ["definition_id"],
        ["id"],
    )
    op.execute("UPDATE cases SET state = stage WHERE stage <> 'received'")
    op.alter_column("cases", "state", server_default=None)
    op.create_index(
        "ix_cases_definition_open",
        "cases",
        ["definition_id", "state", "id"],
        postgresql_where=sa.text("stage <> 'closed'"),
    )
    op.drop_constraint(op.f("ck_case_clocks_kind"), "case_clocks", type_="check")
    op.create_table(
        "workflow_moves",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=True),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'declined', 'running', 'done', 'undoing', 'undone')",
            name=op.f("ck_workflow_moves_state"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> created_by",
            name=op.f("ck_workflow_moves_two_persons"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["users.id"], name=op.f(f"fk_workflow_moves_{column}_users")
            )
            for column in ("created_by", "decided_by", "undone_by")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["workflow_definitions.id"],
                name=op.f(f"fk_workflow_moves_{column}_workflow_definitions"),
            )
            for column in ("from_id", "to_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_moves")),
    )
    op.create_index(
        "uq_workflow_moves_open",
        "workflow_moves",
        ["workflow"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'running', 'undoing')"),
    )
    op.create_table(
        "workflow_moved_cases",
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.CheckConstraint(
            "result IN ('moved', 'returned', 'went_on')",
            name=op.f("ck_workflow_moved_cases_result"),
        ),
        sa.ForeignKeyConstraint(
            ["move_id"],
            ["workflow_moves.id"],
            name=op.f("fk_workflow_moved_cases_move_id_workflow_moves"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_workflow_moved_cases_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("move_id", "case_id", name=op.f("pk_workflow_moved_cases")),
    )
    op.create_index("ix_workflow_moved_cases_case_id", "workflow_moved_cases", ["case_id"])
    op.create_table(
        "case_tasks",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("titles", postgresql.JSONB(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('task', 'letter', 'notice')", name=op.f("ck_case_tasks_kind")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_tasks_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_case_tasks_user_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["done_by"], ["users.id"], name=op.f("fk_case_tasks_done_by_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tasks")),
    )
    op.create_index("ix_case_tasks_case_id", "case_tasks", ["case_id", "id"])
    op.create_index(
        "ix_case_tasks_open",
        "case_tasks",
        ["role", "due_at", "id"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_case_tasks_of_person",
        "case_tasks",
        ["user_id", "due_at", "id"],
        postgresql_where=sa.text("done_at IS NULL AND user_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("case_tasks")
    op.drop_table("workflow_moved_cases")
    op.drop_table("workflow_moves")
    op.execute(
        "DELETE FROM case_clocks WHERE kind NOT IN "
        "('first_action', 'resolution', 'feedback', 'objection')"
    )
    op.create_check_constraint(
        op.f("ck_case_clocks_kind"),
        "case_clocks",
        "kind IN ('first_action', 'resolution', 'feedback', 'objection')",
    )
    op.drop_index("ix_cases_definition_open", "cases")
    op.drop_constraint(
        op.f("fk_cases_definition_id_workflow_definitions"), "cases", type_="foreignkey"
    )
    op.drop_column("cases", "special")
    op.drop_column("cases", "state")
    op.drop_column("cases", "definition_id")
    op.execute("DROP TRIGGER workflow_definitions_never_change ON workflow_definitions")
    op.drop_table("workflow_definitions")
