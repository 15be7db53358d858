"""What a calendar is made of. Dates and hours here are those of the calendar's own wall clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from . import observances
from .timeline import Span, Timeline, open_instants, subtract, union, wall_of_day

Titles = Mapping[str, str]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Shift:
    """Minutes of the day on which it begins; an `end` over 1440 lies on the next day."""

    start: int
    end: int


Weekly = tuple[tuple[Shift, ...], ...]
"""Seven tuples of shifts, Monday first, as date.weekday() counts."""


@dataclass(frozen=True, slots=True)
class Season:
    """Other weekly hours from `first` to `last`, both included."""

    first: date
    last: date
    weekly: Weekly
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayClosure:
    """No shift begins from `first` to `last`, both included."""

    first: date
    last: date
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimedClosure:
    """Closed while the wall clock reads a time in [start, end); wall seconds."""

    start: int
    end: int
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """Shifts on top of the usual ones, on holidays too."""

    first: date
    last: date
    shifts: tuple[Shift, ...]
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Yearly:
    """A holiday on the same day of every year of a calendar."""

    calendar: str
    """persian, gregorian or hijri."""
    month: int
    day: int
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no shift begins on a day."""

    kind: Literal["weekly", "holiday", "closure"]
    titles: Titles = field(default_factory=dict)
    estimated: bool = False


def _by_day(
    items: Iterable[DayClosure] | Iterable[Opening],
) -> dict[date, list[DayClosure | Opening]]:
    found: dict[date, list[DayClosure | Opening]] = {}
    for item in items:
        for number in range((item.last - item.first).days + 1):
            found.setdefault(item.first + timedelta(number), []).append(item)
    return found


@dataclass(frozen=True, eq=False)
class Calendar:
    """When a unit works. It is open whenever the wall clock of `zone` reads an open time.

    The shifts that begin on a date are those of the season or the week, none on a holiday, plus
    those of an opening; on the days of a day closure none at all. A timed closure cuts out
    exactly its time. A night shift belongs to the date on which it begins.
    """

    name: str
    titles: Titles
    zone: ZoneInfo
    weekly: Weekly
    country: str | None = None
    """ISO 3166 code whose public holidays are kept."""
    not_holidays: frozenset[date] = frozenset()
    """Dates on which the holidays of `country` are not kept: a moon seen a day later."""
    holidays: tuple[DayClosure, ...] = ()
    yearly: tuple[Yearly, ...] = ()
    seasons: tuple[Season, ...] = ()
    day_closures: tuple[DayClosure, ...] = ()
    timed_closures: tuple[TimedClosure, ...] = ()
    openings: tuple[Opening, ...] = ()
    moved_holidays: Mapping[tuple[date, str], tuple[date, Titles]] = field(default_factory=dict)
    """(computed date, English name) of a public holiday -> (the day on which it is kept, its
    titles). The same day: it is confirmed, no estimate any more."""

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(lambda year: open_instants(self.zone, self.walls(year), year))

    @cached_property
    def _closures_by_day(self) -> dict[date, list[DayClosure | Opening]]:
        return _by_day(self.day_closures)

    @cached_property
    def _holidays_by_day(self) -> dict[date, list[DayClosure | Opening]]:
        return _by_day(self.holidays)

    @cached_property
    def _openings_by_day(self) -> dict[date, list[DayClosure | Opening]]:
        return _by_day(self.openings)

    def weekly_on(self, day: date) -> tuple[Shift, ...]:
        """The usual shifts of a date: of the last season given for it, else of the week."""
        weekly = self.weekly
        for season in self.seasons:
            if season.first <= day <= season.last:
                weekly = season.weekly
        return weekly[day.weekday()]

    def holidays_on(self, day: date) -> tuple[Reason, ...]:
        found = [Reason("holiday", item.titles) for item in self._holidays_by_day.get(day, ())]
        found += [
            Reason("holiday", item.titles, item.calendar == "hijri")
            for item in self.yearly
            if observances.falls_on(item.calendar, item.month, item.day, day)
        ]
        if self.country and day not in self.not_holidays:
            found += [
                Reason("holiday", item.titles, item.estimated)
                for item in observances.public_holidays(self.country, day.year).get(day, ())
                if (day, item.titles["en"]) not in self.moved_holidays
            ]
        found += [
            Reason("holiday", titles)
            for kept_on, titles in self.moved_holidays.values()
            if kept_on == day
        ]
        return tuple(found)

    def shifts_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts that begin on a date, timed closures not yet cut out."""
        if day in self._closures_by_day:
            return ()
        extra = tuple(
            shift
            for item in self._openings_by_day.get(day, ())
            if isinstance(item, Opening)
            for shift in item.shifts
        )
        return extra if self.holidays_on(day) else self.weekly_on(day) + extra

    def closed_because(self, day: date) -> tuple[Reason, ...]:
        """Why no shift begins on a date; empty if one does."""
        if self.shifts_on(day):
            return ()
        closures = [Reason("closure", item.titles) for item in self._closures_by_day.get(day, ())]
        reasons = (*closures, *self.holidays_on(day))
        return reasons or (Reason("weekly"),)

    def walls(self, year: int) -> list[Span]:
        """Open wall seconds that may fall into a UTC year of any zone."""
        day, last = date(year - 1, 12, 30), date(year + 1, 1, 2)
        spans: list[Span] = []
        while day <= last:
            begin = wall_of_day(day)
            spans += [(begin + s.start * 60, begin + s.end * 60) for s in self.shifts_on(day)]
            day += timedelta(1)
        low, high = wall_of_day(date(year - 1, 12, 30)), wall_of_day(last) + 2 * 86_400
        cuts = [
            (item.start, item.end)
            for item in self.timed_closures
            if item.start < high and item.end > low
        ]
        return subtract(union(spans), cuts)
