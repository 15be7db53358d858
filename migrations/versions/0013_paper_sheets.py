"""Questionnaires on paper: batches of numbered sheets, typed twice"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'paper_batches',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('version_id', sa.BigInteger(), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('sheets', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=True),
        sa.CheckConstraint('sheets > 0', name=op.f('ck_paper_batches_sheets')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_paper_batches_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_paper_batches_created_by_users')),
        sa.ForeignKeyConstraint(['version_id'], ['survey_versions.id'], name=op.f('fk_paper_batches_version_id_survey_versions')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_batches')),
    )
    op.create_index(op.f('ix_paper_batches_campaign_id'), 'paper_batches', ['campaign_id'])
    op.create_table(
        'paper_sheets',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('batch_id', sa.BigInteger(), nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('first', postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column('first_by', sa.BigInteger(), nullable=True),
        sa.Column('second', postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column('second_by', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', sa.BigInteger(), nullable=True),
        sa.Column('compared', sa.BigInteger(), nullable=False),
        sa.Column('differing', sa.BigInteger(), nullable=False),
        sa.Column('first_wrong', sa.BigInteger(), nullable=False),
        sa.Column('second_wrong', sa.BigInteger(), nullable=False),
        sa.Column('void_reason', sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('printed', 'first', 'second', 'differs', 'complete', 'void')",
            name=op.f('ck_paper_sheets_state'),
        ),
        sa.CheckConstraint('first_by <> second_by', name=op.f('ck_paper_sheets_two_people')),
        sa.CheckConstraint(
            "state IN ('first', 'second', 'differs') OR (first IS NULL AND second IS NULL)",
            name=op.f('ck_paper_sheets_kept_no_longer_than_needed'),
        ),
        sa.ForeignKeyConstraint(['batch_id'], ['paper_batches.id'], name=op.f('fk_paper_sheets_batch_id_paper_batches')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_paper_sheets_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_paper_sheets_decided_by_users')),
        sa.ForeignKeyConstraint(['first_by'], ['users.id'], name=op.f('fk_paper_sheets_first_by_users')),
        sa.ForeignKeyConstraint(['second_by'], ['users.id'], name=op.f('fk_paper_sheets_second_by_users')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_sheets')),
    )
    op.create_index('ix_paper_sheets_batch', 'paper_sheets', ['batch_id', 'state', 'id'])
    op.create_index('ix_paper_sheets_campaign', 'paper_sheets', ['campaign_id', 'state', 'id'])
    op.create_index(op.f('ix_paper_sheets_first_by'), 'paper_sheets', ['first_by'])
    op.create_index(op.f('ix_paper_sheets_second_by'), 'paper_sheets', ['second_by'])


def downgrade() -> None:
    op.drop_table('paper_sheets')
    op.drop_table('paper_batches')
