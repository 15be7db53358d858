"""The rule of a series: which days it falls on."""

import datetime as dt
from collections.abc import Iterator

import jdatetime


def _month_of(day: dt.date, calendar: str) -> tuple[int, int]:
    if calendar == "persian":
        persian = jdatetime.date.fromgregorian(date=day)
        return persian.year, persian.month
    return day.year, day.month


def _first_day(year: int, month: int, calendar: str) -> dt.date:
    if calendar == "persian":
        first: dt.date = jdatetime.date(year, month, 1).togregorian()
        return first
    return dt.date(year, month, 1)


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def nth_weekday(year: int, month: int, calendar: str, ordinal: int, weekday: int) -> dt.date:
    """The `ordinal`-th (1-4, -1 the last) `weekday` (Monday 0) of a month of that calendar."""
    if ordinal > 0:
        first = _first_day(year, month, calendar)
        return first + dt.timedelta((weekday - first.weekday()) % 7 + 7 * (ordinal - 1))
    last = _first_day(*_next_month(year, month), calendar) - dt.timedelta(1)
    return last - dt.timedelta((last.weekday() - weekday) % 7)


def occurrences(
    first: dt.date,
    last: dt.date,
    *,
    frequency: str,
    month_calendar: str,
    ordinal: int,
    weekday: int,
) -> Iterator[dt.date]:
    """The days of the rule from `first` to `last`, both included, in order."""
    if frequency == "weekly":
        day = first + dt.timedelta((weekday - first.weekday()) % 7)
        while day <= last:
            yield day
            day += dt.timedelta(7)
        return
    year, month = _month_of(first, month_calendar)
    while _first_day(year, month, month_calendar) <= last:
        day = nth_weekday(year, month, month_calendar, ordinal, weekday)
        if first <= day <= last:
            yield day
        year, month = _next_month(year, month)
