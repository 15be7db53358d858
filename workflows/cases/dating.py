"""When a clock is due, when it warns and when it is reported next, from its course.

The moments in `case_clocks` are nothing but what `moments` gives for the course and the calendars
as they stand, so they can be found anew at any time: after a pause, a change, a closure.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import func, select

from portal import clock
from portal.db import db
from workflows.calendars import replay
from workflows.calendars import services as calendars
from workflows.calendars.clock import CalendarError
from workflows.calendars.model import Calendar
from workflows.calendars.replay import Run
from workflows.calendars.timeline import MICRO, from_instant, to_instant
from workflows.cases.clock_models import ClockSpan
from workflows.cases.models import Case, CaseClock

log = logging.getLogger(__name__)

ALWAYS: Final = "always"
DEFAULT_CALENDAR: Final = calendars.CITY
URGENT_WARNING: Final = dt.timedelta(minutes=30)
URGENT_WARNING_MICRO: Final = 30 * 60 * MICRO
WARN_AT_PERCENT: Final = 75
"""Of the open time, after which a clock that is not urgent warns."""
NEXT_LEVEL: Final = dt.timedelta(hours=8)
"""Open time from one level to the next."""
URGENT_NEXT_LEVEL: Final = dt.timedelta(hours=1)


def usable(name: str, length: dt.timedelta = dt.timedelta(hours=1)) -> str:
    """The calendar of a name, or one that works: a broken file, or one that is not open for so
    long any more, must not turn a citizen away."""
    for one in (name, DEFAULT_CALENDAR):
        try:
            calendars.due(one, clock.now(), length)
        except CalendarError:
            log.exception("A calendar cannot be used", extra={"calendar": one})
        else:
            return one
    return ALWAYS


class Known:
    """Calendars by name, each asked for once; `strict`: a broken one is an error, no other steps
    in for it."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._found: dict[str, Calendar] = {}

    def __getitem__(self, name: str) -> Calendar:
        """Raises CalendarError if `strict`."""
        found = self._found.get(name)
        if found is None:
            found = calendars.calendar(name if self._strict else usable(name))
            self._found[name] = found
        return found


def course(row: Any, spans: Sequence[Any], known: Known) -> list[Run]:
    """The runs of a clock (a CaseClock, or a row with its columns). Raises CalendarError."""
    if not spans:
        return [
            Run(known[row.calendar], to_instant(row.started_at), None, row.open_seconds * MICRO)
        ]
    return [
        Run(
            known[span.calendar],
            to_instant(span.started_at),
            to_instant(span.ended_at) if span.ended_at is not None else None,
            span.open_seconds * MICRO,
        )
        for span in spans
        if span.kind == "run"
    ]


def moments(
    row: Any, runs: Sequence[Run], *, urgent: bool
) -> tuple[dt.datetime, dt.datetime | None] | None:
    """(due, next moment of the sweep) of a clock that runs; None for one that stands still."""
    due = replay.due(runs).due
    if due is None:
        return None
    if row.warned_at is None:
        if urgent:
            warn: int | None = max(due - _micro(URGENT_WARNING), to_instant(row.started_at))
        else:
            warn = replay.due(runs, row.warn_percent).due
        act: int | None = due if warn is None else min(warn, due)
    elif not row.level:
        # One that nobody is told of has run out once, unless it was given more time since.
        over = row.escalated_at is not None and due <= to_instant(row.escalated_at)
        act = None if over else due
    elif row.act_at is None or not row.level_seconds:
        act = None
    else:
        act = max(due, next_level(row, runs, urgent=urgent))
    return from_instant(due), from_instant(act) if act is not None else None


def next_level(row: Any, runs: Sequence[Run], *, urgent: bool) -> int:
    """When a clock that has been reported is reported again."""
    since, level = to_instant(row.escalated_at), _level(row, urgent=urgent)
    if not urgent and (found := replay.passed(runs, since, level)) is not None:
        return found
    return since + level


def _level(row: Any, *, urgent: bool) -> int:
    """From one level to the next, in microseconds of open time."""
    return _micro(URGENT_NEXT_LEVEL) if urgent else int(row.level_seconds) * MICRO


def from_now(row: Any, runs: Sequence[Run], *, urgent: bool) -> dt.datetime:
    """The moment of the next level for whoever has the case from now on."""
    now, level = to_instant(clock.now()), _level(row, urgent=urgent)
    if not urgent and (found := replay.passed(runs, now, level)) is not None:
        return from_instant(found)
    return from_instant(now + level)


def date(row: CaseClock, case: Case, *, known: Known | None = None) -> None:
    """Write the moments of one clock anew; the caller holds the case's lock."""
    runs = course(row, spans_of([row.id]).get(row.id, ()), known or Known())
    found = moments(row, runs, urgent=case.urgency is not None)
    if found is not None:
        row.due_at, row.act_at = found


def spans_of(clock_ids: Iterable[int]) -> dict[int, list[ClockSpan]]:
    """clock id -> its stretches in order; one query."""
    found: dict[int, list[ClockSpan]] = defaultdict(list)
    for span in db.session.scalars(
        select(ClockSpan)
        .where(ClockSpan.clock_id.in_(list(clock_ids)))
        .order_by(ClockSpan.clock_id, ClockSpan.id)
    ):
        found[span.clock_id].append(span)
    return dict(found)


def running(case_id: int) -> list[CaseClock]:
    """The clocks that are not stopped, paused ones too; the one that runs out first ahead."""
    return list(
        db.session.scalars(
            select(CaseClock)
            .where(CaseClock.case_id == case_id, CaseClock.stopped_at.is_(None))
            .order_by(CaseClock.paused_at.is_not(None), CaseClock.due_at, CaseClock.id)
            .execution_options(populate_existing=True)
        )
    )


def note_next_due(case: Case) -> None:
    """The first due time among the clocks that run; a clock that stands still has none."""
    db.session.flush()
    case.next_due_at = db.session.scalar(
        select(func.min(CaseClock.due_at)).where(
            CaseClock.case_id == case.id,
            CaseClock.stopped_at.is_(None),
            CaseClock.paused_at.is_(None),
        )
    )
    db.session.flush()


def begin_span(
    row: CaseClock,
    change: str,
    at: dt.datetime,
    *,
    kind: str = "run",
    reason: str | None = None,
    words: str = "",
    until: dt.datetime | None = None,
    by: int | None = None,
) -> None:
    """A new stretch of a clock's life under the row's present agreement, which is set afterwards
    by nobody; what it did so far is written down first. Call before changing the agreement with
    `keep_course`."""
    keep_course(row, at)
    db.session.add(
        ClockSpan(
            clock_id=row.id,
            kind=kind,
            change=change,
            calendar=row.calendar,
            open_seconds=row.open_seconds,
            started_at=at,
            reason=reason,
            words=words,
            until=until,
            by=by,
        )
    )
    db.session.flush()


def keep_course(row: CaseClock, at: dt.datetime) -> None:
    """End the present stretch of a clock; for its first change write down what it was."""
    spans = spans_of([row.id]).get(row.id)
    if not spans:
        db.session.add(
            ClockSpan(
                clock_id=row.id,
                kind="run",
                change="start",
                calendar=row.calendar,
                open_seconds=row.open_seconds,
                started_at=row.started_at,
                ended_at=max(at, row.started_at),
            )
        )
    elif spans[-1].ended_at is None:
        spans[-1].ended_at = max(at, spans[-1].started_at)
    db.session.flush()


def _micro(length: dt.timedelta) -> int:
    return (length.days * 86_400 + length.seconds) * MICRO + length.microseconds
