"""A campaign over hours: when each of its messages may go, evenly over the time that is open.

Pure: it knows no settings and no clock.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

MOST_DAYS: Final = 366
"""How far ahead open time is looked for."""
_DAY: Final = 24 * 60


class NeverOpenError(ValueError):
    """There is not so much open time within a year."""


@dataclass(frozen=True, slots=True)
class OpenHours:
    """When bulk messages may go, by the wall clock of `zone`: not from `quiet[0]` to `quiet[1]`
    (minutes of the day, over midnight where the first is greater), not on closed days."""

    zone: ZoneInfo
    quiet: tuple[int, int] | None
    is_closed: Callable[[dt.date], bool]

    def minutes(self) -> list[tuple[int, int]]:
        """The open minutes of a day that is not closed."""
        if self.quiet is None:
            return [(0, _DAY)]
        start, end = self.quiet
        spans = [(0, start), (end, _DAY)] if start <= end else [(end, start)]
        return [(first, last) for first, last in spans if first < last]


def windows(begin: dt.datetime, hours: OpenHours) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The open spans from `begin` on, in UTC, in order and apart, for a year."""
    reached = begin.astimezone(dt.UTC)
    first_day = begin.astimezone(hours.zone).date()
    for number in range(MOST_DAYS):
        day = first_day + dt.timedelta(number)
        if hours.is_closed(day):
            continue
        for start, end in hours.minutes():
            # Where clocks are put forward or back the wall gives spans that overlap or are empty.
            opens = max(_instant(day, start, hours.zone), reached)
            closes = _instant(day, end, hours.zone)
            if opens < closes:
                yield opens, closes
                reached = closes


def _instant(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    midnight = dt.datetime.combine(day, dt.time(), zone)
    # Arithmetic on the wall clock, then its instant.
    return (midnight + dt.timedelta(minutes=minute)).astimezone(dt.UTC)


class Spread:
    """`count` moments, evenly over `span` of open time from `begin` on.

    Raises NeverOpenError, and ValueError for no messages or no time.
    """

    def __init__(
        self, begin: dt.datetime, span: dt.timedelta, count: int, hours: OpenHours
    ) -> None:
        if count < 1 or span <= dt.timedelta(0):
            raise ValueError("a spread needs messages and time")
        self.count, self.span = count, span
        self._windows: list[tuple[dt.datetime, dt.datetime]] = []
        self._before: list[dt.timedelta] = []
        found = dt.timedelta(0)
        for opens, closes in windows(begin, hours):
            self._windows.append((opens, closes))
            self._before.append(found)
            found += closes - opens
            if found >= span:
                return
        raise NeverOpenError

    def at(self, number: int) -> dt.datetime:
        """When message `number` may go, counted from 0; beyond the last one, when that may."""
        offset = self.span * min(number, self.count - 1) / self.count
        place = bisect_right(self._before, offset) - 1
        return self._windows[place][0] + (offset - self._before[place])

    @property
    def first(self) -> dt.datetime:
        return self.at(0)

    @property
    def last(self) -> dt.datetime:
        return self.at(self.count - 1)

    @property
    def per_minute(self) -> float:
        """Messages a minute of open time."""
        return self.count / (self.span / dt.timedelta(minutes=1))
