"""Due times a second, beside the least and the naive work in the same run.

`python -m benchmarks.bench_calendars` prints JSON. `floor`: the start plus the duration, which is
what a calendar without hours would do. `naive`: the same due times by walking day by day over the
shifts. `ratio_to_floor` says how many of the cheapest possible computations one due time costs.
"""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from workflows.calendars import catalogue, clock
from workflows.calendars.model import Calendar
from workflows.calendars.timeline import from_instant, open_instants, to_instant

SEED = 137
CASES = 50_000
ROUNDS = 5
NAIVE_CASES = 500

Case = tuple[datetime, timedelta]


def cases(number: int = CASES) -> list[Case]:
    """Starts over three years, durations of ten minutes to a hundred hours."""
    chance = random.Random(SEED)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        (
            first + timedelta(seconds=chance.randrange(3 * 365 * 86_400)),
            timedelta(minutes=chance.randrange(10, 6_000)),
        )
        for _number in range(number)
    ]


def naive(calendar: Calendar, start: datetime, duration: timedelta) -> datetime:
    """Day by day, without anything kept: right where the zone's offset does not change."""
    zone, left, day = calendar.zone, duration, start.astimezone(calendar.zone).date()
    day -= timedelta(1)
    while True:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        for shift in sorted(calendar.shifts_on(day), key=lambda item: item.start):
            opens = max(midnight + timedelta(minutes=shift.start), start)
            closes = midnight + timedelta(minutes=shift.end)
            if closes <= opens:
                continue
            if closes - opens >= left:
                return (opens + left).astimezone(UTC)
            left -= closes - opens
        day += timedelta(1)


def per_second(work: Callable[[], object], number: int, rounds: int = ROUNDS) -> float:
    """The best of several rounds: the others were disturbed."""
    best = float("inf")
    for _round in range(rounds):
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
    return number / best


def measure(name: str) -> dict[str, object]:
    zone = ZoneInfo("Asia/Tehran")
    calendar = catalogue.find(name, None, zone)
    given = cases()
    for start, duration in given:
        clock.due(calendar, start, duration)
    some = given[:NAIVE_CASES]
    wrong = sum(
        clock.due(calendar, start, duration).at != naive(calendar, start, duration)
        for start, duration in some
    )
    before = time.perf_counter()
    open_instants(calendar.zone, calendar.walls(2026), 2026)
    year = time.perf_counter() - before

    def dues() -> None:
        due = clock.due
        for start, duration in given:
            due(calendar, start, duration)

    def bare() -> None:
        advance = calendar.timeline.advance
        for start, length in instants:
            advance(start, length)

    def floor() -> None:
        for start, duration in given:
            _ = start + duration

    def by_days() -> None:
        for start, duration in some:
            naive(calendar, start, duration)

    def backwards() -> None:
        for start, end in pairs:
            clock.business_time(calendar, start, end)

    instants = [(to_instant(s), int(d.total_seconds()) * 1_000_000) for s, d in given]
    pairs = [(start, start + duration) for start, duration in given]
    assert from_instant(instants[0][0]) == given[0][0]
    rates = {
        "due": per_second(dues, CASES),
        "bisection_alone": per_second(bare, CASES),
        "business_time": per_second(backwards, CASES),
        "floor": per_second(floor, CASES),
        "naive": per_second(by_days, NAIVE_CASES, 2),
    }
    return {
        "per_second": {key: round(value) for key, value in rates.items()},
        "ratio_to_floor": round(rates["floor"] / rates["due"], 1),
        "times_naive": round(rates["due"] / rates["naive"], 1),
        "year_to_build_ms": round(year * 1000, 2),
        "unlike_naive": wrong,
    }


def main() -> None:
    found = {name: measure(name) for name in ("tehran-office", "centre-137", "always")}
    print(json.dumps({"benchmark": "calendars", "cases": CASES, "calendars": found}, indent=2))


if __name__ == "__main__":
    main()
