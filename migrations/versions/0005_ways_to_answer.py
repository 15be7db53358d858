"""Ways to answer: opening hours, secrecy, respondents outside the contact bank, tests"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('campaigns', sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaigns', sa.Column('secrecy', sa.String(), server_default=sa.text("'confidential'"), nullable=False))
    op.create_check_constraint(op.f('ck_campaigns_secrecy'), 'campaigns', "secrecy IN ('confidential', 'anonymous')")
    op.alter_column('invitations', 'contact_id', existing_type=sa.BigInteger(), nullable=True)
    op.add_column('invitations', sa.Column('channel', sa.String(), server_default=sa.text("'sms'"), nullable=False))
    op.alter_column('responses', 'invitation_id', existing_type=sa.BigInteger(), nullable=True)
    op.add_column('responses', sa.Column('is_test', sa.Boolean(), server_default=sa.text('false'), nullable=False))


def downgrade() -> None:
    op.drop_column('responses', 'is_test')
    op.execute('DELETE FROM responses WHERE invitation_id IS NULL')
    op.alter_column('responses', 'invitation_id', existing_type=sa.BigInteger(), nullable=False)
    op.drop_column('invitations', 'channel')
    op.execute(
        'DELETE FROM responses USING invitations '
        'WHERE invitations.id = responses.invitation_id AND invitations.contact_id IS NULL'
    )
    op.execute('DELETE FROM invitations WHERE contact_id IS NULL')
    op.alter_column('invitations', 'contact_id', existing_type=sa.BigInteger(), nullable=False)
    op.drop_constraint(op.f('ck_campaigns_secrecy'), 'campaigns', type_='check')
    op.drop_column('campaigns', 'secrecy')
    op.drop_column('campaigns', 'opens_at')
