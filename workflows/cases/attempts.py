"""Attempts to ask a citizen by telephone: how many there may be, and when the next one comes.

Nothing commits. The case is locked by the caller.
"""

import datetime as dt
from typing import Final

from sqlalchemy import func, select

from portal import audit, clock
from portal.db import db
from workflows.cases import moves
from workflows.cases.call_models import FeedbackCall
from workflows.cases.models import Case, FeedbackQuestion

MOST: Final = 3
"""After so many calls that reached nobody the citizen is not rung again."""
UNREACHED: Final = ("no_answer", "busy")
AGAIN: Final = {"no_answer": dt.timedelta(hours=4), "busy": dt.timedelta(minutes=30)}
"""So long after such a call the next one waits."""
LATEST: Final = dt.timedelta(days=7)
"""So long after the question a citizen may ask to be called, and no longer."""
GRACE: Final = dt.timedelta(hours=24)
"""So long after the hour a citizen chose nobody's silence closes the case."""


def note(
    case: Case,
    question: FeedbackQuestion | None,
    result: str,
    *,
    by: int | None,
    words: str = "",
    again_at: dt.datetime | None = None,
) -> FeedbackCall:
    """The row of one attempt."""
    call = FeedbackCall(
        case_id=case.id,
        question_id=question.id if question else None,
        at=clock.now(),
        operator_id=by,
        result=result,
        words=words,
        again_at=again_at,
    )
    db.session.add(call)
    db.session.flush()
    return call


def unreached(question_id: int) -> int:
    """How many calls about a question reached nobody."""
    statement = select(func.count()).where(
        FeedbackCall.question_id == question_id, FeedbackCall.result.in_(UNREACHED)
    )
    return db.session.scalar(statement) or 0


def tell(case: Case, call: FeedbackCall, attempt: int) -> None:
    """History and audit of a call that brought no answer."""
    again = call.again_at.isoformat() if call.again_at else None
    moves.add_event(
        case.id,
        "call_unanswered",
        by=call.operator_id,
        result=call.result,
        attempt=attempt,
        retry_at=again,
    )
    audit.record(
        "case.call_unanswered",
        "case",
        case.id,
        result=call.result,
        attempt=attempt,
        again_at=again,
    )
    db.session.flush()
