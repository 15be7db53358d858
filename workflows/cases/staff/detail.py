"""What the case page shows, read in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _, pick
from portal.units import services as units
from workflows.cases import clocks
from workflows.cases.models import Case, CaseClock, CaseEvent, CasePhoto, Category
from workflows.cases.rules import absences

QUIET = (
    *("warned", "escalated", "sms", "note", "call_started", "call_unanswered", "redated"),
    "photo",
    *("letter_issued", "letter_answered", "letter_received", "letter_closed"),
    *("letter_cancelled", "letter_warned", "letter_late"),
    *("open311_released", "open311_withheld"),
    *("proof_added", "visit_arrived", "visit_note", "special_overdue", "reported"),
)
"""Events that take nothing away from what somebody is just typing."""
MOST_EVENTS = 500


@dataclass(frozen=True)
class Known:
    """A case of the same number, in a line."""

    case: Case
    category: str


@dataclass(frozen=True)
class Detail:
    case: Case
    category: str
    unit: str
    assignee: str
    registered_by: str
    events: Sequence[CaseEvent]
    unit_names: dict[int, str]
    photos: Sequence[CasePhoto]
    clocks: Sequence[CaseClock]
    others: Sequence[Known]


def find(case_id: int) -> Case | None:
    return db.session.get(Case, case_id)


def version(case_id: int) -> int:
    """The last event that changed the case's course: what a form was opened upon."""
    return (
        db.session.scalar(
            select(func.max(CaseEvent.id)).where(
                CaseEvent.case_id == case_id, CaseEvent.kind.not_in(QUIET)
            )
        )
        or 0
    )


def read(case: Case) -> Detail:
    events = list(
        db.session.scalars(
            select(CaseEvent)
            .where(CaseEvent.case_id == case.id)
            .order_by(CaseEvent.id.desc())
            .limit(MOST_EVENTS)
        )
    )
    photos = list(
        db.session.scalars(
            select(CasePhoto).where(CasePhoto.case_id == case.id).order_by(CasePhoto.id)
        )
    )
    category = (
        db.session.scalar(select(Category.names).where(Category.id == case.category_id))
        if case.category_id
        else None
    )
    unit_ids = {event.unit_id for event in events if event.unit_id} | {case.unit_id or 0}
    unit_names = units.names(sorted(unit_ids))
    people = _people({case.assignee_id, case.registered_by})
    return Detail(
        case=case,
        category=pick(category) if category else "",
        unit=unit_names.get(case.unit_id or 0, ""),
        assignee=people.get(case.assignee_id or 0, ""),
        registered_by=people.get(case.registered_by or 0, ""),
        events=events,
        unit_names=unit_names,
        photos=photos,
        clocks=clocks.running(case.id),
        others=of_number(case.e164, but=case.id),
    )


def of_number(e164: str | None, *, but: int = 0, limit: int = 10) -> list[Known]:
    """The other cases of a number, open ones first, then the newest."""
    if not e164:
        return []
    rows = db.session.execute(
        select(Case, Category.names)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(Case.e164 == e164, Case.id != but)
        .order_by(Case.stage == "closed", Case.id.desc())
        .limit(limit)
    )
    return [Known(case, pick(names) if names else "") for case, names in rows]


def workers() -> list[tuple[int, str]]:
    """Who can be given a case: active people of the roles that work on cases, with their unit."""
    rows = db.session.execute(
        select(User.id, User.name, User.email, User.unit_id)
        .where(
            User.active,
            User.roles.any(or_(*(Role.name == name for name in _roles()))),
        )
        .order_by(User.name, User.id)
        .limit(500)
    ).all()
    unit_names = units.names(sorted({row.unit_id for row in rows if row.unit_id}))
    gone = absences.away([row.id for row in rows])
    found = []
    for row in rows:
        name = row.name or row.email
        if row.id in gone:
            name = _("%(name)s, away", name=name)
        unit = unit_names.get(row.unit_id or 0)
        found.append((row.id, f"{name} ({unit})" if unit else name))
    return found


def category_choices(*, every: bool = False) -> list[tuple[int, str]]:
    """(id, name) of the categories in use, in Persian order."""
    query = select(Category.id, Category.names).order_by(Category.sort_key, Category.id)
    if not every:
        query = query.where(Category.active)
    return [(row.id, pick(row.names)) for row in db.session.execute(query)]


def _roles() -> list[str]:
    from portal.security import permissions

    return sorted(permissions()["cases.work"] - {"administrator"})


def _people(user_ids: set[int | None]) -> dict[int, str]:
    wanted = [one for one in user_ids if one]
    if not wanted:
        return {}
    rows = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(wanted)))
    return {row.id: row.name or row.email for row in rows}
