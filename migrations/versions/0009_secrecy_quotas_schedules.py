"""The box of sealed answers and its keys, quotas, planned launches and reminders"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('campaigns', sa.Column('launch_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaigns', sa.Column('launch_planned_by', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_campaigns_launch_planned_by_users'), 'campaigns', 'users', ['launch_planned_by'], ['id'])
    op.add_column('campaigns', sa.Column('launch_failed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaigns', sa.Column('counter_key', sa.LargeBinary(), nullable=True))
    op.drop_constraint(op.f('ck_invitations_state'), 'invitations', type_='check')
    op.create_check_constraint(op.f('ck_invitations_state'), 'invitations', "state IN ('open', 'started', 'answered', 'refused', 'screened')")
    op.create_table('sealing_keys',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('version_id', sa.BigInteger(), nullable=False),
        sa.Column('public_key', sa.LargeBinary(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('look_on', sa.Date(), nullable=False),
        sa.Column('kept', sa.BigInteger(), nullable=False),
        sa.Column('is_forced', sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('filling', 'shut', 'opened', 'destroyed')", name=op.f('ck_sealing_keys_state')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_sealing_keys_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['version_id'], ['survey_versions.id'], name=op.f('fk_sealing_keys_version_id_survey_versions')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sealing_keys')),
        sa.UniqueConstraint('public_key', name=op.f('uq_sealing_keys_public_key')),
    )
    op.create_index('ix_sealing_keys_filling', 'sealing_keys', ['campaign_id', 'version_id'], unique=True, postgresql_where=sa.text("state = 'filling'"))
    op.create_index('ix_sealing_keys_campaign', 'sealing_keys', ['campaign_id', 'state'])
    op.create_table('sealed_answers',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('key_id', sa.BigInteger(), nullable=False),
        sa.Column('ciphertext', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_sealed_answers_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['key_id'], ['sealing_keys.id'], name=op.f('fk_sealed_answers_key_id_sealing_keys')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_answers')),
    )
    op.create_index('ix_sealed_answers_key', 'sealed_answers', ['key_id'])
    op.create_index('ix_sealed_answers_campaign', 'sealed_answers', ['campaign_id'])
    op.create_table('quotas',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('condition', sa.String(), nullable=False),
        sa.Column('maximum', sa.BigInteger(), nullable=False),
        sa.Column('filled', sa.BigInteger(), nullable=False),
        sa.Column('sealed_count', sa.LargeBinary(), nullable=True),
        sa.CheckConstraint('maximum > 0', name=op.f('ck_quotas_maximum')),
        sa.CheckConstraint('filled BETWEEN 0 AND maximum', name=op.f('ck_quotas_filled')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_quotas_campaign_id_campaigns')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quotas')),
    )
    op.create_index('ix_quotas_campaign', 'quotas', ['campaign_id', 'id'])
    op.create_table('planned_reminders',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('campaign_id', sa.BigInteger(), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('planned_by', sa.BigInteger(), nullable=True),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('reminder_id', sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'sent', 'nobody', 'over')", name=op.f('ck_planned_reminders_state')),
        sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_planned_reminders_campaign_id_campaigns')),
        sa.ForeignKeyConstraint(['planned_by'], ['users.id'], name=op.f('fk_planned_reminders_planned_by_users')),
        sa.ForeignKeyConstraint(['reminder_id'], ['campaign_reminders.id'], name=op.f('fk_planned_reminders_reminder_id_campaign_reminders')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_reminders')),
        sa.UniqueConstraint('campaign_id', 'due_at', name=op.f('uq_planned_reminders_campaign_id_due_at')),
    )
    op.create_index('ix_planned_reminders_due', 'planned_reminders', ['due_at'], postgresql_where=sa.text("state = 'planned'"))


def downgrade() -> None:
    op.drop_table('planned_reminders')
    op.drop_table('quotas')
    op.drop_table('sealed_answers')
    op.drop_table('sealing_keys')
    op.execute("UPDATE invitations SET state = 'refused' WHERE state = 'screened'")
    op.drop_constraint(op.f('ck_invitations_state'), 'invitations', type_='check')
    op.create_check_constraint(op.f('ck_invitations_state'), 'invitations', "state IN ('open', 'started', 'answered', 'refused')")
    op.drop_column('campaigns', 'counter_key')
    op.drop_column('campaigns', 'launch_failed_at')
    op.drop_constraint(op.f('fk_campaigns_launch_planned_by_users'), 'campaigns', type_='foreignkey')
    op.drop_column('campaigns', 'launch_planned_by')
    op.drop_column('campaigns', 'launch_at')
