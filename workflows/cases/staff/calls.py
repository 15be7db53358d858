"""Feedback calls: whom to ring, because the SMS with the question was not answered.

Nothing commits. A call is taken by a row of the history, so two operators never ring one citizen.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, exists, func, select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from workflows.cases import moves
from workflows.cases.call_models import FeedbackCall
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion

SILENCE: Final = dt.timedelta(hours=12)
"""So long an SMS may stay without an answer before somebody rings."""
TAKEN: Final = dt.timedelta(minutes=15)
"""So long a call that was begun is left to whoever began it."""


def waiting(user_id: int, limit: int = 50) -> Sequence[Case]:
    """Cases to ring about, the one asked longest ago first."""
    return db.session.scalars(_queue(select(Case), user_id).limit(limit)).all()


def count(user_id: int) -> int:
    return db.session.scalar(_narrowed(select(func.count()).select_from(Case), user_id)) or 0


def take_next(user_id: int) -> int | None:
    """The next case to ring about, now this person's; None where nobody waits."""
    found: Case | None = db.session.scalars(
        _queue(select(Case), user_id)
        .limit(1)
        .with_for_update(of=Case, skip_locked=True, key_share=True)
    ).first()
    if found is None:
        return None
    moves.add_event(found.id, "call_started", by=user_id)
    audit.record("case.call_started", "case", found.id)
    db.session.flush()
    return found.id


def _queue(query: Select[Any], user_id: int) -> Select[Any]:
    """Whoever chose this hour comes first, then whoever was asked longest ago."""
    chosen = exists().where(
        FeedbackCall.question_id == FeedbackQuestion.id, FeedbackCall.result == "later"
    )
    return _narrowed(query, user_id).order_by(
        case((chosen, 0), else_=1), FeedbackQuestion.asked_at, Case.id
    )


def _narrowed(query: Select[Any], user_id: int) -> Select[Any]:
    now = clock.now()
    return query.join(FeedbackQuestion, FeedbackQuestion.case_id == Case.id).where(
        # Who follows a matter is asked too, though the own case is closed.
        (Case.stage == "feedback")
        | exists().where(CaseJoin.case_id == Case.id, CaseJoin.undone_at.is_(None)),
        FeedbackQuestion.state == "open",
        FeedbackQuestion.asked_at <= now - SILENCE,
        ~exists().where(
            FeedbackCall.question_id == FeedbackQuestion.id, FeedbackCall.again_at > now
        ),
        ~_recent("call_started", now - TAKEN, CaseEvent.actor_id != user_id),
    )


def _recent(kind: str, since: dt.datetime, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        CaseEvent.case_id == Case.id, CaseEvent.kind == kind, CaseEvent.at > since, *more
    )


@dataclass(frozen=True)
class Attempt:
    """One call about the open question of a case."""

    at: dt.datetime
    result: str
    operator: str


def attempts_of(case_id: int) -> list[Attempt]:
    """The calls about the open question, the last first."""
    rows = db.session.execute(
        select(FeedbackCall.at, FeedbackCall.result, User.name)
        .join(FeedbackQuestion, FeedbackQuestion.id == FeedbackCall.question_id)
        .outerjoin(User, User.id == FeedbackCall.operator_id)
        .where(FeedbackCall.case_id == case_id, FeedbackQuestion.state == "open")
        .order_by(FeedbackCall.id.desc())
    )
    return [Attempt(at, result, name or "") for at, result, name in rows]


def tried(case_ids: list[int]) -> dict[int, int]:
    """case id -> how often it was rung about its open question."""
    rows = db.session.execute(
        select(FeedbackCall.case_id, func.count().label("calls"))
        .join(FeedbackQuestion, FeedbackQuestion.id == FeedbackCall.question_id)
        .where(FeedbackCall.case_id.in_(case_ids), FeedbackQuestion.state == "open")
        .group_by(FeedbackCall.case_id)
    )
    return {row.case_id: row.calls for row in rows}


def asked_at(case_ids: list[int]) -> dict[int, dt.datetime]:
    """case id -> when its open question was sent."""
    rows = db.session.execute(
        select(FeedbackQuestion.case_id, FeedbackQuestion.asked_at).where(
            FeedbackQuestion.case_id.in_(case_ids), FeedbackQuestion.state == "open"
        )
    )
    return {row.case_id: row.asked_at for row in rows}
