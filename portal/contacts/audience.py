"""Parts of the contact bank that something is sent to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from portal import text
from portal.contacts.models import LANGUAGES, Contact, OptOut
from portal.db import db


@dataclass(frozen=True)
class AudienceFilter:
    """Contacts with any of the tags, in any of the neighbourhoods, of any of the languages.

    An empty tuple means all.
    """

    tags: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    include_unreachable: bool = False
    """Also those to whom messages keep coming back (portal.messaging.hygiene)."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "AudienceFilter":
        """From `{"tags": […], "neighbourhoods": […], "languages": […]}`; missing keys mean all."""

        def texts(key: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(str(item) for item in stored.get(key) or ()))

        languages = tuple(code for code in texts("languages") if code in LANGUAGES)
        everybody = stored.get("include_unreachable") is True
        return cls(texts("tags"), texts("neighbourhoods"), languages, everybody)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "tags": list(self.tags),
            "neighbourhoods": list(self.neighbourhoods),
            "languages": list(self.languages),
        }
        if self.include_unreachable:
            found["include_unreachable"] = True
        return found


@dataclass(frozen=True)
class AudienceCount:
    """How many would be written to, per language; and how many are left out as opted out."""

    total: int
    by_language: dict[str, int]
    opted_out: int
    unreachable: int = 0
    """Left out because messages to them keep coming back; none of them opted out."""


@dataclass(frozen=True)
class Choices:
    """What can be filtered by: (text, number of contacts), in Persian order."""

    tags: list[tuple[str, int]] = field(default_factory=list)
    neighbourhoods: list[tuple[str, int]] = field(default_factory=list)
    languages: list[tuple[str, int]] = field(default_factory=list)


def contacts(wanted: AudienceFilter, line: str | None = None) -> Select[Contact]:
    """The contacts of a filter who have not opted out and, unless it includes the others, can be
    reached, as a query to build upon."""
    query = select(Contact).where(*conditions(wanted), ~opted_out(line))
    return query if wanted.include_unreachable else query.where(reachable())


def conditions(wanted: AudienceFilter) -> list[ColumnElement[bool]]:
    """The filter alone, whoever opted out or cannot be reached; nobody who agreed to one survey
    only."""
    found: list[ColumnElement[bool]] = [Contact.only_answered.is_(False)]
    if wanted.tags:
        found.append(Contact.tags.overlap(list(wanted.tags)))
    if wanted.neighbourhoods:
        found.append(Contact.neighbourhood.in_(wanted.neighbourhoods))
    if wanted.languages:
        found.append(Contact.language.in_(wanted.languages))
    return found


def opted_out(line: str | None = None) -> ColumnElement[bool]:
    """Condition on Contact: nothing may be sent over `line` (None: over some line)."""
    stop = exists().where(OptOut.e164 == Contact.e164)
    return stop if line is None else stop.where(or_(OptOut.line == line, OptOut.line == ""))


def reachable() -> ColumnElement[bool]:
    """Condition on Contact: messages do not keep coming back."""
    return Contact.unreachable_since.is_(None)


def count(wanted: AudienceFilter, line: str | None = None) -> AudienceCount:
    """How many contacts a filter reaches, per language, in one query."""
    out = opted_out(line)
    rows = db.session.execute(
        select(Contact.language, out.label("out"), reachable().label("reachable"), func.count())
        .where(*conditions(wanted))
        .group_by(Contact.language, "out", "reachable")
    ).all()
    by_language = dict.fromkeys(LANGUAGES, 0)
    stopped = unreachable = 0
    for language, is_out, is_reachable, number in rows:
        if is_out:
            stopped += number
        elif is_reachable or wanted.include_unreachable:
            by_language[language] += number
        else:
            unreachable += number
    return AudienceCount(sum(by_language.values()), by_language, stopped, unreachable)


def choices() -> Choices:
    """Every tag, neighbourhood and language of the bank with its number of contacts."""
    tag = func.unnest(Contact.tags).label("tag")
    in_bank = Contact.only_answered.is_(False)
    tags = db.session.execute(select(tag, func.count()).where(in_bank).group_by(tag))
    places = db.session.execute(
        select(Contact.neighbourhood, func.count())
        .where(Contact.neighbourhood != "", in_bank)
        .group_by(Contact.neighbourhood)
    )
    languages = dict(
        db.session.execute(
            select(Contact.language, func.count()).where(in_bank).group_by(Contact.language)
        ).all()
    )
    return Choices(
        _ordered(tags),
        _ordered(places),
        [(code, languages[code]) for code in LANGUAGES if code in languages],
    )


def _ordered(counted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(((name, number) for name, number in counted), key=lambda i: text.sort_key(i[0]))
