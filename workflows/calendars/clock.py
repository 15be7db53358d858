"""Due times and open time of a calendar, exact to the microsecond.

A calendar is open whenever the wall clock of its zone reads an open time; what counts is the time
that really passes meanwhile. So across a change of the clock a shift is an hour shorter or longer.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise

from .model import Calendar, Reason, Titles
from .timeline import (
    CalendarError,
    NeverOpenError,
    OutOfRangeError,
    from_instant,
    to_instant,
    wall_of_day,
)

__all__ = [
    "CalendarError",
    "Closed",
    "Counted",
    "Due",
    "Interrupted",
    "NeverOpenError",
    "OutOfRangeError",
    "business_time",
    "due",
    "is_open",
]

_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock has no zone


@dataclass(frozen=True, slots=True)
class Counted:
    """Open time that counts; `start` and `end` in the calendar's zone."""

    start: datetime
    end: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Closed:
    """Whole days one after another without open time, each with its reasons."""

    days: tuple[tuple[date, tuple[Reason, ...]], ...]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A timed closure that took open time away; wall times without a zone."""

    start: datetime
    end: datetime
    titles: Titles


Step = Counted | Closed | Interrupted


@dataclass(frozen=True)
class Due:
    """A due time; its steps are found when somebody asks."""

    at: datetime
    """UTC."""
    calendar: Calendar
    start: datetime
    duration: timedelta

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return _steps(self)

    @property
    def local(self) -> datetime:
        """The due time in the calendar's zone."""
        return self.at.astimezone(self.calendar.zone)


def due(calendar: Calendar, start: datetime, duration: timedelta) -> Due:
    """The first moment at which `duration` of open time has passed since `start`.

    A span that ends with the working day is due at closing time, not at the next opening; nothing
    at all is due at once. Raises NeverOpenError after two years without open time, OutOfRangeError
    outside the years known, ValueError for a start without a zone or a negative duration.
    """
    length = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
    if length < 0:
        raise ValueError("a duration cannot be negative")
    return Due(
        from_instant(calendar.timeline.advance(to_instant(start), length)),
        calendar,
        start,
        duration,
    )


def business_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Open time from `start` to `end`. ValueError if `end` lies before or a zone is missing."""
    return timedelta(microseconds=calendar.timeline.between(to_instant(start), to_instant(end)))


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """Whether the calendar is open at a moment."""
    instant = to_instant(moment)
    return bool(calendar.timeline.spans(instant, instant + 1))


def _steps(found: Due) -> tuple[Step, ...]:
    return steps_between(found.calendar, found.start, found.at)


def steps_between(calendar: Calendar, start: datetime, until_moment: datetime) -> tuple[Step, ...]:
    """What happens to open time from one moment to another; nothing after the last open time."""
    zone = calendar.zone
    begin, end = to_instant(start), to_instant(until_moment)
    spans = calendar.timeline.spans(begin, end)
    edges = [(begin, begin), *spans]
    steps: list[Step] = []
    for (_before, gap_start), (gap_end, until) in pairwise(edges):
        if gap_start < gap_end:
            steps += _gap(calendar, gap_start, gap_end, is_first=not steps)
        steps.append(
            Counted(
                from_instant(gap_end).astimezone(zone),
                from_instant(until).astimezone(zone),
                timedelta(microseconds=until - gap_end),
            )
        )
    return tuple(steps)


def _gap(calendar: Calendar, start: int, end: int, *, is_first: bool) -> list[Step]:
    """Why it was closed from one instant to another; nothing for an ordinary night."""
    wall_start = from_instant(start).astimezone(calendar.zone).replace(tzinfo=None)
    wall_end = from_instant(end).astimezone(calendar.zone).replace(tzinfo=None)
    cuts = [
        Interrupted(
            max(_WALL_EPOCH + timedelta(seconds=item.start), wall_start),
            min(_WALL_EPOCH + timedelta(seconds=item.end), wall_end),
            item.titles,
        )
        for item in sorted(calendar.timed_closures, key=lambda item: item.start)
        if _takes_time(calendar, item.start, item.end, wall_start, wall_end)
    ]
    day = wall_start.date()
    if wall_start.time() != time(0) and not (is_first and not calendar.shifts_on(day)):
        day += timedelta(1)
    days = []
    while day < wall_end.date():
        if reasons := calendar.closed_because(day):
            days.append((day, reasons))
        day += timedelta(1)
    closed = [Closed(tuple(run)) for run in _runs(days)]
    return sorted([*closed, *cuts], key=_order)


def _order(step: Step) -> datetime:
    if isinstance(step, Closed):
        return datetime.combine(step.days[0][0], time(0))
    return step.start.replace(tzinfo=None)


def _runs(
    days: list[tuple[date, tuple[Reason, ...]]],
) -> list[list[tuple[date, tuple[Reason, ...]]]]:
    runs: list[list[tuple[date, tuple[Reason, ...]]]] = []
    for item in days:
        if runs and item[0] - runs[-1][-1][0] == timedelta(1):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _takes_time(
    calendar: Calendar, cut_start: int, cut_end: int, wall_start: datetime, wall_end: datetime
) -> bool:
    """Whether a timed closure covers time within the gap in which a shift would have run."""
    low = max(cut_start, (wall_start - _WALL_EPOCH) // timedelta(seconds=1))
    high = min(cut_end, (wall_end - _WALL_EPOCH) // timedelta(seconds=1))
    if low >= high:
        return False
    day = (_WALL_EPOCH + timedelta(seconds=low)).date() - timedelta(1)
    while wall_of_day(day) < high:
        begin = wall_of_day(day)
        for shift in calendar.shifts_on(day):
            if begin + shift.start * 60 < high and begin + shift.end * 60 > low:
                return True
        day += timedelta(1)
    return False


def at_wall(calendar: Calendar, wall: datetime) -> datetime:
    """The UTC moment of a wall time of the calendar; the first one where the clock shows it twice.

    Raises ValueError where the clock skipped it.
    """
    moment = wall.replace(tzinfo=calendar.zone, fold=0).astimezone(UTC)
    if moment.astimezone(calendar.zone).replace(tzinfo=None, fold=0) != wall.replace(fold=0):
        raise ValueError("the clock skipped this time")
    return moment
