"""Clocks that stand still, and how they go on. The caller holds the case's lock.

A clock stands still for one reason at a time: because somebody said so, perhaps until a moment, or
because the state of the case holds it. Neither ends the other. A pause made by hand that ends while
the state holds the clock becomes one of the state.
"""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from workflows.cases import dating, following
from workflows.cases.clock_models import OF_STATE, ClockSpan
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.engine import run


def paused(case: Case) -> list[CaseClock]:
    return [row for row in dating.running(case.id) if row.paused_at is not None]


def paused_by_hand(case: Case) -> list[CaseClock]:
    """Those that somebody lets go on; not those that the state of the case holds."""
    rows = paused(case)
    spans = present([row.id for row in rows]) if rows else {}
    return [row for row in rows if not _is_of_state(spans.get(row.id))]


def go_on(case: Case, at: dt.datetime) -> bool:
    """The pauses of a locked case whose own end has come, at the moment that was set; False where
    nothing waits for it."""
    rows = paused(case)
    spans = present([row.id for row in rows]) if rows else {}
    over = []
    for row in rows:
        span = spans.get(row.id)
        if span is not None and span.until is not None and span.until <= at:
            over.append(row)
        elif row.act_at is not None and row.act_at <= at:
            # Nothing ends here yet: the sweep must not come by for it again and again.
            row.act_at = span.until if span is not None else None
    found = _lift(case, over, at)
    # Another pause may end later, and the clock that carried its end may be no more.
    hand_over_end(case)
    return found


def lift(case: Case, at: dt.datetime, *, by: int | None = None, text: str = "") -> bool:
    """Let everything go on that somebody has let stand still; what the state holds it holds on.
    False where nothing was paused by hand."""
    return _lift(case, paused_by_hand(case), at, by=by, text=text)


def follow_state(case: Case, wanted: Collection[str]) -> list[CaseClock]:
    """Hold the clocks that the state of a locked case wants to stand still, let those go on that
    only a state before held. What somebody paused by hand stays so. Returns what was changed.

    What has run out is not held: it stays late.
    """
    rows, now = dating.running(case.id), clock.now()
    waiting = [row.id for row in rows if row.paused_at is not None]
    if not wanted and not waiting:
        return []
    spans = present(waiting) if waiting else {}
    ended = [row for row in rows if _is_of_state(spans.get(row.id)) and row.kind not in wanted]
    begun = [
        row for row in rows if row.paused_at is None and row.kind in wanted and row.due_at > now
    ]
    for row in begun:
        _hold(row, now)
    _resume(case, ended, now)
    if begun and not ended:
        dating.note_next_due(case)
    return begun + ended


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
    """Each moment at which a pause ends is carried by one of the clocks that wait for it; where
    that one was stopped, by another."""
    waiting = paused(case)
    spans = present([row.id for row in waiting]) if waiting else {}
    ends: dict[dt.datetime, list[CaseClock]] = {}
    for row in waiting:
        span = spans.get(row.id)
        if span is not None and span.until is not None:
            ends.setdefault(span.until, []).append(row)
    for until, rows in ends.items():
        if all(row.act_at is None for row in rows):
            rows[0].act_at = until
    db.session.flush()


def _is_of_state(span: ClockSpan | None) -> bool:
    return span is not None and span.reason == OF_STATE


def _hold(row: CaseClock, at: dt.datetime) -> None:
    dating.begin_span(row, "paused", at, kind="pause", reason=OF_STATE)
    row.paused_at, row.act_at = row.paused_at or at, None


def _lift(
    case: Case,
    rows: list[CaseClock],
    at: dt.datetime,
    *,
    by: int | None = None,
    text: str = "",
) -> bool:
    """End pauses made by hand."""
    wanted = set(run.paused_clocks(following.definition_of(case), case.state))
    held = [row for row in rows if row.kind in wanted]
    for row in held:
        _hold(row, at)
    gone_on = [row for row in rows if row.kind not in wanted]
    _resume(case, gone_on, at, by=by, text=text)
    if held:
        kinds = [row.kind for row in held]
        _tell(case, "paused", by, "" if gone_on else text, reason=OF_STATE, clocks=kinds)
        audit.record("case.paused", "case", case.id, reason=OF_STATE, clocks=kinds)
        db.session.flush()
    return bool(held or gone_on)


def _resume(
    case: Case, rows: list[CaseClock], at: dt.datetime, *, by: int | None = None, text: str = ""
) -> None:
    if not rows:
        return
    known = dating.Known()
    for row in rows:
        row.paused_at = None
        dating.begin_span(row, "resumed", at, by=by)
        dating.date(row, case, known=known)
    dating.note_next_due(case)
    due = {row.kind: row.due_at.isoformat() for row in rows}
    _tell(case, "resumed", by, text, due=due, at=at.isoformat())
    audit.record("case.resumed", "case", case.id, due=due)
    db.session.flush()


def _tell(case: Case, kind: str, by: int | None, text: str, **data: object) -> None:
    db.session.add(
        CaseEvent(
            case_id=case.id,
            at=clock.now(),
            kind=kind,
            actor_id=by,
            actor=_name(by),
            unit_id=case.unit_id,
            text=text,
            data=data,
        )
    )


def _name(user_id: int | None) -> str:
    user = db.session.get(User, user_id) if user_id is not None else None
    return (user.name or user.email) if user else ""
