"""Promises of time: warned of once, reported once a level, and said in words."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from portal.units.services import escalation_chain
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.cases import clocks, explain, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseClock, CaseEvent

SATURDAY = "2025-11-22T06:00:00+00:00"  # 09:30 in Tehran
NAMES = {"fa": "معاون خدمات شهری منطقه", "ar": "معاونية خدمات المدينة", "en": "Urban Services"}


def happened(case_id: int, *kinds: str) -> list[CaseEvent]:
    return list(
        db.session.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case_id, CaseEvent.kind.in_(kinds))
            .order_by(CaseEvent.id)
        )
    )


def clock_of(case_id: int, kind: str) -> CaseClock:
    return db.session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id == case_id, CaseClock.kind == kind)
        .order_by(CaseClock.id.desc())
        .execution_options(populate_existing=True)
    ).first()  # type: ignore[return-value]


@pytest.fixture
def chain(context: Flask) -> list[int]:
    """District, operations, deputy: ids from below."""
    deputy = make_unit(names=NAMES)
    operations = make_unit(parent_id=deputy.id)
    district = make_unit(parent_id=operations.id)
    return [district.id, operations.id, deputy.id]


def test_an_urgent_case_warns_and_climbs_level_by_level(chain: list[int]) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=chain[0])
        sweep_clocks()
        assert happened(case.id, "warned", "escalated") == []
        clock.shift(minutes=90)
        sweep_clocks()
        sweep_clocks()
        warned = happened(case.id, "warned", "escalated")
        assert [(event.kind, event.unit_id) for event in warned] == [("warned", chain[0])]
        clock.shift(minutes=30)
        sweep_clocks()
        sweep_clocks()
        clock.shift(minutes=59)
        sweep_clocks()
        told = happened(case.id, "escalated")
        assert [event.unit_id for event in told] == [chain[1]]
        assert told[0].data["clock"] == "first_action"
        assert told[0].data["due_at"] == "2025-11-22T08:00:00+00:00"
        clock.shift(minutes=1)
        sweep_clocks()
        clock.shift(hours=5)
        sweep_clocks()
        told = happened(case.id, "escalated")
        assert [event.unit_id for event in told if event.data["clock"] == "first_action"] == [
            chain[1],
            chain[2],
        ]
    entries = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action == "case.warned")
    ).all()
    assert len(entries) == 1


def test_a_clock_that_ran_out_unseen_still_warns_once_and_escalates_once(
    chain: list[int],
) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="waste", unit_id=chain[0])
        clock.shift(hours=2, minutes=10)
        sweep_clocks()
        kinds = [event.kind for event in happened(case.id, "warned", "escalated")]
        assert kinds == ["warned", "escalated"]


def test_office_clocks_warn_after_three_quarters_of_the_open_time(chain: list[int]) -> None:
    category = make_category(unit_id=chain[0], first_action_hours=4)
    with clock.freeze("2025-11-22T08:45:00+00:00"):  # 12:15; two hours are left today
        case = make_case(category_id=category.id)
    first = clock_of(case.id, "first_action")
    # Sunday 07:30 + 1 h of the three, in Tehran.
    assert first.act_at == dt.datetime(2025, 11, 23, 5, 0, tzinfo=dt.UTC)
    assert first.due_at == dt.datetime(2025, 11, 23, 6, 0, tzinfo=dt.UTC)


def test_without_anybody_above_it_is_written_down_once(context: Flask) -> None:
    alone = make_unit()
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=alone.id)
        clock.shift(hours=3)
        for _round in range(3):
            sweep_clocks()
        assert [event.unit_id for event in happened(case.id, "escalated")] == [alone.id]
        assert clock_of(case.id, "first_action").act_at is None


def test_what_was_done_stops_its_clock(chain: list[int]) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=chain[0])
        clock.shift(minutes=80)
        work.first_action(case.id, by=None, text="اکیپ اعزام شد")
        db.session.commit()
        assert clock_of(case.id, "first_action").stopped_by == "first_action"
        clock.shift(hours=4)
        sweep_clocks()
        assert happened(case.id, "warned", "escalated") == []
        current = db.session.get_one(Case, case.id)
        assert current.next_due_at == clock_of(case.id, "resolution").due_at


def test_one_call_takes_no_more_than_a_batch(chain: list[int]) -> None:
    with clock.freeze(SATURDAY):
        for _number in range(5):
            make_case(urgency="danger", unit_id=chain[0])
        clock.shift(minutes=91)
        assert clocks.sweep(limit=3) == 3
        db.session.commit()
        assert clocks.sweep(limit=3) == 2
        db.session.commit()
        assert clocks.sweep(limit=3) == 0


def test_what_somebody_else_holds_is_left_to_him(app: Flask, chain: list[int]) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=chain[0])
        clock.shift(minutes=91)
        with db.engine.connect() as other:
            other.execute(select(Case.id).where(Case.id == case.id).with_for_update(key_share=True))
            assert clocks.sweep() == 0
            other.rollback()
        assert clocks.sweep() == 1


# In words


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        (
            "en",
            "First action by 11:30; 22 minutes left; then it is reported to Urban Services.",
        ),
        (
            "fa",
            "تا ۱۱:۳۰ اقدام اولیه؛ ۲۲ دقیقه مانده؛ سپس به معاون خدمات شهری منطقه اعلام می‌شود.",
        ),
        (
            "ar",
            "الإجراء الأولي حتى ١١:٣٠؛ المتبقي ٢٢ دقيقة؛ ثم يُرفع الأمر إلى معاونية خدمات المدينة.",
        ),
    ],
)
def test_the_clock_in_words(context: Flask, lang: str, sentence: str) -> None:
    above = make_unit(names=NAMES)
    unit = make_unit(parent_id=above.id)
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=unit.id)
        clock.shift(minutes=97, seconds=20)
        assert clocks.explain(case, lang) == sentence


def test_late_and_other_days_and_the_end_in_words(chain: list[int]) -> None:
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=chain[1])
        clock.shift(hours=2, minutes=5)
        assert clocks.explain(case, "en") == (
            "First action was due by 11:30; 5 minutes late; "
            "it is now being reported to Urban Services."
        )
        sweep_clocks()
        assert clocks.explain(case, "en") == (
            "First action was due by 11:30; 5 minutes late; it has been reported to Urban Services."
        )
        work.first_action(case.id, by=None, text="done")
        assert clocks.explain(case, "en").startswith("Full settlement by ")
        assert "," in clocks.explain(case, "en")
        work.finish(case.id, by=None, outcome="irrelevant", text="هیچ")
        db.session.commit()
        assert clocks.explain(case, "en").startswith("Closed on ")
    alone = make_unit()
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=alone.id)
        assert clocks.explain(case, "en") == "First action by 11:30; 2 hours left."
        clock.shift(hours=2, seconds=10)
        assert clocks.explain(case, "en") == (
            "First action was due by 11:30; less than a minute late."
        )


def test_a_list_is_explained_in_two_queries_and_with_the_same_chain(chain: list[int]) -> None:
    for unit_id in chain * 3:
        make_case(unit_id=unit_id)
    cases = db.session.scalars(select(Case)).all()
    with count_queries() as queries:
        sentences = clocks.explain_many(cases, "en")
    assert len(sentences) == len(cases)
    assert queries.count == 2, queries.statements
    chains = explain.Chains()
    for unit_id in chain:
        assert [unit.id for unit in chains.above(unit_id)] == escalation_chain(unit_id)
