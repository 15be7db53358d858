"""Every way in: a message becomes a case with an owner and running clocks. Nothing commits."""

import datetime as dt
import logging
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from portal import audit, clock
from portal.contacts import bank
from portal.contacts.models import Contact
from portal.db import db
from portal.formats import local
from portal.i18n import LANGUAGES, _l
from portal.units.models import Unit
from workflows.cases import clockwork, codes, flow, moves, searchable
from workflows.cases.models import CHANNELS, Case, Category
from workflows.cases.moves import InputRefused
from workflows.cases.rules import services as rules
from workflows.cases.rules.matching import Facts
from workflows.cases.stages import StageError

log = logging.getLogger(__name__)

OPERATIONS_CODE = "operations-centre"
"""Code of the unit that gets every urgent message; a city without one has it go its usual way."""
CENTRE_CODE = "centre-137"
"""Code of the unit that gets what belongs to no other; without it the root of the tree does."""
SOURCE = "137"
"""Where the contact bank says that a number came from."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
URGENCIES = ("danger", "costly_violation", "waste")


def receive(
    *,
    channel: str,
    text: str,
    language: str,
    e164: str | None = None,
    citizen_name: str = "",
    category_id: int | None = None,
    place: str = "",
    neighbourhood: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    urgency: str | None = None,
    unit_id: int | None = None,
    assignee_id: int | None = None,
    registered_by: int | None = None,
    origin_type: str | None = None,
    origin_id: int | None = None,
    due_at: dt.datetime | None = None,
    received_at: dt.datetime | None = None,
    notify: bool = True,
    details: Mapping[str, Any] | None = None,
) -> Case:
    """A new case, assigned, its clocks running from `received_at` (default: now).

    `due_at` is a promised moment that takes the place of the category's limit. With a number and
    `notify` the tracking code goes out by SMS in the citizen's language. `details`: what its
    channel adds, checked by workflows.cases.channels. Raises InputRefused.
    """
    _check(channel, language, urgency, e164)
    category = _category(category_id)
    now = clock.now()
    began = min(received_at or now, now)
    placed = rules.place(
        Facts(
            category_id, channel, urgency, language, f"{text} {place}", neighbourhood, local(began)
        ),
        unit_id,
        assignee_id,
    )
    assignee_id = placed.assignee_id
    case = Case(
        code=codes.new(),
        channel=channel,
        category_id=category.id if category else None,
        category=category,
        language=language,
        text=moves.clean(text, "text", required=True),
        place=moves.clean(place, "place", 300),
        neighbourhood=moves.clean(neighbourhood, "neighbourhood", 120),
        latitude=latitude,
        longitude=longitude,
        citizen_name=moves.clean(citizen_name, "name", 120),
        e164=e164,
        urgency=urgency,
        unit_id=_first_unit(placed.unit_id, category, urgent=urgency is not None),
        assignee_id=assignee_id,
        received_at=began,
        stage_at=now,
        origin_type=origin_type,
        origin_id=origin_id,
        registered_by=registered_by,
        details=dict(details or {}),
    )
    flow.bind(
        case, flow.workflow_for(urgency, origin_type, category.definition if category else None)
    )
    case.contact_id = _contact(case)
    db.session.add(case)
    db.session.flush()
    searchable.keep(case)
    moves.add_event(
        case.id, "received", by=registered_by, text=case.text, public=True, channel=channel
    )
    clockwork.begin(case, flow.definition_of(case), due_at)
    try:
        flow.pass_on(case)
    except StageError:
        # Its workflow passes cases on later only: no message is lost for that.
        log.info("A new case is not passed on by a step", extra={"case": case.id})
    moves.add_event(
        case.id,
        "assigned",
        public=True,
        unit_id=case.unit_id,
        assignee=assignee_id,
        category=category.code if category else None,
        **placed.why,
    )
    audit.record(
        "case.received",
        "case",
        case.id,
        code=case.code,
        channel=channel,
        category=category.code if category else None,
        urgency=urgency,
        unit=case.unit_id,
    )
    if notify and e164 is not None:
        moves.write_to_citizen(case, "cases.received", "received", url=codes.url(case.code))
    db.session.flush()
    return case


def _check(channel: str, language: str, urgency: str | None, e164: str | None) -> None:
    if channel not in CHANNELS:
        raise InputRefused("channel", _l("There is no such channel."))
    if language not in LANGUAGES:
        raise InputRefused("language", _l("There is no such language."))
    if urgency is not None and urgency not in URGENCIES:
        raise InputRefused("urgency", _l("There is no such reason for urgency."))
    if e164 is not None and not _E164.fullmatch(e164):
        raise InputRefused("phone", _l("This is not a telephone number"))


def _category(category_id: int | None) -> Category | None:
    if category_id is None:
        return None
    category = db.session.get(Category, category_id)
    if category is None:
        raise InputRefused("category", _l("There is no such category."))
    return category


def _first_unit(
    unit_id: int | None, category: Category | None, *, urgent: bool = False
) -> int | None:
    if unit_id is not None:
        if db.session.get(Unit, unit_id) is None:
            raise InputRefused("unit", _l("There is no such unit."))
        return unit_id
    if urgent and (operations := operations_id()) is not None:
        return operations
    if category is not None and category.unit_id is not None:
        return category.unit_id
    return centre_id()


def operations_id() -> int | None:
    """The operations centre's unit; None in a city that has none."""
    return db.session.scalar(select(Unit.id).where(Unit.code == OPERATIONS_CODE, Unit.active))


def centre_id(*, or_root: bool = True) -> int | None:
    """The 137 centre's unit, else (`or_root`) the root of the tree, else None; never a closed
    one."""
    centre = Unit.code == CENTRE_CODE
    return db.session.scalar(
        select(Unit.id)
        .where(centre | Unit.parent_id.is_(None) if or_root else centre, Unit.active)
        .order_by(centre.desc(), Unit.id)
        .limit(1)
    )


def _contact(case: Case) -> int | None:
    """Who it is: known already, or known from now on."""
    if case.e164 is None:
        return None
    known = db.session.scalar(select(Contact.id).where(Contact.e164 == case.e164))
    if known is not None:
        return known
    try:
        return bank.create(
            case.e164,
            name=case.citizen_name,
            language=case.language,
            neighbourhood=case.neighbourhood,
            tags=[],
            source=SOURCE,
        )
    except bank.NumberTakenError as error:
        return error.contact_id
