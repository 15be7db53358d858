"""What the citizen of a joined case sees: how far the leading one is, never whose it is."""

import datetime as dt
from collections.abc import Sequence

from portal.db import db
from workflows.cases import feedback
from workflows.cases.matter import heads
from workflows.cases.models import Case, CaseEvent

_NOT_THEIRS = frozenset({"received", "joined", "parted", "divided_from", "accepted", "objected"})
"""Of the leading case: what its own citizen wrote and did."""


def leading_of(case: Case) -> tuple[Case, dt.datetime | None]:
    """The case that is worked on, and since when this one is followed with it (None: it is it)."""
    row = heads.join_of(case.id)
    if row is None:
        return case, None
    return db.session.get_one(Case, heads.head_id(case.id)), row.joined_at


def together(
    own: Sequence[CaseEvent], leading: Sequence[CaseEvent], joined_at: dt.datetime
) -> list[CaseEvent]:
    """The own public events and those of the leading case, in order; an answer that came after
    the joining stands in both."""
    theirs = [
        event
        for event in leading
        if event.public
        and event.kind not in _NOT_THEIRS
        and not (event.kind == "answered" and event.at >= joined_at)
    ]
    return sorted([*own, *theirs], key=lambda event: (event.at, event.id))


def is_asked(case: Case, leading: Case) -> bool:
    """Whether this citizen's word is awaited: some of a matter may have given theirs already."""
    if leading.stage != "feedback":
        return False
    return case.e164 is None or feedback.question_of_case(case.id) is not None
