"""The code of a proposal is made at the moment of sending and lies in no table.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("ballot_proposals", "code_digest")


def downgrade() -> None:
    op.add_column("ballot_proposals", sa.Column("code_digest", sa.LargeBinary(), nullable=True))
