"""Lists of a million cases, saved filters, canned replies, rules of assignment, absences

Revision ID: 0034
Revises: 0033
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0034'
down_revision = "0033"
branch_labels = None
depends_on = None

OPEN = sa.text("stage <> 'closed'")
LISTED = ['unit_id', 'assignee_id', 'category_id', 'channel', 'urgency', 'stage', 'latitude', 'longitude']
# Name, its sort key at the time of this migration, outcome, texts.
REPLIES = [
    ('آب و فاضلاب (۱۲۲)', 'AC!e!XBSbBC!003122', 'not_municipal', {'fa': 'پیام شما با کد {code} دربارهٔ شبکهٔ آب یا فاضلاب است که بر عهدهٔ شرکت آب و فاضلاب است، نه شهرداری. لطفاً با تلفن ۱۲۲ (شبانه\u200cروزی) تماس بگیرید. این پیام در {date} پاسخ داده شد.', 'ar': 'بلاغكم رقم {code} يتعلق بشبكة الماء أو المجاري، وهي من اختصاص شركة الماء والمجاري لا البلدية. يُرجى الاتصال بالرقم ١٢٢ (على مدار الساعة). تاريخ الرد: {date}.', 'en': 'Your message {code} is about water or sewerage, which the water company (Abfa) looks after, not the municipality. Please call 122, day and night. Answered on {date}.'}),
    ('برق (۱۲۱)', 'CMY!003121', 'not_municipal', {'fa': 'پیام شما با کد {code} دربارهٔ شبکهٔ برق است که بر عهدهٔ شرکت توزیع نیروی برق است، نه شهرداری. لطفاً با تلفن ۱۲۱ (شبانه\u200cروزی) تماس بگیرید. به سیم افتاده نزدیک نشوید.', 'ar': 'بلاغكم رقم {code} يتعلق بشبكة الكهرباء، وهي من اختصاص شركة توزيع الكهرباء لا البلدية. يُرجى الاتصال بالرقم ١٢١ (على مدار الساعة). لا تقتربوا من سلك ساقط.', 'en': 'Your message {code} is about the electricity network, which the electricity company looks after, not the municipality. Please call 121, day and night. Keep away from fallen wires.'}),
    ('گاز (۱۹۴)', 'aBN!003194', 'not_municipal', {'fa': 'پیام شما با کد {code} دربارهٔ گاز است که بر عهدهٔ شرکت گاز است، نه شهرداری. لطفاً بی\u200cدرنگ با تلفن ۱۹۴ (امداد گاز، شبانه\u200cروزی) تماس بگیرید. اگر بوی گاز می\u200cآید، آتش روشن نکنید و محل را ترک کنید.', 'ar': 'بلاغكم رقم {code} يتعلق بالغاز، وهو من اختصاص شركة الغاز لا البلدية. يُرجى الاتصال فورًا بالرقم ١٩٤ (طوارئ الغاز، على مدار الساعة). إذا شممتم رائحة غاز فلا تشعلوا نارًا وغادروا المكان.', 'en': 'Your message {code} is about gas, which the gas company looks after, not the municipality. Please call 194 (gas emergency) at once, day and night. If you smell gas, light nothing and leave the place.'}),
    ('پلیس (۱۱۰)', 'DbgP!003110', 'not_municipal', {'fa': 'پیام شما با کد {code} در حیطهٔ وظایف پلیس است، نه شهرداری. لطفاً با تلفن ۱۱۰ تماس بگیرید.', 'ar': 'بلاغكم رقم {code} من اختصاص الشرطة لا البلدية. يُرجى الاتصال بالرقم ١١٠.', 'en': 'Your message {code} is a matter for the police, not the municipality. Please call 110.'}),
    ('اورژانس (۱۱۵)', 'BeMOBdP!003115', 'not_municipal', {'fa': 'پیام شما با کد {code} در حیطهٔ وظایف اورژانس است، نه شهرداری. لطفاً با تلفن ۱۱۵ تماس بگیرید.', 'ar': 'بلاغكم رقم {code} من اختصاص الإسعاف لا البلدية. يُرجى الاتصال بالرقم ١١٥.', 'en': 'Your message {code} is a matter for the ambulance service, not the municipality. Please call 115.'}),
    ('بهداشت محیط و مواد غذایی (۱۹۰)', 'CfKBQE!cIgT!e!ceBK!WLBgg!003190', 'not_municipal', {'fa': 'پیام شما با کد {code} دربارهٔ بهداشت است که بر عهدهٔ مرکز بهداشت است، نه شهرداری. لطفاً با تلفن ۱۹۰ تماس بگیرید.', 'ar': 'بلاغكم رقم {code} يتعلق بالصحة العامة، وهي من اختصاص مركز الصحة لا البلدية. يُرجى الاتصال بالرقم ١٩٠.', 'en': 'Your message {code} is about public health, which the health centre looks after, not the municipality. Please call 190.'}),
    ('در برنامه قرار گرفت', 'KM!CMdBcf!YMBM!aMXE', 'planned', {'fa': 'پیام شما با کد {code} بررسی شد. کار در برنامهٔ «{unit}» قرار گرفت و پس از انجام به شما خبر می\u200cدهیم.', 'ar': 'تمت دراسة بلاغكم رقم {code}. أُدرج العمل في خطة «{unit}» وسنعلمكم بعد إنجازه.', 'en': 'Your message {code} was looked into. The work is planned by {unit}; we write to you when it is done.'}),
    ('انجام شد', 'BdGBc!QK', 'done', {'fa': 'کاری که در پیام {code} خواسته بودید، در {date} به دست «{unit}» انجام شد. از همکاری شما سپاسگزاریم.', 'ar': 'أُنجز ما طلبتموه في البلاغ رقم {code} بتاريخ {date} من قبل «{unit}». نشكر تعاونكم.', 'en': 'What you asked for in message {code} was carried out by {unit} on {date}. Thank you for your help.'}),
    ('تکراری', 'EZMBMg', 'duplicate', {'fa': 'این موضوع پیش\u200cتر ثبت شده و در دست پیگیری است؛ پیام شما با کد {code} به همان پیوست.', 'ar': 'هذا الموضوع مسجل من قبل وهو قيد المتابعة؛ أُلحق بلاغكم رقم {code} به.', 'en': 'This was reported before and is being followed up; your message {code} belongs to it.'}),
]


def upgrade() -> None:
    op.drop_index('ix_cases_open', 'cases')
    op.create_index('ix_cases_open', 'cases', ['next_due_at', 'id'], postgresql_where=OPEN, postgresql_include=LISTED)
    op.create_index('ix_cases_assignee_open', 'cases', ['assignee_id', 'next_due_at', 'id'], postgresql_where=OPEN)
    op.create_index(
        'ix_cases_unassigned', 'cases', ['next_due_at', 'id'],
        postgresql_where=sa.text("stage <> 'closed' AND assignee_id IS NULL"), postgresql_include=['stage', 'unit_id'],
    )
    op.create_index(
        'ix_cases_urgent_open', 'cases', ['next_due_at', 'id'],
        postgresql_where=sa.text("stage <> 'closed' AND urgency IS NOT NULL"), postgresql_include=['unit_id'],
    )
    op.create_index('ix_cases_unit_newest', 'cases', ['unit_id', 'id'])
    op.create_index('ix_cases_channel_newest', 'cases', ['channel', 'id'])
    op.create_table(
        'case_filters',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('owner_id', sa.BigInteger(), nullable=False),
        sa.Column('unit_id', sa.BigInteger(), nullable=True),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('args', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_case_filters_owner_id_users')),
        sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_case_filters_unit_id_units')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_filters')),
    )
    op.create_index(op.f('ix_case_filters_owner_id'), 'case_filters', ['owner_id'])
    op.create_index('ix_case_filters_unit', 'case_filters', ['unit_id'])
    op.create_table(
        'case_filter_defaults',
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('filter_id', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_case_filter_defaults_user_id_users')),
        sa.ForeignKeyConstraint(['filter_id'], ['case_filters.id'], name=op.f('fk_case_filter_defaults_filter_id_case_filters'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_case_filter_defaults')),
    )
    op.create_index(op.f('ix_case_filter_defaults_filter_id'), 'case_filter_defaults', ['filter_id'])
    op.create_table(
        'case_bulk_runs',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('key', sa.String(length=32), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('action', sa.String(), nullable=False),
        sa.Column('asked', sa.BigInteger(), nullable=False),
        sa.Column('done', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('refused', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_case_bulk_runs_user_id_users')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_bulk_runs')),
        sa.UniqueConstraint('key', name=op.f('uq_case_bulk_runs_key')),
    )
    op.create_index(op.f('ix_case_bulk_runs_user_id'), 'case_bulk_runs', ['user_id'])
    op.create_table(
        'case_replies',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('sort_key', sa.String(collation='C'), nullable=False),
        sa.Column('outcome', sa.String(), nullable=False),
        sa.Column('category_id', sa.BigInteger(), nullable=True),
        sa.Column('texts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'not_municipal', 'planned', 'impossible', 'duplicate', 'irrelevant')", name=op.f('ck_case_replies_outcome')),
        sa.ForeignKeyConstraint(['category_id'], ['case_categories.id'], name=op.f('fk_case_replies_category_id_case_categories')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_replies')),
    )
    op.create_index(op.f('ix_case_replies_category_id'), 'case_replies', ['category_id'])
    insert = sa.text(
        'INSERT INTO case_replies (name, sort_key, outcome, texts, active, created_at)'
        ' VALUES (:name, :sort_key, :outcome, CAST(:texts AS jsonb), true, now())'
    )
    for name, key, outcome, texts in REPLIES:
        op.execute(insert.bindparams(name=name, sort_key=key, outcome=outcome, texts=json.dumps(texts, ensure_ascii=False)))
    op.create_table(
        'case_rules',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('conditions', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('way', sa.String(), nullable=False),
        sa.Column('unit_id', sa.BigInteger(), nullable=False),
        sa.Column('assignee_id', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('unit', 'person', 'fewest')", name=op.f('ck_case_rules_way')),
        sa.CheckConstraint("(way = 'person') = (assignee_id IS NOT NULL)", name=op.f('ck_case_rules_assignee')),
        sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_case_rules_unit_id_units')),
        sa.ForeignKeyConstraint(['assignee_id'], ['users.id'], name=op.f('fk_case_rules_assignee_id_users')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_rules')),
    )
    op.create_index('ix_case_rules_position', 'case_rules', ['position', 'id'])
    op.create_table(
        'case_absences',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('substitute_id', sa.BigInteger(), nullable=True),
        sa.Column('note', sa.String(), nullable=False),
        sa.Column('created_by', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('substitute_id <> user_id', name=op.f('ck_case_absences_not_own_substitute')),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_case_absences_user_id_users')),
        sa.ForeignKeyConstraint(['substitute_id'], ['users.id'], name=op.f('fk_case_absences_substitute_id_users')),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('fk_case_absences_created_by_users')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_absences')),
    )
    op.create_index('uq_case_absences_present', 'case_absences', ['user_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table(
        'case_mentions',
        sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('event_id', sa.BigInteger(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_case_mentions_user_id_users')),
        sa.ForeignKeyConstraint(['event_id'], ['case_events.id'], name=op.f('fk_case_mentions_event_id_case_events')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_mentions')),
        sa.UniqueConstraint('event_id', 'user_id', name=op.f('uq_case_mentions_event_id_user_id')),
    )
    op.create_index('ix_case_mentions_unseen', 'case_mentions', ['user_id', 'id'], postgresql_where=sa.text('seen_at IS NULL'))


def downgrade() -> None:
    for table in ('case_mentions', 'case_absences', 'case_rules', 'case_replies', 'case_bulk_runs', 'case_filter_defaults', 'case_filters'):
        op.drop_table(table)
    for index in ('channel_newest', 'unit_newest', 'urgent_open', 'unassigned', 'assignee_open', 'open'):
        op.drop_index(f'ix_cases_{index}', 'cases')
    op.create_index('ix_cases_open', 'cases', ['next_due_at', 'id'], postgresql_where=OPEN)
