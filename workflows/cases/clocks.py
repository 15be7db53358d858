"""Promises of time: started, stopped, and brought to account by a sweep. Nothing commits.

A clock runs in open time of a working calendar. The sweep does one step of one clock at a time,
under the locks of clock and case: the warning, then one escalation a level. What has been done is
in the same transaction as the row that says so, so a sweep may die anywhere and be run again.
"""

import datetime as dt
import logging
from typing import Final

from sqlalchemy import func, select

from portal import audit, clock
from portal.db import db
from portal.units.services import escalation_chain
from workflows.calendars import services as calendars
from workflows.calendars.clock import CalendarError
from workflows.cases.explain import explain, explain_many
from workflows.cases.models import Case, CaseClock, CaseEvent

__all__ = [
    "explain",
    "explain_many",
    "running",
    "start",
    "start_feedback",
    "start_objection",
    "start_work",
    "stop",
    "stop_all",
    "sweep",
]

log = logging.getLogger(__name__)

ALWAYS: Final = "always"
DEFAULT_CALENDAR: Final = calendars.CITY
DEFAULT_FIRST_ACTION_HOURS: Final = 8
DEFAULT_RESOLUTION_HOURS: Final = 40

URGENT_FIRST_ACTION: Final = dt.timedelta(hours=2)
"""Isfahan's urgent messages: first action within two hours of any day or night."""
URGENT_WARNING: Final = dt.timedelta(minutes=30)
WARN_AT: Final = 0.75
"""Share of the open time after which a clock that is not urgent warns."""
FEEDBACK: Final = dt.timedelta(hours=24)
"""Isfahan: the department records the citizen's feedback within a day."""
OBJECTION: Final = dt.timedelta(hours=16)
URGENT_OBJECTION: Final = dt.timedelta(hours=2)
NEXT_LEVEL: Final = dt.timedelta(hours=8)
"""Open time from one level to the next."""
URGENT_NEXT_LEVEL: Final = dt.timedelta(hours=1)
BATCH: Final = 50


# Starting and stopping: the caller holds the case's lock.


def start_work(case: Case, due_at: dt.datetime | None = None) -> None:
    """The clocks of a new case. `due_at`: a promise that somebody gave, instead of the limit."""
    category = case.category
    name = _usable(_calendar_of(case))
    first = dt.timedelta(
        hours=category.first_action_hours if category else DEFAULT_FIRST_ACTION_HOURS
    )
    whole = dt.timedelta(hours=category.resolution_hours if category else DEFAULT_RESOLUTION_HOURS)
    begin = case.received_at
    if case.urgency is not None:
        start(case, "first_action", ALWAYS, URGENT_FIRST_ACTION, begin)
    elif due_at is None or calendars.due(name, begin, first).at < due_at:
        start(case, "first_action", name, first, begin)
    if due_at is not None:
        start(case, "resolution", ALWAYS, max(due_at - begin, dt.timedelta()), begin)
    else:
        start(case, "resolution", name, whole, begin)


def start_feedback(case: Case) -> None:
    start(case, "feedback", ALWAYS, FEEDBACK)


def start_objection(case: Case) -> None:
    if case.urgency is not None:
        start(case, "objection", ALWAYS, URGENT_OBJECTION)
    else:
        start(case, "objection", _calendar_of(case), OBJECTION)


def start(
    case: Case,
    kind: str,
    calendar: str,
    limit: dt.timedelta,
    started_at: dt.datetime | None = None,
) -> CaseClock:
    """A running clock of `limit` open time."""
    began = started_at or clock.now()
    calendar = _usable(calendar)
    due = calendars.due(calendar, began, limit).at
    if case.urgency is not None:
        warn = max(due - URGENT_WARNING, began)
    else:
        warn = calendars.due(calendar, began, limit * WARN_AT).at
    row = CaseClock(
        case_id=case.id,
        kind=kind,
        calendar=calendar,
        started_at=began,
        open_seconds=round(limit.total_seconds()),
        due_at=due,
        act_at=min(warn, due),
    )
    db.session.add(row)
    db.session.flush()
    _note_next_due(case)
    return row


def stop(case: Case, kind: str, by: str) -> bool:
    """Stop the clock of a kind; False where none runs. `by`: kind of the event that stops it."""
    return _stop(case, (kind,), by)


def stop_all(case: Case, by: str) -> bool:
    return _stop(case, None, by)


def _stop(case: Case, kinds: tuple[str, ...] | None, by: str) -> bool:
    now = clock.now()
    rows = [row for row in running(case.id) if kinds is None or row.kind in kinds]
    for row in rows:
        row.stopped_at, row.stopped_by, row.act_at = now, by, None
    db.session.flush()
    _note_next_due(case)
    return bool(rows)


def running(case_id: int) -> list[CaseClock]:
    """The clocks that run, the one that runs out first ahead."""
    return list(
        db.session.scalars(
            select(CaseClock)
            .where(CaseClock.case_id == case_id, CaseClock.stopped_at.is_(None))
            .order_by(CaseClock.due_at, CaseClock.id)
            .execution_options(populate_existing=True)
        )
    )


def _note_next_due(case: Case) -> None:
    case.next_due_at = db.session.scalar(
        select(func.min(CaseClock.due_at)).where(
            CaseClock.case_id == case.id, CaseClock.stopped_at.is_(None)
        )
    )
    db.session.flush()


def _calendar_of(case: Case) -> str:
    return case.category.calendar if case.category else DEFAULT_CALENDAR


def _usable(name: str) -> str:
    """The calendar of a name, or one that works: a broken file must not turn a citizen away."""
    for one in (name, DEFAULT_CALENDAR):
        try:
            calendars.due(one, clock.now(), dt.timedelta(hours=1))
        except CalendarError:
            log.exception("A calendar cannot be used", extra={"calendar": one})
        else:
            return one
    return ALWAYS


# The sweep


def sweep(limit: int = BATCH) -> int:
    """One step of at most `limit` clocks whose moment has come; returns how many.

    The caller commits and calls again until it gives 0. Whatever another process holds is left to
    it; nothing waits here, so nothing can lock up.
    """
    now = clock.now()
    rows = db.session.execute(
        select(CaseClock, Case)
        .join(Case, Case.id == CaseClock.case_id)
        .where(CaseClock.stopped_at.is_(None), CaseClock.act_at <= now)
        .order_by(CaseClock.act_at, CaseClock.id)
        .limit(limit)
        .with_for_update(of=[CaseClock, Case], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for row, case in rows:
        if row.warned_at is None:
            _warn(row, case, now)
        elif now < row.due_at:
            row.act_at = row.due_at
        else:
            _escalate(row, case, now)
    db.session.flush()
    return len(rows)


def _warn(row: CaseClock, case: Case, now: dt.datetime) -> None:
    row.warned_at, row.act_at = now, row.due_at
    _tell(row, case, "warned", now, case.unit_id)


def _escalate(row: CaseClock, case: Case, now: dt.datetime) -> None:
    above = escalation_chain(case.unit_id) if case.unit_id is not None else []
    target = above[row.level] if row.level < len(above) else None
    row.level += 1
    row.escalated_at = now
    row.act_at = None
    if row.level < len(above):
        if case.urgency is not None:
            row.act_at = now + URGENT_NEXT_LEVEL
        else:
            row.act_at = calendars.due(_usable(row.calendar), now, NEXT_LEVEL).at
    # Nobody stands above: it is written down where it happened, once.
    _tell(row, case, "escalated", now, target if target is not None else case.unit_id)


def _tell(row: CaseClock, case: Case, kind: str, now: dt.datetime, unit_id: int | None) -> None:
    reason = {
        "clock": row.kind,
        "clock_id": row.id,
        "due_at": row.due_at.isoformat(),
        "calendar": row.calendar,
        "open_seconds": row.open_seconds,
        "level": row.level,
    }
    db.session.add(CaseEvent(case_id=case.id, at=now, kind=kind, unit_id=unit_id, data=reason))
    audit.record(f"case.{kind}", "case", case.id, unit=unit_id, **reason)
