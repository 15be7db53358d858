"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("pg_trgm", "unaccent", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
    op.create_table('audit_entries',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject_type', sa.String(), nullable=False),
    sa.Column('subject_id', sa.String(), nullable=False),
    sa.Column('payload_digest', sa.LargeBinary(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=True),
    sa.Column('chain_digest', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries')),
    sa.UniqueConstraint('sequence', name=op.f('uq_audit_entries_sequence'))
    )
    op.create_index(op.f('ix_audit_entries_actor_id'), 'audit_entries', ['actor_id'], unique=False)
    op.create_index('ix_audit_subject', 'audit_entries', ['subject_type', 'subject_id', 'id'], unique=False)
    op.create_index('ix_audit_unsealed', 'audit_entries', ['id'], unique=False, postgresql_where=sa.text('sequence IS NULL'))
    op.create_table('consent_records',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('decision', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=True),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('recorded_by', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("decision IN ('given', 'withdrawn')", name=op.f('ck_consent_records_decision')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent_records'))
    )
    op.create_index('ix_consent_e164', 'consent_records', ['e164', 'id'], unique=False)
    op.create_table('contacts',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('neighbourhood', sa.String(), nullable=False),
    sa.Column('tags', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('sort_key', sa.String(collation='C'), nullable=False),
    sa.Column('search_key', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("e164 ~ '^[+][1-9][0-9]{6,14}$'", name=op.f('ck_contacts_e164')),
    sa.CheckConstraint("language IN ('fa', 'ar', 'en')", name=op.f('ck_contacts_language')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts')),
    sa.UniqueConstraint('e164', name=op.f('uq_contacts_e164'))
    )
    op.create_index('ix_contacts_neighbourhood', 'contacts', ['neighbourhood'], unique=False)
    op.create_index('ix_contacts_order', 'contacts', ['sort_key', 'id'], unique=False)
    op.create_index('ix_contacts_search', 'contacts', ['search_key'], unique=False, postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.create_index('ix_contacts_tags', 'contacts', ['tags'], unique=False, postgresql_using='gin')
    op.create_table('gateway_states',
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('resting_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rest_reason', sa.String(), nullable=True),
    sa.Column('failures', sa.BigInteger(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_reason', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('gateway', name=op.f('pk_gateway_states'))
    )
    op.create_table('inbound_messages',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('dedupe_key', sa.String(), nullable=False),
    sa.Column('raw', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=True),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('handled_by', sa.String(), nullable=True),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_messages')),
    sa.UniqueConstraint('gateway', 'dedupe_key', name=op.f('uq_inbound_messages_gateway_dedupe_key'))
    )
    op.create_index('ix_inbound_sender', 'inbound_messages', ['e164', 'id'], unique=False)
    op.create_table('message_batches',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('paused_reason', sa.String(), nullable=True),
    sa.Column('respects_quiet_hours', sa.Boolean(), nullable=False),
    sa.CheckConstraint("state IN ('running', 'paused', 'cancelled')", name=op.f('ck_message_batches_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_batches'))
    )
    op.create_table('opt_outs',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opt_outs')),
    sa.UniqueConstraint('e164', 'line', name=op.f('uq_opt_outs_e164_line'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('available_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    op.create_index('ix_outbox_open', 'outbox', ['available_at'], unique=False, postgresql_where=sa.text('done_at IS NULL'))
    op.create_table('periodic_runs',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('last_queued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_periodic_runs'))
    )
    op.create_table('roles',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roles')),
    sa.UniqueConstraint('name', name=op.f('uq_roles_name'))
    )
    op.create_table('units',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('sort_key', sa.String(collation='C'), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=True),
    sa.Column('escalates_to_id', sa.BigInteger(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('city', 'deputy', 'district', 'neighbourhood', 'organisation', 'company', 'office')", name=op.f('ck_units_kind')),
    sa.CheckConstraint('escalates_to_id <> id', name=op.f('ck_units_not_own_escalation')),
    sa.CheckConstraint('parent_id <> id', name=op.f('ck_units_not_own_parent')),
    sa.ForeignKeyConstraint(['escalates_to_id'], ['units.id'], name=op.f('fk_units_escalates_to_id_units')),
    sa.ForeignKeyConstraint(['parent_id'], ['units.id'], name=op.f('fk_units_parent_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('code', name=op.f('uq_units_code'))
    )
    op.create_index(op.f('ix_units_parent_id'), 'units', ['parent_id'], unique=False)
    op.create_index('ix_units_sort_key', 'units', ['sort_key'], unique=False)
    op.create_table('audit_payloads',
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['audit_entries.id'], name=op.f('fk_audit_payloads_entry_id_audit_entries')),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_audit_payloads'))
    )
    op.create_table('messages',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=True),
    sa.Column('priority', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('link_purpose', sa.String(), nullable=True),
    sa.Column('link_id', sa.BigInteger(), nullable=True),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('local_id', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim_id', sa.String(), nullable=True),
    sa.Column('gateway', sa.String(), nullable=True),
    sa.Column('gateway_id', sa.String(), nullable=True),
    sa.Column('segments', sa.BigInteger(), nullable=True),
    sa.Column('cost_rial', sa.BigInteger(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('check_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checks', sa.BigInteger(), nullable=False),
    sa.Column('in_reply_to', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("state IN ('created', 'claimed', 'accepted', 'at_operator', 'delivered', 'undelivered', 'blocked', 'expired', 'unknown', 'suppressed', 'cancelled', 'failed')", name=op.f('ck_messages_state')),
    sa.ForeignKeyConstraint(['batch_id'], ['message_batches.id'], name=op.f('fk_messages_batch_id_message_batches')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_messages_contact_id_contacts')),
    sa.ForeignKeyConstraint(['in_reply_to'], ['inbound_messages.id'], name=op.f('fk_messages_in_reply_to_inbound_messages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
    sa.UniqueConstraint('in_reply_to', name=op.f('uq_messages_in_reply_to')),
    sa.UniqueConstraint('gateway', 'gateway_id', name=op.f('uq_messages_gateway_gateway_id')),
    sa.UniqueConstraint('local_id', name=op.f('uq_messages_local_id'))
    )
    op.create_index('ix_messages_batch', 'messages', ['batch_id', 'state'], unique=False)
    op.create_index(op.f('ix_messages_contact_id'), 'messages', ['contact_id'], unique=False)
    op.create_index(op.f('ix_messages_e164'), 'messages', ['e164'], unique=False)
    op.create_index('ix_messages_undelivered', 'messages', ['check_at'], unique=False, postgresql_where=sa.text("state IN ('accepted', 'at_operator')"))
    op.create_index('ix_messages_unsettled', 'messages', ['claimed_until'], unique=False, postgresql_where=sa.text("state IN ('claimed', 'unknown')"))
    op.create_index('ix_messages_waiting', 'messages', ['batch_id', 'priority', 'id'], unique=False, postgresql_where=sa.text("state = 'created'"))
    op.create_table('users',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('username', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('password', sa.String(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('current_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_login_ip', sa.String(), nullable=True),
    sa.Column('current_login_ip', sa.String(), nullable=True),
    sa.Column('login_count', sa.BigInteger(), nullable=True),
    sa.Column('tf_primary_method', sa.String(), nullable=True),
    sa.Column('tf_totp_secret', sa.String(), nullable=True),
    sa.Column('tf_phone_number', sa.String(), nullable=True),
    sa.Column('mf_recovery_codes', sa.UnicodeText(), nullable=True),
    sa.Column('us_totp_secrets', sa.Text(), nullable=True),
    sa.Column('us_phone_number', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_users_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email', name=op.f('uq_users_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_users_fs_uniquifier')),
    sa.UniqueConstraint('us_phone_number', name=op.f('uq_users_us_phone_number')),
    sa.UniqueConstraint('username', name=op.f('uq_users_username'))
    )
    op.create_index(op.f('ix_users_unit_id'), 'users', ['unit_id'], unique=False)
    op.create_table('contact_imports',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('filename', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('stored_path', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.Column('committed_by', sa.BigInteger(), nullable=True),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('new', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.BigInteger(), nullable=False),
    sa.Column('unchanged', sa.BigInteger(), nullable=False),
    sa.Column('duplicates', sa.BigInteger(), nullable=False),
    sa.Column('rejected', sa.BigInteger(), nullable=False),
    sa.Column('imported', sa.BigInteger(), nullable=False),
    sa.Column('updated', sa.BigInteger(), nullable=False),
    sa.Column('refused', sa.BigInteger(), nullable=False),
    sa.Column('cursor', sa.BigInteger(), nullable=False),
    sa.Column('progress_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('error', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('reading', 'preview', 'committing', 'done', 'failed', 'abandoned')", name=op.f('ck_contact_imports_state')),
    sa.ForeignKeyConstraint(['committed_by'], ['users.id'], name=op.f('fk_contact_imports_committed_by_users')),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_contact_imports_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_imports'))
    )
    op.create_table('surveys',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('titles', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'", name=op.f('ck_surveys_code')),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_surveys_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_surveys')),
    sa.UniqueConstraint('code', name=op.f('uq_surveys_code'))
    )
    op.create_table('user_roles',
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('role_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['role_id'], ['roles.id'], name=op.f('fk_user_roles_role_id_roles')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_roles_user_id_users'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'role_id', name=op.f('pk_user_roles'))
    )
    op.create_table('contact_import_rows',
    sa.Column('import_id', sa.BigInteger(), nullable=False),
    sa.Column('row_number', sa.BigInteger(), nullable=False),
    sa.Column('verdict', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('repeats_row', sa.BigInteger(), nullable=True),
    sa.Column('e164', sa.String(length=16), nullable=True),
    sa.Column('values', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('cells', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.CheckConstraint("verdict IN ('new', 'changed', 'unchanged', 'duplicate', 'rejected')", name=op.f('ck_contact_import_rows_verdict')),
    sa.ForeignKeyConstraint(['import_id'], ['contact_imports.id'], name=op.f('fk_contact_import_rows_import_id_contact_imports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'row_number', name=op.f('pk_contact_import_rows'))
    )
    op.create_index('ix_import_rows_verdict', 'contact_import_rows', ['import_id', 'verdict', 'row_number'], unique=False)
    op.create_index('uq_import_rows_e164', 'contact_import_rows', ['import_id', 'e164'], unique=True, postgresql_where=sa.text("verdict IN ('new', 'changed', 'unchanged')"))
    op.create_table('survey_versions',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('survey_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('definition', postgresql.JSONB(), nullable=False),
    sa.Column('question_count', sa.BigInteger(), nullable=False),
    sa.Column('languages', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('source_filename', sa.String(), nullable=False),
    sa.Column('source_digest', sa.LargeBinary(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['survey_id'], ['surveys.id'], name=op.f('fk_survey_versions_survey_id_surveys')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_versions')),
    sa.UniqueConstraint('survey_id', 'number', name=op.f('uq_survey_versions_survey_id_number'))
    )
    op.create_table('campaigns',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('audience', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reminder_texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.Column('launched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('launched_by', sa.BigInteger(), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('batch_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'launched', 'paused', 'closed', 'cancelled')", name=op.f('ck_campaigns_state')),
    sa.ForeignKeyConstraint(['batch_id'], ['message_batches.id'], name=op.f('fk_campaigns_batch_id_message_batches')),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_campaigns_created_by_users')),
    sa.ForeignKeyConstraint(['launched_by'], ['users.id'], name=op.f('fk_campaigns_launched_by_users')),
    sa.ForeignKeyConstraint(['version_id'], ['survey_versions.id'], name=op.f('fk_campaigns_version_id_survey_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns'))
    )
    op.create_index(op.f('ix_campaigns_version_id'), 'campaigns', ['version_id'], unique=False)
    op.create_table('campaign_reminders',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_by', sa.BigInteger(), nullable=True),
    sa.Column('recipients', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['message_batches.id'], name=op.f('fk_campaign_reminders_batch_id_message_batches')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_reminders_campaign_id_campaigns')),
    sa.ForeignKeyConstraint(['sent_by'], ['users.id'], name=op.f('fk_campaign_reminders_sent_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_reminders'))
    )
    op.create_index(op.f('ix_campaign_reminders_campaign_id'), 'campaign_reminders', ['campaign_id'], unique=False)
    op.create_table('invitations',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('open', 'started', 'answered', 'refused')", name=op.f('ck_invitations_state')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_invitations_campaign_id_campaigns')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_invitations_contact_id_contacts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('campaign_id', 'contact_id', name=op.f('uq_invitations_campaign_id_contact_id')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_invitations_token_digest'))
    )
    op.create_index(op.f('ix_invitations_contact_id'), 'invitations', ['contact_id'], unique=False)
    op.create_index('ix_invitations_state', 'invitations', ['campaign_id', 'state'], unique=False)
    op.create_table('responses',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('version_id', sa.BigInteger(), nullable=False),
    sa.Column('campaign_id', sa.BigInteger(), nullable=False),
    sa.Column('invitation_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('answers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reached', sa.String(), nullable=False),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'complete')", name=op.f('ck_responses_state')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_responses_campaign_id_campaigns')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_responses_invitation_id_invitations')),
    sa.ForeignKeyConstraint(['version_id'], ['survey_versions.id'], name=op.f('fk_responses_version_id_survey_versions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_responses')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_responses_invitation_id'))
    )
    op.create_index('ix_responses_campaign', 'responses', ['campaign_id', 'state', 'id'], unique=False)
    op.create_index('ix_responses_version', 'responses', ['version_id', 'state', 'id'], unique=False)
    _rules()


ROLES = (
    "administrator",
    "operator",
    "unit_officer",
    "field_supervisor",
    "communications",
    "analyst",
    "evaluator",
    "official",
    "council_member",
)


def _rules() -> None:
    """What no code of ours may do, the database refuses."""
    roles = ", ".join(f"('{role}')" for role in ROLES)
    op.execute(f"INSERT INTO roles (name) VALUES {roles}")
    op.execute(
        """
        CREATE FUNCTION pasokh_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on % is refused: its rows never change', TG_OP, TG_TABLE_NAME;
        END $$
        """
    )
    for table in ("consent_records", "survey_versions"):
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()"
        )
    # The sealer alone fills sequence and chain_digest, once; everything else stays.
    op.execute(
        """
        CREATE FUNCTION pasokh_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' OR OLD.sequence IS NOT NULL
               OR (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.subject_type, NEW.subject_id,
                   NEW.payload_digest) IS DISTINCT FROM
                  (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.subject_type, OLD.subject_id,
                   OLD.payload_digest)
               OR NEW.actor_id IS DISTINCT FROM OLD.actor_id THEN
                RAISE EXCEPTION '% on audit_entries is refused', TG_OP;
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_entries_guard BEFORE UPDATE OR DELETE ON audit_entries "
        "FOR EACH ROW EXECUTE FUNCTION pasokh_audit_guard()"
    )


def downgrade() -> None:
    op.drop_index('ix_responses_version', table_name='responses')
    op.drop_index('ix_responses_campaign', table_name='responses')
    op.drop_table('responses')
    op.drop_index('ix_invitations_state', table_name='invitations')
    op.drop_index(op.f('ix_invitations_contact_id'), table_name='invitations')
    op.drop_table('invitations')
    op.drop_index(op.f('ix_campaign_reminders_campaign_id'), table_name='campaign_reminders')
    op.drop_table('campaign_reminders')
    op.drop_index(op.f('ix_campaigns_version_id'), table_name='campaigns')
    op.drop_table('campaigns')
    op.drop_table('survey_versions')
    op.drop_index('uq_import_rows_e164', table_name='contact_import_rows', postgresql_where=sa.text("verdict IN ('new', 'changed', 'unchanged')"))
    op.drop_index('ix_import_rows_verdict', table_name='contact_import_rows')
    op.drop_table('contact_import_rows')
    op.drop_table('user_roles')
    op.drop_table('surveys')
    op.drop_table('contact_imports')
    op.drop_index(op.f('ix_users_unit_id'), table_name='users')
    op.drop_table('users')
    op.drop_index('ix_messages_waiting', table_name='messages', postgresql_where=sa.text("state = 'created'"))
    op.drop_index('ix_messages_unsettled', table_name='messages', postgresql_where=sa.text("state IN ('claimed', 'unknown')"))
    op.drop_index('ix_messages_undelivered', table_name='messages', postgresql_where=sa.text("state IN ('accepted', 'at_operator')"))
    op.drop_index(op.f('ix_messages_e164'), table_name='messages')
    op.drop_index(op.f('ix_messages_contact_id'), table_name='messages')
    op.drop_index('ix_messages_batch', table_name='messages')
    op.drop_table('messages')
    op.drop_table('audit_payloads')
    op.drop_index('ix_units_sort_key', table_name='units')
    op.drop_index(op.f('ix_units_parent_id'), table_name='units')
    op.drop_table('units')
    op.drop_table('roles')
    op.drop_table('periodic_runs')
    op.drop_index('ix_outbox_open', table_name='outbox', postgresql_where=sa.text('done_at IS NULL'))
    op.drop_table('outbox')
    op.drop_table('opt_outs')
    op.drop_table('message_batches')
    op.drop_index('ix_inbound_sender', table_name='inbound_messages')
    op.drop_table('inbound_messages')
    op.drop_table('gateway_states')
    op.drop_index('ix_contacts_tags', table_name='contacts', postgresql_using='gin')
    op.drop_index('ix_contacts_search', table_name='contacts', postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.drop_index('ix_contacts_order', table_name='contacts')
    op.drop_index('ix_contacts_neighbourhood', table_name='contacts')
    op.drop_table('contacts')
    op.drop_index('ix_consent_e164', table_name='consent_records')
    op.drop_table('consent_records')
    op.drop_index('ix_audit_unsealed', table_name='audit_entries', postgresql_where=sa.text('sequence IS NULL'))
    op.drop_index('ix_audit_subject', table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_actor_id'), table_name='audit_entries')
    op.drop_table('audit_entries')
    op.execute("DROP FUNCTION pasokh_refuse_change, pasokh_audit_guard")
