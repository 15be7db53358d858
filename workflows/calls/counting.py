"""Calls in numbers, from the index of counts alone. Every rate keeps both its numbers."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, tuple_

from portal.accounts.models import User
from portal.db import db
from portal.i18n import format_date
from workflows.calls.models import RESULTS, TAKEN, CentreCall

LONGEST = 366
"""Days of one table."""
MONTHS_FROM = 62
"""From so many days on the table counts months."""


@dataclass
class Sums:
    """Calls by result."""

    by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))

    def add(self, result: str, number: int) -> None:
        self.by[result] += number

    @property
    def total(self) -> int:
        return sum(self.by.values())

    @property
    def taken(self) -> int:
        """Somebody was talked to: the denominator."""
        return sum(self.by[result] for result in TAKEN)

    @property
    def at_once(self) -> int:
        return self.by["answered"]


@dataclass
class Figures:
    first: dt.date
    last: dt.date
    total: Sums
    days: dict[dt.date, Sums]
    hours: dict[int, Sums]
    operators: list[tuple[str, Sums]]
    """Most calls first."""

    @property
    def monthly(self) -> bool:
        return (self.last - self.first).days >= MONTHS_FROM

    def course(self) -> list[tuple[str, Sums]]:
        """By day, or by month of the reader's calendar where the period is long; newest first."""
        style = "month" if self.monthly else "full"
        found: dict[str, Sums] = {}
        for day, sums in reversed(self.days.items()):
            kept = found.setdefault(format_date(day, style), Sums())
            for result, number in sums.by.items():
                kept.add(result, number)
        return list(found.items())


def figures(first: dt.date, last: dt.date) -> Figures:
    """The calls that began on these days, both included; two statements."""
    day, hour, operator, result = (
        CentreCall.day,
        CentreCall.hour,
        CentreCall.operator_id,
        CentreCall.result,
    )
    # Hashed on one way through the index: half a million calls of a year need no sorting.
    rows = db.session.execute(
        select(
            func.grouping(day, hour, operator).label("level"),
            day,
            hour,
            operator,
            result,
            func.count(),
        )
        .where(day.between(first, last))
        .group_by(
            func.grouping_sets(tuple_(day, result), tuple_(hour, result), tuple_(operator, result))
        )
    ).all()
    found = Figures(first, last, Sums(), {}, {n: Sums() for n in range(24)}, [])
    operators: dict[int, Sums] = {}
    every = dt.timedelta(days=1)
    for n in range((last - first).days + 1):
        found.days[first + n * every] = Sums()
    for level, its_day, its_hour, operator_id, its_result, number in rows:
        # A bit of GROUPING is set for what this row is not grouped by.
        if level == 0b011:
            found.days[its_day].add(its_result, int(number))
            found.total.add(its_result, int(number))
        elif level == 0b101:
            found.hours[its_hour].add(its_result, int(number))
        else:
            operators.setdefault(operator_id, Sums()).add(its_result, int(number))
    names = _names(operators)
    found.operators = sorted(
        ((names.get(key, "—"), sums) for key, sums in operators.items()),
        key=lambda item: (-item[1].total, item[0]),
    )
    return found


def sums(first: dt.date, last: dt.date) -> Sums:
    """The totals alone."""
    found = Sums()
    for result, number in db.session.execute(
        select(CentreCall.result, func.count())
        .where(CentreCall.day.between(first, last))
        .group_by(CentreCall.result)
    ):
        found.add(result, number)
    return found


def _grouped(first: dt.date, last: dt.date) -> Any:
    """In the index's own order, so that the database never sorts half a million calls."""
    keys = (CentreCall.day, CentreCall.hour, CentreCall.operator_id, CentreCall.result)
    return (
        select(*keys, func.count().label("number"))
        .where(CentreCall.day.between(first, last))
        .group_by(*keys)
        .order_by(*keys)
    )


def lines(first: dt.date, last: dt.date) -> Iterator[list[str]]:
    """Cells of the CSV file: a line per day, hour and operator, its results side by side."""
    yield ["day", "hour", "operator", *RESULTS, "taken", "total"]
    rows = db.session.execute(_grouped(first, last).execution_options(yield_per=2000))
    names: dict[int, str] = {}
    key: tuple[dt.date, int, int] | None = None
    kept = Sums()
    for day, hour, operator_id, result, number in rows:
        if key is not None and key != (day, hour, operator_id):
            yield _line(key, kept, names)
            kept = Sums()
        key = (day, hour, operator_id)
        if operator_id not in names:
            names |= _names([operator_id])
        kept.add(result, number)
    if key is not None:
        yield _line(key, kept, names)


def _line(key: tuple[dt.date, int, int], kept: Sums, names: dict[int, str]) -> list[str]:
    day, hour, operator_id = key
    numbers = [*kept.by.values(), kept.taken, kept.total]
    return [day.isoformat(), str(hour), names.get(operator_id, ""), *map(str, numbers)]


def _names(user_ids: Iterable[int]) -> dict[int, str]:
    wanted = sorted(user_ids)
    if not wanted:
        return {}
    rows = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(wanted)))
    return {row.id: row.name or row.email for row in rows}
