"""Due times of courses with pauses, changes and reopenings: right, and how many a second.

`python -m benchmarks.bench_clocks [HISTORIES]` prints JSON; 100,000 without an argument.
`differences`: clocks whose due time is not that of the naive clock which is watched minute by
minute (tests/workflows/calendars/oracle.py). `due_per_second`: due times of running clocks as the
product computes them, `with_changes` over the courses of these histories, `plain` over those that
were never paused or changed, which most are; a second is one of processor time. Seeds are fixed.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from tests.workflows.calendars.oracle import World, differences
from workflows.calendars import replay

HISTORIES: Final = 100_000
WORLDS: Final = 16
SEED: Final = 137


def main(number: int = HISTORIES) -> None:
    chance = random.Random(SEED)
    clocks = stretches = 0
    wrong: list[object] = []
    courses: list[list[replay.Run]] = []
    for _world in range(WORLDS):
        world = World(chance)
        for _one in range(number // WORLDS):
            history = world.history(chance)
            wrong += differences(world, history)
            clocks += len(history)
            stretches += sum(map(len, history))
            if len(courses) < 20_000:
                courses += [world.runs(clock) for clock in history]
    plain = [course[-1:] for course in courses if course[-1].end is None]
    found = {
        "benchmark": "clocks",
        "histories": number,
        "clocks": clocks,
        "stretches": stretches,
        "differences": len(wrong),
        "due_per_second": {
            "plain": round(_rate(plain)),
            "with_changes": round(_rate(courses)),
            "advance_alone": round(_advances(plain)),
        },
    }
    sys.stdout.write(json.dumps(found) + "\n")
    assert not wrong, wrong[:3]


def _rate(courses: Sequence[list[replay.Run]]) -> float:
    due = replay.due

    def work() -> None:
        for runs in courses:
            due(runs)

    return _best(work, len(courses))


def _advances(courses: Sequence[list[replay.Run]]) -> float:
    given = [(run.calendar.timeline.advance, run.start, run.limit) for (run,) in courses]

    def work() -> None:
        for advance, start, limit in given:
            advance(start, limit)

    return _best(work, len(given))


def _best(work: Callable[[], None], number: int, rounds: int = 7) -> float:
    """The best of several rounds: the others were disturbed."""
    best = float("inf")
    for _round in range(rounds):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return number / best


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
