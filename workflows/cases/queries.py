"""What pages and reports read of cases."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.units import services as units
from workflows.cases import codes, explain
from workflows.cases.matter import following
from workflows.cases.models import (
    Case,
    CaseClock,
    CaseEvent,
    CasePhoto,
    Category,
    FeedbackQuestion,
)


@dataclass(frozen=True)
class Counts:
    """Numbers of open cases."""

    open: int
    urgent: int
    late: int
    feedback: int


@dataclass(frozen=True)
class CaseView:
    """Everything about one case, for staff."""

    case: Case
    events: Sequence[CaseEvent]
    clocks: Sequence[CaseClock]
    photos: Sequence[CasePhoto]
    question: FeedbackQuestion | None
    """The newest."""
    units: dict[int, str]
    assignee: str
    sentence: str


@dataclass(frozen=True)
class TrackingView:
    """What the citizen sees: no names of staff, no internal notes."""

    case: Case
    events: Sequence[CaseEvent]
    photos: Sequence[CasePhoto]
    units: dict[int, str]
    sentence: str
    may_answer: bool
    leading: Case | None = None
    """The case that it is followed with."""


def _reader() -> str:
    from portal.i18n import current_language

    return current_language()


def by_code(typed: str) -> Case | None:
    """The case of a tracking code, typed in any way."""
    code = codes.normalise(typed)
    if code is None:
        return None
    return db.session.scalars(
        select(Case).options(joinedload(Case.category)).where(Case.code == code)
    ).first()


def case_view(case_id: int) -> CaseView:
    """Raises LookupError."""
    case = db.session.get(Case, case_id, options=[joinedload(Case.category)])
    if case is None:
        raise LookupError(f"No case {case_id}")
    events = _events(case.id)
    assignee = db.session.get(User, case.assignee_id) if case.assignee_id else None
    return CaseView(
        case=case,
        events=events,
        clocks=db.session.scalars(
            select(CaseClock).where(CaseClock.case_id == case.id).order_by(CaseClock.id)
        ).all(),
        photos=_photos(case.id),
        question=db.session.scalars(
            select(FeedbackQuestion)
            .where(FeedbackQuestion.case_id == case.id)
            .order_by(FeedbackQuestion.round.desc())
            .limit(1)
        ).first(),
        units=_unit_names(case, events),
        assignee=(assignee.name or assignee.email) if assignee else "",
        sentence=explain.explain(case, _reader()),
    )


def tracking_view(typed: str) -> TrackingView | None:
    """The case of a code as its citizen sees it; None for a code that is none."""
    case = by_code(typed)
    if case is None:
        return None
    leading, joined_at = following.leading_of(case)
    events = [event for event in _events(case.id) if event.public]
    if joined_at is not None:
        events = following.together(events, _events(leading.id), joined_at)
    return TrackingView(
        case=case,
        events=events,
        photos=_photos(case.id),
        units=_unit_names(leading, events),
        sentence=explain.explain(leading, _reader()),
        may_answer=following.is_asked(case, leading),
        leading=leading if joined_at is not None else None,
    )


def _events(case_id: int) -> Sequence[CaseEvent]:
    return db.session.scalars(
        select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)
    ).all()


def _photos(case_id: int) -> Sequence[CasePhoto]:
    return db.session.scalars(
        select(CasePhoto).where(CasePhoto.case_id == case_id).order_by(CasePhoto.id)
    ).all()


def _unit_names(case: Case, events: Sequence[CaseEvent]) -> dict[int, str]:
    wanted = {case.unit_id, *(event.unit_id for event in events)}
    return units.names(sorted(unit_id for unit_id in wanted if unit_id is not None))


def of_number(e164: str, size: int = 5) -> Sequence[Case]:
    """The newest cases of a number, for whoever has its holder on the telephone."""
    return db.session.scalars(
        select(Case)
        .options(joinedload(Case.category))
        .where(Case.e164 == e164)
        .order_by(Case.id.desc())
        .limit(size)
    ).all()


def counts(unit_ids: Sequence[int] = ()) -> Counts:
    """What is open now, in the units given (none given: everywhere); one query."""
    statement = select(
        func.count(),
        func.count().filter(Case.urgency.is_not(None)),
        func.count().filter(Case.next_due_at < clock.now()),
        func.count().filter(Case.stage == "feedback"),
    ).where(Case.stage != "closed")
    if unit_ids:
        statement = statement.where(Case.unit_id.in_(unit_ids))
    row = db.session.execute(statement).one()
    return Counts(*row)


def open_count() -> int:
    return counts().open


def late_count() -> int:
    return counts().late


def categories(*, active_only: bool = True) -> Sequence[Category]:
    """In Persian order."""
    statement = select(Category).order_by(Category.sort_key, Category.id)
    if active_only:
        statement = statement.where(Category.active)
    return db.session.scalars(statement).all()


def received_between(start: dt.datetime, end: dt.datetime) -> Select[Case]:
    """A statement of the cases received in [start, end), oldest first, for reports."""
    return (
        select(Case)
        .where(Case.received_at >= start, Case.received_at < end)
        .order_by(Case.received_at, Case.id)
    )
