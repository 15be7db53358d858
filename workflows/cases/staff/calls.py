"""Feedback calls: whom to ring, because the SMS with the question was not answered.

Nothing commits. A call is taken by a row of the history, so two operators never ring one citizen.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, exists, func, select

from portal import audit, clock
from portal.db import db
from workflows.cases import flow, moves
from workflows.cases.matter import heads
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion

SILENCE: Final = dt.timedelta(hours=12)
"""So long an SMS may stay without an answer before somebody rings."""
RETRY: Final = dt.timedelta(hours=4)
"""So long after a call that nobody answered the next one waits."""
TAKEN: Final = dt.timedelta(minutes=15)
"""So long a call that was begun is left to whoever began it."""


def waiting(user_id: int, limit: int = 50) -> Sequence[Case]:
    """Cases to ring about, the one asked longest ago first."""
    return db.session.scalars(_queue(select(Case), user_id).limit(limit)).all()


def count(user_id: int) -> int:
    return db.session.scalar(_narrowed(select(func.count()).select_from(Case), user_id)) or 0


def take_next(user_id: int) -> int | None:
    """The next case to ring about, now this person's; None where nobody waits."""
    case: Case | None = db.session.scalars(
        _queue(select(Case), user_id)
        .limit(1)
        .with_for_update(of=Case, skip_locked=True, key_share=True)
    ).first()
    if case is None:
        return None
    moves.add_event(case.id, "call_started", by=user_id)
    audit.record("case.call_started", "case", case.id)
    db.session.flush()
    return case.id


def unanswered(case_id: int, *, by: int) -> None:
    """Nobody came to the telephone; the case comes back into the queue later.

    Raises LookupError, StageError.
    """
    flow.check(heads.lock(case_id), "accept", by=by)
    retry_at = clock.now() + RETRY
    moves.add_event(case_id, "call_unanswered", by=by, retry_at=retry_at.isoformat())
    audit.record("case.call_unanswered", "case", case_id)
    db.session.flush()


def _queue(query: Select[Any], user_id: int) -> Select[Any]:
    return _narrowed(query, user_id).order_by(FeedbackQuestion.asked_at, Case.id)


def _narrowed(query: Select[Any], user_id: int) -> Select[Any]:
    now = clock.now()
    return query.join(FeedbackQuestion, FeedbackQuestion.case_id == Case.id).where(
        # Who follows a matter is asked too, though the own case is closed.
        (Case.stage == "feedback")
        | exists().where(CaseJoin.case_id == Case.id, CaseJoin.undone_at.is_(None)),
        FeedbackQuestion.state == "open",
        FeedbackQuestion.asked_at <= now - SILENCE,
        ~_recent("call_unanswered", now - RETRY),
        ~_recent("call_started", now - TAKEN, CaseEvent.actor_id != user_id),
    )


def _recent(kind: str, since: dt.datetime, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        CaseEvent.case_id == Case.id, CaseEvent.kind == kind, CaseEvent.at > since, *more
    )


def asked_at(case_ids: list[int]) -> dict[int, dt.datetime]:
    """case id -> when its open question was sent."""
    rows = db.session.execute(
        select(FeedbackQuestion.case_id, FeedbackQuestion.asked_at).where(
            FeedbackQuestion.case_id.in_(case_ids), FeedbackQuestion.state == "open"
        )
    )
    return {row.case_id: row.asked_at for row in rows}
