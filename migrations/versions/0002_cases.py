"""Cases"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('case_categories',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('sort_key', sa.String(collation='C'), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('first_action_hours', sa.BigInteger(), nullable=False),
    sa.Column('resolution_hours', sa.BigInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_case_categories_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_categories')),
    sa.UniqueConstraint('code', name=op.f('uq_case_categories_code'))
    )
    op.create_table('cases',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('neighbourhood', sa.String(), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('citizen_name', sa.String(), nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=True),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('urgency', sa.String(), nullable=True),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('stage_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('outcome_text', sa.String(), nullable=False),
    sa.Column('confirmation', sa.String(), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('assignee_id', sa.BigInteger(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('first_action_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened', sa.BigInteger(), nullable=False),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('origin_type', sa.String(), nullable=True),
    sa.Column('origin_id', sa.BigInteger(), nullable=True),
    sa.Column('registered_by', sa.BigInteger(), nullable=True),
    sa.Column('search_key', sa.String(), nullable=False),
    sa.Column('form_key', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("channel IN ('portal', 'sms', 'phone', 'counter', 'studio', 'social', 'callin', 'council', 'survey', 'file')", name=op.f('ck_cases_channel')),
    sa.CheckConstraint("confirmation IN ('accepted', 'objected', 'timed_out', 'not_asked')", name=op.f('ck_cases_confirmation')),
    sa.CheckConstraint("outcome IN ('done', 'not_municipal', 'planned', 'impossible', 'duplicate', 'irrelevant')", name=op.f('ck_cases_outcome')),
    sa.CheckConstraint("stage IN ('received', 'assigned', 'in_progress', 'feedback', 'closed')", name=op.f('ck_cases_stage')),
    sa.CheckConstraint("urgency IN ('danger', 'costly_violation', 'waste')", name=op.f('ck_cases_urgency')),
    sa.ForeignKeyConstraint(['assignee_id'], ['users.id'], name=op.f('fk_cases_assignee_id_users')),
    sa.ForeignKeyConstraint(['category_id'], ['case_categories.id'], name=op.f('fk_cases_category_id_case_categories')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_cases_contact_id_contacts')),
    sa.ForeignKeyConstraint(['registered_by'], ['users.id'], name=op.f('fk_cases_registered_by_users')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_cases_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cases')),
    sa.UniqueConstraint('code', name=op.f('uq_cases_code')),
    sa.UniqueConstraint('form_key', name=op.f('uq_cases_form_key'))
    )
    op.create_index(op.f('ix_cases_assignee_id'), 'cases', ['assignee_id'], unique=False)
    op.create_index(op.f('ix_cases_category_id'), 'cases', ['category_id'], unique=False)
    op.create_index('ix_cases_closed', 'cases', ['closed_at'], unique=False, postgresql_where=sa.text('closed_at IS NOT NULL'))
    op.create_index(op.f('ix_cases_contact_id'), 'cases', ['contact_id'], unique=False)
    op.create_index(op.f('ix_cases_e164'), 'cases', ['e164'], unique=False)
    op.create_index('ix_cases_open', 'cases', ['next_due_at', 'id'], unique=False, postgresql_where=sa.text("stage <> 'closed'"))
    op.create_index('ix_cases_received', 'cases', ['received_at', 'id'], unique=False)
    op.create_index('ix_cases_search', 'cases', ['search_key'], unique=False, postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.create_index('ix_cases_unit_open', 'cases', ['unit_id', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text("stage <> 'closed'"))
    op.create_table('case_clocks',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('open_seconds', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('act_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('warned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('escalated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('level', sa.BigInteger(), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stopped_by', sa.String(), nullable=True),
    sa.CheckConstraint("kind IN ('first_action', 'resolution', 'feedback', 'objection')", name=op.f('ck_case_clocks_kind')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_clocks_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_clocks'))
    )
    op.create_index(op.f('ix_case_clocks_case_id'), 'case_clocks', ['case_id'], unique=False)
    op.create_index('ix_case_clocks_next', 'case_clocks', ['act_at', 'id'], unique=False, postgresql_where=sa.text('stopped_at IS NULL'))
    op.create_index('uq_case_clocks_running', 'case_clocks', ['case_id', 'kind'], unique=True, postgresql_where=sa.text('stopped_at IS NULL'))
    op.create_table('case_events',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['users.id'], name=op.f('fk_case_events_actor_id_users')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_events_case_id_cases')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_case_events_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_events'))
    )
    op.create_index('ix_case_events_case', 'case_events', ['case_id', 'id'], unique=False)
    op.create_table('case_feedback_questions',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('round', sa.BigInteger(), nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('words', sa.String(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'open', 'accepted', 'objected', 'timed_out', 'withdrawn')", name=op.f('ck_case_feedback_questions_state')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_feedback_questions_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_feedback_questions')),
    sa.UniqueConstraint('case_id', 'round', name=op.f('uq_case_feedback_questions_case_id_round'))
    )
    op.create_index('uq_feedback_open_number', 'case_feedback_questions', ['e164'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table('case_photos',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('stored_path', sa.String(), nullable=False),
    sa.Column('width', sa.BigInteger(), nullable=False),
    sa.Column('height', sa.BigInteger(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_photos_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_photos'))
    )
    op.create_index(op.f('ix_case_photos_case_id'), 'case_photos', ['case_id'], unique=False)
    op.execute(
        "CREATE TRIGGER case_events_never_change BEFORE UPDATE OR DELETE ON case_events "
        "FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()"
    )
    # A campaign that the product keeps itself asks the same person again, about another case.
    op.add_column('campaigns', sa.Column('built_in', sa.String(), nullable=True))
    op.create_unique_constraint(op.f('uq_campaigns_built_in'), 'campaigns', ['built_in'])
    op.add_column('invitations', sa.Column('occasion', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.drop_constraint(op.f('uq_invitations_campaign_id_contact_id'), 'invitations', type_='unique')
    op.create_unique_constraint(op.f('uq_invitations_campaign_id_contact_id_occasion'), 'invitations', ['campaign_id', 'contact_id', 'occasion'])


def downgrade() -> None:
    # Responses and invitations of later occasions have no place in the older tables.
    op.execute("DELETE FROM responses USING invitations AS i WHERE i.id = invitation_id AND i.occasion <> 0")
    op.execute("DELETE FROM invitations WHERE occasion <> 0")
    op.drop_constraint(op.f('uq_invitations_campaign_id_contact_id_occasion'), 'invitations', type_='unique')
    op.create_unique_constraint(op.f('uq_invitations_campaign_id_contact_id'), 'invitations', ['campaign_id', 'contact_id'])
    op.drop_column('invitations', 'occasion')
    op.drop_constraint(op.f('uq_campaigns_built_in'), 'campaigns', type_='unique')
    op.drop_column('campaigns', 'built_in')
    op.drop_index(op.f('ix_case_photos_case_id'), table_name='case_photos')
    op.drop_table('case_photos')
    op.drop_index('uq_feedback_open_number', table_name='case_feedback_questions', postgresql_where=sa.text("state = 'open'"))
    op.drop_table('case_feedback_questions')
    op.drop_index('ix_case_events_case', table_name='case_events')
    op.drop_table('case_events')
    op.drop_index('uq_case_clocks_running', table_name='case_clocks', postgresql_where=sa.text('stopped_at IS NULL'))
    op.drop_index('ix_case_clocks_next', table_name='case_clocks', postgresql_where=sa.text('stopped_at IS NULL'))
    op.drop_index(op.f('ix_case_clocks_case_id'), table_name='case_clocks')
    op.drop_table('case_clocks')
    op.drop_index('ix_cases_unit_open', table_name='cases', postgresql_where=sa.text("stage <> 'closed'"))
    op.drop_index('ix_cases_search', table_name='cases', postgresql_using='gin', postgresql_ops={'search_key': 'gin_trgm_ops'})
    op.drop_index('ix_cases_received', table_name='cases')
    op.drop_index('ix_cases_open', table_name='cases', postgresql_where=sa.text("stage <> 'closed'"))
    op.drop_index(op.f('ix_cases_e164'), table_name='cases')
    op.drop_index(op.f('ix_cases_contact_id'), table_name='cases')
    op.drop_index('ix_cases_closed', table_name='cases', postgresql_where=sa.text('closed_at IS NOT NULL'))
    op.drop_index(op.f('ix_cases_category_id'), table_name='cases')
    op.drop_index(op.f('ix_cases_assignee_id'), table_name='cases')
    op.drop_table('cases')
    op.drop_table('case_categories')
