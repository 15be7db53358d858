"""Feedback calls: every attempt a row, bounded, and an objection that goes to somebody else."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.cases import attempts, feedback, intake, ringing, work
from workflows.cases.call_models import FeedbackCall
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion
from workflows.cases.moves import InputRefused
from workflows.cases.rules import absences
from workflows.cases.staff import calls

NOON = "2025-11-22T08:30:00+00:00"
"""A Saturday, 12:00 in Tehran."""


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.freeze(NOON):
        yield


def asked(**overrides: object) -> int:
    """A case whose citizen has not answered the SMS for 13 hours; its id."""
    case_id = make_case(**overrides).id
    work.finish(case_id, by=None, outcome="done", text="انجام شد")
    db.session.commit()
    clock.shift(hours=13)
    return case_id


def now_of(case_id: int) -> Case:
    return db.session.get_one(Case, case_id, populate_existing=True)


def rows() -> list[tuple[str, int | None]]:
    found = db.session.scalars(select(FeedbackCall).order_by(FeedbackCall.id))
    return [(row.result, row.operator_id) for row in found]


def test_three_calls_that_reach_nobody_end_the_asking_with_a_reason(context: Flask) -> None:
    operator = make_user(("operator",)).id
    case_id = asked()
    for result, wait in (("no_answer", 4), ("busy", 1)):
        assert calls.take_next(operator) == case_id
        ringing.not_reached(case_id, result, by=operator)
        db.session.commit()
        assert calls.take_next(operator) is None
        clock.shift(hours=wait)
    assert calls.tried([case_id]) == {case_id: 2}
    ringing.not_reached(case_id, "no_answer", by=operator)
    db.session.commit()
    case = now_of(case_id)
    assert (case.stage, case.confirmation) == ("closed", "timed_out")
    assert rows() == [("no_answer", operator), ("busy", operator), ("no_answer", operator)]
    event = db.session.scalars(select(CaseEvent).where(CaseEvent.kind == "timed_out")).one()
    assert event.data == {"reason": "calls", "calls": 3}
    assert db.session.scalars(select(FeedbackQuestion.state)).one() == "timed_out"


def test_a_wrong_number_is_asked_no_more_and_counts_as_not_asked(context: Flask) -> None:
    case_id = asked()
    ringing.not_reached(case_id, "wrong_number", by=None)
    db.session.commit()
    assert (now_of(case_id).stage, now_of(case_id).confirmation) == ("closed", "not_asked")
    assert db.session.scalars(select(FeedbackQuestion.state)).one() == "withdrawn"


def test_the_hour_a_citizen_chose_is_kept_even_beyond_72_hours(context: Flask) -> None:
    operator = make_user(("operator",)).id
    case_id = asked()
    with pytest.raises(InputRefused):
        ringing.not_reached(case_id, "later", by=operator, again_at=clock.now())
    with pytest.raises(InputRefused):
        too_late = clock.now() + attempts.LATEST
        ringing.not_reached(case_id, "later", by=operator, again_at=too_late)
    ringing.not_reached(case_id, "later", by=operator, again_at=clock.now() + dt.timedelta(days=3))
    db.session.commit()
    older = asked()
    clock.shift(days=2, hours=23)
    sweep_clocks()
    # The other's 72 hours have passed; this one is rung at the chosen hour, and ahead of others.
    assert [now_of(one).stage for one in (case_id, older)] == ["feedback", "closed"]
    newer = asked()
    assert [case.id for case in calls.waiting(operator)] == [case_id, newer]
    clock.shift(hours=24)
    sweep_clocks()
    assert now_of(case_id).confirmation == "timed_out"


def test_the_page_takes_every_result(app: Flask, client: FlaskClient) -> None:
    user = make_user(("operator",), language="fa")
    sign_in(client, user)
    with app.app_context():
        case_id = asked()
    url = f"/staff/cases/{case_id}/call"

    def send(**fields: str) -> int:
        page = client.get(url).text
        found = re.search(r'name="call-version"[^>]*value="(\d+)"', page)
        assert found
        data = {f"call-{name}": value for name, value in fields.items()}
        data |= {"call-version": found[1], "csrf_token": csrf_token(client, url)}
        return client.post(url, data=data).status_code

    assert send(answer="later", later="فردا") == 422
    assert send(answer="later", later="۱۴۰۴/۰۹/۰۳ ۱۸:۰۰") == 303
    with app.app_context():
        call = db.session.scalars(select(FeedbackCall)).one()
        assert call.again_at == dt.datetime(2025, 11, 24, 14, 30, tzinfo=dt.UTC)
        assert (call.result, call.operator_id) == ("later", user.id)
    assert user.name in client.get(url).text
    assert send(answer="busy") == 303
    assert send(answer="accepted") == 303
    with app.app_context():
        assert [result for result, _by in rows()] == ["later", "busy", "accepted"]
        assert now_of(case_id).confirmation == "accepted"


# Somebody else


def officer(unit_id: int | None) -> User:
    return make_user(("unit_officer",), unit_id=unit_id)


def object_to(case_id: int, ended_by: int) -> Case:
    work.finish(case_id, by=ended_by, outcome="done", text="انجام شد")
    feedback.answer_by_call(case_id, by=None, accepted=False, words="نشده")
    db.session.commit()
    return now_of(case_id)


def test_without_a_unit_above_another_person_gets_it(context: Flask) -> None:
    unit = make_unit()
    ended, busy, free = officer(unit.id), officer(unit.id), officer(unit.id)
    make_case(unit_id=unit.id, assignee_id=busy.id)
    case = object_to(make_case(unit_id=unit.id, assignee_id=ended.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (unit.id, free.id)
    # Nor is it given back to whoever ended it.
    with pytest.raises(InputRefused):
        work.assign(case.id, unit_id=unit.id, assignee_id=ended.id, by=free.id)
    work.assign(case.id, unit_id=unit.id, assignee_id=busy.id, by=free.id)
    # Nor can that person end it once more while it lies with others.
    with pytest.raises(InputRefused):
        work.finish(case.id, by=ended.id, outcome="impossible", text="نه")
    work.finish(case.id, by=busy.id, outcome="done", text="این بار شد")
    db.session.commit()
    assert now_of(case.id).stage == "feedback"


def test_an_objection_lies_with_nobody_who_is_away(context: Flask) -> None:
    def away(user: User, substitute: User | None) -> None:
        stand_in = substitute.id if substitute else None
        absences.leave(user.id, until=None, substitute_id=stand_in, note="", by=None)
        db.session.commit()

    unit = make_unit()
    ended, free, busy = officer(unit.id), officer(unit.id), officer(unit.id)
    make_case(unit_id=unit.id, assignee_id=busy.id)
    away(free, ended)
    case = object_to(make_case(unit_id=unit.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (unit.id, busy.id)
    # All are away: who stands in gets it, unless that is whoever ended it.
    helper = officer(make_unit().id)
    away(busy, helper)
    case = object_to(make_case(unit_id=unit.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (unit.id, helper.id)


def test_a_closed_centre_gets_nothing(context: Flask) -> None:
    root = make_unit()
    make_unit(code="centre-137", active=False)
    unit = make_unit()
    ended = officer(unit.id)
    assert intake.centre_id() == root.id
    case = object_to(make_case(unit_id=unit.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (unit.id, None)


def test_who_ended_it_from_above_does_not_get_it_back(context: Flask) -> None:
    top = make_unit()
    above = make_unit(parent_id=top.id)
    below = make_unit(parent_id=above.id)
    ended = officer(above.id)
    # Alone in the unit above: the next one above has it.
    case = object_to(make_case(unit_id=below.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (top.id, None)
    other = officer(above.id)
    case = object_to(make_case(unit_id=below.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (above.id, other.id)


def test_alone_without_anybody_above_the_centre_looks(context: Flask) -> None:
    centre = make_unit(code="centre-137")
    unit = make_unit()
    ended = officer(unit.id)
    case = object_to(make_case(unit_id=unit.id).id, ended.id)
    assert (case.unit_id, case.assignee_id) == (centre.id, None)
    # In a city of one officer that one goes on with it: a case must not be stuck for ever.
    work.finish(case.id, by=ended.id, outcome="done", text="این بار شد")
    db.session.commit()
    assert now_of(case.id).stage == "feedback"
