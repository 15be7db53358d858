"""Call-ins"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('callin_series',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('titles', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('officials', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('places', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('subjects', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('frequency', sa.String(), nullable=False),
    sa.Column('month_calendar', sa.String(), nullable=False),
    sa.Column('ordinal', sa.BigInteger(), nullable=False),
    sa.Column('weekday', sa.BigInteger(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.Column('capacity', sa.BigInteger(), nullable=False),
    sa.Column('waiting_capacity', sa.BigInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("frequency IN ('monthly', 'weekly')", name=op.f('ck_callin_series_frequency')),
    sa.CheckConstraint("month_calendar IN ('persian', 'gregorian')", name=op.f('ck_callin_series_month_calendar')),
    sa.CheckConstraint('ordinal IN (-1, 1, 2, 3, 4)', name=op.f('ck_callin_series_ordinal')),
    sa.CheckConstraint('starts < ends', name=op.f('ck_callin_series_times')),
    sa.CheckConstraint('weekday BETWEEN 0 AND 6', name=op.f('ck_callin_series_weekday')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_callin_series_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callin_series'))
    )
    op.create_table('callin_sessions',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('series_id', sa.BigInteger(), nullable=False),
    sa.Column('occurrence_on', sa.Date(), nullable=False),
    sa.Column('uid', sa.String(), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('titles', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('officials', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('places', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('subjects', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('capacity', sa.BigInteger(), nullable=False),
    sa.Column('waiting_capacity', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('minutes_published_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('planned', 'open', 'closed', 'cancelled')", name=op.f('ck_callin_sessions_state')),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_callin_sessions_times')),
    sa.ForeignKeyConstraint(['series_id'], ['callin_series.id'], name=op.f('fk_callin_sessions_series_id_callin_series')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callin_sessions')),
    sa.UniqueConstraint('series_id', 'occurrence_on', name=op.f('uq_callin_sessions_series_id_occurrence_on')),
    sa.UniqueConstraint('uid', name=op.f('uq_callin_sessions_uid'))
    )
    op.create_index('ix_callin_sessions_starts', 'callin_sessions', ['starts_at', 'id'], unique=False)
    op.create_table('callin_calls',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('session_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('form_key', sa.String(length=64), nullable=True),
    sa.Column('walk_in', sa.Boolean(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('e164', sa.String(length=16), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('neighbourhood', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('rounds', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_by', sa.BigInteger(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('public', sa.Boolean(), nullable=False),
    sa.Column('public_subject', sa.String(), nullable=False),
    sa.Column('public_text', sa.String(), nullable=False),
    sa.CheckConstraint("(state = 'promised') = (case_id IS NOT NULL)", name=op.f('ck_callin_calls_promise_is_a_case')),
    sa.CheckConstraint("state IN ('waiting', 'queued', 'in_call', 'answered', 'promised', 'transferred', 'dropped', 'no_show', 'unreached', 'cancelled')", name=op.f('ck_callin_calls_state')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_callin_calls_case_id_cases')),
    sa.ForeignKeyConstraint(['session_id'], ['callin_sessions.id'], name=op.f('fk_callin_calls_session_id_callin_sessions')),
    sa.ForeignKeyConstraint(['taken_by'], ['users.id'], name=op.f('fk_callin_calls_taken_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callin_calls')),
    sa.UniqueConstraint('case_id', name=op.f('uq_callin_calls_case_id')),
    sa.UniqueConstraint('code', name=op.f('uq_callin_calls_code')),
    sa.UniqueConstraint('form_key', name=op.f('uq_callin_calls_form_key'))
    )
    op.create_index(op.f('ix_callin_calls_e164'), 'callin_calls', ['e164'], unique=False)
    op.create_index('ix_callin_calls_reminders', 'callin_calls', ['session_id'], unique=False, postgresql_where=sa.text("state = 'queued' AND reminded_at IS NULL AND NOT walk_in"))
    op.create_index('ix_callin_calls_session', 'callin_calls', ['session_id', 'id'], unique=False)
    op.create_index('uq_callin_calls_number', 'callin_calls', ['session_id', 'e164'], unique=True, postgresql_where=sa.text("state IN ('waiting', 'queued', 'in_call')"))


def downgrade() -> None:
    op.drop_index('uq_callin_calls_number', table_name='callin_calls', postgresql_where=sa.text("state IN ('waiting', 'queued', 'in_call')"))
    op.drop_index('ix_callin_calls_session', table_name='callin_calls')
    op.drop_index('ix_callin_calls_reminders', table_name='callin_calls', postgresql_where=sa.text("state = 'queued' AND reminded_at IS NULL AND NOT walk_in"))
    op.drop_index(op.f('ix_callin_calls_e164'), table_name='callin_calls')
    op.drop_table('callin_calls')
    op.drop_index('ix_callin_sessions_starts', table_name='callin_sessions')
    op.drop_table('callin_sessions')
    op.drop_table('callin_series')
