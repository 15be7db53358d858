"""Due times found anew after a calendar or an agreement has changed; in batches that may die.

A run is a row of `calendar_runs`. One batch is one transaction: who works on it holds the run's
row, takes the next cases by their id, writes only what moves, and moves the run's cursor. So a
killed process loses one batch, which the next one does again; nothing is told twice, for what has
moved already does not move again. The caller commits.
"""

import datetime as dt
import logging
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from portal import clock
from portal.db import db
from workflows.calendars.models import CalendarRun
from workflows.cases import agreements, mass_dating, moves
from workflows.cases.clock_models import ClockSpan
from workflows.cases.models import Case, CaseClock

log = logging.getLogger(__name__)

BATCH: Final = 5_000
"""Cases a transaction."""
AGREEMENT_BATCH: Final = 200
LOOK_AGAIN: Final = dt.timedelta(minutes=5)
"""Longer than any transaction that stores cases: one that knew the old hours and was committed
behind the cursor is found by the second look."""
LOOKS: Final = 2


def step() -> bool:
    """The next batch of the oldest run that nobody works on; False where there is none."""
    now = clock.now()
    run = db.session.scalars(
        select(CalendarRun)
        .where(
            CalendarRun.finished_at.is_(None),
            or_(CalendarRun.next_look_at.is_(None), CalendarRun.next_look_at <= now),
        )
        .order_by(CalendarRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if run is None:
        return False
    if run.reason == "agreement":
        case_ids = _open_cases_of(run)
        for case_id in case_ids:
            _apply(run, case_id)
    else:
        case_ids = _touched_cases(run)
        if case_ids:
            moved = mass_dating.date(run, case_ids)
            # What the session knows of these rows is old, and so is the run's own row.
            db.session.expire_all()
            run.moved += moved
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
