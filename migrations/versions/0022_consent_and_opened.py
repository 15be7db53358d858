"""Messages that were asked for; when a link was first opened by a person"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'messages', sa.Column('asked_for', sa.Boolean(), server_default=sa.text('false'), nullable=False)
    )
    op.add_column('invitations', sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('invitations', 'opened_at')
    op.drop_column('messages', 'asked_for')
