"""Everything that happened with one person, from every part of the product, the newest first.

Pages are by key, over all sources together: whatever has the same moment is in order of the
source's name, then of its ids.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, literal, true, tuple_

from portal.contacts.models import Contact
from portal.db import UTCDateTime
from portal.i18n import LazyText
from portal.plugin import active

PAGE: Final = 40


@dataclass(frozen=True)
class HistoryItem:
    """One thing that happened. `id` orders what one source has at the same moment.

    `url` leads to its page; `day_only`: the hour is not known, on purpose. `tone` as in badges.
    """

    at: dt.datetime
    id: int
    kind: str | LazyText
    title: str
    text: str = ""
    tone: str = ""
    url: str = ""
    day_only: bool = False


@dataclass(frozen=True)
class Before:
    """Where a page begins: behind one item of one source; without it at the newest."""

    at: dt.datetime | None = None
    source: str = ""
    id: int = 0

    def condition(self, source: str, at: Any, row_id: Any) -> ColumnElement[bool]:
        """What of `source` lies behind this place; `at` and `row_id` are its columns."""
        if self.at is None:
            return true()
        if source == self.source:
            return tuple_(at, row_id) < tuple_(literal(self.at, UTCDateTime), self.id)
        found: ColumnElement[bool] = at <= self.at if source > self.source else at < self.at
        return found

    def write(self) -> str:
        """For an address."""
        moment = self.at.isoformat() if self.at else None
        return base64.urlsafe_b64encode(
            json.dumps([moment, self.source, self.id]).encode()
        ).decode()

    @classmethod
    def read(cls, text: str | None) -> "Before":
        """From an address; the newest page where it is no such place."""
        try:
            moment, source, row_id = json.loads(base64.urlsafe_b64decode((text or "")[:300]))
            at = dt.datetime.fromisoformat(moment)
            if at.tzinfo is None:
                return cls()
            return cls(at, str(source), int(row_id))
        except (ValueError, TypeError, binascii.Error):
            return cls()


@dataclass(frozen=True)
class HistorySource:
    """A part of the history, for those who may `permission`.

    `items(contact, before, limit)` gives what lies behind `before.condition(name, …)`, the newest
    first, in a fixed number of queries.
    """

    name: str
    permission: str
    items: Callable[[Contact, Before, int], Sequence[HistoryItem]]


def page(
    contact: Contact, before: Before, sources: Sequence[HistorySource]
) -> tuple[list[HistoryItem], str | None]:
    """A page of these sources, and where the next one begins."""
    found = [
        (source.name, item)
        for source in sources
        for item in source.items(contact, before, PAGE + 1)
    ]
    found.sort(key=lambda pair: (-pair[1].at.timestamp(), pair[0], -pair[1].id))
    shown = found[:PAGE]
    if len(found) <= PAGE:
        return [item for _name, item in shown], None
    name, last = shown[-1]
    return [item for _name, item in shown], Before(last.at, name, last.id).write()


def sources(may: Callable[[str], bool]) -> list[HistorySource]:
    """Those of all parts that somebody may see."""
    return [
        source for plugin in active() for source in plugin.contact_history if may(source.permission)
    ]
