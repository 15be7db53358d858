"""Questions that nobody answers, and the end that follows from all that was said or not said.

Nothing commits. The case that leads a matter is locked before the number.
"""

import datetime as dt
from typing import Final

from sqlalchemy import exists, select

from portal import clock
from portal.db import db
from portal.messaging.models import FINAL_STATES
from workflows.cases import attempts, feedback, flow, moves
from workflows.cases.call_models import FeedbackCall
from workflows.cases.matter import answers
from workflows.cases.models import Case, FeedbackQuestion

TIMEOUT: Final = dt.timedelta(hours=72)
"""After so long without an answer a case is closed as not answered."""
NEVER_READ: Final = FINAL_STATES - {"delivered"}
BATCH: Final = 50


def unanswered(limit: int = BATCH, after: int = 0) -> list[int]:
    """Ids of questions beyond `after` that nobody has answered for 72 hours.

    Not those whose citizen asked to be called at an hour that is not long past.
    """
    chosen = exists().where(
        FeedbackCall.question_id == FeedbackQuestion.id,
        FeedbackCall.result == "later",
        FeedbackCall.again_at > clock.now() - attempts.GRACE,
    )
    statement = select(FeedbackQuestion.id).where(
        FeedbackQuestion.state == "open",
        FeedbackQuestion.asked_at <= clock.now() - TIMEOUT,
        FeedbackQuestion.id > after,
        ~chosen,
    )
    return list(db.session.scalars(statement.order_by(FeedbackQuestion.id).limit(limit)))


def time_out(question_id: int) -> bool:
    """Close the case of a question of `unanswered`; False where somebody was quicker.

    One a transaction: whoever holds a number's lock must not wait for another case.
    """
    question = db.session.get_one(FeedbackQuestion, question_id)
    matter = answers.matter_of(question.case_id)
    moves.lock_number(question.e164)
    db.session.refresh(question)
    if question.state != "open":
        return False
    if _came_to_the_citizen(question):
        question.state = "timed_out"
        hours = int(TIMEOUT.total_seconds()) // 3600
        moves.add_event(matter.own.id, "timed_out", public=True, hours=hours)
    else:
        question.state = "withdrawn"
    db.session.flush()
    settle(matter, question.state)
    feedback.open_next(question.e164)
    db.session.flush()
    return True


def settle(matter: answers.Matter, last: str, *, by: int | None = None) -> None:
    """Close the matter where nobody is waited for (any more). `last`: state of the question that
    has just ended without an answer; not_asked: there was none."""
    leading = matter.leading
    if leading.stage == "feedback" and not answers.awaited(leading):
        # Asked before the step: what was said is counted from the moment the matter was answered.
        said = answers.said(leading, last)
        flow.take(leading, "time_out")
        moves.close(leading, said, by=by)


def end_unasked(case: Case) -> None:
    """Close a case that has just been answered where nobody can be asked about it."""
    steps = flow.definition_of(case).steps(case.state)
    if any(step.action == "time_out" for step in steps):
        settle(answers.Matter(case, case), "not_asked")


def _came_to_the_citizen(question: FeedbackQuestion) -> bool:
    """Whether the SMS with the question may have been read.

    Who stopped all SMS of the city, or whose number takes none, did not keep silent.
    """
    message = feedback.message_of(question)
    return message is None or message.state not in NEVER_READ
