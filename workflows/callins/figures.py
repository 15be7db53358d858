"""Call-ins of a period in numbers, for the council packet."""

import datetime as dt
import json
from collections import Counter
from typing import Any

from sqlalchemy import func, select

from portal.db import db
from workflows.callins import exchange, promises
from workflows.callins.models import CALL_STATES, Call, CallinSession
from workflows.cases.persons import without_person

TALKED = ("answered", "promised", "transferred")
REACHED = (*TALKED, "dropped")
"""Somebody was on the line."""


def figures(start: dt.datetime, end: dt.datetime) -> dict[str, Any]:
    """The sessions that began in [start, end), JSON-ready; rates are left to the reader, who
    gets numerator and denominator.

    {"sessions": held, "planned": n, "cancelled": n, "registered": n, "calls": n,
     "answered_at_once": n, "transferred": n, "dropped": n, "no_show": n, "unreached": n,
     "offered": n, "picked_up": n, "abandoned": n, "mean_wait": seconds or None (the exchange's),
     "promises": {"made", "kept", "late", "open", "overdue", "not_kept"},
     "by_official": [{"officials": {lang: text}, "sessions", "calls", "answered_at_once",
                      "promises": {…}}],
     "list": [{"call_id", "case_id", "subject", "text", "officials", "unit": {lang: text},
               "session_at", "due_at", "done_at", "state"}]}

    `calls`: callers somebody talked to, dropped ones included. `list` holds the public wording
    where minutes were edited; no names and no numbers.
    """
    sessions, counts, registered = _counted(start, end)
    made = promises.between(start, end)
    total = sum(counts.values(), Counter[str]())
    rang = exchange.between(start, end)
    return {
        "sessions": sum(s.state in {"open", "closed"} for s in sessions),
        "planned": sum(s.state == "planned" for s in sessions),
        "cancelled": sum(s.state == "cancelled" for s in sessions),
        "registered": registered,
        "calls": sum(total[state] for state in REACHED),
        "answered_at_once": total["answered"],
        **{s: total[s] for s in CALL_STATES if s in {"transferred", "dropped", "no_show"}},
        "unreached": total["unreached"],
        "offered": rang.offered,
        "picked_up": rang.answered,
        "abandoned": rang.abandoned,
        "mean_wait": rang.mean_wait,
        "promises": _states(made),
        "by_official": _by_official(sessions, counts, made),
        "list": [_line(promise) for promise in made],
    }


def _counted(
    start: dt.datetime, end: dt.datetime
) -> tuple[list[CallinSession], dict[int, Counter[str]], int]:
    """Sessions that began in [start, end), their calls by state, and how many had registered."""
    sessions = db.session.scalars(
        select(CallinSession)
        .where(CallinSession.starts_at >= start, CallinSession.starts_at < end)
        .order_by(CallinSession.starts_at, CallinSession.id)
    ).all()
    counts: dict[int, Counter[str]] = {session.id: Counter() for session in sessions}
    registered = 0
    rows = db.session.execute(
        select(Call.session_id, Call.state, Call.walk_in, func.count())
        .where(Call.session_id.in_(counts))
        .group_by(Call.session_id, Call.state, Call.walk_in)
    )
    for session_id, state, walk_in, number in rows:
        counts[session_id][state] += number
        registered += 0 if walk_in else number
    return list(sessions), counts, registered


def of_session(session_id: int) -> dict[str, int]:
    """state -> number of calls of one session."""
    rows = db.session.execute(
        select(Call.state, func.count().label("number"))
        .where(Call.session_id == session_id)
        .group_by(Call.state)
    )
    return {row.state: row.number for row in rows}


def _states(made: list[promises.Promise]) -> dict[str, int]:
    found = Counter(promise.state for promise in made)
    return {
        "made": len(made),
        **{s: found[s] for s in ("kept", "late", "open", "overdue", "not_kept")},
    }


def by_official(start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
    """The same per official alone: {"officials", "sessions", "calls", "answered_at_once",
    "promises"}, whoever promised most first."""
    sessions, counts, _registered = _counted(start, end)
    found = _by_official(sessions, counts, promises.between(start, end))
    return sorted(found, key=lambda line: -line["promises"]["made"])


def _by_official(
    sessions: list[CallinSession],
    counts: dict[int, Counter[str]],
    made: list[promises.Promise],
) -> list[dict[str, Any]]:
    """One line an official, in whatever series they sat."""
    held: dict[str, list[CallinSession]] = {}
    for session in sessions:
        held.setdefault(_official(session), []).append(session)
    found = []
    for official, theirs in held.items():
        total = sum((counts[s.id] for s in theirs), Counter[str]())
        found.append(
            {
                "officials": theirs[-1].officials,
                "sessions": sum(s.state in {"open", "closed"} for s in theirs),
                "calls": sum(total[state] for state in REACHED),
                "answered_at_once": total["answered"],
                "promises": _states([p for p in made if _official(p.session) == official]),
            }
        )
    return found


def _official(session: CallinSession) -> str:
    return json.dumps(session.officials, ensure_ascii=False, sort_keys=True)


def _line(promise: promises.Promise) -> dict[str, Any]:
    call, case = promise.call, promise.case
    return {
        "call_id": call.id,
        "case_id": case.id,
        "subject": call.public_subject or without_person(call.subject, call.name),
        "text": call.public_text or without_person(call.answer, call.name),
        "officials": promise.session.officials,
        "unit": promise.unit_names,
        "session_at": promise.session.starts_at.isoformat(),
        "due_at": call.due_at.isoformat() if call.due_at else None,
        "done_at": case.done_at.isoformat() if case.done_at else None,
        "state": promise.state,
    }
