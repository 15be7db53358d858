"""The tree of units and its escalation chain. Nothing commits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import selectinload

from portal import audit
from portal.accounts.models import User
from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _l, pick
from portal.text import ascii_digits, sort_key, strip_controls
from portal.units.models import KINDS, Unit

TREE_LOCK = 0x556E6974
"""Advisory lock of changes of the tree ("Unit"): two at once could close a circle."""
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

KIND_NAMES: dict[str, LazyText] = {
    "city": _l("City"),
    "deputy": _l("Deputy mayor's office"),
    "district": _l("District"),
    "neighbourhood": _l("Neighbourhood"),
    "organisation": _l("Organisation"),
    "company": _l("Company"),
    "office": _l("Office"),
}


class UnitError(Exception):
    """A change of the tree that is refused; `field` names the input, `message` is for people."""

    def __init__(self, field: str, message: LazyText) -> None:
        self.field = field
        self.message = message
        super().__init__(str(message))


@dataclass
class Node:
    """A unit with what lies under it, in Persian order."""

    unit: Unit
    children: list["Node"] = field(default_factory=list)


def tree() -> list[Node]:
    """All units as trees; one query."""
    nodes = {unit.id: Node(unit) for unit in _ordered()}
    roots: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.unit.parent_id or 0)
        (parent.children if parent else roots).append(node)
    return roots


def choices(*, active_only: bool = True) -> list[tuple[int, str]]:
    """(id, name) of every unit for a select, children indented under their parent; one query."""
    found: list[tuple[int, str]] = []

    def walk(nodes: list[Node], depth: int) -> None:
        for node in nodes:
            if node.unit.active or not active_only:
                found.append((node.unit.id, "\u2003" * depth + pick(node.unit.names)))
            walk(node.children, depth + 1)

    walk(tree(), 0)
    return found


def get(unit_id: int) -> Unit:
    """One unit with its neighbours loaded. Raises LookupError."""
    unit = db.session.get(
        Unit, unit_id, options=[selectinload(Unit.parent), selectinload(Unit.escalates_to)]
    )
    if unit is None:
        raise LookupError(f"No unit {unit_id}")
    return unit


def by_code(code: str) -> Unit | None:
    return db.session.scalars(select(Unit).where(Unit.code == code)).first()


def names(unit_ids: list[int]) -> dict[int, str]:
    """Names in the reader's language."""
    rows = db.session.execute(select(Unit.id, Unit.names).where(Unit.id.in_(unit_ids)))
    return {row.id: pick(row.names) for row in rows}


def staff_count(unit_id: int) -> int:
    """Active accounts of a unit."""
    statement = select(func.count()).select_from(User)
    return db.session.scalar(statement.where(User.unit_id == unit_id, User.active)) or 0


_SUBTREE = text(
    """
    WITH RECURSIVE down (id) AS (
        SELECT id FROM units WHERE id = :unit_id
        UNION
        SELECT units.id FROM units JOIN down ON units.parent_id = down.id
    )
    SELECT id FROM down
    """
)
_CHAIN = text(
    """
    WITH RECURSIVE chain (id, next_id, active, path) AS (
        SELECT id, COALESCE(escalates_to_id, parent_id), active, ARRAY[id]
        FROM units WHERE id = :unit_id
        UNION ALL
        SELECT units.id, COALESCE(units.escalates_to_id, units.parent_id), units.active,
               chain.path || units.id
        FROM units JOIN chain ON units.id = chain.next_id
        WHERE units.id <> ALL (chain.path)
    )
    SELECT id FROM chain WHERE active AND id <> :unit_id ORDER BY cardinality(path)
    """
)


def subtree(unit_id: int) -> list[int]:
    """A unit and all that lies under it; one query."""
    return list(db.session.scalars(_SUBTREE, {"unit_id": unit_id}))


def escalation_chain(unit_id: int) -> list[int]:
    """Units above this one, nearest first: `escalates_to`, else the parent, and so on.

    Inactive units are passed over. One recursive query.
    """
    return list(db.session.scalars(_CHAIN, {"unit_id": unit_id}))


_ANCESTORS = text(
    """
    WITH RECURSIVE up (id, parent_id) AS (
        SELECT id, parent_id FROM units WHERE id = :unit_id
        UNION
        SELECT units.id, units.parent_id FROM units JOIN up ON units.id = up.parent_id
    )
    SELECT id FROM up
    """
)


def create_unit(
    *,
    code: str,
    kind: str,
    names: Mapping[str, str],
    parent_id: int | None = None,
    escalates_to_id: int | None = None,
    active: bool = True,
) -> Unit:
    """A new unit. Raises UnitError."""
    lock_tree()
    code = checked_code(code)
    if by_code(code):
        raise UnitError("code", _l("Another unit has this code."))
    unit = Unit(code=code, kind=checked_kind(kind), active=active)
    _set_names(unit, names)
    _check_exists("parent_id", parent_id)
    _check_exists("escalates_to_id", escalates_to_id)
    unit.parent_id, unit.escalates_to_id = parent_id, escalates_to_id
    db.session.add(unit)
    db.session.flush()
    audit.record("unit.created", "unit", unit.id, code=code, names=unit.names)
    return unit


def update_unit(
    unit_id: int,
    *,
    code: str,
    kind: str,
    names: Mapping[str, str],
    parent_id: int | None,
    escalates_to_id: int | None,
    active: bool,
) -> bool:
    """Change a unit; says whether anything changed. Raises UnitError, LookupError."""
    lock_tree()
    unit = get(unit_id)
    code = checked_code(code)
    other = by_code(code)
    if other and other.id != unit_id:
        raise UnitError("code", _l("Another unit has this code."))
    _check_exists("parent_id", parent_id)
    _check_exists("escalates_to_id", escalates_to_id)
    if parent_id and unit_id in set(db.session.scalars(_ANCESTORS, {"unit_id": parent_id})):
        raise UnitError(
            "parent_id", _l("This unit lies above the chosen one, so it cannot lie under it too.")
        )
    above = escalates_to_id or parent_id
    if above and (above == unit_id or unit_id in _whole_chain(above)):
        raise UnitError(
            "escalates_to_id" if escalates_to_id else "parent_id",
            _l("Escalation would come back to this unit and never end."),
        )
    return apply_changes(
        unit,
        code=code,
        kind=kind,
        names=names,
        parent_id=parent_id,
        escalates_to_id=escalates_to_id,
        active=active,
    )


def apply_changes(
    unit: Unit,
    *,
    code: str,
    kind: str,
    names: Mapping[str, str],
    parent_id: int | None,
    escalates_to_id: int | None,
    active: bool,
) -> bool:
    """The same for a caller that has proved under the tree's lock that no circle closes."""
    before = _state(unit)
    unit.code, unit.kind, unit.active = code, checked_kind(kind), active
    unit.parent_id, unit.escalates_to_id = parent_id, escalates_to_id
    _set_names(unit, names)
    db.session.flush()
    after = _state(unit)
    changes = {key: [before[key], after[key]] for key in after if after[key] != before[key]}
    if changes:
        audit.record("unit.changed", "unit", unit.id, changes=changes)
    return bool(changes)


def _whole_chain(unit_id: int) -> set[int]:
    # With inactive units: they can become active again.
    every = str(_CHAIN).replace("active AND id", "id")
    return set(db.session.scalars(text(every), {"unit_id": unit_id}))


def checked_code(code: str) -> str:
    """The code in its stored form. Raises UnitError."""
    code = ascii_digits(code).strip().lower()
    if not CODE.fullmatch(code):
        raise UnitError(
            "code", _l("Use Latin letters, digits and hyphens, at most 40, like district-12.")
        )
    return code


def checked_kind(kind: str) -> str:
    if kind not in KINDS:
        raise UnitError("kind", _l("Choose one of: %(kinds)s", kinds=", ".join(KINDS)))
    return kind


def checked_names(names: Mapping[str, str]) -> dict[str, str]:
    """Names by language, without empty ones. Raises UnitError."""
    found = {
        lang: " ".join(strip_controls(names.get(lang) or "", keep_newlines=False).split())
        for lang in LANGUAGES
    }
    found = {lang: name for lang, name in found.items() if name}
    if not found:
        raise UnitError("name_fa", _l("Write the name in at least one language."))
    for lang, name in found.items():
        if len(name) > 120:
            raise UnitError(f"name_{lang}", _l("The name is too long."))
    return found


def _set_names(unit: Unit, given: Mapping[str, str]) -> None:
    unit.names = checked_names(given)
    unit.sort_key = sort_key(pick(unit.names, "fa"))


def _check_exists(field: str, unit_id: int | None) -> None:
    if unit_id is not None and db.session.get(Unit, unit_id) is None:
        raise UnitError(field, _l("There is no such unit."))


def _ordered() -> list[Unit]:
    return list(db.session.scalars(select(Unit).order_by(Unit.sort_key, Unit.id)))


def lock_tree() -> None:
    """One change of the tree at a time, until the transaction ends."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TREE_LOCK})


def _state(unit: Unit) -> dict[str, object]:
    return {
        "code": unit.code,
        "kind": unit.kind,
        "names": dict(unit.names),
        "parent_id": unit.parent_id,
        "escalates_to_id": unit.escalates_to_id,
        "active": unit.active,
    }
