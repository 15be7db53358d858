"""Interviews from phones that were without a network"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'interviews',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('uuid', sa.Uuid(), nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('version_id', sa.BigInteger(), nullable=False),
        sa.Column('invitation_id', sa.BigInteger(), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('device_started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('device_ended_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('device_sent_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('kept', 'full')", name=op.f('ck_interviews_state')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_interviews_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_interviews_invitation_id_invitations')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_interviews_user_id_users')),
        sa.ForeignKeyConstraint(['version_id'], ['survey_versions.id'], name=op.f('fk_interviews_version_id_survey_versions')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_interviews')),
        sa.UniqueConstraint('invitation_id', name=op.f('uq_interviews_invitation_id')),
        sa.UniqueConstraint('uuid', name=op.f('uq_interviews_uuid')),
    )
    op.create_index('ix_interviews_campaign', 'interviews', ['campaign_id', 'user_id'], unique=False)
    op.create_index('ix_interviews_user_id', 'interviews', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('interviews')
