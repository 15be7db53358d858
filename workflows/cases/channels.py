"""What a channel adds to a message: where it was seen, when it was on the air, which district.

Kept as `Case.details`: {"network", "link", "reach", "author"} of social media, {"programme",
"aired_at"} of the studio, {"district"} (a unit's code) of any. Nothing commits.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.formats import utc
from portal.i18n import (
    InputError,
    LazyText,
    _l,
    format_datetime,
    format_number,
    parse_date,
    parse_int,
    pick,
)
from portal.text import ascii_digits
from portal.units.models import Unit
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused, clean

NETWORKS: Final[dict[str, LazyText]] = {
    "telegram": _l("Telegram"),
    "instagram": _l("Instagram"),
    "x": _l("X (Twitter)"),
    "whatsapp": _l("WhatsApp"),
    "eitaa": _l("Eitaa"),
    "bale": _l("Bale"),
    "rubika": _l("Rubika"),
    "soroush": _l("Soroush"),
    "facebook": _l("Facebook"),
    "press": _l("A news site"),
    "other": _l("Another network"),
}
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "social": ("network", "link", "reach", "author"),
    "studio": ("programme", "aired_at"),
}
NAMES: Final[dict[str, LazyText]] = {
    "network": _l("Network"),
    "link": _l("Link"),
    "reach": _l("Reach"),
    "author": _l("Author"),
    "programme": _l("Programme"),
    "aired_at": _l("On the air"),
    "district": _l("District"),
}
_TIME: Final = re.compile(r"([01]?\d|2[0-3])\s*[:.]\s*([0-5]\d)")
MOST_REACH: Final = 10**10


def read(channel: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """The details of a message of `channel` from what was typed; empty ones are left out.

    Raises InputRefused with the name of the field.
    """
    found: dict[str, Any] = {}
    for name in FIELDS.get(channel, ()):
        value = (typed.get(name) or "").strip()
        if value:
            found[name] = _READERS[name](value)
    if code := (typed.get("district") or "").strip():
        found["district"] = _district(code)
    return found


def parse_time(typed: str) -> dt.time:
    """Hours and minutes in digits of any script. Raises InputRefused."""
    found = _TIME.fullmatch(ascii_digits(typed.strip()))
    if found is None:
        raise InputRefused("aired_time", _l("Write the time like 20:30"))
    return dt.time(int(found[1]), int(found[2]))


def aired_at(day: str, time: str) -> str:
    """Day (in the reader's calendar) and time of a broadcast as ISO 8601. Raises InputRefused."""
    try:
        date = parse_date(day)
    except InputError as error:
        raise InputRefused("aired_on", error.message) from None
    moment = utc(date, parse_time(time) if time.strip() else dt.time(0))
    if moment > clock.now() + dt.timedelta(days=1):
        raise InputRefused("aired_on", _l("This day lies in the future."))
    return moment.isoformat()


def shown(case: Case) -> list[tuple[LazyText, str, str]]:
    """(name, words, link or nothing) of the case page, in the reader's language."""
    found: list[tuple[LazyText, str, str]] = []
    for name, label in NAMES.items():
        value = case.details.get(name)
        if value in {None, ""}:
            continue
        link = str(value) if name == "link" else ""
        found.append((label, _shown(name, value), link))
    return found


def _shown(name: str, value: Any) -> str:
    match name:
        case "network":
            return str(NETWORKS.get(value, value))
        case "reach":
            return format_number(value)
        case "aired_at":
            return format_datetime(dt.datetime.fromisoformat(value))
        case "district":
            names = db.session.scalar(select(Unit.names).where(Unit.code == value))
            return pick(names) if names else str(value)
        case _:
            return str(value)


def districts() -> list[tuple[str, str]]:
    """(code, name) of the districts, in Persian order."""
    rows = db.session.execute(
        select(Unit.code, Unit.names)
        .where(Unit.kind == "district", Unit.active)
        .order_by(Unit.sort_key, Unit.id)
        .limit(200)
    )
    return [(row.code, pick(row.names)) for row in rows]


def _network(value: str) -> str:
    if value not in NETWORKS:
        raise InputRefused("network", _l("There is no such network."))
    return value


def _link(value: str) -> str:
    link = clean(value, "link", 500)
    try:
        parts = urlsplit(link)
    except ValueError:
        parts = urlsplit("")
    # A link of another kind could run as a script where somebody clicks on it.
    if parts.scheme not in {"http", "https"} or not parts.netloc or " " in link:
        raise InputRefused("link", _l("Write the whole address, beginning with https://"))
    return link


def _reach(value: str) -> int:
    try:
        number = parse_int(value)
    except InputError as error:
        raise InputRefused("reach", error.message) from None
    if not 0 <= number <= MOST_REACH:
        raise InputRefused("reach", _l("Write how many people have seen it."))
    return number


def _moment(value: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(ascii_digits(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputRefused(
            "aired_at", _l("Write the time as in ISO 8601, in the Gregorian calendar.")
        )
    return moment.astimezone(dt.UTC).isoformat()


def _district(code: str) -> str:
    known = db.session.scalar(select(Unit.code).where(Unit.code == code, Unit.kind == "district"))
    if known is None:
        raise InputRefused("district", _l("There is no such district."))
    return known


_READERS: Final[dict[str, Any]] = {
    "network": _network,
    "link": _link,
    "reach": _reach,
    "author": lambda value: clean(value, "author", 120),
    "programme": lambda value: clean(value, "programme", 120),
    "aired_at": _moment,
}
