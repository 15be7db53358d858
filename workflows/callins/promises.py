"""What became of a promise: read from its case, never stored twice."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Select, select

from portal import clock
from portal.db import db
from portal.units.models import Unit
from workflows.callins.models import Call, CallinSession
from workflows.cases.models import Case


@dataclass(frozen=True)
class Promise:
    """A promise with the state of its case at one moment."""

    call: Call
    session: CallinSession
    case: Case
    unit_names: dict[str, str]
    state: str
    """kept | late | open | overdue | not_kept"""


def state_of(case: Case, due_at: dt.datetime | None, now: dt.datetime) -> str:
    """kept: done by the promised time, or closed with outcome done; an objection opens it again.

    A case that ended otherwise (impossible, not ours …) is a promise that was not kept.
    """
    due = due_at or now
    if case.stage in {"feedback", "closed"} and case.outcome is not None:
        if case.outcome != "done":
            return "not_kept"
        return "kept" if (case.done_at or case.closed_at or now) <= due else "late"
    return "open" if now <= due else "overdue"


def _statement() -> Select[Call, CallinSession, Case, dict[str, str]]:
    return (
        select(Call, CallinSession, Case, Unit.names)
        .join(CallinSession, CallinSession.id == Call.session_id)
        .join(Case, Case.id == Call.case_id)
        .outerjoin(Unit, Unit.id == Case.unit_id)
        .order_by(CallinSession.starts_at, Call.id)
    )


def of_session(session_id: int) -> dict[int, Promise]:
    """call id -> promise, in one query."""
    return {p.call.id: p for p in _read(_statement().where(Call.session_id == session_id))}


def of_official(session: CallinSession) -> list[Promise]:
    """All promises made so far by whoever sits in this session, in whatever series they sat."""
    return _read(_statement().where(CallinSession.officials == session.officials))


def between(start: dt.datetime, end: dt.datetime) -> list[Promise]:
    """Promises of the sessions that began in [start, end)."""
    return _read(
        _statement().where(CallinSession.starts_at >= start, CallinSession.starts_at < end)
    )


def _read(statement: Select[Call, CallinSession, Case, dict[str, str]]) -> list[Promise]:
    now = clock.now()
    return [
        Promise(call, session, case, names or {}, state_of(case, call.due_at, now))
        for call, session, case, names in db.session.execute(statement)
    ]
