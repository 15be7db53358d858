"""An ordinary message turns out to be urgent: the two hours count from its arrival."""

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from workflows.cases import clocks, feedback, urgency, work
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.cases.moves import InputRefused

ARRIVED = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


def first_action_clock(case_id: int) -> CaseClock:
    running = select(CaseClock).where(
        CaseClock.case_id == case_id,
        CaseClock.kind == "first_action",
        CaseClock.stopped_at.is_(None),
    )
    return db.session.scalars(running).one()


def test_the_limit_counts_from_the_arrival_of_the_message(context: Flask) -> None:
    with clock.freeze(ARRIVED):
        case_id = make_case().id
    with clock.freeze(ARRIVED + dt.timedelta(minutes=118)):
        urgency.mark_urgent(case_id, by=None, urgency="danger")
        db.session.commit()
        assert first_action_clock(case_id).due_at == ARRIVED + dt.timedelta(hours=2)
        assert clocks.sweep() == 1
    with clock.freeze(ARRIVED + dt.timedelta(minutes=121)):
        assert clocks.sweep() == 1
    kinds = list(
        db.session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
        )
    )
    assert kinds[-3:] == ["urgent", "warned", "escalated"]


def test_after_the_first_action_no_clock_of_it_starts_again(context: Flask) -> None:
    """The citizen objects: what runs now is the time to answer that, and it becomes short."""
    case = make_case()
    work.first_action(case.id, by=None, text="رفتیم")
    work.finish(case.id, by=None, outcome="done", text="انجام شد")
    feedback.answer_by_call(case.id, by=None, accepted=False, words="نشده است")
    (before,) = clocks.running(case.id)
    urgency.mark_urgent(case.id, by=None, urgency="danger")
    (after,) = clocks.running(case.id)
    assert (before.kind, after.kind) == ("objection", "objection")
    assert after.due_at - after.started_at == clocks.URGENT_OBJECTION


def test_marking_twice_is_marking_once(context: Flask) -> None:
    case_id = make_case().id
    for _ in range(2):
        urgency.mark_urgent(case_id, by=None, urgency="waste")
    events = select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.kind == "urgent")
    assert len(db.session.scalars(events).all()) == 1


def test_a_reason_that_does_not_exist_is_refused(context: Flask) -> None:
    case_id = make_case().id
    with pytest.raises(InputRefused):
        urgency.mark_urgent(case_id, by=None, urgency="because")


def test_an_officer_marks_it_on_the_page(app: Flask, client: FlaskClient) -> None:
    case_id = make_case().id
    sign_in(client, make_user(roles=("operator",), language="en"))
    url = f"/staff/cases/{case_id}"
    token = csrf_token(client, url)
    with app.app_context():
        version = db.session.scalar(
            select(CaseEvent.id).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id.desc())
        )
    data = {"csrf_token": token, "mark_urgent-version": str(version)}
    assert client.post(f"{url}/urgent", data=data).status_code == 422
    data["mark_urgent-urgency"] = "danger"
    assert client.post(f"{url}/urgent", data=data).status_code == 303
    with app.app_context():
        assert db.session.get_one(Case, case_id).urgency == "danger"
