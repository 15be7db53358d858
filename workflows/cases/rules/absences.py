"""Who is away, until when, and who stands in. Nothing commits."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, update

from portal import audit, clock
from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _l, today
from portal.security import permissions
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused, clean
from workflows.cases.rules.models import Absence

PAGE = 100
_LONGEST = 10
"""Substitutes of substitutes that are followed; a ring of three ends here too."""


@dataclass(frozen=True)
class Person:
    """Somebody who works on cases, with what lies with them."""

    user: User
    open: int
    absence: Absence | None
    substitute: str


def present() -> ColumnElement[bool]:
    """The condition under which an absence holds today."""
    return Absence.ended_at.is_(None) & or_(Absence.until.is_(None), Absence.until >= today())


def of(user_id: int) -> Absence | None:
    return db.session.scalars(select(Absence).where(Absence.user_id == user_id, present())).first()


def away(user_ids: Iterable[int]) -> set[int]:
    """Those of them who are away today."""
    return set(
        db.session.scalars(
            select(Absence.user_id).where(Absence.user_id.in_(list(user_ids)), present())
        )
    )


def stand_in(user_id: int) -> int | None:
    """Who gets what comes for somebody: they themselves, who stands in, or nobody."""
    person: int | None = user_id
    for _step in range(_LONGEST):
        if person is None:
            return None
        found = of(person)
        active = db.session.scalar(select(User.active).where(User.id == person))
        if found is None:
            return person if active else None
        person = found.substitute_id
    return None


def leave(
    user_id: int,
    *,
    until: dt.date | None,
    substitute_id: int | None,
    note: str,
    by: int | None,
) -> Absence:
    """Somebody is away from today until a day, or (None) has left. Raises InputRefused."""
    if until is not None and until < today():
        raise InputRefused("until", _l("This day is over."))
    if substitute_id == user_id:
        raise InputRefused("substitute", _l("Nobody stands in for themselves."))
    if substitute_id is not None and not db.session.scalar(
        select(User.active).where(User.id == substitute_id)
    ):
        raise InputRefused("substitute", _l("There is no such person."))
    # Whoever changes an absence holds the person's row: two at once would both find none.
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    _end(user_id)
    row = Absence(
        user_id=user_id,
        until=until,
        substitute_id=substitute_id,
        note=clean(note, "note", 500),
        created_by=by,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "case_absence.set",
        "case_absence",
        row.id,
        user=user_id,
        until=until.isoformat() if until else None,
        substitute=substitute_id,
    )
    return row


def back(user_id: int) -> bool:
    """Here again before the day; False where nobody was away."""
    found = of(user_id)
    if found is None:
        return False
    _end(user_id)
    audit.record("case_absence.ended", "case_absence", found.id, user=user_id)
    return True


def _end(user_id: int) -> None:
    db.session.execute(
        update(Absence)
        .where(Absence.user_id == user_id, Absence.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def working_roles() -> list[str]:
    """Roles whose people get cases."""
    return sorted(permissions()["cases.work"] - {"administrator"})


def has_working_role() -> ColumnElement[bool]:
    return User.roles.any(Role.name.in_(working_roles()))


def open_of(user_id: object) -> ColumnElement[int]:
    """How many open cases somebody has, as a column; from an index alone."""
    return (
        select(func.count())
        .select_from(Case)
        .where(Case.assignee_id == user_id, Case.stage != "closed")
        .scalar_subquery()
    )


def people(unit_ids: list[int] | None, after: int = 0) -> tuple[list[Person], int | None]:
    """A page of those who get cases or still have some, and the key of the next; two queries.

    `unit_ids`: of these units alone; None: of all.
    """
    number = open_of(User.id)
    query = (
        select(User, number, Absence)
        .outerjoin(Absence, (Absence.user_id == User.id) & present())
        .where(User.id > after, or_(User.active & has_working_role(), number > 0))
        .order_by(User.id)
        .limit(PAGE + 1)
    )
    if unit_ids is not None:
        query = query.where(User.unit_id.in_(unit_ids))
    rows = db.session.execute(query).all()
    names = _names({row[2].substitute_id for row in rows if row[2] and row[2].substitute_id})
    found = [
        Person(
            user, int(count), absence, names.get(absence.substitute_id or 0, "") if absence else ""
        )
        for user, count, absence in rows[:PAGE]
    ]
    return found, found[-1].user.id if len(rows) > PAGE else None


def _names(user_ids: set[int]) -> dict[int, str]:
    if not user_ids:
        return {}
    rows = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(user_ids)))
    return {row.id: row.name or row.email for row in rows}
