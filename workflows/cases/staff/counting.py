"""Numbers beside the work lists: by index alone, or counted up to a bound."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ScalarSelect, exists, func, literal, or_, select

from portal.db import db
from workflows.cases.models import Case, CaseEvent, CaseWords
from workflows.cases.staff import lists
from workflows.cases.staff.lists import CaseFilter, Reader

MOST = 10_000
"""Beyond it a list says «more than»: whether 40,000 or 50,000 wait changes nobody's day."""
MOST_CHANGES = 500


def counts(reader: Reader, views: Iterable[str] = lists.VIEWS) -> dict[str, int]:
    """Open cases per view, at most MOST + 1; one query."""
    return of_filters({view: CaseFilter(view=view) for view in views}, reader)


def of_filters(wanted: dict[str, CaseFilter], reader: Reader) -> dict[str, int]:
    """How many cases each filter finds, at most MOST + 1; without those that search words."""
    parts = {
        name: _bounded(one, reader).label(f"n_{name}") for name, one in wanted.items() if not one.q
    }
    if not parts:
        return {}
    row = db.session.execute(select(*parts.values())).one()
    return dict(zip(parts, row, strict=True))


def _bounded(wanted: CaseFilter, reader: Reader) -> ScalarSelect[Any]:
    found = (
        select(literal(1))
        .select_from(Case)
        .where(*lists.conditions(wanted, reader))
        .limit(MOST + 1)
        .subquery()
    )
    return select(func.count()).select_from(found).scalar_subquery()


def open_cases() -> int:
    return _count()


def overdue(reader: Reader) -> int:
    return _count(*lists.in_view("overdue", reader))


def urgent_open() -> int:
    return _count(Case.urgency.is_not(None))


def _count(*conditions: Any) -> int:
    statement = select(func.count()).select_from(Case).where(lists.OPEN, *conditions)
    return db.session.scalar(statement) or 0


def newest_event() -> int:
    """The point in time of a list, for `changed`."""
    return db.session.scalar(select(func.max(CaseEvent.id))) or 0


def changed(
    wanted: CaseFilter, reader: Reader, since: int, shown: Sequence[int]
) -> tuple[int, bool]:
    """How many cases of a list others have changed since an event, and whether there are more.

    `shown`: ids of the lines that the reader has before him; the others count where they belong to
    the list now. Costs by what has happened since, at most MOST_CHANGES events.
    """
    events = (
        select(CaseEvent.case_id, CaseEvent.actor_id)
        .where(CaseEvent.id > since)
        .order_by(CaseEvent.id)
        .limit(MOST_CHANGES)
        .subquery()
    )
    conditions = lists.conditions(wanted, reader)
    if wanted.q:
        sought = lists.search(wanted.q, reader).beside(CaseWords.case_id)
        conditions.append(exists().where(CaseWords.case_id == Case.id, sought).correlate(Case))
    ids = (
        select(events.c.case_id)
        .where(or_(events.c.actor_id.is_(None), events.c.actor_id != reader.user_id))
        .distinct()
    )
    belongs = select(Case.id).where(Case.id.in_(ids), *conditions)
    before_him = select(Case.id).where(Case.id.in_(ids), Case.id.in_(list(shown)[:100] or [0]))
    found = belongs.union(before_him).subquery()
    total = select(func.count()).select_from(events).scalar_subquery()
    row = db.session.execute(
        select(select(func.count()).select_from(found).scalar_subquery(), total)
    ).one()
    return int(row[0]), int(row[1]) >= MOST_CHANGES
