"""How the due times of a case come about, step by step: the table that officers are shown.

Everything is computed from the course and the calendars, as the due time itself; what stands in
the row is only compared with it, by a test.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.db import db
from portal.i18n import _, format_datetime, pick
from workflows.calendars import clock as calendar_clock
from workflows.calendars import explain, replay
from workflows.calendars.clock import CalendarError
from workflows.calendars.model import Calendar
from workflows.calendars.timeline import from_instant
from workflows.cases import dating
from workflows.cases.clock_models import ClockSpan
from workflows.cases.explain import PAUSE_NAMES
from workflows.cases.following import clock_title
from workflows.cases.models import Case, CaseClock

MOST_CLOCKS = 20


@dataclass(frozen=True)
class Line:
    """A row of the table; lengths in seconds of open time, None where none is meant."""

    when: str
    what: str
    length: float | None = None
    used: float | None = None
    left: float | None = None
    kind: str = ""
    """start | pause | change | due: what is set off from the plain days."""


@dataclass
class Explained:
    """One clock."""

    clock: CaseClock
    name: str
    due: dt.datetime | None
    """None: it stands still."""
    lines: list[Line] = field(default_factory=list)
    problem: str = ""


def explained(case: Case) -> list[Explained]:
    """Every clock of a case, those that run ahead; three queries."""
    rows = db.session.scalars(
        select(CaseClock)
        .where(CaseClock.case_id == case.id)
        .order_by(CaseClock.stopped_at.is_not(None), CaseClock.due_at, CaseClock.id)
        .limit(MOST_CLOCKS)
    ).all()
    spans = dating.spans_of([row.id for row in rows])
    known = dating.Known()
    return [_explain(case, row, spans.get(row.id, []), known) for row in rows]


def _explain(
    case: Case, row: CaseClock, spans: Sequence[ClockSpan], known: dating.Known
) -> Explained:
    name = clock_title(case, row.kind)
    try:
        runs = dating.course(row, spans, known)
        due = replay.due(runs).due
        found = Explained(row, name, from_instant(due) if due is not None else None)
        _Table(found, known).fill(spans or [_only(row)])
    except CalendarError as error:
        return Explained(row, name, row.due_at, problem=str(error))
    return found


def _only(row: CaseClock) -> ClockSpan:
    """A clock without a written course has had this one; never added to the session."""
    return ClockSpan(
        clock_id=row.id,
        kind="run",
        change="start",
        calendar=row.calendar,
        open_seconds=row.open_seconds,
        started_at=row.started_at,
        ended_at=None,
        words="",
    )


class _Table:
    def __init__(self, found: Explained, known: dating.Known) -> None:
        self.found, self.known = found, known
        self.used = 0.0

    def fill(self, spans: Sequence[ClockSpan]) -> None:
        due = self.found.due
        for span in spans:
            if due is not None and span.started_at > due:
                break
            if span.kind == "pause":
                self.pause(span)
            else:
                self.run(span, due)
        if due is not None:
            self.line(_moment(due), _("Due"), kind="due")
        elif self.found.clock.paused_at is not None:
            self.line("", _("The time stands still; the rest is counted when it goes on."))

    def line(self, when: str, what: str, length: float | None = None, kind: str = "") -> None:
        self.found.lines.append(Line(when, what, length, kind=kind))

    def pause(self, span: ClockSpan) -> None:
        start = _moment(span.started_at)
        end = _moment(span.ended_at or span.until) if span.ended_at or span.until else "…"
        what = str(PAUSE_NAMES.get(span.reason or "", _("Followed with another case")))
        if span.words:
            what = _("%(reason)s: %(words)s", reason=what, words=span.words)
        when = _("%(from)s to %(to)s", **{"from": start, "to": end})
        self.line(when, _("Does not count. %(why)s", why=what), kind="pause")

    def run(self, span: ClockSpan, due: dt.datetime | None) -> None:
        calendar, limit = self.known[span.calendar], float(span.open_seconds)
        self.found.lines.append(
            Line(
                _moment(span.started_at),
                _begun(span, calendar),
                None,
                self.used,
                max(limit - self.used, 0),
                "start" if span.change == "start" else "change",
            )
        )
        end = span.ended_at or due
        if due is not None and (end is None or end > due):
            end = due
        if end is None or end <= span.started_at:
            return
        for step in explain.shortened(calendar_clock.steps_between(calendar, span.started_at, end)):
            when, what, length = explain.cells(step)
            seconds = length.total_seconds() if length is not None else None
            if seconds is None:
                self.line(when, what)
                continue
            self.used += seconds
            self.found.lines.append(Line(when, what, seconds, self.used, max(limit - self.used, 0)))


def _begun(span: ClockSpan, calendar: Calendar) -> str:
    name = pick(calendar.titles) or calendar.name
    limit = explain.length(dt.timedelta(seconds=span.open_seconds))
    match span.change:
        case "start":
            return _("Start: %(limit)s in “%(name)s”", limit=limit, name=name)
        case "resumed":
            return _("Goes on in “%(name)s”", name=name)
        case "unit":
            return _("Another unit: %(limit)s in “%(name)s”", limit=limit, name=name)
        case "urgency":
            return _("Another urgency: %(limit)s in “%(name)s”", limit=limit, name=name)
        case _:
            return _("Another agreement: %(limit)s in “%(name)s”", limit=limit, name=name)


def _moment(moment: dt.datetime | None) -> str:
    return format_datetime(moment, "full")
