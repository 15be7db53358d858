"""Drafts of questionnaires, and test answers that belong to no campaign"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'survey_drafts',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('survey_id', sa.BigInteger(), nullable=False),
        sa.Column('base_version_id', sa.BigInteger(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('definition', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_by', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['base_version_id'], ['survey_versions.id'], name=op.f('fk_survey_drafts_base_version_id_survey_versions')),
        sa.ForeignKeyConstraint(['changed_by'], ['users.id'], name=op.f('fk_survey_drafts_changed_by_users')),
        sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_survey_drafts_survey_id_surveys')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_drafts')),
        sa.UniqueConstraint('survey_id', name=op.f('uq_survey_drafts_survey_id')),
    )
    op.create_table(
        'survey_draft_revisions',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('draft_id', sa.BigInteger(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('definition', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(['draft_id'], ['survey_drafts.id'], name=op.f('fk_survey_draft_revisions_draft_id_survey_drafts'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_draft_revisions')),
        sa.UniqueConstraint('draft_id', 'revision', name=op.f('uq_survey_draft_revisions_draft_id_revision')),
    )
    op.alter_column('responses', 'campaign_id', existing_type=sa.BigInteger(), nullable=True)
    op.create_check_constraint(op.f('ck_responses_campaign'), 'responses', 'is_test OR campaign_id IS NOT NULL')


def downgrade() -> None:
    op.drop_constraint(op.f('ck_responses_campaign'), 'responses', type_='check')
    op.execute('DELETE FROM responses WHERE campaign_id IS NULL')
    op.alter_column('responses', 'campaign_id', existing_type=sa.BigInteger(), nullable=False)
    op.drop_table('survey_draft_revisions')
    op.drop_table('survey_drafts')
