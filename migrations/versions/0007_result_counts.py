"""Counts of large surveys are kept"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'result_counts',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('survey_id', sa.BigInteger(), nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=True),
        sa.Column('counted_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('fingerprint', sa.String(), nullable=False),
        sa.Column('complete', sa.BigInteger(), nullable=False),
        sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_result_counts_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_result_counts_survey_id_surveys')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_result_counts')),
        sa.UniqueConstraint('survey_id', 'campaign_id', name=op.f('uq_result_counts_survey_id_campaign_id'), postgresql_nulls_not_distinct=True),
    )


def downgrade() -> None:
    op.drop_table('result_counts')
