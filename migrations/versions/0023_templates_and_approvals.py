"""Message templates, approval by a second person, unreachable numbers"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0023'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'message_templates',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('purpose', sa.String(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_message_templates')),
        sa.UniqueConstraint('purpose', 'name', name=op.f('uq_message_templates_purpose_name')),
    )
    op.create_table(
        'message_template_versions',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('template_id', sa.BigInteger(), nullable=True),
        sa.Column('number', sa.BigInteger(), nullable=True),
        sa.Column('texts', postgresql.JSONB(), nullable=False),
        sa.Column('origin', sa.String(), nullable=False),
        sa.Column('subject_type', sa.String(), nullable=True),
        sa.Column('subject_id', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "origin IN ('edited', 'reset', 'frozen')", name=op.f('ck_message_template_versions_origin')
        ),
        sa.CheckConstraint(
            '(template_id IS NULL) = (number IS NULL)', name=op.f('ck_message_template_versions_number')
        ),
        sa.ForeignKeyConstraint(
            ['template_id'],
            ['message_templates.id'],
            name=op.f('fk_message_template_versions_template_id_message_templates'),
        ),
        sa.ForeignKeyConstraint(
            ['created_by'], ['users.id'], name=op.f('fk_message_template_versions_created_by_users')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_message_template_versions')),
        sa.UniqueConstraint(
            'template_id', 'number', name=op.f('uq_message_template_versions_template_id_number')
        ),
    )
    op.create_index(
        'ix_message_template_versions_subject',
        'message_template_versions',
        ['subject_type', 'subject_id'],
        unique=False,
    )
    op.execute(
        'CREATE TRIGGER message_template_versions_never_change '
        'BEFORE UPDATE OR DELETE ON message_template_versions '
        'FOR EACH ROW EXECUTE FUNCTION pasokh_refuse_change()'
    )
    op.create_table(
        'launch_approvals',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('subject_type', sa.String(), nullable=False),
        sa.Column('subject_id', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('recipients', sa.BigInteger(), nullable=False),
        sa.Column('details', postgresql.JSONB(), nullable=False),
        sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('requested_by', sa.BigInteger(), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_by', sa.BigInteger(), nullable=True),
        sa.Column('reason', sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'declined', 'withdrawn', 'used')",
            name=op.f('ck_launch_approvals_state'),
        ),
        sa.CheckConstraint('decided_by <> requested_by', name=op.f('ck_launch_approvals_second_person')),
        sa.ForeignKeyConstraint(
            ['requested_by'], ['users.id'], name=op.f('fk_launch_approvals_requested_by_users')
        ),
        sa.ForeignKeyConstraint(
            ['decided_by'], ['users.id'], name=op.f('fk_launch_approvals_decided_by_users')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_launch_approvals')),
    )
    op.create_index(
        'uq_launch_approvals_open',
        'launch_approvals',
        ['subject_type', 'subject_id'],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'approved')"),
    )
    op.create_index(
        'ix_launch_approvals_subject', 'launch_approvals', ['subject_type', 'subject_id', 'id'], unique=False
    )
    op.add_column('messages', sa.Column('template_version_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f('fk_messages_template_version_id_message_template_versions'),
        'messages',
        'message_template_versions',
        ['template_version_id'],
        ['id'],
    )
    op.create_index(
        'ix_messages_bounced',
        'messages',
        ['state_at'],
        unique=False,
        postgresql_where=sa.text("state IN ('undelivered', 'failed')"),
    )
    for name in ('launched_by', 'approved_by'):
        op.add_column('message_batches', sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f'fk_message_batches_{name}_users'), 'message_batches', 'users', [name], ['id'])
    op.add_column('campaigns', sa.Column('spread_hours', sa.BigInteger(), nullable=True))
    op.add_column('contacts', sa.Column('unreachable_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('contacts', sa.Column('unreachable_reason', sa.String(), nullable=True))
    op.create_index(
        'ix_contacts_unreachable',
        'contacts',
        ['unreachable_since', 'id'],
        unique=False,
        postgresql_where=sa.text('unreachable_since IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_contacts_unreachable', table_name='contacts')
    op.drop_column('contacts', 'unreachable_reason')
    op.drop_column('contacts', 'unreachable_since')
    op.drop_column('campaigns', 'spread_hours')
    op.drop_column('message_batches', 'approved_by')
    op.drop_column('message_batches', 'launched_by')
    op.drop_index('ix_messages_bounced', table_name='messages')
    op.drop_column('messages', 'template_version_id')
    op.drop_table('launch_approvals')
    op.drop_table('message_template_versions')
    op.drop_table('message_templates')
