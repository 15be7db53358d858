"""Clocks that wait, other agreements in mid-course, who hears of lateness, and the explanation."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.units.models import Unit
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.cases import make_case, make_category
from tests.factories.units import make_unit
from tests.queries import count_queries
from workflows.calendars import own
from workflows.cases import clocks, due_steps, moves, pauses, stages, work
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseClock, CaseEvent

SATURDAY = "2025-11-15T04:00:00+00:00"  # 24 Aban 1404, 07:30 in Tehran; no holiday that week


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A wall time in Tehran of November 2025."""
    return dt.datetime(2025, 11, day, hour, minute, tzinfo=dt.timezone(dt.timedelta(hours=3.5)))


def until(moment: dt.datetime) -> None:
    """Let the time pass until a moment."""
    clock.shift(moment - clock.now())


def clock_of(case: Case, kind: str) -> CaseClock:
    return db.session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id == case.id, CaseClock.kind == kind)
        .order_by(CaseClock.id.desc())
        .execution_options(populate_existing=True)
    ).first()  # type: ignore[return-value]


def told(case: Case, *kinds: str) -> list[CaseEvent]:
    return list(
        db.session.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case.id, CaseEvent.kind.in_(kinds))
            .order_by(CaseEvent.id)
        )
    )


def pause(case: Case, ends: dt.datetime | None = None) -> None:
    pauses.pause(case.id, by=None, reason="citizen", text="نشانی دقیق", until=ends)
    db.session.commit()


def test_the_time_stands_still_and_goes_on_by_hand(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()  # 8 hours: today 6:45, tomorrow 1:15
        until(at(15, 10))
        pause(case)
        db.session.refresh(case)
        assert case.next_due_at is None
        assert "10:00" in clocks.explain(case, "en")
        until(at(17, 9))
        sweep_clocks()
        assert told(case, "warned", "escalated") == []
        pauses.resume(case.id, by=None)
        db.session.commit()
        # 2.5 hours used; 5:15 of Monday's are left at nine, a quarter of an hour too few.
        assert clock_of(case, "first_action").due_at == at(18, 7, 45)
        db.session.refresh(case)
        assert case.next_due_at == at(18, 7, 45)
        with pytest.raises(stages.StageError):
            pauses.resume(case.id, by=None)
        assert [event.kind for event in told(case, "paused", "resumed")] == ["paused", "resumed"]


def test_a_pause_ends_by_itself_at_its_moment_however_late_the_sweep(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        until(at(15, 10))
        pause(case, ends=at(16, 8))
        until(at(16, 11))
        sweep_clocks()
        sweep_clocks()
        assert clock_of(case, "first_action").due_at == at(16, 13, 30)
        assert clock_of(case, "resolution").paused_at is None
        assert len(told(case, "resumed")) == 1
        until(at(16, 14))
        sweep_clocks()
        assert [e.data["clock"] for e in told(case, "escalated")] == ["first_action"]


def test_the_clock_that_carries_the_end_of_a_pause_may_be_stopped(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        pause(case, ends=at(16, 8))
        work.first_action(case.id, by=None, text="x")
        db.session.commit()
        until(at(16, 9))
        sweep_clocks()
        assert clock_of(case, "resolution").paused_at is None
        assert clock_of(case, "first_action").stopped_at is not None


def test_what_is_late_or_urgent_or_not_worked_on_cannot_wait(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        late = make_case(urgency="danger")
        clock.shift(hours=1)
        pause(late)
        assert clock_of(late, "first_action").paused_at is None
        assert clock_of(late, "resolution").paused_at is not None
        done = make_case()
        work.finish(done.id, by=None, outcome="done", text="x")
        with pytest.raises(stages.StageError):
            pauses.pause(done.id, by=None, reason="citizen", text="x")
        other = make_case()
        with pytest.raises(moves.InputRefused):
            pauses.pause(other.id, by=None, reason="weather", text="x")
        with pytest.raises(moves.InputRefused):
            pauses.pause(other.id, by=None, reason="citizen", text="x", until=clock.now())
        clock.shift(days=60)
        with pytest.raises(stages.StageError):
            pauses.pause(other.id, by=None, reason="citizen", text="x")


# Other agreements


def test_a_unit_with_other_hours_continues_with_the_time_used(context: Flask) -> None:
    unit = make_unit()
    own.set_unit_calendar(unit.id, "always", by=None)
    db.session.commit()
    with clock.freeze(SATURDAY):
        case = make_case(unit_id=make_unit().id)
        until(at(15, 10))
        work.assign(case.id, unit_id=unit.id, assignee_id=None, by=None)
        db.session.commit()
        assert clock_of(case, "first_action").due_at == at(15, 15, 30)
        assert clock_of(case, "resolution").calendar == "always"
        (event,) = told(case, "rebased")
        assert (event.data["why"], len(event.data["clocks"])) == ("unit", 2)


def test_a_promise_for_a_day_is_kept_whatever_unit_has_it(context: Flask) -> None:
    unit = make_unit()
    own.set_unit_calendar(unit.id, "centre-137", by=None)
    db.session.commit()
    with clock.freeze(SATURDAY):
        case = make_case(due_at=at(17, 23))
        work.assign(case.id, unit_id=unit.id, assignee_id=None, by=None)
        db.session.commit()
        assert clock_of(case, "resolution").due_at == at(17, 23)


def test_an_agreement_changed_during_a_pause_holds_when_it_goes_on(context: Flask) -> None:
    category = make_category(first_action_hours=4)
    with clock.freeze(SATURDAY):
        case = make_case(category_id=category.id)
        until(at(15, 8, 30))
        pause(case)
        db.session.get_one(type(category), category.id).first_action_hours = 2
        db.session.commit()
        clocks.rebase(moves.lock(case.id), why="agreement", by=None)
        until(at(15, 11))
        pauses.resume(case.id, by=None)
        db.session.commit()
        assert clock_of(case, "first_action").due_at == at(15, 12)


# Who hears of it


def chain(*names: str) -> list[Unit]:
    """Units from above to below."""
    made: list[Unit] = []
    for _name in names:
        made.append(make_unit(parent_id=made[-1].id if made else None))
    return made


def test_a_case_passed_on_is_told_to_the_new_units_superiors_once_each(context: Flask) -> None:
    top, first, office = chain("top", "first", "office")
    second = make_unit(parent_id=top.id)
    other = make_unit(parent_id=second.id)
    with clock.freeze(SATURDAY):
        case = make_case(urgency="danger", unit_id=office.id)
        clock.shift(hours=2)
        sweep_clocks()
        work.assign(case.id, unit_id=other.id, assignee_id=None, by=None)
        db.session.commit()
        for _hour in range(6):
            clock.shift(hours=1)
            sweep_clocks()
        mine = [
            event.unit_id
            for event in told(case, "escalated")
            if event.data["clock"] == "first_action"
        ]
        # Not the top before the second unit's own superior, and nobody twice.
        assert mine == [first.id, second.id, top.id]
        # Everybody above has heard; passed on once more, only who has not is told.
        third = make_unit(parent_id=top.id)
        last = make_unit(parent_id=third.id)
        work.assign(case.id, unit_id=last.id, assignee_id=None, by=None)
        db.session.commit()
        for _hour in range(3):
            clock.shift(hours=1)
            sweep_clocks()
        mine = [
            event.unit_id
            for event in told(case, "escalated")
            if event.data["clock"] == "first_action"
        ]
        assert mine == [first.id, second.id, top.id, third.id]


# Pages


@pytest.fixture
def officer(client: FlaskClient) -> User:
    user = make_user(("unit_officer",), language="fa")
    sign_in(client, user)
    return user


def send(client: FlaskClient, case: Case, action: str, **fields: str) -> tuple[int, str]:
    url = f"/staff/cases/{case.id}"
    found = re.search(rf'name="{action}-version"[^>]*value="(\d+)"', client.get(url).text)
    data = {f"{action}-{name}": value for name, value in fields.items()}
    data[f"{action}-version"] = found[1] if found else "0"
    data["csrf_token"] = csrf_token(client, url)
    answer = client.post(f"{url}/{action}", data=data)
    return answer.status_code, answer.text


def test_pausing_and_going_on_at_the_case_page(
    client: FlaskClient, officer: User, app: Flask
) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        status, page = send(client, case, "pause", reason="citizen", text="")
        assert status == 422
        assert 'href="#pause-text"' in page
        fields = {"reason": "other_body", "text": "پاسخ شرکت آب", "until": "۱۴۰۴/۸/۲۶"}
        assert send(client, case, "pause", **fields, until_time="۹:۳۰")[0] == 303
        page = client.get(f"/staff/cases/{case.id}").text
        assert "پاسخ شرکت آب" in page
        assert "pause-reason" not in page
        with app.app_context():
            assert clock_of(case, "first_action").act_at == at(17, 9, 30)
        clock.shift(hours=3)
        assert send(client, case, "resume", text="پاسخ آمد")[0] == 303
        with app.app_context():
            assert clock_of(case, "first_action").due_at == at(16, 11, 45)
        assert send(client, case, "resume", text="")[0] == 409
        assert client.post(f"/staff/cases/{case.id}/pause").status_code == 400


@pytest.mark.parametrize("lang", ["fa", "ar", "en"])
def test_each_step_to_the_due_time_is_in_the_table(
    client: FlaskClient, app: Flask, lang: str
) -> None:
    sign_in(client, make_user(("operator",), language=lang))
    with clock.freeze(SATURDAY):
        case = make_case()
        with app.app_context():
            until(at(15, 10))
            pause(case)
            until(at(16, 9))
            pauses.resume(case.id, by=None)
            db.session.commit()
        page = client.get(f"/staff/cases/{case.id}/due")
        assert page.status_code == 200
        assert "نشانی دقیق" in page.text
        clock_time = {"fa": "۰۷:۴۵", "ar": "٠٧:٤٥", "en": "07:45"}[lang]
        assert clock_time in page.text  # the due time: Monday
        with app.app_context():
            found = due_steps.explained(db.session.get_one(Case, case.id))
            first = next(one for one in found if one.clock.kind == "first_action")
            assert first.due == first.clock.due_at == at(17, 7, 45)
            lines = [line for line in first.lines if line.length is not None]
            assert [line.length for line in lines] == [2.5 * 3600, 5.25 * 3600, 900]
            assert lines[-1].used == 8 * 3600
            assert lines[-1].left == 0
            assert [line.kind for line in first.lines if line.kind] == [
                "start",
                "pause",
                "change",
                "due",
            ]
        again = client.get(f"/staff/cases/{case.id}").text
        assert f"/staff/cases/{case.id}/due" in again


def test_one_deadline_that_ran_twice_has_two_tables_of_different_names(
    client: FlaskClient, officer: User, app: Flask
) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        with app.app_context():
            first = clock_of(case, "first_action")
            db.session.add(
                CaseClock(
                    case_id=case.id,
                    kind="first_action",
                    calendar=first.calendar,
                    open_seconds=first.open_seconds,
                    started_at=first.started_at,
                    due_at=first.due_at,
                    stopped_at=at(15, 9),
                )
            )
            db.session.commit()
        page = client.get(f"/staff/cases/{case.id}/due").text
    captions = re.findall(r"<caption[^>]*>(.*?)</caption>", page)
    assert len(captions) >= 3
    assert len(set(captions)) == len(captions)


def test_the_explanation_costs_the_same_for_any_course(
    client: FlaskClient, officer: User, app: Flask
) -> None:
    with clock.freeze(SATURDAY):
        case = make_case()
        url = f"/staff/cases/{case.id}/due"
        client.get(url)
        with count_queries() as few:
            client.get(url)
        with app.app_context():
            for _round in range(5):
                clock.shift(minutes=5)
                pause(case)
                clock.shift(minutes=5)
                pauses.resume(case.id, by=None)
                db.session.commit()
        client.get(url)
        with count_queries() as many:
            assert client.get(url).status_code == 200
        assert many.count <= few.count + 1, many.statements
