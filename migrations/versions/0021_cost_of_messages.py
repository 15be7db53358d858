"""Prices of SMS, what each message costs, and budgets"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'sms_prices',
        sa.Column('gateway', sa.String(), nullable=False),
        sa.Column('operator', sa.String(), nullable=False),
        sa.Column('encoding', sa.String(), nullable=False),
        sa.Column('rial', sa.BigInteger(), nullable=False),
        sa.CheckConstraint("operator IN ('mci', 'other')", name=op.f('ck_sms_prices_operator')),
        sa.CheckConstraint("encoding IN ('GSM-7', 'UCS-2')", name=op.f('ck_sms_prices_encoding')),
        sa.CheckConstraint('rial >= 0', name=op.f('ck_sms_prices_rial')),
        sa.PrimaryKeyConstraint('gateway', 'operator', 'encoding', name=op.f('pk_sms_prices')),
    )
    op.add_column('messages', sa.Column('estimate_rial', sa.BigInteger(), nullable=True))
    op.add_column('messages', sa.Column('cost_estimated', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('message_batches', sa.Column('budget_rial', sa.BigInteger(), nullable=True))
    op.add_column('message_batches', sa.Column('committed_rial', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('message_batches', sa.Column('budget_of', sa.BigInteger(), nullable=True))
    op.create_index(op.f('ix_message_batches_budget_of'), 'message_batches', ['budget_of'], unique=False)
    op.create_foreign_key(op.f('fk_message_batches_budget_of_message_batches'), 'message_batches', 'message_batches', ['budget_of'], ['id'])
    op.add_column('campaigns', sa.Column('budget_rial', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('campaigns', 'budget_rial')
    op.drop_constraint(op.f('fk_message_batches_budget_of_message_batches'), 'message_batches', type_='foreignkey')
    op.drop_index(op.f('ix_message_batches_budget_of'), table_name='message_batches')
    op.drop_column('message_batches', 'budget_of')
    op.drop_column('message_batches', 'committed_rial')
    op.drop_column('message_batches', 'budget_rial')
    op.drop_column('messages', 'cost_estimated')
    op.drop_column('messages', 'estimate_rial')
    op.drop_table('sms_prices')
