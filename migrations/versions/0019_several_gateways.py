"""Several gateways, each with a limit of its own"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'gateway_calls',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('gateway', sa.String(), nullable=False),
        sa.Column('segments', sa.BigInteger(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gateway_calls')),
    )
    op.create_index('ix_gateway_calls', 'gateway_calls', ['gateway', 'ended_at'], unique=False)
    op.create_table(
        'gateway_inboxes',
        sa.Column('gateway', sa.String(), nullable=False),
        sa.Column('cursor', sa.String(), nullable=False),
        sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('gateway', name=op.f('pk_gateway_inboxes')),
    )
    op.add_column('messages', sa.Column('bound_gateway', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column('messages', 'bound_gateway')
    op.drop_table('gateway_inboxes')
    op.drop_index('ix_gateway_calls', table_name='gateway_calls')
    op.drop_table('gateway_calls')
