"""A request that an application sends becomes a case. Nothing commits."""

import contextlib
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from limits import RateLimitItemPerDay
from sqlalchemy import select, text

from portal.db import db
from portal.i18n import LANGUAGES, _l, current_language, pick
from portal.phones import PhoneError, parse_mobile
from portal.ratelimit import over_limit
from portal.text import ascii_digits, strip_controls
from workflows.cases import intake
from workflows.cases.models import Case, Category
from workflows.cases.moves import InputRefused
from workflows.open311 import attributes, catalogue
from workflows.open311.errors import ApiError, Fault
from workflows.open311.models import Open311Key, Open311Request

MOST_DESCRIPTION: Final = 4_000
CODES_A_DAY: Final = RateLimitItemPerDay(5)
"""Tracking codes by SMS to one number: an application can send the number of anybody."""
_EMAIL: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}")
_ATTRIBUTE: Final = re.compile(r"attribute\[([A-Za-z0-9_.:-]{1,60})\](?:\[\])?")
_MOST: Final = {
    "first_name": 60,
    "last_name": 60,
    "email": 254,
    "phone": 40,
    "device_id": 100,
    "account_id": 100,
    "address_id": 100,
    "address_string": 300,
    "media_url": 1_000,
    "description": MOST_DESCRIPTION,
}
"""Characters of each field."""


@dataclass
class Sent:
    """What was understood of a request."""

    category: Category
    fields: dict[str, str]
    latitude: float | None = None
    longitude: float | None = None
    e164: str | None = None
    language: str = "fa"
    answers: dict[str, list[str]] = field(default_factory=dict)


def read(given: Mapping[str, list[str]]) -> Sent:
    """The fields of a form, checked. Raises ApiError with everything that is wrong."""
    faults: list[Fault] = []
    fields = {name: _text(given, name) for name in _MOST}
    for name, most in _MOST.items():
        if len(fields[name]) > most:
            faults.append(Fault(name, _l("The field %(name)s is too long.", name=name)))
    code = _text(given, "service_code")
    category = catalogue.by_code(code) if code and len(code) <= 60 else None
    if not code:
        raise ApiError(400, Fault("service_code", _l("The field service_code is missing.")))
    if category is None:
        raise ApiError(404, Fault("service_code", _l("There is no such service.")))
    sent = Sent(category, fields, language=_language(given))
    faults += _place(given, sent)
    if fields["email"] and not _EMAIL.fullmatch(fields["email"]):
        faults.append(Fault("email", _l("This is not an e-mail address.")))
    with contextlib.suppress(PhoneError):
        # A landline is kept for whoever calls; only a mobile number gets SMS.
        sent.e164 = parse_mobile(fields["phone"]).e164
    sent.answers, wrong = attributes.check(category, _attributes(given))
    if faults or wrong:
        raise ApiError(400, *faults, *wrong)
    return sent


def _text(given: Mapping[str, list[str]], name: str) -> str:
    values = given.get(name) or [""]
    return strip_controls(values[0], keep_newlines=name == "description").strip()


def _language(given: Mapping[str, list[str]]) -> str:
    wished = _text(given, "lang")
    return wished if wished in LANGUAGES else current_language()


def _place(given: Mapping[str, list[str]], sent: Sent) -> list[Fault]:
    typed = [ascii_digits(_text(given, name)) for name in ("lat", "long")]
    if any(typed):
        try:
            sent.latitude, sent.longitude = (float(one[:40]) for one in typed)
        except ValueError:
            return [Fault("location", _l("lat and long are numbers, and come together."))]
        if not (math.isfinite(sent.latitude) and math.isfinite(sent.longitude)) or not (
            abs(sent.latitude) <= 90 and abs(sent.longitude) <= 180
        ):
            return [Fault("location", _l("This point is not on the earth."))]
        return []
    if sent.fields["address_string"] or sent.fields["address_id"]:
        return []
    return [Fault("location", _l("Send lat and long, or address_string, or address_id."))]


def _attributes(given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in given.items():
        if (match := _ATTRIBUTE.fullmatch(name)) is not None:
            found.setdefault(match[1], []).extend(strip_controls(one) for one in values)
    return found


def receive(key: Open311Key, sent: Sent, idempotency: str = "") -> tuple[Case, bool]:
    """The case, and whether it is new. The same Idempotency-Key of an application, even twice at
    once, is one case. Raises ApiError."""
    mark = hashlib.sha256(idempotency.encode()).digest() if idempotency else None
    if mark is not None:
        # Held until the commit: the second one waits here and then finds the case.
        db.session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 311))"),
            {"key": f"{key.id}:{mark.hex()}"},
        )
        known = db.session.scalars(
            select(Case)
            .join(Open311Request, Open311Request.case_id == Case.id)
            .where(Open311Request.key_id == key.id, Open311Request.idempotency == mark)
        ).first()
        if known is not None:
            return known, False
    fields = sent.fields
    try:
        case = intake.receive(
            channel="open311",
            text=fields["description"] or pick(sent.category.names, sent.language),
            language=sent.language,
            e164=sent.e164,
            citizen_name=f"{fields['first_name']} {fields['last_name']}".strip(),
            category_id=sent.category.id,
            place=fields["address_string"] or _place_of_id(fields["address_id"]),
            latitude=sent.latitude,
            longitude=sent.longitude,
            origin_type="open311",
            origin_id=key.id,
            notify=sent.e164 is not None
            and not over_limit(CODES_A_DAY, "case-code-sms", sent.e164),
        )
    except InputRefused as refused:
        raise ApiError(400, Fault(refused.field, refused.message)) from None
    db.session.add(
        Open311Request(
            case_id=case.id,
            key_id=key.id,
            idempotency=mark,
            phone="" if sent.e164 else fields["phone"],
            **{
                name: fields[name]
                for name in ("email", "device_id", "account_id", "address_id", "media_url")
            },
        )
    )
    db.session.flush()
    attributes.keep(case.id, sent.answers)
    return case, True


def _place_of_id(address_id: str) -> str:
    return "" if address_id.lower() == "none" else address_id
