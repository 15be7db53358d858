"""Several people are asked about one matter: who still has to answer, what they said together."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.db import db
from workflows.cases import moves
from workflows.cases.matter import heads
from workflows.cases.models import Case, CaseEvent, FeedbackQuestion


@dataclass(frozen=True)
class Matter:
    """The case somebody is asked about, and the one it is followed with: itself mostly."""

    own: Case
    leading: Case


def matter_of(case_id: int) -> Matter:
    """The leading case is locked; what is joined to it cannot change meanwhile."""
    leading = heads.lock(case_id)
    if leading.id == case_id:
        return Matter(leading, leading)
    return Matter(db.session.get_one(Case, case_id, populate_existing=True), leading)


def awaited(leading: Case) -> bool:
    """Whether anybody of the matter has still to answer."""
    ids = [leading.id, *heads.follower_ids(leading.id)]
    waiting = select(FeedbackQuestion.id).where(
        FeedbackQuestion.case_id.in_(ids), FeedbackQuestion.state.in_(["open", "waiting"])
    )
    return db.session.scalar(waiting.limit(1)) is not None


def said(leading: Case, last: str) -> str:
    """What all who were asked said together: one agreement is one, silence counts after it.

    `last`: state of the question that has just been settled.
    """
    ids = [leading.id, *heads.follower_ids(leading.id)]
    states = set(
        db.session.scalars(
            select(FeedbackQuestion.state).where(
                FeedbackQuestion.case_id.in_(ids), FeedbackQuestion.created_at >= leading.stage_at
            )
        )
    )
    states.add(last)
    return next((one for one in ("accepted", "timed_out") if one in states), "not_asked")


def can_ask(case: Case) -> bool:
    """Whether anybody of the matter can be asked."""
    return case.e164 is not None or bool(heads.told(case))


def spread_answer(leading: Case) -> None:
    """The answer of a leading case is the answer of all who follow it.

    The copies say whose they are: what hides the answer hides them.
    """
    db.session.flush()
    source: dict[str, Any] = {"copy_of": answer_event(leading.id), "copy_from": leading.id}
    for one in heads.followers(leading.id):
        one.outcome_text = leading.outcome_text
        moves.add_event(
            one.id,
            "answered",
            text=leading.outcome_text,
            public=True,
            outcome=leading.outcome,
            **source,
        )
    db.session.flush()


def answer_event(case_id: int) -> int | None:
    """The event of its last answer."""
    return db.session.scalar(
        select(CaseEvent.id)
        .where(CaseEvent.case_id == case_id, CaseEvent.kind == "answered")
        .order_by(CaseEvent.id.desc())
        .limit(1)
    )
