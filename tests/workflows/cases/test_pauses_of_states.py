"""What a state holds and what somebody paused: neither ends the other."""

import datetime as dt
import itertools

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.db import db
from tests.factories.accounts import make_user, sign_in
from tests.workflows.cases.test_clock_rules import SATURDAY, _first, begun, running, take
from workflows.cases import clocks, moves, pauses, stages, standing
from workflows.cases.clock_models import ClockSpan
from workflows.cases.jobs import sweep_clocks
from workflows.cases.models import Case, CaseClock

HELD = "handling"


def file_of_a_client() -> Case:
    case = begun("client-file")
    take(case, "accept_file", file_number="۱۲", matter=_first(case, "accept_file", "matter"))
    return case


def pause(case: Case, until: dt.datetime | None = None) -> None:
    pauses.pause(case.id, by=None, reason="citizen", text="نشانی دقیق", until=until)
    db.session.commit()


def reason(row: CaseClock) -> str | None:
    span = standing.present([row.id]).get(row.id)
    return span.reason if span else None


def test_a_pause_until_a_day_outlives_coming_to_a_state_that_holds_and_leaving_it(
    context: Flask,
) -> None:
    with clock.freeze(SATURDAY):
        case = file_of_a_client()
        clock.shift(hours=1)
        thursday = clock.now() + dt.timedelta(days=5)
        pause(case, thursday)
        take(case, "request_documents", text="سند مالکیت")
        assert reason(running(case)[HELD]) == "citizen"
        clock.shift(days=1)
        take(case, "documents_complete")
        waiting = [row for row in running(case).values() if row.paused_at is not None]
        assert HELD in {row.kind for row in waiting}
        assert [row.act_at for row in waiting if row.act_at] == [thursday]
        clock.shift(days=5)
        sweep_clocks()
        assert running(case)[HELD].paused_at is None


def test_a_pause_that_ends_in_a_state_that_holds_becomes_the_states(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = file_of_a_client()
        due = running(case)[HELD].due_at
        clock.shift(hours=1)
        pause(case, clock.now() + dt.timedelta(hours=1))
        take(case, "request_documents", text="سند مالکیت")
        clock.shift(days=2)
        sweep_clocks()
        assert reason(running(case)[HELD]) == "state"
        take(case, "documents_complete")
        row = running(case)[HELD]
        assert row.paused_at is None and row.due_at > due
        spans = db.session.scalars(
            select(ClockSpan).where(ClockSpan.clock_id == row.id).order_by(ClockSpan.id)
        ).all()
        assert [(one.kind, one.reason) for one in spans] == [
            ("run", None),
            ("pause", "citizen"),
            ("pause", "state"),
            ("run", None),
        ]
        assert all(one.ended_at == after.started_at for one, after in itertools.pairwise(spans))


def test_nobody_lets_go_on_what_the_state_holds(client: FlaskClient, app: Flask) -> None:
    sign_in(client, make_user(("unit_officer",), language="fa"))
    with clock.freeze(SATURDAY):
        with app.app_context():
            case = file_of_a_client()
            take(case, "request_documents", text="سند مالکیت")
            held = running(case)[HELD]
            assert reason(held) == "state"
            with pytest.raises(stages.StageError):
                pauses.resume(case.id, by=None)
            case_id = case.id
        page = client.get(f"/staff/cases/{case_id}").text
        assert f"/staff/cases/{case_id}/resume" not in page
        assert 'value="citizen"' in page and 'value="state"' not in page
        with app.app_context():
            case = db.session.get_one(Case, case_id)
            pauses_before = running(case)[HELD].paused_at
            pause(case)
            assert f"/staff/cases/{case_id}/resume" in client.get(f"/staff/cases/{case_id}").text
            pauses.resume(case.id, by=None)
            db.session.commit()
            row = running(case)[HELD]
            assert (row.paused_at, reason(row)) == (pauses_before, "state")
            assert all(one.paused_at is None for one in running(case).values() if one.kind != HELD)
            with pytest.raises(moves.InputRefused):
                pauses.pause(case.id, by=None, reason="state", text="x")


def test_two_pauses_end_each_at_its_own_moment(context: Flask) -> None:
    with clock.freeze(SATURDAY):
        case = file_of_a_client()
        clocks.start(case, "x", "always", dt.timedelta(days=60))
        soon, later = clock.now() + dt.timedelta(hours=5), clock.now() + dt.timedelta(hours=9)
        pause(case, soon)
        clocks.start(case, "y", "always", dt.timedelta(days=60))
        pause(case, later)
        # As after a split: one clock alone carries an end.
        running(case)["y"].act_at = None
        db.session.commit()
        clock.shift(hours=6)
        sweep_clocks()
        assert running(case)["x"].paused_at is None
        assert running(case)["y"].paused_at is not None
        clock.shift(hours=4)
        sweep_clocks()
        assert running(case)["y"].paused_at is None
        assert running(case)["y"].due_at == later + dt.timedelta(days=60)


def test_the_end_is_handed_to_a_clock_that_waits_for_it(context: Flask) -> None:
    """Not to the one that the state holds and that runs out first."""
    with clock.freeze(SATURDAY):
        case = file_of_a_client()
        take(case, "request_documents", text="سند مالکیت")
        until = clock.now() + dt.timedelta(hours=5)
        for kind in ("x", "y"):
            clocks.start(case, kind, "always", dt.timedelta(days=60))
        pause(case, until)
        carrier = next(row for row in running(case).values() if row.act_at == until)
        clocks.stop(case, carrier.kind, "x")
        db.session.commit()
        assert running(case)[HELD].act_at is None
        assert [row.kind for row in running(case).values() if row.act_at == until] != []
        clock.shift(hours=6)
        sweep_clocks()
        assert reason(running(case)[HELD]) == "state"
        assert all(row.paused_at is None for row in running(case).values() if row.kind != HELD)
