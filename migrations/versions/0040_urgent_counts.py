"""The figures of the operations centre are counted in the index of its queue alone

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def _make(*carried: str) -> None:
    op.drop_index("ix_cases_urgent_open", "cases")
    op.create_index(
        "ix_cases_urgent_open",
        "cases",
        ["next_due_at", "id"],
        postgresql_where=sa.text("stage <> 'closed' AND urgency IS NOT NULL"),
        postgresql_include=list(carried),
    )


def upgrade() -> None:
    _make("unit_id", "stage", "first_action_at")


def downgrade() -> None:
    _make("unit_id")
