"""What a plugin tells the council: sections of a packet, as plain JSON.

A section is built once, into a snapshot that never changes; every later page, PDF or spreadsheet
is drawn from that. So a section holds values, not finished texts: numbers, days, moments, and
words in every language of the portal. Both numbers of a rate are always kept.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.formats import utc
from portal.i18n import LANGUAGES, use_language

Cell = str | dict[str, Any] | None
"""A text as somebody wrote it, one of the typed values below, or nothing."""


@dataclass(frozen=True)
class Period:
    """Days of the city, both included."""

    first: dt.date
    last: dt.date

    @property
    def since(self) -> dt.datetime:
        """The moment it begins, UTC."""
        return utc(self.first)

    @property
    def until(self) -> dt.datetime:
        """The moment after its end, UTC."""
        return utc(self.last + dt.timedelta(days=1))


@dataclass(frozen=True)
class PacketSection:
    """A part of the council packet; `title` is a lazy translation.

    `build(period)` only reads, and returns `section(…)`. `order` decides the place among all
    plugins' sections. `new_page`: in print it begins on a page of its own.
    """

    name: str
    title: Any
    build: Callable[[Period], dict[str, Any]]
    order: int = 50
    new_page: bool = False


@dataclass(frozen=True)
class PublishedRate:
    """A rate that a plugin counts and others may publish; `label` is a lazy translation.

    `count(period)` only reads and gives numerator and denominator, or None where nothing was asked.
    """

    name: str
    label: Any
    count: Callable[[Period], tuple[int, int] | None]


def in_every_language(text: Any) -> dict[str, str]:
    """A lazy translation as `{language: text}`; a mapping as it is."""
    if isinstance(text, Mapping):
        return {str(language): str(value) for language, value in text.items()}
    found = {}
    for language in LANGUAGES:
        with use_language(language):
            found[language] = str(text)
    return found


def section(*blocks: dict[str, Any]) -> dict[str, Any]:
    """What `build` returns: blocks in reading order."""
    return {"blocks": list(blocks)}


def note(text: Any) -> dict[str, Any]:
    """A paragraph, for example how something was counted."""
    return {"kind": "note", "text": in_every_language(text)}


def figures(*items: tuple[Any, Cell]) -> dict[str, Any]:
    """Single values with their names."""
    return {
        "kind": "figures",
        "items": [{"label": in_every_language(label), "value": value} for label, value in items],
    }


def table(
    caption: Any,
    columns: Sequence[tuple[Any, str]],
    rows: Sequence[Sequence[Cell]],
    empty: Any,
) -> dict[str, Any]:
    """Columns are (label, kind); kinds: text, number, rate, day, moment, code.

    The first column names its row.
    """
    return {
        "kind": "table",
        "caption": in_every_language(caption),
        "columns": [{"label": in_every_language(label), "kind": kind} for label, kind in columns],
        "rows": [list(row) for row in rows],
        "empty": in_every_language(empty),
    }


def words(text: Any) -> dict[str, Any]:
    """A text in the reader's language."""
    return {"words": in_every_language(text)}


def number(value: int) -> dict[str, Any]:
    return {"number": value}


def rate(part: int, whole: int) -> dict[str, Any]:
    """Shown as both numbers and the percentage; the percentage alone never stands."""
    return {"part": part, "whole": whole}


def day(value: dt.date | None) -> dict[str, Any] | None:
    return None if value is None else {"day": value.isoformat()}


def moment(value: dt.datetime | None) -> dict[str, Any] | None:
    return None if value is None else {"moment": value.astimezone(dt.UTC).isoformat()}


def code(value: str) -> dict[str, Any]:
    """Something that is spelt from left to right: a tracking code."""
    return {"code": value}
