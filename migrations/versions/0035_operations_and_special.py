"""The operations centre, field visits, special messages, referrals to council members"""

import sqlalchemy as sa
from alembic import op

revision = '0035'
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('case_dispatches',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('crew', sa.String(), nullable=False),
    sa.Column('expected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('sent_by', sa.BigInteger(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("unit_id IS NOT NULL OR crew <> ''", name=op.f('ck_case_dispatches_somebody')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_dispatches_case_id_cases')),
    sa.ForeignKeyConstraint(['sent_by'], ['users.id'], name=op.f('fk_case_dispatches_sent_by_users')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_case_dispatches_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_dispatches'))
    )
    op.create_index('ix_case_dispatches_case', 'case_dispatches', ['case_id', 'id'], unique=False)
    op.create_table('field_visits',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('supervisor_id', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('instructions', sa.String(), nullable=False),
    sa.Column('ordered_by', sa.BigInteger(), nullable=True),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finding', sa.String(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('accuracy_m', sa.Double(), nullable=True),
    sa.CheckConstraint("(state = 'done') = (finding IS NOT NULL)", name=op.f('ck_field_visits_done_with_a_finding')),
    sa.CheckConstraint("finding IN ('settled', 'not_settled', 'more')", name=op.f('ck_field_visits_finding')),
    sa.CheckConstraint("state IN ('ordered', 'done', 'cancelled')", name=op.f('ck_field_visits_state')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_field_visits_case_id_cases')),
    sa.ForeignKeyConstraint(['ordered_by'], ['users.id'], name=op.f('fk_field_visits_ordered_by_users')),
    sa.ForeignKeyConstraint(['supervisor_id'], ['users.id'], name=op.f('fk_field_visits_supervisor_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_visits'))
    )
    op.create_index('ix_field_visits_case', 'field_visits', ['case_id', 'id'], unique=False)
    op.create_index('ix_field_visits_open', 'field_visits', ['supervisor_id', 'due_at', 'id'], unique=False, postgresql_where=sa.text("state = 'ordered'"))
    op.create_table('special_cases',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('marked_by', sa.BigInteger(), nullable=True),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f('ck_special_cases_done_with_a_time')),
    sa.CheckConstraint("state IN ('open', 'done')", name=op.f('ck_special_cases_state')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_special_cases_case_id_cases')),
    sa.ForeignKeyConstraint(['marked_by'], ['users.id'], name=op.f('fk_special_cases_marked_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_special_cases')),
    sa.UniqueConstraint('case_id', name=op.f('uq_special_cases_case_id'))
    )
    op.create_index('ix_special_cases_open', 'special_cases', ['next_due_at', 'id'], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index('ix_special_cases_state', 'special_cases', ['state', 'id'], unique=False)
    op.create_table('case_proofs',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('stored_path', sa.String(), nullable=False),
    sa.Column('width', sa.BigInteger(), nullable=False),
    sa.Column('height', sa.BigInteger(), nullable=False),
    sa.Column('visit_id', sa.BigInteger(), nullable=True),
    sa.Column('added_by', sa.BigInteger(), nullable=True),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('before', 'after', 'proof')", name=op.f('ck_case_proofs_kind')),
    sa.ForeignKeyConstraint(['added_by'], ['users.id'], name=op.f('fk_case_proofs_added_by_users')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_proofs_case_id_cases')),
    sa.ForeignKeyConstraint(['visit_id'], ['field_visits.id'], name=op.f('fk_case_proofs_visit_id_field_visits')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_proofs'))
    )
    op.create_index('ix_case_proofs_case', 'case_proofs', ['case_id', 'id'], unique=False)
    op.create_index(op.f('ix_case_proofs_visit_id'), 'case_proofs', ['visit_id'], unique=False)
    op.create_table('council_referrals',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('special_id', sa.BigInteger(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('letter_number', sa.String(), nullable=False),
    sa.Column('letter_date', sa.Date(), nullable=True),
    sa.Column('request', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('report', sa.String(), nullable=False),
    sa.Column('proposal', sa.String(), nullable=False),
    sa.Column('asked_by', sa.BigInteger(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('overdue_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f('ck_council_referrals_ended_with_a_time')),
    sa.CheckConstraint("state IN ('open', 'reported', 'withdrawn')", name=op.f('ck_council_referrals_state')),
    sa.ForeignKeyConstraint(['asked_by'], ['users.id'], name=op.f('fk_council_referrals_asked_by_users')),
    sa.ForeignKeyConstraint(['member_id'], ['users.id'], name=op.f('fk_council_referrals_member_id_users')),
    sa.ForeignKeyConstraint(['special_id'], ['special_cases.id'], name=op.f('fk_council_referrals_special_id_special_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_council_referrals'))
    )
    op.create_index('ix_council_referrals_due', 'council_referrals', ['due_at', 'id'], unique=False, postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"))
    op.create_index('ix_council_referrals_member', 'council_referrals', ['member_id', 'state', 'due_at', 'id'], unique=False)
    op.create_index('ix_council_referrals_special', 'council_referrals', ['special_id', 'id'], unique=False)
    op.create_index('uq_council_referrals_open', 'council_referrals', ['special_id', 'member_id'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table('field_entries',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('visit_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=True),
    sa.Column('why_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('device_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('device_sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(state = 'note') = (why IS NOT NULL)", name=op.f('ck_field_entries_note_with_a_reason')),
    sa.CheckConstraint("kind IN ('arrival', 'finding')", name=op.f('ck_field_entries_kind')),
    sa.CheckConstraint("state IN ('taken', 'note')", name=op.f('ck_field_entries_state')),
    sa.CheckConstraint("why IN ('settled', 'cancelled', 'recorded')", name=op.f('ck_field_entries_why')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_field_entries_user_id_users')),
    sa.ForeignKeyConstraint(['visit_id'], ['field_visits.id'], name=op.f('fk_field_entries_visit_id_field_visits')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_entries')),
    sa.UniqueConstraint('uuid', name=op.f('uq_field_entries_uuid'))
    )
    op.create_index(op.f('ix_field_entries_user_id'), 'field_entries', ['user_id'], unique=False)
    op.create_index('ix_field_entries_visit', 'field_entries', ['visit_id', 'id'], unique=False)
    op.create_table('special_ways',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('special_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('owner_id', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('task', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('started_by', sa.BigInteger(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_by', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('overdue_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('network', sa.String(), nullable=False),
    sa.Column('link', sa.String(), nullable=False),
    sa.Column('reach', sa.BigInteger(), nullable=True),
    sa.Column('reply', sa.String(), nullable=False),
    sa.Column('replied_on', sa.Date(), nullable=True),
    sa.Column('addressee', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('external_number', sa.String(), nullable=False),
    sa.Column('external_date', sa.Date(), nullable=True),
    sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f('ck_special_ways_ended_with_a_time')),
    sa.CheckConstraint("kind IN ('unit', 'social', 'letter')", name=op.f('ck_special_ways_kind')),
    sa.CheckConstraint("state IN ('open', 'ended', 'dropped')", name=op.f('ck_special_ways_state')),
    sa.CheckConstraint('reach >= 0', name=op.f('ck_special_ways_reach')),
    sa.ForeignKeyConstraint(['ended_by'], ['users.id'], name=op.f('fk_special_ways_ended_by_users')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_special_ways_owner_id_users')),
    sa.ForeignKeyConstraint(['special_id'], ['special_cases.id'], name=op.f('fk_special_ways_special_id_special_cases')),
    sa.ForeignKeyConstraint(['started_by'], ['users.id'], name=op.f('fk_special_ways_started_by_users')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_special_ways_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_special_ways'))
    )
    op.create_index('ix_special_ways_due', 'special_ways', ['due_at', 'id'], unique=False, postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"))
    op.create_index(op.f('ix_special_ways_owner_id'), 'special_ways', ['owner_id'], unique=False)
    op.create_index('ix_special_ways_special', 'special_ways', ['special_id', 'id'], unique=False)
    op.create_index('uq_special_ways_open', 'special_ways', ['special_id', 'kind'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.add_column('case_categories', sa.Column('asks_feedback', sa.Boolean(), server_default=sa.text('true'), nullable=False))


def downgrade() -> None:
    op.drop_column('case_categories', 'asks_feedback')
    op.drop_index('uq_special_ways_open', table_name='special_ways', postgresql_where=sa.text("state = 'open'"))
    op.drop_index('ix_special_ways_special', table_name='special_ways')
    op.drop_index(op.f('ix_special_ways_owner_id'), table_name='special_ways')
    op.drop_index('ix_special_ways_due', table_name='special_ways', postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"))
    op.drop_table('special_ways')
    op.drop_index('ix_field_entries_visit', table_name='field_entries')
    op.drop_index(op.f('ix_field_entries_user_id'), table_name='field_entries')
    op.drop_table('field_entries')
    op.drop_index('uq_council_referrals_open', table_name='council_referrals', postgresql_where=sa.text("state = 'open'"))
    op.drop_index('ix_council_referrals_special', table_name='council_referrals')
    op.drop_index('ix_council_referrals_member', table_name='council_referrals')
    op.drop_index('ix_council_referrals_due', table_name='council_referrals', postgresql_where=sa.text("state = 'open' AND overdue_at IS NULL"))
    op.drop_table('council_referrals')
    op.drop_index(op.f('ix_case_proofs_visit_id'), table_name='case_proofs')
    op.drop_index('ix_case_proofs_case', table_name='case_proofs')
    op.drop_table('case_proofs')
    op.drop_index('ix_special_cases_state', table_name='special_cases')
    op.drop_index('ix_special_cases_open', table_name='special_cases', postgresql_where=sa.text("state = 'open'"))
    op.drop_table('special_cases')
    op.drop_index('ix_field_visits_open', table_name='field_visits', postgresql_where=sa.text("state = 'ordered'"))
    op.drop_index('ix_field_visits_case', table_name='field_visits')
    op.drop_table('field_visits')
    op.drop_index('ix_case_dispatches_case', table_name='case_dispatches')
    op.drop_table('case_dispatches')
