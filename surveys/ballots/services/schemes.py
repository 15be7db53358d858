"""Schemes and their ballots: draft, publish, change, call off."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.messaging import approvals
from portal.messaging import services as messaging
from portal.text import sort_key
from portal.units.models import Unit
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotProposer, BallotScheme

CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,39}")
UNIT_KINDS: Final = ("neighbourhood", "district")
"""Units that can have a ballot of their own."""
OPEN_STATES: Final = ("draft", "proposals")
"""States in which projects, budgets and the kind of ballot may still change."""
PUBLIC_STATES: Final = ("proposals", "voting", "closed", "counted")
LARGEST: Final = 10**15
"""Rial: beyond every city's budget, within what a column holds when added up."""


def get(scheme_id: int) -> BallotScheme | None:
    return db.session.get(BallotScheme, scheme_id)


def by_code(code: str) -> BallotScheme | None:
    """The scheme of a code in any case."""
    return db.session.scalars(
        select(BallotScheme)
        .where(BallotScheme.code == code.upper()[:40])
        .options(selectinload(BallotScheme.areas))
    ).first()


def locked(scheme_id: int) -> BallotScheme:
    """The scheme, held until the commit. LookupError."""
    found = db.session.get(BallotScheme, scheme_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise LookupError(f"No scheme {scheme_id}")
    return found


def listed(before: int | None = None, limit: int = 50) -> Sequence[BallotScheme]:
    """For staff, the newest first."""
    query = select(BallotScheme).options(selectinload(BallotScheme.areas))
    if before is not None:
        query = query.where(BallotScheme.id < before)
    return db.session.scalars(query.order_by(BallotScheme.id.desc()).limit(limit)).all()


def published(limit: int = 50) -> Sequence[BallotScheme]:
    """What the public sees, the newest first."""
    return db.session.scalars(
        select(BallotScheme)
        .where(BallotScheme.state.in_(PUBLIC_STATES), ~BallotScheme.is_test)
        .order_by(BallotScheme.id.desc())
        .limit(limit)
    ).all()


def takes_proposals(scheme: BallotScheme, at: dt.datetime | None = None) -> bool:
    """Whether citizens may propose now."""
    now = at or clock.now()
    return (
        scheme.state == "proposals"
        and (scheme.proposals_from is None or scheme.proposals_from <= now)
        and (scheme.proposals_until is None or now < scheme.proposals_until)
    )


def normalise_code(code: str) -> str:
    found = code.strip().upper()
    if not CODE.fullmatch(found):
        raise BallotError(
            "code", _l("Use 2 to 40 Latin letters, digits, hyphens or underscores."), field="code"
        )
    return found


def create(code: str, *, user_id: int | None, **values: Any) -> BallotScheme:
    """A draft. `values`: columns of BallotScheme. BallotError: code."""
    code = normalise_code(code)
    if db.session.scalar(select(BallotScheme.id).where(BallotScheme.code == code)):
        raise BallotError("code", _l("Another scheme has this code."), field="code")
    _check(values)
    scheme = BallotScheme(code=code, created_by=user_id, created_at=clock.now(), **values)
    db.session.add(scheme)
    db.session.flush()
    audit.record("ballot.created", "ballot_scheme", scheme.id, code=code, names=scheme.names)
    return scheme


def change(scheme_id: int, **values: Any) -> bool:
    """Change a scheme before the vote; says whether anything changed. BallotError: fixed."""
    scheme = locked(scheme_id)
    _must_be_open(scheme)
    _check(values)
    changed = {key: value for key, value in values.items() if getattr(scheme, key) != value}
    for key, value in changed.items():
        setattr(scheme, key, value)
    if changed:
        db.session.flush()
        audit.record("ballot.changed", "ballot_scheme", scheme.id, changed=_plain(changed))
    return bool(changed)


def _check(values: Mapping[str, Any]) -> None:
    begin, end = values.get("proposals_from"), values.get("proposals_until")
    if begin and end and end <= begin:
        raise BallotError(
            "dates", _l("The last day lies before the first."), field="proposals_until"
        )


def _must_be_open(scheme: BallotScheme) -> None:
    if scheme.state not in OPEN_STATES:
        raise BallotError("fixed", _l("The vote has begun: the ballot can no longer be changed."))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, dt.date) else value
        for key, value in values.items()
    }


# Ballots of neighbourhoods


def area(area_id: int) -> BallotArea | None:
    return db.session.get(BallotArea, area_id)


def area_by_slug(scheme: BallotScheme, slug: str) -> BallotArea | None:
    return next((one for one in scheme.areas if one.slug == slug.lower()), None)


def units_to_choose(scheme: BallotScheme) -> Sequence[Unit]:
    """Neighbourhoods and districts that have no ballot in this scheme yet."""
    taken = select(BallotArea.unit_id).where(
        BallotArea.scheme_id == scheme.id, BallotArea.unit_id.is_not(None)
    )
    return db.session.scalars(
        select(Unit)
        .where(Unit.active, Unit.kind.in_(UNIT_KINDS), Unit.id.not_in(taken))
        .order_by(Unit.sort_key, Unit.id)
    ).all()


def add_area(scheme_id: int, unit_id: int, budget: int) -> BallotArea:
    """A ballot for a neighbourhood with its budget in rial. BallotError: fixed, unit, budget."""
    scheme = locked(scheme_id)
    _must_be_open(scheme)
    _check_budget(budget)
    unit = db.session.get(Unit, unit_id)
    if unit is None or not unit.active or unit.kind not in UNIT_KINDS:
        raise BallotError("unit", _l("Choose a neighbourhood or a district."), field="unit_id")
    if db.session.scalar(
        select(BallotArea.id).where(
            BallotArea.scheme_id == scheme_id, BallotArea.unit_id == unit_id
        )
    ):
        raise BallotError("unit", _l("It has a ballot in this scheme already."), field="unit_id")
    made = BallotArea(
        scheme_id=scheme_id,
        unit_id=unit.id,
        slug=unit.code,
        names=dict(unit.names),
        sort_key=sort_key(unit.names.get("fa", "")),
        budget=budget,
    )
    db.session.add(made)
    db.session.flush()
    db.session.expire(scheme, ["areas"])
    audit.record(
        "ballot.area_added", "ballot_scheme", scheme_id, area=made.id, unit=unit.code, budget=budget
    )
    return made


def change_budget(area_id: int, budget: int) -> bool:
    """Another budget before the vote. BallotError: fixed, budget."""
    found = db.session.get_one(BallotArea, area_id)
    _must_be_open(locked(found.scheme_id))
    _check_budget(budget)
    if found.budget == budget:
        return False
    before, found.budget = found.budget, budget
    db.session.flush()
    audit.record(
        "ballot.budget_changed",
        "ballot_scheme",
        found.scheme_id,
        area=area_id,
        before=before,
        budget=budget,
    )
    return True


def remove_area(area_id: int) -> None:
    """Take a ballot without proposals out again. BallotError: fixed, proposals, invited."""
    found = db.session.get_one(BallotArea, area_id)
    scheme = locked(found.scheme_id)
    _must_be_open(scheme)
    if db.session.scalar(
        select(func.count()).select_from(BallotProposal).where(BallotProposal.area_id == area_id)
    ):
        raise BallotError("proposals", _l("It holds proposals, so it must stay."))
    if db.session.scalar(
        select(BallotProposer.id).where(BallotProposer.area_id == area_id).limit(1)
    ):
        raise BallotError("invited", _l("People were invited to propose here, so it must stay."))
    db.session.delete(found)
    db.session.flush()
    db.session.expire(scheme, ["areas"])
    audit.record("ballot.area_removed", "ballot_scheme", found.scheme_id, area=area_id)


def _check_budget(budget: int) -> None:
    if not 0 < budget <= LARGEST:
        raise BallotError("budget", _l("Write an amount above zero."), field="budget")


# Phases


def publish(scheme_id: int) -> None:
    """Show the scheme and take proposals on its days. BallotError: not_draft, areas."""
    scheme = locked(scheme_id)
    if scheme.state != "draft":
        raise BallotError("not_draft", _l("This scheme is public already."))
    if not scheme.areas:
        raise BallotError("areas", _l("Add at least one neighbourhood with its budget first."))
    scheme.state = "proposals"
    db.session.flush()
    audit.record("ballot.published", "ballot_scheme", scheme_id)


def cancel(scheme_id: int) -> bool:
    """Call it off for good; False where that was done. BallotError: counted."""
    scheme = locked(scheme_id)
    if scheme.state == "cancelled":
        return False
    if scheme.state in {"closed", "counted"}:
        raise BallotError("over", _l("The vote is over and can no longer be called off."))
    before, scheme.state = scheme.state, "cancelled"
    approvals.withdraw("ballot_scheme", scheme_id)
    for batch_id in (scheme.batch_id, *scheme.reminder_batches, *scheme.proposing_batches):
        if batch_id is not None:
            messaging.cancel_batch(batch_id, "ballot_cancelled")
    db.session.flush()
    audit.record("ballot.cancelled", "ballot_scheme", scheme_id, before=before)
    return True
