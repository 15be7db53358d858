"""Deadlines do what the definition says of them: pause with a state, end a case, never report."""

import datetime as dt

from flask import Flask
from sqlalchemy import select

from portal import clock, outbox
from portal.db import db
from portal.messaging.models import Message
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from workflows.calendars import own as own_calendars
from workflows.cases import clocks, clockwork, flow, jobs, steps
from workflows.cases.models import Case, CaseClock, CaseEvent

SATURDAY = "2025-11-22T06:00:00+00:00"


def sweep_clocks() -> None:
    """The minute's sweep, and what it has put off."""
    jobs.sweep_clocks()
    outbox.sweep()


def begun(workflow: str, **values: object) -> Case:
    """A case that follows a workflow from its beginning."""
    case = db.session.get_one(Case, make_case(**values).id)
    for row in db.session.scalars(select(CaseClock).where(CaseClock.case_id == case.id)):
        db.session.delete(row)
    flow.bind(case, workflow)
    clockwork.begin(case, flow.definition_of(case))
    db.session.commit()
    return case


def running(case: Case) -> dict[str, CaseClock]:
    return {row.kind: row for row in clocks.running(case.id)}


def take(case: Case, action: str, **values: str | bool | float) -> None:
    steps.perform(case.id, action, by=None, values=values)
    db.session.commit()


def test_a_deadline_stands_still_while_the_client_looks_for_papers(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = begun("client-file")
        due = running(case)["handling"].due_at
        take(case, "accept_file", file_number="۱۲", matter=_first(case, "accept_file", "matter"))
        take(case, "request_documents", text="سند مالکیت")
        waiting = running(case)["handling"]
        assert waiting.paused_at is not None
        clock.shift(dt.timedelta(days=7))
        sweep_clocks()
        assert not db.session.scalars(
            select(CaseEvent).where(CaseEvent.kind == "escalated", CaseEvent.case_id == case.id)
        ).all()
        take(case, "documents_complete")
        again = running(case)["handling"]
        assert again.paused_at is None
        # The week of the pause had a public holiday: four days of office, not five.
        assert (due.isoformat(), again.due_at.isoformat()) == (
            "2025-12-07T08:30:00+00:00",
            "2025-12-13T08:30:00+00:00",
        )
        assert case.next_due_at == min(row.due_at for row in running(case).values())


def test_a_client_who_never_comes_back_ends_the_file(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = begun("client-file", unit_id=make_unit().id)
        take(case, "request_documents", text="سند مالکیت")
        clock.shift(dt.timedelta(hours=721))
        sweep_clocks()
        db.session.expire_all()
        assert (case.state, case.stage, case.confirmation) == ("closed", "closed", "not_asked")
        assert running(case) == {} and case.next_due_at is None
        taken = db.session.scalars(
            select(CaseEvent.data["action"].astext)
            .where(CaseEvent.case_id == case.id, CaseEvent.kind == "step")
            .order_by(CaseEvent.id)
        ).all()
        assert taken == ["request_documents", "lapse"]
        sweep_clocks()


def test_a_deadline_that_is_never_reported_upwards_only_ends(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        top = make_unit()
        case = begun("media-enquiry", unit_id=make_unit(parent_id=top.id).id)
        take(case, "draft")
        take(case, "submit", text="پاسخ")
        before = len(db.session.scalars(select(Message)).all())
        take(case, "approve", way=_first(case, "approve", "way"))
        assert (case.state, case.stage, case.outcome) == ("sent", "feedback", "done")
        assert len(db.session.scalars(select(Message)).all()) == before, "no 31 or 33 for the press"
        assert running(case)["watch"].level_seconds == 0
        take(case, "published", link="x", accurate=False, outcome="done", text="نادرست")
        assert (case.state, case.outcome) == ("correction", None)
        take(case, "correction_sent", text="جوابیه")
        clock.shift(dt.timedelta(hours=169))
        sweep_clocks()
        db.session.expire_all()
        assert (case.state, case.confirmation) == ("closed", "not_asked")
        assert not db.session.scalars(
            select(CaseEvent).where(
                CaseEvent.kind == "escalated", CaseEvent.data["clock"].astext == "watch"
            )
        ).all()


def test_each_deadline_warns_and_reports_as_its_definition_says(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        top = make_unit()
        middle = make_unit(parent_id=top.id)
        case = begun("media-enquiry", unit_id=make_unit(parent_id=middle.id).id)
        row = running(case)["answer"]
        rule = flow.definition_of(case).clocks["answer"]
        assert row.level_seconds == (rule.escalate_every_hours or 0) * 3600 == 3 * 3600
        assert row.warn_percent == rule.warn_at * 100
        assert row.act_at is not None
        # 7 office hours from 9:30: until 13:00 the next day; three quarters are 5 h 15 min.
        assert row.due_at.isoformat() == "2025-11-23T06:15:00+00:00"


def _first(case: Case, action: str, name: str) -> str:
    for field in steps.declared(case, action):
        if field.name == name:
            return next(iter(field.choices))
    raise LookupError(name)


OPEN_TODAY = """\
name: fair
titles: {fa: نمایشگاه, ar: معرض, en: Fair}
weekly: {}
openings:
  - {date: 2025-11-22, shifts: ["00:00-24:00"]}
"""


def test_hours_that_end_turn_nobody_away(context: Flask) -> None:
    """A calendar that is not open for so long any more is as one that cannot be read."""
    own_calendars.store_document(OPEN_TODAY.encode(), by=None)
    db.session.commit()
    with clock.freeze(SATURDAY):
        case = make_case(category_id=make_category(calendar="fair").id)
        calendars = {row.kind: row.calendar for row in clocks.running(case.id)}
        assert calendars == {"first_action": "fair", "resolution": "tehran-office"}


def test_a_clock_that_fails_holds_up_no_other(context: Flask) -> None:
    own_calendars.store_document(OPEN_TODAY.encode(), by=None)
    db.session.commit()
    chain = make_unit(parent_id=make_unit().id)
    unit = make_unit(parent_id=chain.id)
    with clock.freeze(SATURDAY):
        broken, sound = (db.session.get_one(Case, make_case(unit_id=unit.id).id) for _n in "12")
        for case, calendar in ((broken, "fair"), (sound, "always")):
            clocks.stop_all(case, "x")
            row = clocks.start(case, "promise", calendar, dt.timedelta(hours=1))
            # Of the first there are not so many hours left, so its next level has no moment.
            row.level_seconds = 20 * 3600
        db.session.commit()
        clock.shift(hours=2)
        sweep_clocks()
        told = select(CaseEvent.case_id).where(CaseEvent.kind == "escalated")
        assert list(db.session.scalars(told)) == [sound.id]
        assert running(broken)["promise"].act_at == clock.now() + clocks.PUT_OFF
