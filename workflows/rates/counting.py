"""Closed and confirmed, counted by the database. Every rate keeps both its numbers.

closed     closed with the outcome «done», of all messages received in the period
confirmed  of those closed so, where the citizen said yes

Only «done» counts as done: planned, impossible, not the municipality's, duplicate and irrelevant
are in the denominator and never in the numerator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, select, tuple_

from portal.db import db
from portal.packet import Period
from portal.units.models import Unit
from workflows.cases.call_models import FeedbackCall
from workflows.cases.models import Case, Category, FeedbackQuestion

NOT_FROM_CITIZENS: Final = ("council", "survey", "file")
"""Channels of decisions, surveys and imported files: no citizen came by them."""
WAYS: Final = ("sms", "link", "call")
GROUPS: Final = ("unit", "category", "urgent", "channel")

DONE: Final[ColumnElement[bool]] = and_(Case.stage == "closed", Case.outcome == "done")
CONFIRMED: Final[ColumnElement[bool]] = and_(DONE, Case.confirmation == "accepted")


@dataclass(frozen=True)
class Wanted:
    """Which messages are counted: received in `period`; empty fields narrow nothing."""

    period: Period
    unit_ids: tuple[int, ...] = ()
    category_id: int | None = None
    urgent: bool | None = None
    channel: str = ""


@dataclass(frozen=True)
class Tally:
    """`done` of `received` are closed as done, `confirmed` of `done` with the citizen's yes."""

    received: int = 0
    done: int = 0
    confirmed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.received + other.received,
            self.done + other.done,
            self.confirmed + other.confirmed,
        )


@dataclass(frozen=True)
class Way:
    """How one way of asking went: `answered` of `asked`, and what they said."""

    way: str
    asked: int
    accepted: int
    objected: int

    @property
    def answered(self) -> int:
        return self.accepted + self.objected


@dataclass(frozen=True)
class Tallies:
    """One period, by everything it can be broken down by. Keys are ids, channels, or True/False."""

    total: Tally
    units: dict[int | None, Tally] = field(default_factory=dict)
    categories: dict[int | None, Tally] = field(default_factory=dict)
    urgent: dict[bool, Tally] = field(default_factory=dict)
    channels: dict[str, Tally] = field(default_factory=dict)


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [
        Case.received_at >= wanted.period.since,
        Case.received_at < wanted.period.until,
        Case.channel.not_in(NOT_FROM_CITIZENS),
    ]
    return found + _narrowing(wanted)


def _narrowing(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.unit_ids:
        found.append(Case.unit_id.in_(wanted.unit_ids))
    if wanted.category_id is not None:
        found.append(Case.category_id == wanted.category_id)
    if wanted.urgent is not None:
        found.append(Case.urgency.is_not(None) if wanted.urgent else Case.urgency.is_(None))
    if wanted.channel:
        found.append(Case.channel == wanted.channel)
    return found


def count(wanted: Wanted) -> Tallies:
    """The whole period and its four breakdowns, in one pass over the index of arrivals."""
    urgent = Case.urgency.is_not(None)
    keys: tuple[Any, ...] = (Case.unit_id, Case.category_id, urgent, Case.channel)
    sets = func.grouping_sets(tuple_(), *(tuple_(key) for key in keys))
    rows = db.session.execute(
        select(
            func.grouping(*keys).label("mask"),
            *(key.label(name) for key, name in zip(keys, GROUPS, strict=True)),
            func.count().label("received"),
            func.count().filter(DONE).label("done"),
            func.count().filter(CONFIRMED).label("confirmed"),
        )
        .where(*conditions(wanted))
        .group_by(sets)
    )
    found = Tallies(Tally())
    total = Tally()
    # A bit of the mask is set for each key that the row is not grouped by, the last key first.
    by_mask: dict[int, tuple[str, dict[Any, Tally]]] = {
        0b0111: ("unit", found.units),
        0b1011: ("category", found.categories),
        0b1101: ("urgent", found.urgent),
        0b1110: ("channel", found.channels),
    }
    for row in rows:
        tally = Tally(row.received, row.done, row.confirmed)
        if row.mask == 0b1111:
            total = tally
        else:
            name, into = by_mask[row.mask]
            into[getattr(row, name)] = tally
    return Tallies(total, found.units, found.categories, found.urgent, found.channels)


def ways(wanted: Wanted) -> list[Way]:
    """The questions sent in the period, by the way the answer came.

    Asked by SMS and by link: every question that was sent and stood, for it stands on the tracking
    page as well. Asked by call: those about which somebody rang.
    """
    called = exists().where(FeedbackCall.question_id == FeedbackQuestion.id)
    answered = {
        f"{way}_{state}": func.count()
        .filter(FeedbackQuestion.channel == way, FeedbackQuestion.state == state)
        .label(f"{way}_{state}")
        for way in WAYS
        for state in ("accepted", "objected")
    }
    row = db.session.execute(
        select(
            func.count().label("asked"),
            func.count().filter(called).label("called"),
            *answered.values(),
        )
        .select_from(FeedbackQuestion)
        .join(Case, Case.id == FeedbackQuestion.case_id)
        .where(
            FeedbackQuestion.asked_at >= wanted.period.since,
            FeedbackQuestion.asked_at < wanted.period.until,
            FeedbackQuestion.state.not_in(("waiting", "withdrawn")),
            Case.channel.not_in(NOT_FROM_CITIZENS),
            *_narrowing(wanted),
        )
    ).one()
    return [
        Way(
            way,
            row.called if way == "call" else row.asked,
            getattr(row, f"{way}_accepted"),
            getattr(row, f"{way}_objected"),
        )
        for way in WAYS
    ]


# Units and districts


@dataclass(frozen=True)
class Units:
    """The tree of units, read once."""

    rows: Sequence[Unit]

    @property
    def by_id(self) -> dict[int, Unit]:
        return {unit.id: unit for unit in self.rows}

    def under(self, unit_id: int) -> tuple[int, ...]:
        """A unit with all that lies under it."""
        children: dict[int | None, list[int]] = {}
        for unit in self.rows:
            children.setdefault(unit.parent_id, []).append(unit.id)
        found: list[int] = []
        waiting = [unit_id]
        while waiting:
            one = waiting.pop()
            found.append(one)
            waiting += children.get(one, [])
        return tuple(found)

    def by_district(self, units: dict[int | None, Tally]) -> list[tuple[Unit | None, Tally]]:
        """Every district with its own and its offices' cases; at the end, if any, the rest."""
        by_id = self.by_id
        sums: dict[int | None, Tally] = {}
        for unit_id, tally in units.items():
            district = _district_of(by_id, unit_id)
            sums[district] = sums.get(district, Tally()) + tally
        named = [(unit, sums[unit.id]) for unit in self.rows if unit.id in sums]
        return [*named, *([(None, sums[None])] if None in sums else [])]


def read_units() -> Units:
    """In Persian order."""
    return Units(db.session.scalars(select(Unit).order_by(Unit.sort_key, Unit.id)).all())


def _district_of(by_id: dict[int, Unit], unit_id: int | None) -> int | None:
    seen: set[int] = set()
    while unit_id is not None and unit_id in by_id and unit_id not in seen:
        seen.add(unit_id)
        if by_id[unit_id].kind == "district":
            return unit_id
        unit_id = by_id[unit_id].parent_id
    return None


def category_names(ids: Iterable[int | None]) -> dict[int, dict[str, str]]:
    rows = db.session.execute(
        select(Category.id, Category.names).where(Category.id.in_([one for one in ids if one]))
    )
    return {row.id: row.names for row in rows}
