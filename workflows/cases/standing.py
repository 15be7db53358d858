"""Clocks that stand still, and how they go on. The caller holds the case's lock."""

import datetime as dt

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from workflows.cases import dating
from workflows.cases.clock_models import ClockSpan
from workflows.cases.models import Case, CaseClock, CaseEvent


def paused(case: Case) -> list[CaseClock]:
    return [row for row in dating.running(case.id) if row.paused_at is not None]


def go_on(case: Case, at: dt.datetime, *, by: int | None = None, text: str = "") -> bool:
    """The same for a locked case, at the moment that was set; False where nothing waits."""
    rows = paused(case)
    known = dating.Known()
    for row in rows:
        row.paused_at = None
        dating.begin_span(row, "resumed", at, by=by)
        dating.date(row, case, known=known)
    if not rows:
        return False
    dating.note_next_due(case)
    due = {row.kind: row.due_at.isoformat() for row in rows}
    db.session.add(
        CaseEvent(
            case_id=case.id,
            at=clock.now(),
            kind="resumed",
            actor_id=by,
            actor=_name(by),
            unit_id=case.unit_id,
            text=text,
            data={"due": due, "at": at.isoformat()},
        )
    )
    audit.record("case.resumed", "case", case.id, due=due)
    db.session.flush()
    return True


def present(clock_ids: list[int]) -> dict[int, ClockSpan]:
    """clock id -> the pause in which it stands still; one query."""
    return {
        span.clock_id: span
        for span in db.session.scalars(
            select(ClockSpan).where(
                ClockSpan.clock_id.in_(clock_ids),
                ClockSpan.ended_at.is_(None),
                ClockSpan.kind == "pause",
            )
        )
    }


def hand_over_end(case: Case) -> None:
    """One of the clocks that wait carries the end of the pause; where it was stopped, another."""
    waiting = paused(case)
    if waiting and all(row.act_at is None for row in waiting):
        now = present([row.id for row in waiting]).get(waiting[0].id)
        waiting[0].act_at = now.until if now is not None else None
        db.session.flush()


def _name(user_id: int | None) -> str:
    user = db.session.get(User, user_id) if user_id is not None else None
    return (user.name or user.email) if user else ""
