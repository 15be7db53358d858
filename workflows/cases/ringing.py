"""Feedback calls that bring no answer. Nothing commits."""

import datetime as dt
from typing import Any, Literal

from portal import clock
from portal.db import db
from portal.i18n import _l
from workflows.cases import attempts, feedback, flow, moves, silence
from workflows.cases.matter import answers
from workflows.cases.models import Case, FeedbackQuestion


def not_reached(
    case_id: int, result: str, *, by: int | None, again_at: dt.datetime | None = None
) -> Case:
    """A feedback call that brought no answer: no_answer | busy | later | wrong_number.

    `again_at`: the hour the citizen chose (later). Three calls that reached nobody end the asking
    (timed out, with that reason); a wrong number does at once, for nobody can be asked by it.
    Raises LookupError, StageError, InputRefused.
    """
    matter = answers.matter_of(case_id)
    flow.check(matter.leading, "accept", by=by)
    case = matter.own
    if case.e164 is not None:
        moves.lock_number(case.e164)
    question = feedback.question_of_case(case.id)
    now = clock.now()
    if result == "later":
        asked = (question.asked_at if question else None) or now
        if again_at is None or again_at <= now:
            raise moves.InputRefused("later", _l("Write an hour that is still to come."))
        if again_at > asked + attempts.LATEST:
            raise moves.InputRefused("later", _l("This is too late; choose an hour this week."))
    elif result in attempts.UNREACHED:
        again_at = now + attempts.AGAIN[result]
    elif result != "wrong_number":
        raise ValueError(result)
    tried = attempts.unreached(question.id) if question else 0
    tried += result in attempts.UNREACHED
    last = result in attempts.UNREACHED and tried >= attempts.MOST
    if last or result == "wrong_number":
        again_at = None
    call = attempts.note(case, question, result, by=by, again_at=again_at)
    attempts.tell(case, call, tried)
    if last:
        _end_unanswered(matter, question, "timed_out", by=by, reason="calls", calls=tried)
    elif result == "wrong_number":
        _end_unanswered(matter, question, "not_asked", by=by, reason="wrong_number")
    db.session.flush()
    return case


def _end_unanswered(
    matter: answers.Matter,
    question: FeedbackQuestion | None,
    confirmation: Literal["timed_out", "not_asked"],
    *,
    by: int | None,
    **why: Any,
) -> None:
    if question is not None:
        question.state = "timed_out" if confirmation == "timed_out" else "withdrawn"
        db.session.flush()
    if confirmation == "timed_out":
        moves.add_event(matter.own.id, "timed_out", by=by, public=True, **why)
    silence.settle(matter, question.state if question is not None else confirmation, by=by)
    if matter.own.e164 is not None:
        feedback.open_next(matter.own.e164)
