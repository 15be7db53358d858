"""Moves of cases whose clocks stand still, and the exact way back."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.i18n import today
from tests.factories.cases import make_case
from tests.workflows.populations.test_moves import NEXT, SATURDAY, people, picture
from workflows.calendars import city
from workflows.cases import clocks, dating, pauses, standing, work
from workflows.cases.clock_jobs import redate
from workflows.cases.clock_models import ClockSpan
from workflows.cases.jobs import sweep_clocks
from workflows.cases.matter import joins
from workflows.cases.models import Case, CaseClock
from workflows.engine import catalogue, versions
from workflows.populations import services
from workflows.populations.jobs import carry_out

PLAIN = catalogue.path_of("follow-up").read_text(encoding="utf-8")
HOLDING = PLAIN.replace(
    "    stage: assigned\n", "    stage: assigned\n    pauses: [first_action, resolution]\n", 1
)
RENAMED = {"received": "received", "assigned": "assigned", "feedback": "feedback"}


@pytest.fixture(autouse=True)
def _still(context: Flask) -> Any:
    with clock.freeze(SATURDAY):
        yield


def publish(text: str) -> int:
    row, problems = versions.save_draft(text, by=None)
    assert row is not None, problems
    versions.publish("follow-up", upon=row.digest, note="x", by=None)
    db.session.commit()
    return row.id


def move(to: int, *, in_progress: str = "in_progress") -> int:
    """Carried out; its id."""
    asker, second = people()
    first = db.session.scalars(select(Case.definition_id)).first()
    mapping = {**RENAMED, "in_progress": in_progress}
    row = services.ask("follow-up", first, to, mapping, reason="x", by=asker)
    services.decide(row.id, approved=True, by=second)
    db.session.commit()
    carry_out()
    db.session.expire_all()
    return row.id


def undo(move_id: int) -> None:
    services.undo(move_id, by=people()[0])
    db.session.commit()
    carry_out()
    db.session.expire_all()


def everything() -> tuple[Any, ...]:
    spans = db.session.execute(select(*ClockSpan.__table__.columns).order_by(ClockSpan.id)).all()
    return *picture(), [tuple(row) for row in spans]


def acted() -> Case:
    case = make_case()
    work.first_action(case.id, by=None, text="بازدید شد")
    db.session.commit()
    return case


def pause(case: Case, until: dt.datetime | None = None) -> None:
    pauses.pause(case.id, by=None, reason="citizen", text="نشانی", until=until)
    db.session.commit()


def clock_of(case: Case, kind: str) -> CaseClock:
    return db.session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id == case.id, CaseClock.kind == kind)
        .order_by(CaseClock.id.desc())
        .execution_options(populate_existing=True)
    ).one()


def kinds(case: Case) -> list[str]:
    return sorted(row.kind for row in clocks.running(case.id))


def test_cases_that_wait_go_there_and_back_exactly() -> None:
    until = clock.now() + dt.timedelta(days=9)
    # Of the third the clock that carries the end is one that the new version does not know.
    waiting, waiting_till, handed = make_case(), acted(), make_case()
    pause(waiting)
    pause(waiting_till, until)
    pause(handed, until)
    clock_of(handed, "first_action").act_at = None
    clock_of(handed, "resolution").act_at = until
    db.session.commit()
    before = everything()
    move_id = move(publish(NEXT), in_progress="under_way")
    assert db.session.get_one(Case, waiting.id).next_due_at is None
    assert clock_of(handed, "first_action").act_at == until
    undo(move_id)
    assert everything() == before
    clock.shift(days=10)
    sweep_clocks()
    assert all(row.paused_at is None for row in clocks.running(handed.id))
    assert all(row.paused_at is not None for row in clocks.running(waiting.id))


def test_the_new_state_holds_clocks_and_the_undo_lets_them_be() -> None:
    case, late = make_case(), make_case()
    pause(late, clock.now() + dt.timedelta(days=3))
    before = everything()
    move_id = move(publish(HOLDING))
    assert db.session.get_one(Case, case.id).next_due_at is None
    held = clocks.running(case.id)
    assert {standing.present([row.id])[row.id].reason for row in held} == {"state"}
    reasons = {standing.present([row.id])[row.id].reason for row in clocks.running(late.id)}
    assert reasons == {"citizen"}, "what somebody paused stays so"
    clock.shift(days=2)
    sweep_clocks()
    undo(move_id)
    assert everything() == before
    sweep_clocks()
    assert clock_of(case, "first_action").escalated_at is not None, "as if it had not been away"


def test_a_clock_that_only_the_old_state_held_goes_on_and_is_held_again() -> None:
    publish(HOLDING)
    case = make_case()
    assert db.session.get_one(Case, case.id).next_due_at is None
    before = everything()
    clock.shift(hours=1)
    move_id = move(publish(PLAIN.replace("name: follow-up\n", "name: follow-up\n# again\n", 1)))
    row = clock_of(case, "resolution")
    assert row.paused_at is None
    assert db.session.get_one(Case, case.id).next_due_at == clock_of(case, "first_action").due_at
    clock.shift(hours=1)
    undo(move_id)
    assert everything() == before


def test_what_happened_to_a_held_clock_since_is_not_rewritten() -> None:
    publish(HOLDING)
    case = make_case()
    move_id = move(publish(PLAIN.replace("name: follow-up\n", "name: follow-up\n# again\n", 1)))
    pause(case)
    course = everything()[2]
    undo(move_id)
    assert everything()[2] == course
    pauses.resume(case.id, by=None)
    db.session.commit()
    row = clock_of(case, "resolution")
    assert standing.present([row.id])[row.id].reason == "state"


def test_a_closure_announced_meanwhile_counts_for_what_runs_again() -> None:
    case = acted()
    due = clock_of(case, "resolution").due_at
    move_id = move(publish(NEXT), in_progress="under_way")
    city.announce(
        calendars=[clock_of(case, "resolution").calendar],
        first=today() + dt.timedelta(days=1),
        last=today() + dt.timedelta(days=1),
        hours=None,
        reasons={"fa": "هوا", "ar": "الهواء", "en": "Air"},
        by=None,
    )
    db.session.commit()
    redate()
    undo(move_id)
    row = clock_of(case, "resolution")
    assert row.due_at > due
    assert dating.moments(row, dating.course(row, (), dating.Known()), urgent=False) == (
        row.due_at,
        row.act_at,
    )
    assert db.session.get_one(Case, case.id).next_due_at == row.due_at


def test_joined_and_split_between_the_move_and_its_undo() -> None:
    leading, case = make_case(), acted()
    due = clock_of(case, "resolution").due_at
    move_id = move(publish(NEXT), in_progress="under_way")
    assert kinds(case) == ["call_back"]
    joins.join(case.id, leading.id, by=None)
    db.session.commit()
    joined_at = clock.now()
    clock.shift(days=1)
    joins.part(case.id, by=None)
    db.session.commit()
    undo(move_id)
    assert kinds(case) == ["resolution"]
    row = clock_of(case, "resolution")
    assert row.due_at > due, "the time together does not count"
    spans = dating.spans_of([row.id])[row.id]
    assert [(one.kind, one.started_at) for one in spans][1:] == [
        ("pause", joined_at),
        ("run", clock.now()),
    ]
    assert db.session.get_one(Case, case.id).next_due_at == row.due_at
