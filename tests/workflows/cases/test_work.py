"""What staff do with a case, and what they cannot."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, signals
from portal.db import db
from portal.messaging.models import Message
from tests.factories.accounts import make_user
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.cases import flow, queries, stages, work
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion
from workflows.cases.moves import InputRefused

SATURDAY = "2025-11-22T06:00:00+00:00"


def kinds(case_id: int) -> list[str]:
    return list(
        db.session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
        )
    )


def test_the_way_of_a_case_to_the_question(context: Flask) -> None:
    centre, district = make_unit(), make_unit()
    officer = make_user(("unit_officer",), unit_id=district.id)
    case_id = make_case(unit_id=centre.id, e164="+989121110001").id
    work.assign(case_id, unit_id=district.id, assignee_id=officer.id, by=officer.id, note="لطفاً")
    work.first_action(case_id, by=officer.id, text="بازدید شد")
    work.note(case_id, by=officer.id, text="قیر نیست")
    case = work.finish(case_id, by=officer.id, outcome="done", text="آسفالت شد")
    db.session.commit()
    assert (case.stage, case.outcome, case.unit_id) == ("feedback", "done", district.id)
    assert case.done_at is not None and case.first_action_at is not None
    assert kinds(case_id) == [
        "received",
        "assigned",
        "assigned",
        "first_action",
        "note",
        "answered",
        "sms",
        "feedback_asked",
    ]
    sms = db.session.scalars(select(Message)).one()
    assert "آسفالت شد" in sms.body and case.code in sms.body
    first = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "first_action")).one()
    assert (first.actor_id, first.actor, first.public) == (officer.id, officer.name, True)


@pytest.mark.parametrize("outcome", ["done", "not_municipal"])
def test_without_a_number_it_is_closed_at_once(context: Flask, outcome: str) -> None:
    case_id = make_case(e164=None).id
    case = work.finish(case_id, by=None, outcome=outcome, text="پاسخ")
    assert (case.stage, case.confirmation, case.next_due_at) == ("closed", "not_asked", None)
    assert (case.done_at is not None) == (outcome == "done")


def test_a_duplicate_is_answered_but_nobody_is_asked(context: Flask) -> None:
    case_id = make_case().id
    case = work.finish(case_id, by=None, outcome="duplicate", text="پیش‌تر ثبت شده")
    assert (case.stage, case.confirmation) == ("closed", "not_asked")
    about = select(Message.body).where(Message.body.contains(case.code)).order_by(Message.id)
    assert "پیش‌تر ثبت شده" in db.session.scalars(about).all()[0]
    assert db.session.scalars(select(FeedbackQuestion)).all() == []


def test_closing_is_told_to_the_others(context: Flask) -> None:
    heard: list[dict[str, Any]] = []

    def listen(_sender: object, **facts: Any) -> None:
        heard.append(facts)

    case = make_case(language="ar", e164=None)
    with signals.case_closed.connected_to(listen):
        work.finish(case.id, by=None, outcome="done", text="تم")
    assert heard == [{"case_id": case.id, "contact_id": None, "language": "ar"}]


def test_what_fails_in_a_listener_fails_the_closing(context: Flask) -> None:
    def refuse(_sender: object, **_facts: Any) -> None:
        raise RuntimeError

    case_id = make_case(e164=None).id
    with signals.case_closed.connected_to(refuse), pytest.raises(RuntimeError):
        work.finish(case_id, by=None, outcome="done", text="تم")
    db.session.rollback()
    assert db.session.get_one(Case, case_id).stage == "assigned"


def test_opening_again_goes_to_the_unit_above_with_a_clock(context: Flask) -> None:
    above = make_unit()
    below = make_unit(parent_id=above.id)
    with clock.freeze(SATURDAY):
        case_id = make_case(unit_id=below.id, e164=None).id
        work.finish(case_id, by=None, outcome="done", text="شد")
        case = work.reopen(case_id, by=None, text="نشده بود")
        db.session.commit()
    assert (case.stage, case.unit_id, case.reopened) == ("assigned", above.id, 1)
    assert (case.outcome, case.closed_at, case.done_at) == (None, None, None)
    assert case.next_due_at is not None


STEPS: dict[str, Callable[[int], object]] = {
    "assign": lambda case_id: work.assign(case_id, unit_id=1, assignee_id=None, by=None),
    "first_action": lambda case_id: work.first_action(case_id, by=None, text="x"),
    "finish": lambda case_id: work.finish(case_id, by=None, outcome="done", text="x"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_closed_case_takes_no_step(context: Flask, step: str) -> None:
    case_id = make_case(e164=None).id
    work.finish(case_id, by=None, outcome="done", text="x")
    with pytest.raises(stages.StageError):
        STEPS[step](case_id)


def test_bad_input_and_unknown_cases_are_refused(context: Flask) -> None:
    case_id = make_case().id
    with pytest.raises(InputRefused):
        work.finish(case_id, by=None, outcome="forgotten", text="x")
    with pytest.raises(InputRefused):
        work.first_action(case_id, by=None, text=" ")
    with pytest.raises(InputRefused):
        work.assign(case_id, unit_id=987654, assignee_id=None, by=None)
    with pytest.raises(LookupError):
        work.note(987654, by=None, text="x")


def test_the_table_of_steps_says_who_may_do_what(context: Flask) -> None:
    case = make_case()
    steps = {
        step.action for step in flow.possible(case, lambda permission: permission == "cases.work")
    }
    assert {"assign", "first_action", "note", "finish"} <= steps
    assert steps.isdisjoint({"accept", "object", "reopen"})
    assert flow.possible(case, lambda permission: permission == "cases.feedback") == []


def test_two_officers_at_once_finish_it_once(app: Flask) -> None:
    case_id = make_case().id

    def finish(number: int) -> str:
        with app.app_context():
            try:
                work.finish(case_id, by=None, outcome="done", text=f"officer {number}")
                db.session.commit()
            except stages.StageError:
                db.session.rollback()
                return "refused"
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(finish, range(4))) == ["done", "refused", "refused", "refused"]
    with app.app_context():
        assert kinds(case_id).count("answered") == 1
        assert len(db.session.scalars(select(FeedbackQuestion)).all()) == 1


# What is read of cases


def test_open_cases_are_counted(context: Flask) -> None:
    unit = make_unit()
    with clock.freeze(SATURDAY):
        for _number in range(5):
            make_case(unit_id=unit.id)
        make_case(unit_id=unit.id, urgency="danger")
        clock.shift(hours=3)
        assert queries.counts() == queries.Counts(open=6, urgent=1, late=1, feedback=0)


def test_tracking_shows_no_staff_and_no_internal_notes(context: Flask) -> None:
    case = make_case()
    work.note(case.id, by=None, text="internal")
    db.session.commit()
    view = queries.tracking_view(case.code.lower())
    assert view is not None
    assert [event.kind for event in view.events] == ["received", "assigned"]
    assert queries.tracking_view("0000000000") is None
    full = queries.case_view(case.id)
    assert [event.kind for event in full.events] == ["received", "assigned", "note"]
    with pytest.raises(LookupError):
        queries.case_view(987654)
