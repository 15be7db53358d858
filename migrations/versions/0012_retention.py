"""How long answers are kept"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'retention_rules',
        sa.Column('survey_id', sa.BigInteger(), nullable=False),
        sa.Column('texts_days', sa.BigInteger(), nullable=True),
        sa.Column('responses_days', sa.BigInteger(), nullable=True),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_by', sa.BigInteger(), nullable=True),
        sa.CheckConstraint('texts_days > 0 AND responses_days > 0', name=op.f('ck_retention_rules_days')),
        sa.CheckConstraint('responses_days >= texts_days', name=op.f('ck_retention_rules_order')),
        sa.ForeignKeyConstraint(['changed_by'], ['users.id'], name=op.f('fk_retention_rules_changed_by_users')),
        sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_retention_rules_survey_id_surveys')),
        sa.PrimaryKeyConstraint('survey_id', name=op.f('pk_retention_rules')),
    )
    op.create_table(
        'erased_answers',
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('responses', sa.BigInteger(), nullable=False),
        sa.Column('texts', sa.BigInteger(), nullable=False),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_erased_answers_campaign_id_campaigns')),
        sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_erased_answers')),
    )
    op.create_table(
        'erased_photos',
        sa.Column('name', sa.String(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_erased_photos')),
    )
    op.add_column('responses', sa.Column('texts_erased', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_index('ix_responses_sent', 'responses', ['version_id', 'submitted_at'])
    op.create_index('ix_responses_texts', 'responses', ['version_id', 'submitted_at'], postgresql_where=sa.text('NOT texts_erased'))


def downgrade() -> None:
    op.drop_index('ix_responses_texts', table_name='responses')
    op.drop_index('ix_responses_sent', table_name='responses')
    op.drop_column('responses', 'texts_erased')
    op.drop_table('erased_photos')
    op.drop_table('erased_answers')
    op.drop_table('retention_rules')
