"""Calendars of the city, closures, pauses of clocks, who has been told of a late case"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0031'
down_revision = "0030"
branch_labels = None
depends_on = None

TEXTS = postgresql.JSONB(astext_type=sa.Text())


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('calendar_state',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('mark', sa.String(length=32), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_calendar_state_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_state'))
    )
    op.create_table('city_calendars',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('document', sa.String(), nullable=False),
    moment('changed_at', nullable=False),
    sa.Column('changed_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['users.id'], name=op.f('fk_city_calendars_changed_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_city_calendars')),
    sa.UniqueConstraint('name', name=op.f('uq_city_calendars_name'))
    )
    op.create_table('calendar_hours',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('weekly', TEXTS, nullable=False),
    moment('created_at', nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    moment('withdrawn_at'),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_calendar_hours_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_hours'))
    )
    op.create_index('uq_calendar_hours_valid', 'calendar_hours', ['calendar', 'valid_from'], unique=True, postgresql_where=sa.text('withdrawn_at IS NULL'))
    op.create_table('calendar_closures',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('calendars', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('closes', sa.DateTime(), nullable=True),
    sa.Column('opens', sa.DateTime(), nullable=True),
    sa.Column('reasons', TEXTS, nullable=False),
    moment('announced_at', nullable=False),
    sa.Column('announced_by', sa.BigInteger(), nullable=True),
    moment('withdrawn_at'),
    sa.Column('withdrawn_by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('(opens IS NULL) = (closes IS NULL)', name=op.f('ck_calendar_closures_hours')),
    sa.CheckConstraint('first_day <= last_day', name=op.f('ck_calendar_closures_days')),
    sa.ForeignKeyConstraint(['announced_by'], ['users.id'], name=op.f('fk_calendar_closures_announced_by_users')),
    sa.ForeignKeyConstraint(['withdrawn_by'], ['users.id'], name=op.f('fk_calendar_closures_withdrawn_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_closures'))
    )
    op.create_index('ix_calendar_closures_day', 'calendar_closures', ['first_day', 'id'])
    op.create_table('calendar_holiday_shifts',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('holiday', sa.String(), nullable=False),
    sa.Column('titles', TEXTS, nullable=False),
    sa.Column('kept_on', sa.Date(), nullable=False),
    moment('announced_at', nullable=False),
    sa.Column('announced_by', sa.BigInteger(), nullable=True),
    moment('withdrawn_at'),
    sa.ForeignKeyConstraint(['announced_by'], ['users.id'], name=op.f('fk_calendar_holiday_shifts_announced_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_holiday_shifts'))
    )
    op.create_index('uq_calendar_holiday_shifts_holiday', 'calendar_holiday_shifts', ['country', 'day', 'holiday'], unique=True, postgresql_where=sa.text('withdrawn_at IS NULL'))
    op.create_table('unit_calendars',
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_unit_calendars_unit_id_units')),
    sa.PrimaryKeyConstraint('unit_id', name=op.f('pk_unit_calendars'))
    )
    op.create_table('calendar_runs',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('calendars', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    moment('since'),
    sa.Column('words', TEXTS, nullable=False),
    sa.Column('closure_id', sa.BigInteger(), nullable=True),
    moment('created_at', nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.Column('after_case', sa.BigInteger(), nullable=False),
    sa.Column('looks', sa.BigInteger(), nullable=False),
    moment('next_look_at'),
    sa.Column('seen', sa.BigInteger(), nullable=False),
    sa.Column('moved', sa.BigInteger(), nullable=False),
    moment('finished_at'),
    sa.CheckConstraint("reason IN ('closure', 'reopened', 'holiday', 'hours', 'calendar', 'agreement')", name=op.f('ck_calendar_runs_reason')),
    sa.ForeignKeyConstraint(['closure_id'], ['calendar_closures.id'], name=op.f('fk_calendar_runs_closure_id_calendar_closures')),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_calendar_runs_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_runs'))
    )
    op.create_index('ix_calendar_runs_open', 'calendar_runs', ['id'], postgresql_where=sa.text('finished_at IS NULL'))
    op.create_table('case_clock_spans',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('clock_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('change', sa.String(), nullable=False),
    sa.Column('calendar', sa.String(), nullable=False),
    sa.Column('open_seconds', sa.BigInteger(), nullable=False),
    moment('started_at', nullable=False),
    moment('ended_at'),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('words', sa.String(), nullable=False),
    moment('until'),
    sa.Column('by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("kind IN ('run', 'pause')", name=op.f('ck_case_clock_spans_kind')),
    sa.CheckConstraint("reason IN ('citizen', 'other_body')", name=op.f('ck_case_clock_spans_reason')),
    sa.CheckConstraint("change IN ('start', 'paused', 'resumed', 'unit', 'agreement', 'urgency', 'category')", name=op.f('ck_case_clock_spans_change')),
    sa.CheckConstraint('ended_at IS NULL OR ended_at >= started_at', name=op.f('ck_case_clock_spans_order')),
    sa.ForeignKeyConstraint(['by'], ['users.id'], name=op.f('fk_case_clock_spans_by_users')),
    sa.ForeignKeyConstraint(['clock_id'], ['case_clocks.id'], name=op.f('fk_case_clock_spans_clock_id_case_clocks')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_clock_spans'))
    )
    op.create_index('ix_case_clock_spans_clock', 'case_clock_spans', ['clock_id', 'id'])
    op.create_index('ix_case_clock_spans_calendar', 'case_clock_spans', ['calendar', 'clock_id'])
    op.create_index('uq_case_clock_spans_open', 'case_clock_spans', ['clock_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))

    op.add_column('case_clocks', sa.Column('told_units', postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('case_clocks', sa.Column('agreed', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('case_clocks', sa.Column('warn_percent', sa.BigInteger(), server_default='75', nullable=False))
    op.add_column('case_clocks', sa.Column('level_seconds', sa.BigInteger(), server_default='28800', nullable=False))
    op.add_column('case_clocks', moment('paused_at'))
    op.create_index('ix_case_clocks_calendar', 'case_clocks', ['calendar', 'case_id'], postgresql_where=sa.text('stopped_at IS NULL'))
    # Who has been told is in the history; what was promised for a day of its own has the calendar
    # that never closes and keeps it.
    op.execute("""
        UPDATE case_clocks SET told_units = told.units
        FROM (
            SELECT (data->>'clock_id')::bigint AS clock_id, array_agg(unit_id ORDER BY id) AS units
            FROM case_events
            WHERE kind = 'escalated' AND unit_id IS NOT NULL AND data ? 'clock_id'
            GROUP BY 1
        ) AS told
        WHERE told.clock_id = case_clocks.id
    """)
    op.execute("""
        UPDATE case_clocks SET agreed = true
        WHERE stopped_at IS NULL
          AND (kind IN ('first_action', 'objection')
               OR kind = 'resolution' AND calendar <> 'always')
    """)


def downgrade() -> None:
    op.drop_index('ix_case_clocks_calendar', table_name='case_clocks')
    op.drop_column('case_clocks', 'paused_at')
    op.drop_column('case_clocks', 'level_seconds')
    op.drop_column('case_clocks', 'warn_percent')
    op.drop_column('case_clocks', 'agreed')
    op.drop_column('case_clocks', 'told_units')
    op.drop_table('case_clock_spans')
    op.drop_table('calendar_runs')
    op.drop_table('unit_calendars')
    op.drop_table('calendar_holiday_shifts')
    op.drop_table('calendar_closures')
    op.drop_table('calendar_hours')
    op.drop_table('city_calendars')
    op.drop_table('calendar_state')
