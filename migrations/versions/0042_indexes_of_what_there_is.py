"""Columns that are mostly empty are indexed where they are not; categories by the newest

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

PLAIN = (
    ("cases", "assignee_id"),
    ("cases", "contact_id"),
    ("cases", "e164"),
    ("audit_entries", "actor_id"),
)
UNIQUE = (("cases", "form_key"), ("audit_entries", "sequence"))


def upgrade() -> None:
    for table, column in UNIQUE:
        op.drop_constraint(f"uq_{table}_{column}", table)
    for table, column in PLAIN:
        op.drop_index(f"ix_{table}_{column}", table)
    for table, column in (*PLAIN, *UNIQUE):
        unique = (table, column) in UNIQUE
        op.create_index(
            f"{'uq' if unique else 'ix'}_{table}_{column}",
            table,
            [column],
            unique=unique,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.drop_index("ix_cases_category_id", "cases")
    op.create_index("ix_cases_category_newest", "cases", ["category_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_cases_category_newest", "cases")
    op.create_index("ix_cases_category_id", "cases", ["category_id"])
    for table, column in PLAIN:
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(f"ix_{table}_{column}", table, [column])
    for table, column in UNIQUE:
        op.drop_index(f"uq_{table}_{column}", table)
        op.create_unique_constraint(f"uq_{table}_{column}", table, [column])
