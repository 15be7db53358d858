"""Open links, replies by SMS, samples, telephone entry"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('campaign_samples',
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('plan', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('seed', sa.String(), nullable=False),
    sa.Column('frame', sa.BigInteger(), nullable=True),
    sa.Column('strata', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_samples_campaign_id_campaigns')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_campaign_samples'))
    )
    op.create_table('campaign_ways',
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('invites_by_sms', sa.Boolean(), nullable=False),
    sa.Column('open_kind', sa.String(), nullable=True),
    sa.Column('open_code', sa.String(), nullable=True),
    sa.Column('takes_replies', sa.Boolean(), nullable=False),
    sa.Column('call_script', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("open_kind IN ('verified', 'unverified')", name=op.f('ck_campaign_ways_open_kind')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_ways_campaign_id_campaigns')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_campaign_ways')),
    sa.UniqueConstraint('open_code', name=op.f('uq_campaign_ways_open_code'))
    )
    op.create_table('open_challenges',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_open_challenges_campaign_id_campaigns')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_open_challenges')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_open_challenges_token_digest'))
    )
    op.create_index('ix_open_challenges_campaign', 'open_challenges', ['campaign_id', 'created_at'], unique=False)
    op.create_index('ix_open_challenges_number', 'open_challenges', ['e164', 'created_at'], unique=False)
    op.create_table('open_visits',
    sa.Column('invitation_id', sa.BigInteger(), nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('mark', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_open_visits_campaign_id_campaigns')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_open_visits_invitation_id_invitations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('invitation_id', name=op.f('pk_open_visits'))
    )
    op.create_index('ix_open_visits_mark', 'open_visits', ['campaign_id', 'mark'], unique=False)
    op.create_table('phone_entries',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('invitation_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_phone_entries_campaign_id_campaigns')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_phone_entries_invitation_id_invitations')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_phone_entries_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_phone_entries'))
    )
    op.create_index(op.f('ix_phone_entries_campaign_id'), 'phone_entries', ['campaign_id'], unique=False)
    op.create_index(op.f('ix_phone_entries_invitation_id'), 'phone_entries', ['invitation_id'], unique=False)
    op.create_table('poll_replies',
    sa.Column('invitation_id', sa.BigInteger(), nullable=False),
    sa.Column('helped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('repeated_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_poll_replies_invitation_id_invitations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('invitation_id', name=op.f('pk_poll_replies'))
    )
    op.create_table('sample_members',
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('stratum', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign_samples.campaign_id'], name=op.f('fk_sample_members_campaign_id_campaign_samples')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_sample_members_contact_id_contacts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('campaign_id', 'contact_id', name=op.f('pk_sample_members'))
    )
    op.create_index('ix_sample_members_contact', 'sample_members', ['contact_id'], unique=False)
    op.add_column('contacts', sa.Column('only_answered', sa.Boolean(), server_default=sa.text('false'), nullable=False))


def downgrade() -> None:
    op.drop_column('contacts', 'only_answered')
    op.drop_index('ix_sample_members_contact', table_name='sample_members')
    op.drop_table('sample_members')
    op.drop_table('poll_replies')
    op.drop_index(op.f('ix_phone_entries_invitation_id'), table_name='phone_entries')
    op.drop_index(op.f('ix_phone_entries_campaign_id'), table_name='phone_entries')
    op.drop_table('phone_entries')
    op.drop_index('ix_open_visits_mark', table_name='open_visits')
    op.drop_table('open_visits')
    op.drop_index('ix_open_challenges_number', table_name='open_challenges')
    op.drop_index('ix_open_challenges_campaign', table_name='open_challenges')
    op.drop_table('open_challenges')
    op.drop_table('campaign_ways')
    op.drop_table('campaign_samples')
