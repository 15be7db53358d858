"""Courses with pauses, changes and reopenings agree with a clock watched minute by minute.

`python -m benchmarks.bench_clocks` does the same for 100,000 histories.
"""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from tests.workflows.calendars.oracle import World, differences
from workflows.calendars import observances, replay
from workflows.calendars.model import Calendar, Shift
from workflows.calendars.replay import Run
from workflows.calendars.timeline import MICRO, from_instant, to_instant

HOUR = 3600 * MICRO
UTC = ZoneInfo("UTC")
OFFICE = Calendar("office", {}, UTC, ((Shift(480, 960),),) * 7)
NIGHT = Calendar("night", {}, UTC, ((Shift(1200, 1440),),) * 7)


def at(day: int, hour: int) -> int:
    return to_instant(dt.datetime(2025, 11, day, hour, tzinfo=dt.UTC))


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_agree_with_the_oracle(seed: int) -> None:
    chance = random.Random(seed)
    world = World(chance, number=3)
    for _number in range(120):
        assert differences(world, world.history(chance)) == []


def due(*runs: Run) -> str | None:
    found = replay.due(runs).due
    return None if found is None else from_instant(found).strftime("%d %H:%M")


def test_used_time_counts_in_the_next_calendar() -> None:
    first = Run(OFFICE, at(3, 8), at(3, 12), 8 * HOUR)
    assert due(first) is None
    assert due(first, Run(NIGHT, at(3, 12), None, 8 * HOUR)) == "04 00:00"


def test_an_agreement_that_leaves_nothing_is_due_when_it_begins_and_never_before() -> None:
    first = Run(OFFICE, at(3, 8), at(3, 14), 8 * HOUR)
    assert due(first, Run(OFFICE, at(3, 14), None, 2 * HOUR)) == "03 14:00"


def test_more_time_takes_a_lateness_back_and_as_much_keeps_it() -> None:
    late = Run(OFFICE, at(3, 8), at(3, 14), 2 * HOUR)
    assert due(late) == "03 10:00"
    assert due(late, Run(OFFICE, at(3, 14), None, 2 * HOUR)) == "03 10:00"
    assert due(late, Run(OFFICE, at(3, 14), None, 7 * HOUR)) == "03 15:00"


def test_the_next_level_waits_while_the_clock_stands_still() -> None:
    runs = [Run(OFFICE, at(3, 8), at(3, 12), HOUR), Run(OFFICE, at(4, 8), None, HOUR)]
    found = replay.passed(runs, at(3, 10), 4 * HOUR)
    assert found == at(4, 10)


def test_days_of_the_hijri_calendar() -> None:
    # 10 Muharram 1447 as it was kept in Iran; and the first day of the tables.
    assert observances.falls_on("hijri", 1, 10, dt.date(2025, 7, 6))
    assert observances.falls_on("hijri", 1, 1, dt.date(622, 7, 19))
    known = [
        day
        for year in range(2015, 2027)
        for day, found in observances.public_holidays("IR", year).items()
        for one in found
        if one.titles["en"] == "Ashura"
    ]
    for day in known:
        near = [day + dt.timedelta(shift) for shift in (-1, 0, 1)]
        assert any(observances.falls_on("hijri", 1, 10, one) for one in near), day
