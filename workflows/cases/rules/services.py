"""Rules of assignment: kept in an order, asked when a message comes, tried before they hold.

Nothing commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import func, select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from portal.formats import local
from portal.i18n import _l, pick
from portal.text import search_key, strip_controls
from portal.units.models import Unit
from portal.units.services import subtree
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.cases.rules import absences, matching
from workflows.cases.rules.matching import Conditions, Facts
from workflows.cases.rules.models import WAYS, AssignmentRule

TRIED: Final = 100
"""So many of the newest cases a rule is tried on."""
MOST: Final = 200


@dataclass(frozen=True)
class Placement:
    """Where a new case goes, and why, for its history."""

    unit_id: int | None
    assignee_id: int | None
    why: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """What a rule would have done with one of the last cases."""

    case: Case
    now_with: str
    first: bool
    """False: an earlier rule would have had it."""


def place(facts: Facts, unit_id: int | None, assignee_id: int | None) -> Placement:
    """Where a message goes: to whom it was given, else where the first rule that fits says.

    Somebody who is away is stood in for. A unit of None leaves it to the category and the centre.
    An urgent message goes to the operations centre unless a rule speaks of urgency.
    """
    if unit_id is not None or assignee_id is not None:
        return _with_stand_in(Placement(unit_id, assignee_id))
    names_under = _names_under()
    for rule in _active():
        conditions = Conditions.from_json(rule.conditions)
        if facts.urgency is not None and not conditions.urgency:
            continue
        held = matching.fits(conditions, facts, names_under)
        if held is None:
            continue
        why = {"rule": rule.name, "rule_id": rule.id, "because": list(held)}
        person = rule.assignee_id if rule.way == "person" else None
        if rule.way == "fewest":
            person = fewest(rule.unit_id)
        return _with_stand_in(Placement(rule.unit_id, person, why))
    return Placement(None, None)


def facts_of(case: Case) -> Facts:
    return Facts(
        category_id=case.category_id,
        channel=case.channel,
        urgency=case.urgency,
        language=case.language,
        text=f"{case.text} {case.place}",
        neighbourhood=case.neighbourhood,
        at=local(case.received_at),
    )


def fewest(unit_id: int) -> int | None:
    """Whoever of a unit has the fewest open cases; among equals who waited longest for one."""
    newest = (
        select(func.coalesce(func.max(Case.id), 0))
        .where(Case.assignee_id == User.id, Case.stage != "closed")
        .scalar_subquery()
    )
    found = list(
        db.session.scalars(
            select(User.id)
            .where(User.unit_id == unit_id, User.active, absences.has_working_role())
            .order_by(absences.open_of(User.id), newest, User.id)
            .limit(MOST)
        )
    )
    gone = absences.away(found)
    return next((one for one in found if one not in gone), None)


def _with_stand_in(placed: Placement) -> Placement:
    if placed.assignee_id is None:
        return placed
    person = absences.stand_in(placed.assignee_id)
    if person == placed.assignee_id:
        return placed
    name = db.session.scalar(
        select(func.coalesce(func.nullif(User.name, ""), User.email)).where(
            User.id == placed.assignee_id
        )
    )
    return Placement(placed.unit_id, person, {**placed.why, "stands_in_for": name})


def _names_under() -> matching.NamesUnder:
    """Asked only where a rule with a district comes so far; once a district."""

    @lru_cache(maxsize=64)
    def names(unit_id: int) -> frozenset[str]:
        rows = db.session.scalars(select(Unit.names).where(Unit.id.in_(subtree(unit_id))))
        return frozenset(search_key(name) for texts in rows for name in texts.values())

    return names


def _active() -> list[AssignmentRule]:
    """In their order, of units that still work."""
    return list(
        db.session.scalars(
            select(AssignmentRule)
            .join(Unit, Unit.id == AssignmentRule.unit_id)
            .where(AssignmentRule.active, Unit.active)
            .order_by(AssignmentRule.position, AssignmentRule.id)
            .limit(MOST)
        )
    )


# Keeping them


def every() -> list[AssignmentRule]:
    return list(
        db.session.scalars(
            select(AssignmentRule).order_by(AssignmentRule.position, AssignmentRule.id).limit(MOST)
        )
    )


def find(rule_id: int) -> AssignmentRule:
    """Raises LookupError."""
    found = db.session.get(AssignmentRule, rule_id)
    if found is None:
        raise LookupError(f"No rule {rule_id}")
    return found


def attempt(rule_id: int | None, conditions: Conditions, active: bool = True) -> list[Trial]:
    """Those of the last cases that fit, newest first. Changes nothing; a handful of queries.

    The rule stands at its place, a new one at the end.
    """
    others = [rule for rule in _active() if rule.id != rule_id]
    position = find(rule_id).position if rule_id is not None else None
    earlier = [
        Conditions.from_json(rule.conditions)
        for rule in others
        if position is None or (rule.position, rule.id) < (position, rule_id)
    ]
    names_under = _names_under()
    rows = db.session.execute(
        select(Case, Unit.names)
        .outerjoin(Unit, Unit.id == Case.unit_id)
        .order_by(Case.id.desc())
        .limit(TRIED)
    ).all()
    found = []
    for case, unit in rows:
        facts = facts_of(case)
        if matching.fits(conditions, facts, names_under) is None:
            continue
        taken = any(matching.fits(one, facts, names_under) is not None for one in earlier)
        found.append(Trial(case, pick(unit) if unit else "", active and not taken))
    return found


def save(
    rule_id: int | None,
    *,
    name: str,
    conditions: Conditions,
    way: str,
    unit_id: int,
    assignee_id: int | None,
    active: bool,
) -> AssignmentRule:
    """A new rule at the end, or a changed one at its place. Raises LookupError, InputRefused."""
    name = " ".join(strip_controls(name, keep_newlines=False).split())
    if not name or len(name) > 120:
        raise InputRefused("name", _l("Write a name of at most 120 letters."))
    if not conditions.to_json():
        raise InputRefused("name", _l("Say at least one thing that a message must be like."))
    if way not in WAYS:
        raise InputRefused("way", _l("Choose who gets it."))
    unit = db.session.get(Unit, unit_id)
    if unit is None or not unit.active:
        raise InputRefused("unit_id", _l("There is no such unit."))
    if way != "person":
        assignee_id = None
    elif assignee_id is None or not db.session.scalar(
        select(User.active).where(User.id == assignee_id)
    ):
        raise InputRefused("assignee_id", _l("There is no such person."))
    if rule_id is None:
        last = db.session.scalar(select(func.max(AssignmentRule.position))) or 0
        rule = AssignmentRule(position=last + 1, created_at=clock.now())
    else:
        rule = find(rule_id)
    rule.name, rule.conditions, rule.way = name, conditions.to_json(), way
    rule.unit_id, rule.assignee_id, rule.active = unit_id, assignee_id, active
    db.session.add(rule)
    db.session.flush()
    audit.record(
        "case_rule.saved",
        "case_rule",
        rule.id,
        name=name,
        conditions=rule.conditions,
        way=way,
        unit=unit_id,
        assignee=assignee_id,
        active=active,
    )
    return rule


def shift(rule_id: int, *, up: bool) -> None:
    """One place up or down. Raises LookupError."""
    rules: Sequence[AssignmentRule] = db.session.scalars(
        select(AssignmentRule)
        .order_by(AssignmentRule.position, AssignmentRule.id)
        .with_for_update()
    ).all()
    order = list(rules)
    here = next((n for n, rule in enumerate(order) if rule.id == rule_id), None)
    if here is None:
        raise LookupError(f"No rule {rule_id}")
    there = here - 1 if up else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    for n, rule in enumerate(order, 1):
        rule.position = n
    db.session.flush()
    audit.record("case_rule.moved", "case_rule", rule_id, up=up)


def delete(rule_id: int) -> None:
    """Raises LookupError."""
    rule = find(rule_id)
    audit.record("case_rule.deleted", "case_rule", rule_id, name=rule.name)
    db.session.delete(rule)
    db.session.flush()
