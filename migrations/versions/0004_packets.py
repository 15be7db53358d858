"""Council packets"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('packets',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('edition', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requested_by', sa.BigInteger(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'running', 'ready', 'failed')", name=op.f('ck_packets_state')),
    sa.CheckConstraint('first_day <= last_day', name=op.f('ck_packets_period')),
    sa.ForeignKeyConstraint(['requested_by'], ['users.id'], name=op.f('fk_packets_requested_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_packets'))
    )
    op.create_index('ix_packets_ready', 'packets', ['ready_at'], unique=False, postgresql_where=sa.text("state = 'ready'"))
    op.create_index('uq_packets_running_period', 'packets', ['first_day', 'last_day'], unique=True, postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.create_table('packet_snapshots',
    sa.Column('packet_id', sa.BigInteger(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['packet_id'], ['packets.id'], name=op.f('fk_packet_snapshots_packet_id_packets')),
    sa.PrimaryKeyConstraint('packet_id', name=op.f('pk_packet_snapshots'))
    )
    op.create_table('packet_files',
    sa.Column('packet_id', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('format', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("format IN ('pdf', 'xlsx')", name=op.f('ck_packet_files_format')),
    sa.ForeignKeyConstraint(['packet_id'], ['packets.id'], name=op.f('fk_packet_files_packet_id_packets')),
    sa.PrimaryKeyConstraint('packet_id', 'language', 'format', name=op.f('pk_packet_files'))
    )
    op.create_table('packet_readings',
    sa.Column('packet_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['packet_id'], ['packets.id'], name=op.f('fk_packet_readings_packet_id_packets')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_packet_readings_user_id_users')),
    sa.PrimaryKeyConstraint('packet_id', 'user_id', name=op.f('pk_packet_readings'))
    )
    op.create_table('packet_comments',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('packet_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['packet_id'], ['packets.id'], name=op.f('fk_packet_comments_packet_id_packets')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_packet_comments_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_packet_comments'))
    )
    op.create_index('ix_packet_comments_packet', 'packet_comments', ['packet_id', 'id'], unique=False)
    op.create_table('packet_decisions',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('packet_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_packet_decisions_case_id_cases')),
    sa.ForeignKeyConstraint(['packet_id'], ['packets.id'], name=op.f('fk_packet_decisions_packet_id_packets')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_packet_decisions_unit_id_units')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_packet_decisions_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_packet_decisions')),
    sa.UniqueConstraint('case_id', name=op.f('uq_packet_decisions_case_id'))
    )
    op.create_index('ix_packet_decisions_packet', 'packet_decisions', ['packet_id', 'id'], unique=False)
    for table in ('packet_snapshots', 'packet_files', 'packet_comments'):
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()"
        )


def downgrade() -> None:
    op.drop_index('ix_packet_decisions_packet', table_name='packet_decisions')
    op.drop_table('packet_decisions')
    op.drop_index('ix_packet_comments_packet', table_name='packet_comments')
    op.drop_table('packet_comments')
    op.drop_table('packet_readings')
    op.drop_table('packet_files')
    op.drop_table('packet_snapshots')
    op.drop_index('uq_packets_running_period', table_name='packets', postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.drop_index('ix_packets_ready', table_name='packets', postgresql_where=sa.text("state = 'ready'"))
    op.drop_table('packets')
