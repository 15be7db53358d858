"""Large files of answers are made in the background; votes have reminders"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0016'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'export_files',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('survey_id', sa.BigInteger(), nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=True),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('asked_by', sa.BigInteger(), nullable=True),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('attempts', sa.BigInteger(), nullable=False),
        sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'made', 'failed')", name=op.f('ck_export_files_state')),
        sa.ForeignKeyConstraint(['asked_by'], ['users.id'], name=op.f('fk_export_files_asked_by_users')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_export_files_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_export_files_survey_id_surveys')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_export_files')),
    )
    op.create_index('ix_export_files_waiting', 'export_files', ['id'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.add_column('ballot_schemes', sa.Column('reminder_batches', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False))


def downgrade() -> None:
    op.drop_column('ballot_schemes', 'reminder_batches')
    op.drop_table('export_files')
