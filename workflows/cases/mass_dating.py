"""Thousands of clocks dated anew at once: one read, plain numbers, one write a table.

The same as workflows.cases.dating, which stays the judge of whatever is not plain (a course with
pauses or changes); a test compares the two. Moments are microseconds since 1970 on the way in and
out, because turning half a million of them into datetimes would cost more than dating them.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from portal import audit, clock
from portal.db import db
from workflows.calendars.timeline import MICRO, CalendarError, from_instant, to_instant
from workflows.cases import dating
from workflows.cases.clock_models import ClockSpan

log = logging.getLogger(__name__)


def _micros(column: str) -> str:
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


_READ: Final = f"""
    SELECT k.id, k.case_id, k.kind, k.calendar, {_micros("k.started_at")}, k.open_seconds,
        k.warn_percent, k.level_seconds,
           {_micros("k.due_at")}, {_micros("k.act_at")}, k.warned_at IS NOT NULL,
           {_micros("k.escalated_at")}, k.level, k.paused_at IS NOT NULL, c.urgency IS NOT NULL,
           c.unit_id, {_micros("c.next_due_at")},
           EXISTS (SELECT 1 FROM case_clock_spans AS s WHERE s.clock_id = k.id)
    FROM case_clocks AS k JOIN cases AS c ON c.id = k.case_id
    WHERE k.case_id = ANY(%s::bigint[]) AND k.stopped_at IS NULL
    ORDER BY k.case_id, k.id
    """  # noqa: S608 - nothing of it comes from outside
_MOMENT: Final = "timestamptz 'epoch' + v.{} * interval '1 microsecond'"
_WRITE_CLOCKS: Final = text(
    f"""
    UPDATE case_clocks AS k
    SET due_at = {_MOMENT.format("due")}, act_at = {_MOMENT.format("act")}
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS bigint[]), CAST(:acts AS bigint[]))
         AS v (id, due, act)
    WHERE k.id = v.id AND k.id BETWEEN :low AND :high
    """  # noqa: S608
)
_WRITE_CASES: Final = text(
    f"""
    UPDATE cases AS c SET next_due_at = {_MOMENT.format("due")}
    FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS bigint[])) AS v (id, due)
    WHERE c.id = v.id AND c.id BETWEEN :low AND :high
    """  # noqa: S608
)


_COUNT: Final = text("UPDATE calendar_runs SET moved = moved + :number WHERE id = :id")


class Run(NamedTuple):
    """What a run says of itself in each case that moves."""

    id: int
    reason: str
    words: dict[str, str]


class _Clock(NamedTuple):
    id: int
    case_id: int
    kind: str
    calendar: str
    started: int
    open_seconds: int
    warn_percent: int
    level_seconds: int
    due: int
    act: int | None
    warned: bool
    escalated: int | None
    level: int
    paused: bool
    urgent: bool
    unit_id: int | None
    next_due: int | None
    has_spans: bool


def date(run: Run, case_ids: list[int]) -> None:
    """Write the moments of these cases' clocks anew, and count in the run those that moved.

    Behind the session's back: what it knows of these rows is old afterwards.
    """
    # Cases before clocks, both in the order of the cases, as whoever changes a case does.
    db.session.execute(
        text(
            "SELECT 1 FROM cases WHERE id = ANY(CAST(:ids AS bigint[]))"
            " ORDER BY id FOR NO KEY UPDATE"
        ),
        {"ids": case_ids},
    )
    driver = db.session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101
    with driver.cursor() as cursor:
        rows = [_Clock._make(row) for row in cursor.execute(_READ, (case_ids,)).fetchall()]
    spans = dating.spans_of([row.id for row in rows if row.has_spans])
    known = dating.Known(strict=True)
    written: list[tuple[int, int, int | None]] = []
    nexts: dict[int, int] = {}
    shown: dict[int, _Clock] = {}
    moved: dict[int, list[tuple[str, int, int]]] = {}
    for row in rows:
        shown[row.case_id] = row
        if row.paused:
            continue
        due = row.due
        found = _moments(row, spans.get(row.id, ()), known)
        if found is not None and found != (row.due, row.act):
            written.append((row.id, *found))
            due = found[0]
            if due != row.due:
                moved.setdefault(row.case_id, []).append((row.kind, row.due, due))
        nexts[row.case_id] = min(due, nexts.get(row.case_id, due))
    # Before the cases change: the check that an event has its case would lock the new row again.
    _write_down(driver, run, moved, shown)
    if written:
        ids, dues, acts = zip(*written, strict=True)
        db.session.execute(
            _WRITE_CLOCKS,
            {
                "ids": _array(ids),
                "dues": _array(dues),
                "acts": _array(acts),
                "low": min(ids),
                "high": max(ids),
            },
        )
    later = {case_id: due for case_id, due in nexts.items() if due != shown[case_id].next_due}
    if later:
        db.session.execute(
            _WRITE_CASES,
            {
                "ids": _array(later),
                "dues": _array(later.values()),
                "low": min(later),
                "high": max(later),
            },
        )
    if moved:
        db.session.execute(_COUNT, {"number": len(moved), "id": run.id})


def _array(numbers: Iterable[int | None]) -> str:
    """As PostgreSQL reads an array: a list would be looked through value by value."""
    return f"{{{','.join('NULL' if one is None else str(one) for one in numbers)}}}"


def _moments(
    row: _Clock, spans: Sequence[ClockSpan], known: dating.Known
) -> tuple[int, int | None] | None:
    """(due, next moment of the sweep); None: it stays as it is."""
    try:
        if spans or row.level or row.escalated is not None:
            found = dating.moments(
                _Facts(row), dating.course(_Facts(row), spans, known), urgent=row.urgent
            )
            if found is None:
                return None
            return to_instant(found[0]), to_instant(found[1]) if found[1] else None
        timeline = known[row.calendar].timeline
        limit = row.open_seconds * MICRO
        due = timeline.advance(row.started, limit)
        if row.warned:
            return due, due
        if row.urgent:
            return due, max(due - dating.URGENT_WARNING_MICRO, row.started)
        return due, timeline.advance(row.started, limit * row.warn_percent // 100)
    except CalendarError:
        # A broken file: what is due stays until it is mended, which is a run of its own.
        log.warning("A clock keeps its times", extra={"clock": row.id, "calendar": row.calendar})
        return None


class _Facts:
    """A row as `dating` reads clocks."""

    def __init__(self, row: _Clock) -> None:
        self.calendar, self.open_seconds, self.level = row.calendar, row.open_seconds, row.level
        self.warn_percent, self.level_seconds = row.warn_percent, row.level_seconds
        self.started_at = from_instant(row.started)
        self.act_at = from_instant(row.act) if row.act is not None else None
        self.warned_at = self.started_at if row.warned else None
        self.escalated_at = from_instant(row.escalated) if row.escalated is not None else None


def _write_down(
    driver: Any, run: Run, moved: dict[int, list[tuple[str, int, int]]], shown: dict[int, _Clock]
) -> None:
    """One event and one audit row a case."""
    if not moved:
        return
    now = clock.now()
    words: dict[int, str] = {}

    def moment(instant: int) -> str:
        # Many clocks are due at the same moment.
        found = words.get(instant)
        if found is None:
            found = words[instant] = from_instant(instant).isoformat()
        return found

    at, words_of_run = now.isoformat(), audit.canonical(run.words)
    said: list[tuple[int, str]] = []
    for case_id, clocks in moved.items():
        facts = {
            "why": run.reason,
            "run": run.id,
            "clocks": [
                {"clock": kind, "from": moment(before), "to": moment(after)}
                for kind, before, after in clocks
            ],
        }
        said.append((case_id, audit.canonical(facts)))
    with (
        driver.cursor() as cursor,
        cursor.copy(
            "COPY case_events (case_id, at, kind, actor, unit_id, text, public, data) FROM STDIN"
        ) as copy,
    ):
        for case_id, body in said:
            # The history says the city's own words besides.
            data = f'{body[:-1]},"words":{words_of_run}}}'
            copy.write_row((case_id, at, "redated", "", shown[case_id].unit_id, "", False, data))
    audit.record_many("case.redated", "case", said)
