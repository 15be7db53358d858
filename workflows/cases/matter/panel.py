"""What pages show of a matter: who follows it, what it follows, what may be the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from portal.db import db
from portal.i18n import LazyText, _, _l, digits
from workflows.cases.matter import candidates, heads
from workflows.cases.matter.candidates import Suggestion
from workflows.cases.matter.likeness import Likeness
from workflows.cases.models import Case, FeedbackQuestion

ANSWERS: dict[str, LazyText] = {
    "waiting": _l("to be asked"),
    "open": _l("asked"),
    "accepted": _l("agreed"),
    "objected": _l("objected"),
    "timed_out": _l("did not answer"),
    "withdrawn": _l("not asked any more"),
}


@dataclass(frozen=True)
class Follower:
    case: Case
    answer: str
    """State of the newest question to them; empty: never asked."""


@dataclass(frozen=True)
class Panel:
    """`leading`: the case that this one is followed with; None where it stands alone or leads."""

    leading: Case | None = None
    followers: Sequence[Follower] = ()
    languages: Sequence[str] = ()
    """Of followers, other than the case's own: the answer should be understood by them too."""
    suggestions: Sequence[Suggestion] = field(default=())

    @property
    def is_empty(self) -> bool:
        return self.leading is None and not self.followers and not self.suggestions


def of(case: Case, *, suggest: bool = True) -> Panel:
    """At most seven statements, however many follow."""
    row = heads.join_of(case.id)
    if row is not None:
        return Panel(leading=db.session.get(Case, heads.head_id(case.id)))
    rows = heads.followers(case.id)
    answers = _answers([one.id for one in rows]) if rows else {}
    suggestions = (
        candidates.like(
            candidates.matter_of(case), but=(case.id, *(one.id for one in rows)), limit=3
        )
        if suggest and case.stage not in {"closed", "feedback"}
        else []
    )
    return Panel(
        followers=[Follower(one, answers.get(one.id, "")) for one in rows],
        languages=sorted({one.language for one in rows if one.e164} - {case.language}),
        suggestions=suggestions,
    )


def _answers(ids: list[int]) -> dict[int, str]:
    newest = (
        select(func.max(FeedbackQuestion.id))
        .where(FeedbackQuestion.case_id.in_(ids))
        .group_by(FeedbackQuestion.case_id)
    )
    rows = db.session.execute(
        select(FeedbackQuestion.case_id, FeedbackQuestion.state).where(
            FeedbackQuestion.id.in_(newest)
        )
    )
    return {row.case_id: row.state for row in rows}


def steps(case: Case, allowed: list[str]) -> list[str]:
    """Of the steps of a joined case only those that do no work."""
    if case.stage != "closed" or heads.join_of(case.id) is None:
        return allowed
    return [step for step in allowed if step == "note"]


def reasons(likeness: Likeness) -> list[str]:
    """Why it is suggested, in the reader's words."""
    found: list[str] = []
    if likeness.metres is not None:
        metres = max(10, round(likeness.metres / 10) * 10)
        found.append(_("about %(metres)s m away", metres=digits(metres)))
    elif likeness.same_place:
        found.append(_("same place"))
    if likeness.same_words:
        found.append(_("same words"))
    if likeness.same_category:
        found.append(_("same category"))
    if likeness.same_day:
        found.append(_("within a day"))
    return found or [_("much alike")]
