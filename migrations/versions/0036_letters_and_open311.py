"""Official letters; Open311"""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0036'
down_revision = "0035"
branch_labels = None
depends_on = None

# What an issued letter says. Its course (state, clock, who sent it) goes on.
KEPT = (
    'direction', 'unit_id', 'language', 'year', 'number', 'reference', 'dated_on', 'their_reference',
    'their_date', 'party_name', 'party_position', 'party_organisation', 'subject', 'body', 'copies',
    'enclosures', 'signatory_name', 'signatory_position', 'refers_to_id', 'relation', 'calendar',
    'reply_days', 'issued_at', 'issued_by',
)


def _channels():
    """The channels that the check allows now, in its order."""
    found = op.get_bind().execute(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_cases_channel'")
    ).scalar_one()
    return re.findall(r"'([a-z0-9_]+)'", found)


def _allow_channels(names):
    op.drop_constraint(op.f('ck_cases_channel'), 'cases', type_='check')
    listed = ', '.join(f"'{name}'" for name in names)
    op.create_check_constraint(op.f('ck_cases_channel'), 'cases', f'channel IN ({listed})')


def upgrade() -> None:
    _allow_channels([*_channels(), 'open311'])
    op.create_index(
        'ix_cases_open311', 'cases', ['received_at', 'id'], unique=False,
        postgresql_where=sa.text("channel = 'open311'"),
    )
    op.create_table('open311_keys',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('contact', sa.String(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('hint', sa.String(length=8), nullable=False),
    sa.Column('reads_own', sa.Boolean(), nullable=False),
    sa.Column('per_minute', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('per_minute BETWEEN 1 AND 600', name=op.f('ck_open311_keys_per_minute')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_open311_keys')),
    sa.UniqueConstraint('digest', name=op.f('uq_open311_keys_digest'))
    )
    op.create_table('letter_counters',
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("direction IN ('out', 'in')", name=op.f('ck_letter_counters_direction')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_letter_counters_unit_id_units')),
    sa.PrimaryKeyConstraint('unit_id', 'year', 'direction', name=op.f('pk_letter_counters'))
    )
    op.create_table('letterheads',
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('numbering', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('reply_days', sa.BigInteger(), nullable=False),
    sa.Column('signatory_name', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('signatory_position', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('address', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('emblem', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("numbering IN ('own', 'secretariat')", name=op.f('ck_letterheads_numbering')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_letterheads_unit_id_units')),
    sa.PrimaryKeyConstraint('unit_id', name=op.f('pk_letterheads'))
    )
    op.create_table('letters',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=True),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.Column('reference', sa.String(), nullable=True),
    sa.Column('dated_on', sa.Date(), nullable=True),
    sa.Column('their_reference', sa.String(), nullable=False),
    sa.Column('their_date', sa.Date(), nullable=True),
    sa.Column('party_name', sa.String(), nullable=False),
    sa.Column('party_position', sa.String(), nullable=False),
    sa.Column('party_organisation', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('copies', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('enclosures', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('signatory_name', sa.String(), nullable=False),
    sa.Column('signatory_position', sa.String(), nullable=False),
    sa.Column('refers_to_id', sa.BigInteger(), nullable=True),
    sa.Column('relation', sa.String(), nullable=True),
    sa.Column('calendar', sa.String(), nullable=True),
    sa.Column('reply_days', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('act_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('warned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('late_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reported_unit_id', sa.BigInteger(), nullable=True),
    sa.Column('owner_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('issued_by', sa.BigInteger(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_by', sa.String(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_note', sa.String(), nullable=False),
    sa.Column('search_key', sa.String(), nullable=False),
    sa.CheckConstraint("(direction = 'in') = (state = 'registered')", name=op.f('ck_letters_incoming')),
    sa.CheckConstraint("(state = 'draft') = (reference IS NULL)", name=op.f('ck_letters_numbered')),
    sa.CheckConstraint("direction IN ('out', 'in')", name=op.f('ck_letters_direction')),
    sa.CheckConstraint("language IN ('fa', 'ar', 'en')", name=op.f('ck_letters_language')),
    sa.CheckConstraint("relation IN ('correction', 'follow_up', 'reply')", name=op.f('ck_letters_relation')),
    sa.CheckConstraint("sent_by IN ('secretariat', 'post', 'courier', 'email', 'by_hand')", name=op.f('ck_letters_sent_by')),
    sa.CheckConstraint("state IN ('draft', 'issued', 'sent', 'answered', 'closed', 'cancelled', 'registered')", name=op.f('ck_letters_state')),
    sa.CheckConstraint('(relation IS NULL) = (refers_to_id IS NULL)', name=op.f('ck_letters_refers')),
    sa.ForeignKeyConstraint(['issued_by'], ['users.id'], name=op.f('fk_letters_issued_by_users')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_letters_owner_id_users')),
    sa.ForeignKeyConstraint(['refers_to_id'], ['letters.id'], name=op.f('fk_letters_refers_to_id_letters')),
    sa.ForeignKeyConstraint(['reported_unit_id'], ['units.id'], name=op.f('fk_letters_reported_unit_id_units')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_letters_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letters'))
    )
    op.create_index('ix_letters_next', 'letters', ['act_at', 'id'], unique=False, postgresql_where=sa.text('act_at IS NOT NULL'))
    op.create_index(op.f('ix_letters_owner_id'), 'letters', ['owner_id'], unique=False)
    op.create_index(op.f('ix_letters_refers_to_id'), 'letters', ['refers_to_id'], unique=False)
    op.create_index('ix_letters_search', 'letters', ['search_key'], unique=False, postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.create_index('ix_letters_unit', 'letters', ['unit_id', 'id'], unique=False)
    op.create_index('ix_letters_waiting', 'letters', ['due_at', 'id'], unique=False, postgresql_where=sa.text("state IN ('issued', 'sent')"))
    op.create_index('uq_letters_number', 'letters', ['unit_id', 'year', 'direction', 'number'], unique=True, postgresql_where=sa.text('number IS NOT NULL'))
    op.create_index('uq_letters_reference', 'letters', ['unit_id', 'year', 'direction', 'reference'], unique=True, postgresql_where=sa.text('reference IS NOT NULL'))
    op.create_table('open311_services',
    sa.Column('category_id', sa.BigInteger(), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('descriptions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('keywords', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['case_categories.id'], name=op.f('fk_open311_services_category_id_case_categories')),
    sa.PrimaryKeyConstraint('category_id', name=op.f('pk_open311_services'))
    )
    op.create_table('letter_cases',
    sa.Column('letter_id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_letter_cases_case_id_cases')),
    sa.ForeignKeyConstraint(['letter_id'], ['letters.id'], name=op.f('fk_letter_cases_letter_id_letters')),
    sa.PrimaryKeyConstraint('letter_id', 'case_id', name=op.f('pk_letter_cases'))
    )
    op.create_index(op.f('ix_letter_cases_case_id'), 'letter_cases', ['case_id'], unique=False)
    op.create_table('letter_documents',
    sa.Column('letter_id', sa.BigInteger(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['letter_id'], ['letters.id'], name=op.f('fk_letter_documents_letter_id_letters')),
    sa.PrimaryKeyConstraint('letter_id', name=op.f('pk_letter_documents'))
    )
    op.create_table('letter_files',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('letter_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('mimetype', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('stored_path', sa.String(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('enclosure', 'scan')", name=op.f('ck_letter_files_kind')),
    sa.ForeignKeyConstraint(['letter_id'], ['letters.id'], name=op.f('fk_letter_files_letter_id_letters')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_files'))
    )
    op.create_index(op.f('ix_letter_files_letter_id'), 'letter_files', ['letter_id'], unique=False)
    op.create_table('open311_requests',
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('key_id', sa.BigInteger(), nullable=True),
    sa.Column('idempotency', sa.LargeBinary(), nullable=True),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('device_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('address_id', sa.String(), nullable=False),
    sa.Column('media_url', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('answer_round', sa.BigInteger(), nullable=False),
    sa.Column('with_place', sa.Boolean(), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_by', sa.BigInteger(), nullable=True),
    sa.Column('withheld', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_open311_requests_case_id_cases')),
    sa.ForeignKeyConstraint(['key_id'], ['open311_keys.id'], name=op.f('fk_open311_requests_key_id_open311_keys')),
    sa.ForeignKeyConstraint(['released_by'], ['users.id'], name=op.f('fk_open311_requests_released_by_users')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_open311_requests')),
    sa.UniqueConstraint('key_id', 'idempotency', name=op.f('uq_open311_requests_key_id_idempotency'))
    )
    op.create_index(op.f('ix_open311_requests_key_id'), 'open311_requests', ['key_id'], unique=False)

    same = ', '.join(f'OLD.{name}' for name in KEPT), ', '.join(f'NEW.{name}' for name in KEPT)
    op.execute(
        f"""
        CREATE FUNCTION pasokh_keep_issued_letter() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state <> 'draft' AND (
                TG_OP = 'DELETE' OR NEW.state = 'draft' OR ({same[0]}) IS DISTINCT FROM ({same[1]})
            ) THEN
                RAISE EXCEPTION 'letter % was issued and never changes', OLD.id;
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        'CREATE TRIGGER letters_stay_as_issued BEFORE UPDATE OR DELETE ON letters '
        'FOR EACH ROW EXECUTE FUNCTION pasokh_keep_issued_letter()'
    )
    op.execute(
        """
        CREATE FUNCTION pasokh_keep_letter_file() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' OR EXISTS (
                SELECT FROM letters WHERE id = OLD.letter_id AND state <> 'draft'
            ) THEN
                RAISE EXCEPTION 'a file of letter % never changes', OLD.letter_id;
            END IF;
            RETURN OLD;
        END $$
        """
    )
    op.execute(
        'CREATE TRIGGER letter_files_stay BEFORE UPDATE OR DELETE ON letter_files '
        'FOR EACH ROW EXECUTE FUNCTION pasokh_keep_letter_file()'
    )
    op.execute(
        'CREATE TRIGGER letter_documents_never_change BEFORE UPDATE OR DELETE ON letter_documents '
        'FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()'
    )


def downgrade() -> None:
    op.drop_index(op.f('ix_open311_requests_key_id'), table_name='open311_requests')
    op.drop_table('open311_requests')
    op.drop_index(op.f('ix_letter_files_letter_id'), table_name='letter_files')
    op.drop_table('letter_files')
    op.drop_table('letter_documents')
    op.drop_index(op.f('ix_letter_cases_case_id'), table_name='letter_cases')
    op.drop_table('letter_cases')
    op.drop_table('open311_services')
    op.drop_index('uq_letters_reference', table_name='letters', postgresql_where=sa.text('reference IS NOT NULL'))
    op.drop_index('uq_letters_number', table_name='letters', postgresql_where=sa.text('number IS NOT NULL'))
    op.drop_index('ix_letters_waiting', table_name='letters', postgresql_where=sa.text("state IN ('issued', 'sent')"))
    op.drop_index('ix_letters_unit', table_name='letters')
    op.drop_index('ix_letters_search', table_name='letters', postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.drop_index(op.f('ix_letters_refers_to_id'), table_name='letters')
    op.drop_index(op.f('ix_letters_owner_id'), table_name='letters')
    op.drop_index('ix_letters_next', table_name='letters', postgresql_where=sa.text('act_at IS NOT NULL'))
    op.drop_table('letters')
    op.drop_table('letterheads')
    op.drop_table('letter_counters')
    op.drop_table('open311_keys')

    op.execute('DROP FUNCTION pasokh_keep_issued_letter()')
    op.execute('DROP FUNCTION pasokh_keep_letter_file()')
    op.drop_index(
        'ix_cases_open311', table_name='cases', postgresql_where=sa.text("channel = 'open311'")
    )
    # The older tables know no such channel.
    op.execute("UPDATE cases SET channel = 'portal' WHERE channel = 'open311'")
    _allow_channels([name for name in _channels() if name != 'open311'])
