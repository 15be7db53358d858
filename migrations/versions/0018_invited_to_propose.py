"""People invited to propose a project by a personal link"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ballot_proposers',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('scheme_id', sa.BigInteger(), nullable=False),
        sa.Column('area_id', sa.BigInteger(), nullable=False),
        sa.Column('contact_id', sa.BigInteger(), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('token_digest', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_proposers_area_id_ballot_areas')),
        sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_ballot_proposers_contact_id_contacts')),
        sa.ForeignKeyConstraint(['scheme_id'], ['ballot_schemes.id'], name=op.f('fk_ballot_proposers_scheme_id_ballot_schemes')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_proposers')),
        sa.UniqueConstraint('scheme_id', 'contact_id', name=op.f('uq_ballot_proposers_scheme_id_contact_id')),
        sa.UniqueConstraint('token_digest', name=op.f('uq_ballot_proposers_token_digest')),
    )
    op.create_index(op.f('ix_ballot_proposers_area_id'), 'ballot_proposers', ['area_id'], unique=False)
    op.create_index(op.f('ix_ballot_proposers_contact_id'), 'ballot_proposers', ['contact_id'], unique=False)
    op.add_column('ballot_schemes', sa.Column('proposing_batches', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False))


def downgrade() -> None:
    op.drop_column('ballot_schemes', 'proposing_batches')
    op.drop_table('ballot_proposers')
