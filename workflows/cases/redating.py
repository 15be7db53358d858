"""Due times found anew after a calendar or an agreement has changed; in batches that may die.

A run is a row of `calendar_runs`. Who works on a batch holds the run's lock, takes the next cases
by their id, writes only what moves, and moves the run's cursor when all of it is written. So a
killed process loses one batch, which the next one does again; nothing is told twice, for what has
moved already does not move again. The caller commits.

The parts of a large batch are written at the same time, each in a transaction of its own: most of
the time goes into the database, which has several processors. The transaction that holds the
run's lock waits for them, which the database cannot see. So it holds no case meanwhile, and a part
gives up where a lock does not come: a change of the schema waits for this transaction, since it
has read the tables, and the parts would wait for that change. Then the batch is done again.
"""

import datetime as dt
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select, text

from portal import clock
from portal.db import db
from workflows.calendars.models import CalendarRun
from workflows.cases import agreements, mass_dating, moves
from workflows.cases.clock_models import ClockSpan
from workflows.cases.models import Case, CaseClock

log = logging.getLogger(__name__)

BATCH: Final = 10_000
"""Cases until the cursor moves."""
PARTS: Final = min(4, os.cpu_count() or 1)
"""Transactions at the same time, of at least PART cases each."""
PART: Final = 500
AGREEMENT_BATCH: Final = 200
LOOK_AGAIN: Final = dt.timedelta(minutes=5)
"""Longer than any transaction that stores cases: one that knew the old hours and was committed
behind the cursor is found by the second look."""
LOOKS: Final = 2
_PATIENCE: Final = text("SET LOCAL lock_timeout = '20s'")
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('calendar-run:' || :id, 0))")


def step() -> bool:
    """The next batch of the oldest run that nobody works on; False where there is none."""
    now = clock.now()
    run = _claimed(now)
    if run is None:
        return False
    if run.reason == "agreement":
        case_ids = _open_cases_of(run)
        for case_id in case_ids:
            _apply(run, case_id)
    else:
        case_ids = _touched_cases(run)
        if case_ids:
            _date(mass_dating.Run(run.id, run.reason, run.words), case_ids)
            db.session.expire_all()
    if case_ids:
        run.seen += len(case_ids)
        run.after_case = case_ids[-1]
    else:
        run.looks += 1
        run.after_case = 0
        if run.looks >= LOOKS:
            run.finished_at = now
        else:
            run.next_look_at = now + LOOK_AGAIN
    db.session.flush()
    return True


def _claimed(now: dt.datetime) -> CalendarRun | None:
    """The oldest run that waits and that nobody else works on, ours until the transaction ends."""
    waits = (
        CalendarRun.finished_at.is_(None),
        or_(CalendarRun.next_look_at.is_(None), CalendarRun.next_look_at <= now),
    )
    for run_id in db.session.scalars(select(CalendarRun.id).where(*waits).order_by(CalendarRun.id)):
        if db.session.scalar(_LOCK, {"id": run_id}):
            # Who held the lock until now may just have ended the run.
            run = db.session.scalars(
                select(CalendarRun)
                .where(CalendarRun.id == run_id, *waits)
                .execution_options(populate_existing=True)
            ).first()
            if run is not None:
                return run
    return None


def _date(run: mass_dating.Run, case_ids: list[int]) -> None:
    parts = min(PARTS, len(case_ids) // PART)
    if parts < 2:
        mass_dating.date(run, case_ids)
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def write(part: list[int]) -> None:
        with app.app_context():
            db.session.execute(_PATIENCE)
            mass_dating.date(run, part)
            db.session.commit()

    size = -(-len(case_ids) // parts)
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(write, (case_ids[n : n + size] for n in range(0, len(case_ids), size))))


def _touched_cases(run: CalendarRun) -> list[int]:
    """The next cases of which a running clock counts, or once counted, in these calendars."""
    moved: list[ColumnElement[bool]] = []
    if run.since is not None:
        # What was due before is due as before.
        moved = [or_(CaseClock.due_at > run.since, CaseClock.act_at > run.since)]
    running = (
        CaseClock.stopped_at.is_(None),
        CaseClock.paused_at.is_(None),
        CaseClock.case_id > run.after_case,
        *moved,
    )
    now_in = (
        select(CaseClock.case_id)
        .where(CaseClock.calendar.in_(run.calendars), *running)
        .order_by(CaseClock.case_id)
        .limit(BATCH * 2)
    )
    once_in = (
        select(CaseClock.case_id)
        .join(ClockSpan, ClockSpan.clock_id == CaseClock.id)
        .where(ClockSpan.calendar.in_(run.calendars), *running)
        .order_by(CaseClock.case_id)
        .limit(BATCH * 2)
    )
    either = now_in.union(once_in).subquery()
    return list(
        db.session.scalars(select(either.c.case_id).order_by(either.c.case_id).limit(BATCH))
    )


# Agreements


def _open_cases_of(run: CalendarRun) -> list[int]:
    whose = [
        column == value
        for column, value in ((Case.category_id, run.category_id), (Case.unit_id, run.unit_id))
        if value is not None
    ]
    return list(
        db.session.scalars(
            select(Case.id)
            .where(Case.stage != "closed", Case.id > run.after_case, *whose)
            .order_by(Case.id)
            .limit(AGREEMENT_BATCH)
        )
    )


def _apply(run: CalendarRun, case_id: int) -> None:
    case = moves.lock(case_id)
    if case.stage == "closed":
        return
    why = "unit" if run.unit_id is not None else "agreement"
    if agreements.rebase(case, why=why, by=None):
        run.moved += 1


def unfinished() -> int:
    """How many runs have not come to their first end."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(CalendarRun)
            .where(CalendarRun.finished_at.is_(None), CalendarRun.looks == 0)
        )
        or 0
    )
