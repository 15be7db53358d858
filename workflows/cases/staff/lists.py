"""What the work lists show: views, filters, search, pages by key, counts."""

import contextlib
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, false, func, or_, select, text, true
from sqlalchemy.orm import aliased

from portal import clock, phones
from portal.accounts.models import User
from portal.db import db
from portal.i18n import pick
from portal.text import search_key
from portal.units.models import Unit
from workflows.cases import codes
from workflows.cases.models import CHANNELS, STAGES, Case, Category

PAGE = 50
VIEWS = ("mine", "unit", "unassigned", "overdue", "all")
_OPEN = Case.stage != "closed"

_SUBTREE = text(
    """
    WITH RECURSIVE down (id) AS (
        SELECT id FROM units WHERE id = :unit_id
        UNION
        SELECT units.id FROM units JOIN down ON units.parent_id = down.id
    )
    SELECT id FROM down
    """
)


@dataclass(frozen=True)
class Reader:
    """For whom a list is made."""

    user_id: int
    unit_id: int | None
    sees_numbers: bool


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty fields narrow nothing. stage: "" is open, "any" all."""

    view: str = "all"
    q: str = ""
    stage: str = ""
    unit: int | None = None
    category: int | None = None
    urgent: bool = False
    channel: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str], default_view: str = "all") -> "CaseFilter":
        view, stage, channel = args.get("view", ""), args.get("stage", ""), args.get("channel", "")
        found = cls(
            view=view if view in VIEWS else default_view,
            q=args.get("q", "").strip()[:200],
            stage=stage if stage in {*STAGES, "any"} else "",
            unit=_number(args.get("unit", "")),
            category=_number(args.get("category", "")),
            urgent=args.get("urgent", "") == "y",
            channel=channel if channel in CHANNELS else "",
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


@dataclass(frozen=True)
class Row:
    """One line of a list, ready to be shown."""

    case: Case
    category: str
    unit: str
    assignee: str
    overdue: bool
    soon: bool


@dataclass(frozen=True)
class Page:
    rows: Sequence[Row]
    before: str | None
    after: str | None


def subtree(unit_id: int) -> list[int]:
    """A unit and all that lies under it."""
    return list(db.session.scalars(_SUBTREE, {"unit_id": unit_id}))


def page(
    wanted: CaseFilter, reader: Reader, *, after: str = "", before: str = "", size: int = PAGE
) -> Page:
    """Cases by next due time (or newest first), beginning behind the key `after`."""
    backwards = bool(before)
    anchor = _anchor(before or after)
    assignee = aliased(User)
    query = (
        select(Case, Category.names, Unit.names, assignee.name, assignee.email)
        .outerjoin(Category, Category.id == Case.category_id)
        .outerjoin(Unit, Unit.id == Case.unit_id)
        .outerjoin(assignee, assignee.id == Case.assignee_id)
        .where(*_conditions(wanted, reader))
        .order_by(*_order(wanted.newest_first, backwards))
        .limit(size + 1)
    )
    if anchor is not None:
        query = query.where(_beyond(anchor, wanted.newest_first, backwards))
    found = db.session.execute(query).all()
    more, found = len(found) > size, found[:size]
    if backwards:
        found = found[::-1]
    now = clock.now()
    rows = [
        Row(
            case=case,
            category=pick(category) if category else "",
            unit=pick(unit) if unit else "",
            assignee=name or email or "",
            overdue=is_overdue(case, now),
            soon=is_soon(case, now),
        )
        for case, category, unit, name, email in found
    ]
    has_before = more if backwards else anchor is not None
    has_after = backwards or more
    return Page(
        rows,
        _key(rows[0].case) if rows and has_before else None,
        _key(rows[-1].case) if rows and has_after else None,
    )


def counts(reader: Reader) -> dict[str, int]:
    """Open cases per view; one query."""
    row = db.session.execute(
        select(
            *(func.count().filter(and_(true(), *_view(view, reader))).label(view) for view in VIEWS)
        )
        .select_from(Case)
        .where(_OPEN)
    ).one()
    return dict(row._mapping)


def is_overdue(case: Case, now: dt.datetime) -> bool:
    return case.stage != "closed" and case.next_due_at is not None and case.next_due_at <= now


def is_soon(case: Case, now: dt.datetime) -> bool:
    """Less than half an hour is left."""
    due = case.next_due_at
    return (
        case.stage != "closed" and due is not None and now < due <= now + dt.timedelta(minutes=30)
    )


def _conditions(wanted: CaseFilter, reader: Reader) -> list[ColumnElement[bool]]:
    found = _view(wanted.view, reader)
    if wanted.stage == "":
        found.append(_OPEN)
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
    if wanted.q:
        found.append(_matches(wanted.q, reader))
    return found


def _view(view: str, reader: Reader) -> list[ColumnElement[bool]]:
    match view:
        case "mine":
            return [Case.assignee_id == reader.user_id]
        case "unit":
            return [Case.unit_id.in_(subtree(reader.unit_id)) if reader.unit_id else false()]
        case "unassigned":
            return [Case.assignee_id.is_(None), Case.stage.in_(("received", "assigned"))]
        case "overdue":
            return [_OPEN, Case.next_due_at <= clock.now()]
        case _:
            return []


def _matches(typed: str, reader: Reader) -> ColumnElement[bool]:
    """A tracking code, a mobile number however written, or words that all occur."""
    words = search_key(typed).split()[:10]
    ways: list[ColumnElement[bool]] = []
    if words and not reader.sees_numbers and any(_is_number(word) for word in words):
        # The key holds the number: it must not be guessed digit by digit.
        words = []
    if words:
        # Of a search key there is nothing left that LIKE would take for a wildcard.
        ways.append(and_(*(Case.search_key.like(f"%{word}%") for word in words)))
    if code := codes.normalise(typed):
        ways.append(Case.code == code)
    if reader.sees_numbers:
        with contextlib.suppress(phones.PhoneError):
            ways.append(Case.e164 == phones.parse_mobile(typed).e164)
    return or_(*ways) if ways else false()


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) > 2


def _order(newest_first: bool, backwards: bool) -> list[UnaryExpression[Any]]:
    if newest_first:
        return [Case.id.asc() if backwards else Case.id.desc()]
    if backwards:
        return [Case.next_due_at.desc().nulls_first(), Case.id.desc()]
    return [Case.next_due_at.asc().nulls_last(), Case.id.asc()]


def _beyond(
    anchor: tuple[dt.datetime | None, int], newest_first: bool, backwards: bool
) -> ColumnElement[bool]:
    due, case_id = anchor
    if newest_first:
        return Case.id > case_id if backwards else Case.id < case_id
    if due is None:
        later = Case.next_due_at.is_(None) & (Case.id > case_id)
        earlier = Case.next_due_at.is_not(None) | (Case.id < case_id)
    else:
        same = Case.next_due_at == due
        later = (Case.next_due_at > due) | Case.next_due_at.is_(None) | (same & (Case.id > case_id))
        earlier = (Case.next_due_at < due) | (same & (Case.id < case_id))
    return earlier if backwards else later


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _key(case: Case) -> str:
    """The place of a case in a list, for an address: microseconds of its due time, its id."""
    due = case.next_due_at
    mark = "" if due is None else str((due - _EPOCH) // dt.timedelta(microseconds=1))
    return f"{mark}.{case.id}"


def _anchor(key: str) -> tuple[dt.datetime | None, int] | None:
    mark, _dot, number = key[:40].partition(".")
    case_id = _number(number)
    if case_id is None:
        return None
    if not mark:
        return None, case_id
    micros = _number(mark)
    if micros is None:
        return None
    return _EPOCH + dt.timedelta(microseconds=micros), case_id


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None
