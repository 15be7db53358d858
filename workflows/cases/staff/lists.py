"""What the work lists show: views, filters, search. The pages are in paging, counts in counting."""

import contextlib
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    SQLColumnExpression,
    and_,
    false,
    or_,
    select,
    union,
)

from portal import clock, phones
from portal.db import db
from portal.i18n import pick
from portal.text import search_key
from portal.units.models import Unit
from portal.units.services import subtree
from workflows.cases import codes
from workflows.cases.models import CHANNELS, STAGES, Case, CaseWords

VIEWS = ("mine", "unit", "unassigned", "overdue", "all")
OPEN = Case.stage != "closed"
_AREA = re.compile(r"(-?\d{1,3}(?:\.\d{1,6})?)" + r",(-?\d{1,3}(?:\.\d{1,6})?)" * 3)


@dataclass(frozen=True)
class Reader:
    """For whom a list is made."""

    user_id: int
    unit_id: int | None
    sees_numbers: bool


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty fields narrow nothing. stage: "" is open, "any" all.

    `area`: south, west, north and east in degrees, with commas between.
    """

    view: str = "all"
    q: str = ""
    stage: str = ""
    unit: int | None = None
    category: int | None = None
    urgent: bool = False
    channel: str = ""
    area: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str], default_view: str = "all") -> "CaseFilter":
        view, stage, channel = args.get("view", ""), args.get("stage", ""), args.get("channel", "")
        area = args.get("area", "")
        found = cls(
            view=view if view in VIEWS else default_view,
            q=args.get("q", "").strip()[:200],
            stage=stage if stage in {*STAGES, "any"} else "",
            unit=number(args.get("unit", "")),
            category=number(args.get("category", "")),
            urgent=args.get("urgent", "") == "y",
            channel=channel if channel in CHANNELS else "",
            area=area if area.isascii() and _AREA.fullmatch(area) else "",
        )
        # Whoever looks for one case does not know whether it is closed.
        return replace(found, stage="any") if found.q and not found.stage else found

    def to_args(self) -> dict[str, str]:
        """Arguments of an address; what narrows nothing is left out."""
        found = {
            name: str(value)
            for name, value in vars(self).items()
            if value and name not in {"view", "urgent"}
        }
        return {"view": self.view, **found, **({"urgent": "y"} if self.urgent else {})}

    @property
    def narrowed(self) -> bool:
        return self != CaseFilter(view=self.view)

    @property
    def newest_first(self) -> bool:
        """Closed cases have no due time."""
        return self.stage in {"any", "closed"}


def unit_name(unit_id: int) -> str:
    names = db.session.scalar(select(Unit.names).where(Unit.id == unit_id))
    return pick(names) if names else ""


def is_overdue(case: Case, now: dt.datetime) -> bool:
    return case.stage != "closed" and case.next_due_at is not None and case.next_due_at <= now


def is_soon(case: Case, now: dt.datetime) -> bool:
    """Less than half an hour is left."""
    due = case.next_due_at
    return (
        case.stage != "closed" and due is not None and now < due <= now + dt.timedelta(minutes=30)
    )


def conditions(wanted: CaseFilter, reader: Reader) -> list[ColumnElement[bool]]:
    """What the cases of a list have in common, but for the words that are searched."""
    found = in_view(wanted.view, reader)
    if wanted.stage == "":
        found.append(OPEN)
    elif wanted.stage != "any":
        found.append(Case.stage == wanted.stage)
    if wanted.unit:
        found.append(Case.unit_id.in_(subtree(wanted.unit)))
    if wanted.category:
        found.append(Case.category_id == wanted.category)
    if wanted.urgent:
        found.append(Case.urgency.is_not(None))
    if wanted.channel:
        found.append(Case.channel == wanted.channel)
    if wanted.area:
        south, west, north, east = (float(one) for one in wanted.area.split(","))
        found += [Case.latitude.between(south, north), Case.longitude.between(west, east)]
    return found


def in_view(view: str, reader: Reader) -> list[ColumnElement[bool]]:
    match view:
        case "mine":
            return [Case.assignee_id == reader.user_id]
        case "unit":
            return [Case.unit_id.in_(subtree(reader.unit_id)) if reader.unit_id else false()]
        case "unassigned":
            # The first is said by the second; the partial index is found by it.
            return [Case.assignee_id.is_(None), OPEN, Case.stage.in_(("received", "assigned"))]
        case "overdue":
            return [OPEN, Case.next_due_at <= clock.now()]
        case _:
            return []


@dataclass(frozen=True)
class Search:
    """What was typed: words that all occur, or what a case is called (its code, its number, the
    mobile number of its citizen)."""

    words: Sequence[ColumnElement[bool]]
    """Conditions on CaseWords."""
    names: Sequence[ColumnElement[bool]]
    """Each a condition on Case."""

    def beside(self, case_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
        """For cases that are read one by one, joined with their words."""
        ways = [and_(*self.words)] if self.words else []
        if self.names:
            ways.append(case_id.in_(union(*(select(Case.id).where(name) for name in self.names))))
        return or_(*ways) if ways else false()

    def ids(self, *, only_open: bool) -> CompoundSelect[int]:
        """All that are found, each way by its own index; only_open: of the words the smaller."""
        words = [*self.words, CaseWords.is_open] if only_open else self.words
        ways = [select(CaseWords.case_id.label("id")).where(*words)] if self.words else []
        ways += [select(Case.id).where(name) for name in self.names]
        return union(*(ways or [select(Case.id).where(false())]))


def narrows(wanted: CaseFilter, reader: Reader) -> bool:
    """Whether a list is narrowed by more than words and a stage."""
    return bool(conditions(replace(wanted, stage="any"), reader))


def only_open(wanted: CaseFilter) -> bool:
    """Whether its conditions let only open cases through."""
    return wanted.stage not in {"any", "closed"} or wanted.view in {"unassigned", "overdue"}


def search(typed: str, reader: Reader) -> Search:
    """A tracking code, the number of a case, a mobile number however written, or words that all
    occur."""
    words = search_key(typed).split()[:10]
    names: list[ColumnElement[bool]] = []
    if words and not reader.sees_numbers and any(_is_number(word) for word in words):
        # The key holds the number: it must not be guessed digit by digit.
        words = []
    if code := codes.normalise(typed):
        names.append(Case.code == code)
    if (case_id := number(search_key(typed))) is not None:
        names.append(Case.id == case_id)
    if reader.sees_numbers:
        with contextlib.suppress(phones.PhoneError):
            names.append(Case.e164 == phones.parse_mobile(typed).e164)
    # The database looks for one after the other: what is likely the rarest comes first.
    words.sort(key=lambda word: (not _is_number(word), -len(word)))
    return Search([_occurs(word) for word in words], names)


def _occurs(word: str) -> ColumnElement[bool]:
    # Of a search key there is nothing left that LIKE or a pattern would take for its own.
    if len(word) > 2:
        return CaseWords.words.like(f"%{word}%")
    # Two letters have no trigram inside them; as a whole word they have, with its borders. A key
    # begins with the code of its case, so no word of people stands at the very beginning.
    return or_(
        *(
            CaseWords.words.like(f"%{before}{word}{after}")
            for before in " \n"
            for after in (" %", "\n%", "")
        )
    )


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) > 2


def number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None
