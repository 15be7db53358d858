"""Calls as the telephone exchange reports them, live or by a file. Nothing commits.

Reports of one call may come in any order and any number of times: the earliest offer and answer
and the latest end hold, so the row is the same in the end.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db
from portal.formats import parse_date, utc
from portal.i18n import LazyText, _l, isolate
from portal.text import ascii_digits, strip_controls
from workflows.callins.exchange_models import ExchangeCall
from workflows.callins.models import CallinSession
from workflows.callins.numbers import e164_of
from workflows.callins.services import OPEN_AFTER

EVENTS: Final = ("offered", "answered", "ended")
AHEAD: Final = dt.timedelta(hours=1)
"""So far ahead of ours the clock of an exchange may be."""
BATCH: Final = 500
MOST_SECONDS: Final = 24 * 3600


class ReportRefused(ValueError):  # noqa: N818
    """A report that cannot be used; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Report:
    """What is known of one call; at least one moment. `line`: digits of the number called."""

    call_id: str
    offered_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    line: str = ""
    e164: str | None = None


@dataclass(frozen=True)
class Figures:
    """Of one session or period. `mean_wait`: seconds from offer to answer, of those answered."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    """Ended without an answer; what still rings is neither."""
    mean_wait: float | None = None


# Reading


def event(given: dict[str, Any]) -> Report:
    """A report from its fields: call_id, event and at, or offered_at, answered_at, ended_at; number
    and line if known. Raises ReportRefused."""
    moments = {name: moment(given.get(f"{name}_at")) for name in EVENTS}
    if (name := str(given.get("event") or "").strip().lower()) or not any(moments.values()):
        if name not in EVENTS:
            raise ReportRefused(_l("The event is none of offered, answered and ended."))
        moments[name] = moments[name] or moment(given.get("at")) or clock.now()
    return checked(
        call_id=given.get("call_id"),
        moments=moments,
        line=given.get("line"),
        number=given.get("number"),
    )


def checked(
    *, call_id: object, moments: dict[str, dt.datetime | None], line: object, number: object
) -> Report:
    """Raises ReportRefused."""
    name = " ".join(strip_controls(str(call_id or "")).split())
    if not name or len(name) > 120:
        raise ReportRefused(_l("There is no call id, or it is too long."))
    known = [value for value in moments.values() if value is not None]
    if not known:
        raise ReportRefused(_l("There is no time."))
    if max(known) > clock.now() + AHEAD:
        raise ReportRefused(_l("The time lies in the future."))
    in_order = [moments[each] for each in EVENTS if moments[each] is not None]
    if in_order != sorted(known):
        raise ReportRefused(_l("The times are not in order: offered, answered, ended."))
    return Report(
        name,
        moments["offered"],
        moments["answered"],
        moments["ended"],
        line=re.sub(r"\D", "", ascii_digits(str(line or "")))[-20:],
        e164=e164_of(str(number)) if number else None,
    )


_DAY: Final = re.compile(r"\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}(?=$|[ T])", re.ASCII)


def _iso(typed: str) -> str:
    """A day with slashes, of the Persian calendar too, as ISO 8601 writes it; else as it is.

    Raises InputError for a day that does not exist.
    """
    found = _DAY.match(typed)
    if found is None:
        return typed
    # A year like 1404 is of the Persian calendar.
    day = parse_date(found[0], "fa" if typed < "17" else "en")
    at = typed[found.end() :].strip(" T") or "00:00"
    return f"{day.isoformat()}T{'0' if at[1:2] == ':' else ''}{at}"


def moment(given: object) -> dt.datetime | None:
    """ISO 8601, a Persian or Gregorian date with slashes and a time, or seconds since 1970.

    Without a zone it is the city's wall time. None: nothing.

    Raises ReportRefused.
    """
    typed = ascii_digits(str(given if given is not None else "")).strip()
    if not typed:
        return None
    try:
        if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", typed):
            return dt.datetime.fromtimestamp(float(typed), dt.UTC)
        found = dt.datetime.fromisoformat(_iso(typed))
        if found.tzinfo is None:
            found = utc(found.date(), found.time())
        found = found.astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise ReportRefused(
            _l("This is no time: %(typed)s", typed=isolate(strip_controls(typed[:40])))
        ) from None
    if not dt.datetime(2000, 1, 1, tzinfo=dt.UTC) < found:
        raise ReportRefused(_l("The time lies too far back."))
    return found


def seconds(given: object) -> int | None:
    """A duration in whole seconds, also as h:mm:ss. None: nothing. Raises ReportRefused."""
    typed = ascii_digits(str(given if given is not None else "")).strip()
    if not typed:
        return None
    parts = typed.split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"\d{1,6}", part) for part in parts):
        raise ReportRefused(
            _l("This is no number of seconds: %(typed)s", typed=isolate(strip_controls(typed[:40])))
        )
    total = 0
    for part in parts:
        total = total * 60 + int(part)
    if total > MOST_SECONDS:
        raise ReportRefused(_l("A call of more than a day cannot be right."))
    return total


# Writing


def take(reports: Iterable[Report], source: str) -> tuple[int, int]:
    """Write reports down; (calls that are new, calls that were known)."""
    merged: dict[str, Report] = {}
    for report in reports:
        before = merged.get(report.call_id)
        merged[report.call_id] = _both(before, report) if before else report
    rows = [merged[call_id] for call_id in sorted(merged)]  # one order of locks
    new = 0
    for start in range(0, len(rows), BATCH):
        new += _upsert(rows[start : start + BATCH], source)
    return new, len(rows) - new


def _both(one: Report, other: Report) -> Report:
    def among(name: str, choose: Any) -> dt.datetime | None:
        known = [v for v in (getattr(one, name), getattr(other, name)) if v is not None]
        return choose(known) if known else None

    return Report(
        one.call_id,
        among("offered_at", min),
        among("answered_at", min),
        among("ended_at", max),
        one.line or other.line,
        one.e164 or other.e164,
    )


def _upsert(rows: Sequence[Report], source: str) -> int:
    now = clock.now()
    given = insert(ExchangeCall).values(
        [
            {
                "call_id": row.call_id,
                "source": source,
                "line": row.line,
                "e164": row.e164,
                # Until the offer itself is reported, the first thing known of the call.
                "offered_at": min(
                    v for v in (row.offered_at, row.answered_at, row.ended_at) if v is not None
                ),
                "answered_at": row.answered_at,
                "ended_at": row.ended_at,
                "created_at": now,
            }
            for row in rows
        ]
    )
    kept, new = ExchangeCall, given.excluded
    # LEAST and GREATEST pass over what is not known.
    found = db.session.execute(
        given.on_conflict_do_update(
            index_elements=[kept.call_id],
            set_={
                "offered_at": func.least(kept.offered_at, new.offered_at),
                "answered_at": func.least(kept.answered_at, new.answered_at),
                "ended_at": func.greatest(kept.ended_at, new.ended_at),
                "line": func.coalesce(func.nullif(kept.line, ""), new.line),
                "e164": func.coalesce(kept.e164, new.e164),
            },
        ).returning(kept.id, literal_column("xmax = 0", Boolean).label("is_new"))
    ).all()
    db.session.execute(_FIND_SESSION, {"ids": [row.id for row in found], "after": OPEN_AFTER})
    return sum(bool(row.is_new) for row in found)


_FIND_SESSION = text(
    r"""
    UPDATE exchange_calls AS calls SET session_id = (
        SELECT CASE WHEN count(*) = 1 THEN min(sessions.id) END
        FROM callin_sessions AS sessions
        WHERE sessions.kind = 'call_in' AND sessions.state <> 'cancelled'
          AND calls.offered_at >= sessions.starts_at - interval '15 minutes'
          AND (sessions.state = 'open'
               AND calls.offered_at <= sessions.ends_at + CAST(:after AS interval)
               OR calls.offered_at <= greatest(sessions.ends_at, sessions.closed_at))
          AND (calls.line = ''
               OR right(calls.line, length(regexp_replace(sessions.phone, '\D', '', 'g')))
                  = regexp_replace(sessions.phone, '\D', '', 'g'))
    )
    WHERE calls.id = ANY (:ids)
    """
)
"""A call belongs to the session during which its line rang, if it is clear which that is; one that
nobody closed does not hold the line for ever."""


# Counting


def of_session(session_id: int) -> Figures:
    return _figures(ExchangeCall.session_id == session_id)


def between(start: dt.datetime, end: dt.datetime) -> Figures:
    """Of the sessions that began in [start, end)."""
    sessions = select(CallinSession.id).where(
        CallinSession.starts_at >= start, CallinSession.starts_at < end
    )
    return _figures(ExchangeCall.session_id.in_(sessions))


def _figures(condition: Any) -> Figures:
    calls = ExchangeCall
    waited = func.extract("epoch", calls.answered_at - calls.offered_at)
    row = db.session.execute(
        select(
            func.count().label("offered"),
            func.count().filter(calls.answered_at.is_not(None)).label("answered"),
            func.count()
            .filter(calls.answered_at.is_(None), calls.ended_at.is_not(None))
            .label("abandoned"),
            func.avg(waited).label("mean"),
        ).where(condition)
    ).one()
    mean = float(row.mean) if row.mean is not None else None
    return Figures(row.offered, row.answered, row.abandoned, mean)
