"""A naive clock, watched minute by minute, and random histories for it and for the product.

The oracle knows hours, days and closures as plain facts and asks of each single minute whether it
counts; it shares no code with workflows.calendars. Minutes are those of the wall clock in Tehran
since FIRST_DAY (no change of the clock there since 1402), so a minute is a minute.
"""

import datetime as dt
import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from workflows.calendars import changes, replay
from workflows.calendars.changes import Changes, Closing
from workflows.calendars.model import Calendar, DayClosure, Shift, TimedClosure, Weekly
from workflows.calendars.timeline import to_instant, wall_of_day

TEHRAN = ZoneInfo("Asia/Tehran")
FIRST_DAY = dt.date(2025, 10, 1)
DAYS = 75
DAY = 1440
MINUTE = 60_000_000
_BEGIN = to_instant(dt.datetime.combine(FIRST_DAY, dt.time(0), TEHRAN))
SHIFTS = (
    (),
    ((450, 855),),
    ((480, 720), (780, 900)),
    ((420, 780), (780, 1140), (1140, 1500)),
    ((1320, 1800),),
    ((0, 1440),),
    ((540, 545), (600, 601), (1000, 1100)),
)
"""Minutes of the day; an end beyond 1440 lies on the next day."""


@dataclass
class Facts:
    """A calendar as the oracle has it."""

    name: str
    weekly: list[tuple[tuple[int, int], ...]]
    later: tuple[int, list[tuple[tuple[int, int], ...]]] | None = None
    """(day number, hours from that day on)."""
    closed_days: set[int] = field(default_factory=set)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    """[from, to) minutes in which it is closed."""

    def counts(self, minute: int) -> bool:
        """Whether this minute is open time."""
        if any(start <= minute < end for start, end in self.cuts):
            return False
        for day in (minute // DAY, minute // DAY - 1):
            if day in self.closed_days:
                continue
            weekly = self.weekly
            if self.later is not None and day >= self.later[0]:
                weekly = self.later[1]
            hours = weekly[(FIRST_DAY + dt.timedelta(day)).weekday()]
            if any(start <= minute - day * DAY < end for start, end in hours):
                return True
        return False


@dataclass
class Stretch:
    """The clock runs from `start` to `end` (None: on and on) in one calendar under one limit."""

    calendar: int
    start: int
    end: int | None
    limit: int


History = list[list[Stretch]]
"""The clocks of one case, a new one after each reopening; what lies between two stretches of a
clock is a pause."""


class World:
    """Some calendars, as the oracle sees each of their minutes and as the product has them."""

    def __init__(self, chance: random.Random, number: int = 6) -> None:
        self.facts = [_facts(chance, f"calendar-{one}") for one in range(number)]
        self.open = [
            bytes(facts.counts(minute) for minute in range(DAYS * DAY)) for facts in self.facts
        ]
        self.calendars = [_calendar(facts) for facts in self.facts]

    def runs(self, clock: list[Stretch]) -> list[replay.Run]:
        return [
            replay.Run(
                self.calendars[one.calendar],
                instant(one.start),
                instant(one.end) if one.end is not None else None,
                one.limit * MINUTE,
            )
            for one in clock
        ]

    def due(self, clock: list[Stretch]) -> int | None:
        """The minute at whose beginning the limit has been used; None while it stands still."""
        used, due = 0, None
        for one in clock:
            due = (one.start if due is None else due) if used >= one.limit else None
            minute, stop = one.start, DAYS * DAY if one.end is None else one.end
            while minute < stop and not (one.end is None and due is not None):
                part = self.open[one.calendar][minute : min(stop, minute + DAY)]
                if used < one.limit <= used + sum(part):
                    for number, counts in enumerate(part):
                        used += counts
                        if used == one.limit:
                            due = minute + number + 1
                            part = part[: number + 1]
                            break
                else:
                    used += sum(part)
                minute += len(part)
        return due

    def history(self, chance: random.Random) -> History:
        """A case that is paused, changed and reopened a few times within some weeks."""
        found: History = []
        minute = chance.randrange(2 * DAY, 10 * DAY)
        for _reopening in range(chance.choice((1, 1, 1, 2, 3))):
            clock: list[Stretch] = []
            calendar = chance.randrange(len(self.facts))
            limit = chance.choice((1, 30, 120, 480, 600, 960))
            for _change in range(chance.choice((0, 0, 1, 1, 2, 4))):
                end = minute + chance.choice((0, 1, 17, 60, 300, 1440, 2000))
                clock.append(Stretch(calendar, minute, end, limit))
                minute = end
                kind = chance.random()
                if kind < 0.5:
                    minute += chance.choice((0, 1, 45, 600, 2880))  # a pause
                elif kind < 0.8:
                    calendar = chance.randrange(len(self.facts))
                else:
                    limit = chance.choice((1, 60, 240, 480, 1200))
            if clock and chance.random() < 0.15:
                found.append(clock)  # it stands still, or was stopped
            else:
                found.append([*clock, Stretch(calendar, minute, None, limit)])
                minute += chance.choice((5, 700, 3000))
        return found


def instant(minute: int) -> int:
    return _BEGIN + minute * MINUTE


def minute_of(moment: int | None) -> float | None:
    return None if moment is None else (moment - _BEGIN) / MINUTE


def differences(world: World, history: History) -> list[tuple[list[Stretch], object, object]]:
    """(clock, the oracle's minute, the product's) wherever they disagree."""
    found = []
    for clock in history:
        naive, ours = world.due(clock), minute_of(replay.due(world.runs(clock)).due)
        if naive != ours:
            found.append((clock, naive, ours))
    return found


def _facts(chance: random.Random, name: str) -> Facts:
    def week() -> list[tuple[tuple[int, int], ...]]:
        hours = [chance.choice(SHIFTS) for _day in range(7)]
        # Open on some day of each week, so that every clock ends within the time watched.
        hours[chance.randrange(7)] = ((450, 855),)
        hours[chance.randrange(7)] = ((0, 1440),)
        return hours

    facts = Facts(name, week())
    if chance.random() < 0.6:
        facts.later = (chance.randrange(DAYS // 2), week())
    facts.closed_days = {chance.randrange(DAYS // 2) for _one in range(chance.randrange(6))}
    for _one in range(chance.randrange(5)):
        start = chance.randrange(DAYS // 2 * DAY)
        facts.cuts.append((start, start + chance.choice((1, 90, 700, 3000))))
    return facts


def _calendar(facts: Facts) -> Calendar:
    """The same as the product has it: a file, and what the city announced afterwards."""

    def weekly(hours: list[tuple[tuple[int, int], ...]]) -> Weekly:
        return tuple(tuple(Shift(*one) for one in day) for day in hours)

    begin = wall_of_day(FIRST_DAY)
    cuts: list[DayClosure | TimedClosure] = [
        TimedClosure(begin + start * 60, begin + end * 60) for start, end in facts.cuts
    ]
    for number in sorted(facts.closed_days):
        day = FIRST_DAY + dt.timedelta(number)
        cuts.append(DayClosure(day, day))
    said = Changes(
        "mark",
        {},
        ((facts.name, FIRST_DAY + dt.timedelta(facts.later[0]), weekly(facts.later[1])),)
        if facts.later is not None
        else (),
        tuple(Closing((facts.name,), cut) for cut in cuts),
    )
    return changes.apply(said, Calendar(facts.name, {}, TEHRAN, weekly(facts.weekly)))
