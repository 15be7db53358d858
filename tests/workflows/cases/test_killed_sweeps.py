"""Killed with SIGKILL before any statement or commit, a process loses and doubles nothing."""

import datetime as dt
import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.db import db
from portal.i18n import today
from tests.factories.cases import make_case
from tests.factories.units import make_unit
from workflows.calendars import city, services
from workflows.calendars.models import CalendarRun
from workflows.cases import clocks, dating, mass_dating, pauses, redating
from workflows.cases.models import Case, CaseClock, CaseEvent

SATURDAY = "2025-11-15T04:00:00+00:00"


def killed(work: Callable[[], object], point: int) -> bool:
    """Run `work` in a process of its own that dies before its statement or commit number `point`.

    False where it ended before that.
    """
    db.session.remove()
    # Nothing of a connection may be shared with the child.
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        seen = 0

        def count(*_arguments: object) -> None:
            nonlocal seen
            seen += 1
            if seen >= point:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            event.listen(Engine, "before_cursor_execute", count)
            event.listen(Engine, "commit", count)
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _sweep() -> None:
    while clocks.sweep(2):
        db.session.commit()
    db.session.rollback()


def _redate() -> None:
    while redating.step():
        db.session.commit()
    db.session.rollback()


def close_offices(day: dt.date) -> None:
    city.announce(
        calendars=["tehran-office"], first=day, last=day, hours=None,
        reasons={"fa": "برف"}, by=None,
    )  # fmt: skip


def everywhere(work: Callable[[], object], most: int) -> int:
    """Kill at the first point, the second … until a process comes through; how many died."""
    for point in range(1, most):
        if not killed(work, point):
            return point - 1
    raise AssertionError("it never came to an end")


def again(work: Callable[[], object], ready: Callable[[], bool]) -> None:
    """A dead process's locks may outlive it by a moment."""
    for _round in range(200):
        work()
        if ready():
            return
    raise AssertionError("something was lost")


def test_the_sweep(context: Flask) -> None:
    above = make_unit()
    unit = make_unit(parent_id=above.id)
    with clock.freeze(SATURDAY):
        cases = [make_case(urgency="danger", unit_id=unit.id).id for _number in range(3)]
        waiting = make_case(unit_id=unit.id).id
        pauses.pause(
            waiting, by=None, reason="citizen", text="x",
            until=clock.now() + dt.timedelta(minutes=30),
        )  # fmt: skip
        db.session.commit()
        clock.shift(hours=2, minutes=1)

        def counted() -> Counter[tuple[str, int]]:
            rows = db.session.execute(
                select(CaseEvent.kind, CaseEvent.case_id).where(
                    CaseEvent.kind.in_(["warned", "escalated", "resumed"])
                )
            )
            return Counter((row.kind, row.case_id) for row in rows)

        assert everywhere(_sweep, 200) > 20
        expected = Counter(
            [(kind, case_id) for kind in ("warned", "escalated") for case_id in cases]
            + [("resumed", waiting)]
        )
        again(_sweep, lambda: counted() == expected)
        audited = db.session.execute(
            select(AuditEntry.action, func.count())
            .where(AuditEntry.action.in_(["case.warned", "case.escalated", "case.resumed"]))
            .group_by(AuditEntry.action)
        )
        assert {row[0]: row[1] for row in audited} == {
            "case.warned": 3,
            "case.escalated": 3,
            "case.resumed": 1,
        }


@pytest.mark.parametrize(("batch", "part"), [(2, 500), (4, 1)])
def test_dating_anew_after_a_closure(
    context: Flask, monkeypatch: pytest.MonkeyPatch, batch: int, part: int
) -> None:
    monkeypatch.setattr(redating, "BATCH", batch)
    # Two transactions at the same time where a batch has two parts.
    monkeypatch.setattr(redating, "PARTS", 2)
    monkeypatch.setattr(redating, "PART", part)
    with clock.freeze(SATURDAY):
        cases = [make_case().id for _number in range(5)]
        before = set(db.session.scalars(select(CaseClock.due_at)))
        close_offices(today() + dt.timedelta(1))
        db.session.commit()
        assert everywhere(_redate, 100) > 10
        again(_redate, lambda: db.session.scalars(select(CalendarRun.looks)).one() > 0)
        events = db.session.scalars(
            select(CaseEvent.case_id).where(CaseEvent.kind == "redated")
        ).all()
        assert sorted(events) == sorted(cases)
        assert not before & set(db.session.scalars(select(CaseClock.due_at)))
        run = db.session.scalars(select(CalendarRun)).one()
        assert (run.moved, run.seen, run.finished_at) == (5, 5, None)
        # What a transaction stored behind its back under the old hours is found by the second look.
        late = db.session.scalars(select(CaseClock).where(CaseClock.kind == "resolution")).first()
        assert late is not None
        right = late.due_at
        late.due_at = right - dt.timedelta(days=1)
        db.session.commit()
        clock.shift(redating.LOOK_AGAIN)
        _redate()
        db.session.expire_all()
        assert late.due_at == right
        assert run.finished_at is not None


def test_a_part_that_cannot_lock_a_case_gives_up_and_the_other_part_stays(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redating, "PARTS", 2)
    monkeypatch.setattr(redating, "PART", 1)
    monkeypatch.setattr(redating, "_PATIENCE", text("SET LOCAL lock_timeout = '100ms'"))
    with clock.freeze(SATURDAY):
        cases = sorted(make_case().id for _number in range(4))
        close_offices(today() + dt.timedelta(1))
        db.session.commit()

        def moved() -> tuple[list[int], int, int]:
            """Cases told of it; how many the run counts; its cursor."""
            db.session.rollback()
            told = db.session.scalars(
                select(CaseEvent.case_id).where(CaseEvent.kind == "redated")
            ).all()
            run = db.session.scalars(select(CalendarRun)).one()
            return sorted(told), run.moved, run.after_case

        with db.engine.connect() as somebody:
            somebody.execute(
                text("SELECT 1 FROM cases WHERE id = :id FOR UPDATE"), {"id": cases[-1]}
            )
            with pytest.raises(OperationalError, match="lock timeout"):
                redating.step()
            assert moved() == (cases[:2], 2, 0)
        _redate()
        assert moved()[:2] == (cases, 4)
        while audit.seal():
            pass
        assert audit.verify().ok


def test_dated_in_masses_or_one_by_one_it_is_the_same(context: Flask) -> None:
    """Whatever state a clock is in: paused and gone on, warned, reported, urgent."""
    above = make_unit()
    unit = make_unit(parent_id=make_unit(parent_id=above.id).id)
    with clock.freeze(SATURDAY):
        plain, waited, urgent, old = (
            make_case(unit_id=unit.id),
            make_case(unit_id=unit.id),
            make_case(unit_id=unit.id, urgency="waste"),
            make_case(unit_id=unit.id),
        )
        clock.shift(hours=1)
        pauses.pause(waited.id, by=None, reason="citizen", text="x")
        clock.shift(hours=3)
        pauses.resume(waited.id, by=None)
        db.session.commit()
        for _day in range(4):
            _sweep()
            clock.shift(hours=9)
        case_ids = [plain.id, waited.id, urgent.id, old.id]
        close_offices(dt.date(2025, 11, 16))
        run = db.session.scalars(select(CalendarRun)).one()
        run.since = None
        db.session.flush()
        mass_dating.date(mass_dating.Run(run.id, run.reason, run.words), case_ids)
        db.session.expire_all()
        assert run.moved == 4
        assert services.calendar("tehran-office").shifts_on(dt.date(2025, 11, 16)) == ()
        for case_id in case_ids:
            case = db.session.get_one(Case, case_id)
            rows = dating.running(case_id)
            kept = {row.id: (row.due_at, row.act_at) for row in rows}
            for row in rows:
                dating.date(row, case)
            assert {row.id: (row.due_at, row.act_at) for row in rows} == kept
            due = case.next_due_at
            dating.note_next_due(case)
            assert case.next_due_at == due
