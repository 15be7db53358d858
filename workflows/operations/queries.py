"""What the pages of the operations centre show; a fixed number of statements each."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, func, or_, select

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import pick
from portal.units import services as units
from workflows.cases import stages
from workflows.cases.models import Case, CasePhoto, Category
from workflows.operations import proofs
from workflows.operations.models import CaseProof, Dispatch, Visit

PAGE = 50
MOST_VISITS = 50
"""On a phone at once."""
_URGENT = and_(Case.urgency.is_not(None), Case.stage != "closed")


@dataclass(frozen=True)
class Sent:
    """A dispatch or a visit with the names that belong to it."""

    row: Dispatch | Visit
    who: str
    by: str = ""


@dataclass(frozen=True)
class QueueRow:
    case: Case
    category: str
    unit: str
    left: dt.timedelta | None
    """Until the next due time; negative when late."""
    dispatch: Sent | None
    visit: Sent | None


@dataclass(frozen=True)
class Work:
    """All that was sent out about one case, and the pictures of it."""

    dispatches: Sequence[Sent]
    visits: Sequence[Sent]
    photos: dict[str, list[CaseProof]] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        return bool(self.dispatches or self.visits or self.photos)


def _among_urgent(view: str) -> ColumnElement[bool]:
    """Reads only what the index of urgent cases carries."""
    working = Case.stage.in_(sorted(stages.WORKING))
    match view:
        case "feedback":
            return Case.stage == "feedback"
        case "ongoing":
            return and_(working, Case.first_action_at.is_not(None))
        case _:
            return and_(working, Case.first_action_at.is_(None))


def queue(
    view: str, after: tuple[dt.datetime | None, int] | None = None
) -> tuple[list[QueueRow], bool]:
    """Urgent open cases by the time that is left, behind a key; and whether more follow."""
    query = (
        select(Case, Category.names)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(_URGENT, _among_urgent(view))
        .order_by(Case.next_due_at.asc().nulls_last(), Case.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(_beyond(*after))
    rows = db.session.execute(query).all()
    more, rows = len(rows) > PAGE, rows[:PAGE]
    case_ids = [case.id for case, _names in rows]
    dispatches = {sent.row.case_id: sent for sent in reversed(dispatches_of(case_ids))}
    visits = {sent.row.case_id: sent for sent in reversed(visits_of(case_ids))}
    unit_names = units.names(sorted({case.unit_id for case, _names in rows if case.unit_id}))
    now = clock.now()
    return [
        QueueRow(
            case=case,
            category=pick(names) if names else "",
            unit=unit_names.get(case.unit_id or 0, ""),
            left=case.next_due_at - now if case.next_due_at else None,
            dispatch=dispatches.get(case.id),
            visit=visits.get(case.id),
        )
        for case, names in rows
    ], more


def _beyond(due: dt.datetime | None, case_id: int) -> ColumnElement[bool]:
    if due is None:
        return Case.next_due_at.is_(None) & (Case.id > case_id)
    same = (Case.next_due_at == due) & (Case.id > case_id)
    return or_(Case.next_due_at > due, Case.next_due_at.is_(None), same)


def counts() -> dict[str, int]:
    """Urgent open cases per view; one statement."""
    names = ("first", "ongoing", "feedback")
    columns = [func.count().filter(_among_urgent(name)).label(name) for name in names]
    row = db.session.execute(select(*columns).select_from(Case).where(_URGENT)).one()
    return dict(row._mapping)


def pending() -> int:
    """Urgent cases without a first action."""
    first = select(func.count()).select_from(Case).where(_URGENT, _among_urgent("first"))
    return db.session.scalar(first) or 0


def of_case(case_id: int) -> Work:
    photos: dict[str, list[CaseProof]] = {}
    for row in proofs.of_cases([case_id]):
        photos.setdefault(row.kind, []).append(row)
    return Work(dispatches_of([case_id]), visits_of([case_id]), photos)


def dispatches_of(case_ids: Sequence[int]) -> list[Sent]:
    """Newest first."""
    rows = db.session.scalars(
        select(Dispatch).where(Dispatch.case_id.in_(case_ids)).order_by(Dispatch.id.desc())
    ).all()
    if not rows:
        return []
    names = units.names(sorted({row.unit_id for row in rows if row.unit_id}))
    people = _people({row.sent_by for row in rows})
    return [
        Sent(
            row,
            " · ".join(part for part in (names.get(row.unit_id or 0, ""), row.crew) if part),
            people.get(row.sent_by or 0, ""),
        )
        for row in rows
    ]


def visits_of(case_ids: Sequence[int]) -> list[Sent]:
    """Newest first."""
    rows = db.session.scalars(
        select(Visit).where(Visit.case_id.in_(case_ids)).order_by(Visit.id.desc())
    ).all()
    if not rows:
        return []
    people = _people({one for row in rows for one in (row.supervisor_id, row.ordered_by)})
    return [
        Sent(row, people.get(row.supervisor_id, ""), people.get(row.ordered_by or 0, ""))
        for row in rows
    ]


def _people(user_ids: set[int | None]) -> dict[int, str]:
    wanted = sorted(one for one in user_ids if one)
    rows = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(wanted)))
    return {row.id: row.name or row.email for row in rows}


# What a field supervisor has before them.


@dataclass(frozen=True)
class Errand:
    visit: Visit
    case: Case
    category: str
    photo_ids: list[int]
    """Of the citizen."""
    proofs: list[CaseProof]


def errands(user_id: int, visit_id: int | None = None) -> list[Errand]:
    """The open visits of a supervisor by due time; of a case that is settled there is none."""
    query = (
        select(Visit, Case, Category.names)
        .join(Case, Case.id == Visit.case_id)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(
            Visit.supervisor_id == user_id,
            Visit.state == "ordered",
            Case.stage.in_(sorted(stages.WORKING)),
        )
        .order_by(Visit.due_at, Visit.id)
        .limit(MOST_VISITS)
    )
    if visit_id is not None:
        query = query.where(Visit.id == visit_id)
    rows = db.session.execute(query).all()
    case_ids = [case.id for _visit, case, _names in rows]
    photo_ids: dict[int, list[int]] = {}
    for photo_id, case_id in db.session.execute(
        select(CasePhoto.id, CasePhoto.case_id)
        .where(CasePhoto.case_id.in_(case_ids))
        .order_by(CasePhoto.id)
    ):
        photo_ids.setdefault(case_id, []).append(photo_id)
    pictures: dict[int, list[CaseProof]] = {}
    for row in proofs.of_cases(case_ids):
        pictures.setdefault(row.case_id, []).append(row)
    return [
        Errand(
            visit,
            case,
            pick(names) if names else "",
            photo_ids.get(case.id, []),
            pictures.get(case.id, []),
        )
        for visit, case, names in rows
    ]


def open_visits(user_id: int) -> int:
    statement = select(func.count()).select_from(Visit).join(Case, Case.id == Visit.case_id)
    return (
        db.session.scalar(
            statement.where(
                Visit.supervisor_id == user_id,
                Visit.state == "ordered",
                Case.stage.in_(sorted(stages.WORKING)),
            )
        )
        or 0
    )
