"""Ballots: schemes, the ballot of each neighbourhood, proposals, voters, the box, votes, results"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ballot_schemes',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('intros', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('max_choices', sa.BigInteger(), nullable=False),
    sa.Column('points', sa.BigInteger(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('proposals_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proposals_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('voting_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.Date(), nullable=True),
    sa.Column('takes_paper', sa.Boolean(), nullable=False),
    sa.Column('is_test', sa.Boolean(), nullable=False),
    sa.Column('texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=True),
    sa.Column('announced_batch_id', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("kind IN ('approval', 'ranked', 'points', 'knapsack')", name=op.f('ck_ballot_schemes_kind')),
    sa.CheckConstraint("rule IN ('count', 'greedy', 'equal-shares')", name=op.f('ck_ballot_schemes_rule')),
    sa.CheckConstraint("state IN ('draft', 'proposals', 'voting', 'closed', 'counted', 'cancelled')", name=op.f('ck_ballot_schemes_state')),
    sa.CheckConstraint('max_choices > 0 AND points > 0', name=op.f('ck_ballot_schemes_limits')),
    sa.ForeignKeyConstraint(['announced_batch_id'], ['message_batches.id'], name=op.f('fk_ballot_schemes_announced_batch_id_message_batches')),
    sa.ForeignKeyConstraint(['batch_id'], ['message_batches.id'], name=op.f('fk_ballot_schemes_batch_id_message_batches')),
    sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_ballot_schemes_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_schemes')),
    sa.UniqueConstraint('code', name=op.f('uq_ballot_schemes_code'))
    )
    op.create_index('ix_ballot_schemes_state', 'ballot_schemes', ['state', 'voting_until'], unique=False)
    op.create_table('ballot_areas',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('scheme_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('sort_key', sa.String(collation='C'), nullable=False),
    sa.Column('budget', sa.BigInteger(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=True),
    sa.Column('box_opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('budget > 0', name=op.f('ck_ballot_areas_budget')),
    sa.ForeignKeyConstraint(['scheme_id'], ['ballot_schemes.id'], name=op.f('fk_ballot_areas_scheme_id_ballot_schemes')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_ballot_areas_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_areas')),
    sa.UniqueConstraint('scheme_id', 'slug', name=op.f('uq_ballot_areas_scheme_id_slug')),
    sa.UniqueConstraint('scheme_id', 'unit_id', name=op.f('uq_ballot_areas_scheme_id_unit_id'))
    )
    op.create_table('ballot_proposals',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('titles', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('descriptions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('cost', sa.BigInteger(), nullable=True),
    sa.Column('photo', sa.String(), nullable=True),
    sa.Column('e164', sa.String(length=16), nullable=True),
    sa.Column('page_key', sa.LargeBinary(), nullable=True),
    sa.Column('code_tries', sa.BigInteger(), nullable=False),
    sa.Column('reason_code', sa.String(), nullable=True),
    sa.Column('reasons', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('merged_into_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('tracking_code', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f('ck_ballot_proposals_merged_into')),
    sa.CheckConstraint("origin IN ('citizen', 'staff', 'file')", name=op.f('ck_ballot_proposals_origin')),
    sa.CheckConstraint("state <> 'accepted' OR cost IS NOT NULL", name=op.f('ck_ballot_proposals_accepted_has_cost')),
    sa.CheckConstraint("state IN ('unconfirmed', 'submitted', 'accepted', 'merged', 'declined')", name=op.f('ck_ballot_proposals_state')),
    sa.CheckConstraint('cost > 0', name=op.f('ck_ballot_proposals_cost')),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_proposals_area_id_ballot_areas')),
    sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_ballot_proposals_decided_by_users')),
    sa.ForeignKeyConstraint(['merged_into_id'], ['ballot_proposals.id'], name=op.f('fk_ballot_proposals_merged_into_id_ballot_proposals')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_proposals')),
    sa.UniqueConstraint('area_id', 'number', name=op.f('uq_ballot_proposals_area_id_number')),
    sa.UniqueConstraint('page_key', name=op.f('uq_ballot_proposals_page_key'))
    )
    op.create_index('ix_ballot_proposals_area', 'ballot_proposals', ['area_id', 'state', 'id'], unique=False)
    op.create_index('ix_ballot_proposals_unconfirmed', 'ballot_proposals', ['created_at'], unique=False, postgresql_where=sa.text("state = 'unconfirmed'"))
    op.create_table('ballot_voters',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('scheme_id', sa.BigInteger(), nullable=False),
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=True),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('order_seed', sa.BigInteger(), nullable=False),
    sa.Column('voted_by', sa.String(), nullable=True),
    sa.Column('voted_on', sa.Date(), nullable=True),
    sa.Column('submission', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("channel IN ('sms', 'paper')", name=op.f('ck_ballot_voters_channel')),
    sa.CheckConstraint("voted_by IN ('link', 'paper')", name=op.f('ck_ballot_voters_voted_by')),
    sa.CheckConstraint('(voted_by IS NULL) = (voted_on IS NULL)', name=op.f('ck_ballot_voters_voted')),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_voters_area_id_ballot_areas')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_ballot_voters_contact_id_contacts')),
    sa.ForeignKeyConstraint(['scheme_id'], ['ballot_schemes.id'], name=op.f('fk_ballot_voters_scheme_id_ballot_schemes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_voters')),
    sa.UniqueConstraint('scheme_id', 'contact_id', name=op.f('uq_ballot_voters_scheme_id_contact_id')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_ballot_voters_token_digest'))
    )
    op.create_index('ix_ballot_voters_area', 'ballot_voters', ['area_id', 'voted_by'], unique=False)
    op.create_index(op.f('ix_ballot_voters_contact_id'), 'ballot_voters', ['contact_id'], unique=False)
    op.create_table('ballot_sealed',
    sa.Column('key', sa.UUID(), nullable=False),
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_sealed_area_id_ballot_areas')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_ballot_sealed'))
    )
    op.create_index(op.f('ix_ballot_sealed_area_id'), 'ballot_sealed', ['area_id'], unique=False)
    op.create_table('ballot_votes',
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('receipt', sa.String(length=12, collation='C'), nullable=False),
    sa.Column('choices', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.CheckConstraint("channel IN ('link', 'paper', 'file')", name=op.f('ck_ballot_votes_channel')),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_votes_area_id_ballot_areas')),
    sa.PrimaryKeyConstraint('area_id', 'receipt', name=op.f('pk_ballot_votes'))
    )
    op.create_table('ballot_sheets',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('first', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('first_by', sa.BigInteger(), nullable=False),
    sa.Column('second', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('second_by', sa.BigInteger(), nullable=True),
    sa.Column('final', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('final_by', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("state IN ('once', 'differs', 'settled', 'counted')", name=op.f('ck_ballot_sheets_state')),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_sheets_area_id_ballot_areas')),
    sa.ForeignKeyConstraint(['final_by'], ['users.id'], name=op.f('fk_ballot_sheets_final_by_users')),
    sa.ForeignKeyConstraint(['first_by'], ['users.id'], name=op.f('fk_ballot_sheets_first_by_users')),
    sa.ForeignKeyConstraint(['second_by'], ['users.id'], name=op.f('fk_ballot_sheets_second_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ballot_sheets')),
    sa.UniqueConstraint('area_id', 'label', name=op.f('uq_ballot_sheets_area_id_label'))
    )
    op.create_index('ix_ballot_sheets_state', 'ballot_sheets', ['area_id', 'state'], unique=False)
    op.create_table('ballot_results',
    sa.Column('area_id', sa.BigInteger(), nullable=False),
    sa.Column('rule', sa.String(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['ballot_areas.id'], name=op.f('fk_ballot_results_area_id_ballot_areas')),
    sa.PrimaryKeyConstraint('area_id', name=op.f('pk_ballot_results'))
    )


def downgrade() -> None:
    op.drop_table('ballot_results')
    op.drop_table('ballot_sheets')
    op.drop_table('ballot_votes')
    op.drop_table('ballot_sealed')
    op.drop_table('ballot_voters')
    op.drop_table('ballot_proposals')
    op.drop_table('ballot_areas')
    op.drop_table('ballot_schemes')
