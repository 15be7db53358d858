"""Whether a message is like a rule says. Pure: no database, no clock."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.text import search_key

PARTS: Final = (
    "categories",
    "district",
    "neighbourhoods",
    "channels",
    "urgency",
    "languages",
    "words",
    "hours",
    "days",
)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Facts:
    """What is known of a message when it arrives. `at`: its wall time in the city."""

    category_id: int | None
    channel: str
    urgency: str | None
    language: str
    text: str
    neighbourhood: str
    at: dt.datetime


@dataclass(frozen=True)
class Conditions:
    """All that are said must hold; within one of them any value will do.

    `district`: the message names a unit that lies under this one, or this one. `words`: phrases of
    which one begins at the beginning of a word. `hours`: from, to (not included) as HH:MM, over
    midnight where from is later. `days`: 0 is Monday, by the wall clock of the city.
    """

    categories: Sequence[int] = ()
    district: int | None = None
    neighbourhoods: Sequence[str] = ()
    channels: Sequence[str] = ()
    urgency: Sequence[str] = ()
    languages: Sequence[str] = ()
    words: Sequence[str] = ()
    hours: Sequence[str] = ()
    days: Sequence[int] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Conditions":
        return cls(**{name: data[name] for name in PARTS if name in data})

    def to_json(self) -> dict[str, Any]:
        """What is said, as it is stored."""
        return {
            name: value if isinstance(value, int) else list(value)
            for name in PARTS
            if (value := getattr(self, name))
        }


NamesUnder = Callable[[int], frozenset[str]]
"""Search keys of the names of a unit and all under it."""


def fits(wanted: Conditions, facts: Facts, names_under: NamesUnder) -> tuple[str, ...] | None:
    """The parts that were said and hold, for the reason; None where one does not hold."""
    said = []
    for part in PARTS:
        value = getattr(wanted, part)
        if not value:
            continue
        if not _holds(part, value, facts, names_under):
            return None
        said.append(part)
    return tuple(said)


def _holds(part: str, value: Any, facts: Facts, names_under: NamesUnder) -> bool:
    match part:
        case "categories":
            return facts.category_id in value
        case "district":
            named = search_key(facts.neighbourhood)
            return bool(named) and named in names_under(value)
        case "neighbourhoods":
            return search_key(facts.neighbourhood) in {search_key(one) for one in value}
        case "channels":
            return facts.channel in value
        case "urgency":
            return facts.urgency in value
        case "languages":
            return facts.language in value
        case "words":
            text = f" {search_key(facts.text)}"
            return any(f" {key}" in text for one in value if (key := search_key(one)))
        case "hours":
            return within(facts.at.time(), value[0], value[1])
        case _:
            return facts.at.weekday() in value


def within(at: dt.time, begin: str, end: str) -> bool:
    """Whether a wall time lies in [begin, end), over midnight where begin is the later one."""
    now, first, last = at.strftime("%H:%M"), begin, end
    if first == last:
        return True
    return first <= now < last if first < last else now >= first or now < last


def read_time(typed: str) -> str:
    """HH:MM of a typed time in ASCII digits; an hour alone will do. Raises ValueError."""
    value = typed.strip()
    if value.isascii() and value.isdigit() and len(value) <= 2:
        value = f"{value}:00"
    if value in {"24:00", "24:0"}:
        value = "00:00"
    found = _TIME.fullmatch(value)
    if not found:
        raise ValueError(typed)
    return f"{int(found[1]):02d}:{found[2]}"
