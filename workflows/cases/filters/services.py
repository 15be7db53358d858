"""Lists with a name: saved, shared with a unit, begun with. Nothing commits."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.text import strip_controls
from workflows.cases.filters.models import FilterDefault, SavedFilter
from workflows.cases.moves import InputRefused
from workflows.cases.staff.lists import CaseFilter

MOST = 20
"""Lists of one person; more tabs nobody reads."""
MOST_NAME = 60

_ABOVE = text(
    """
    WITH RECURSIVE up (id, parent_id) AS (
        SELECT id, parent_id FROM units WHERE id = :unit_id
        UNION
        SELECT units.id, units.parent_id FROM units JOIN up ON units.id = up.parent_id
    )
    SELECT id FROM up
    """
)


@dataclass(frozen=True)
class Listed:
    """A saved list as somebody sees it."""

    id: int
    name: str
    wanted: CaseFilter
    mine: bool
    shared: bool
    default: bool


def visible(user_id: int, unit_id: int | None) -> list[Listed]:
    """A person's own lists and those shared with their unit or one above; at most 3 * MOST."""
    rows = db.session.execute(
        select(SavedFilter, FilterDefault.user_id)
        .outerjoin(
            FilterDefault,
            (FilterDefault.filter_id == SavedFilter.id) & (FilterDefault.user_id == user_id),
        )
        .where(_seen_by(user_id, unit_id))
        .order_by(SavedFilter.unit_id.is_not(None), SavedFilter.name, SavedFilter.id)
        .limit(3 * MOST)
    )
    return [
        Listed(
            id=row.id,
            name=row.name,
            wanted=CaseFilter.from_args(row.args),
            mine=row.owner_id == user_id,
            shared=row.unit_id is not None,
            default=default is not None,
        )
        for row, default in rows
    ]


def save(
    user_id: int, unit_id: int | None, name: str, wanted: CaseFilter, *, share: bool
) -> SavedFilter:
    """Keep a list under a name; an own one of that name is replaced. Raises InputRefused."""
    name = " ".join(strip_controls(name, keep_newlines=False).split())
    if not name:
        raise InputRefused("name", _l("Write a name."))
    if len(name) > MOST_NAME:
        raise InputRefused("name", _l("The name is too long."))
    if share and unit_id is None:
        raise InputRefused("share", _l("You belong to no unit with which it could be shared."))
    found = db.session.scalars(
        select(SavedFilter)
        .where(SavedFilter.owner_id == user_id, SavedFilter.name == name)
        .with_for_update()
    ).first()
    if found is None:
        count = select(func.count()).select_from(SavedFilter)
        if (db.session.scalar(count.where(SavedFilter.owner_id == user_id)) or 0) >= MOST:
            raise InputRefused("name", _l("You have many saved lists; delete one first."))
        found = SavedFilter(owner_id=user_id, name=name, created_at=clock.now())
        db.session.add(found)
    found.unit_id = unit_id if share else None
    found.args = dict(wanted.to_args())
    db.session.flush()
    audit.record("case_filter.saved", "case_filter", found.id, name=name, unit=found.unit_id)
    return found


def remove(filter_id: int, user_id: int) -> bool:
    """Delete an own list; False where there is none."""
    gone = db.session.scalar(
        delete(SavedFilter)
        .where(SavedFilter.id == filter_id, SavedFilter.owner_id == user_id)
        .returning(SavedFilter.name)
    )
    if gone is None:
        return False
    audit.record("case_filter.deleted", "case_filter", filter_id, name=gone)
    return True


def set_default(filter_id: int | None, user_id: int, unit_id: int | None) -> bool:
    """Begin with this list from now on, or (None) with the usual one; False for one not seen."""
    if filter_id is None:
        db.session.execute(delete(FilterDefault).where(FilterDefault.user_id == user_id))
    else:
        known = select(SavedFilter.id).where(
            SavedFilter.id == filter_id, _seen_by(user_id, unit_id)
        )
        if db.session.scalar(known) is None:
            return False
        row = insert(FilterDefault).values(user_id=user_id, filter_id=filter_id)
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=["user_id"], set_={"filter_id": row.excluded.filter_id}
            )
        )
    audit.record("case_filter.default", "case_filter", filter_id or 0)
    return True


def _seen_by(user_id: int, unit_id: int | None) -> ColumnElement[bool]:
    own = SavedFilter.owner_id == user_id
    if unit_id is None:
        return own
    above = list(db.session.scalars(_ABOVE, {"unit_id": unit_id}))
    return or_(own, SavedFilter.unit_id.in_(above))
