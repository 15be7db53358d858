"""What somebody with a copy of the database tries, to find out who answered what.

People and answers are each described by everything the copy says of them (ids, times, places in
the table, transaction numbers, sizes). Every order of the people is laid beside every order of
the answers, forwards and backwards, as a whole and batch by batch; transaction numbers are joined
by equality and by nearness. A score is how many people were given their own answer.
"""

import math
import random
import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
"""What the copy says of one person (with "id") or one answer (with "mark")."""


def scores(people: list[Facts], answers: list[Facts], truth: dict[int, str]) -> dict[str, int]:
    """Strategy -> number of right guesses."""
    found: dict[str, int] = {}

    def rate(name: str, guesses: dict[int, str]) -> None:
        found[name] = sum(truth.get(who) == mark for who, mark in guesses.items())

    for one in (key for key in people[0] if key != "id"):
        for other in (key for key in answers[0] if key != "mark"):
            for backwards in (False, True):
                name = f"{one} beside {other}{' backwards' * backwards}"
                rate(name, _beside(people, answers, one, other, backwards))
                if "xmin" in people[0]:
                    guesses: dict[int, str] = {}
                    for group, batch in _batches(people, answers):
                        guesses |= _beside(group, batch, one, other, backwards)
                    rate(f"{name}, batch by batch", guesses)
    if "xmin" in people[0]:
        rate("equal xmin", _equal(people, answers))
        rate("nearest xmin", _nearest(people, answers))
    return found


def limit(batches: int, strategies: int) -> int:
    """A score that chance does not reach once in a thousand million runs of the test.

    Laying n answers in an order drawn by lot beside n people hits, whatever n is, once on average
    (fixed points of a random permutation, near Poisson with mean 1); in b batches b times.
    """
    for score in range(batches, 50 * batches):
        chances = (batches**k / math.factorial(k) for k in range(score, score + 60))
        if math.exp(-batches) * sum(chances) * strategies < 1e-9:
            return score
    raise AssertionError


def _beside(
    people: list[Facts], answers: list[Facts], one: str, other: str, backwards: bool
) -> dict[int, str]:
    asked = sorted(people, key=lambda facts: facts[one])
    given = sorted(answers, key=lambda facts: facts[other], reverse=backwards)
    return {who["id"]: what["mark"] for who, what in zip(asked, given, strict=False)}


def _batches(
    people: list[Facts], answers: list[Facts]
) -> Iterator[tuple[list[Facts], list[Facts]]]:
    by_xmin = defaultdict(list)
    for each in answers:
        by_xmin[each["xmin"]].append(each)
    before = 0
    for xmin in sorted(by_xmin):
        yield [who for who in people if before < who["xmin"] <= xmin], by_xmin[xmin]
        before = xmin


def _equal(people: list[Facts], answers: list[Facts]) -> dict[int, str]:
    by_xmin = {each["xmin"]: each["mark"] for each in answers}
    return {who["id"]: by_xmin[who["xmin"]] for who in people if who["xmin"] in by_xmin}


def _nearest(people: list[Facts], answers: list[Facts]) -> dict[int, str]:
    """Each takes the nearest answer that nobody has taken, the earliest people first."""
    free = sorted(answers, key=lambda facts: facts["xmin"])
    guesses = {}
    for who in sorted(people, key=lambda facts: facts["xmin"]):
        if free:
            best = min(range(len(free)), key=lambda n: abs(free[n]["xmin"] - who["xmin"]))
            guesses[who["id"]] = free.pop(best)["mark"]
    return guesses


# A physical copy, read without a server: rows that were deleted are still there.

PAGE = 8192


def heap_tuples(path: Path) -> Iterator[Facts]:
    """Every row version of a table's file, dead ones too: place, xmin, xmax, bytes."""
    data = b"".join(
        part.read_bytes() for part in sorted(path.parent.glob(f"{path.name}*")) if _is_main(part)
    )
    for block in range(len(data) // PAGE):
        page = data[block * PAGE : (block + 1) * PAGE]
        lower = struct.unpack_from("<H", page, 12)[0]
        for place in range((lower - 24) // 4):
            (pointer,) = struct.unpack_from("<I", page, 24 + 4 * place)
            start, flags, length = pointer & 0x7FFF, (pointer >> 15) & 3, pointer >> 17
            if flags != 1 or not length:
                continue
            row = page[start : start + length]
            xmin, xmax = struct.unpack_from("<II", row, 0)
            yield {"ctid": (block, place), "xmin": xmin, "xmax": xmax, "data": row[row[22] :]}


def _is_main(path: Path) -> bool:
    return bool(re.fullmatch(r"\d+(\.\d+)?", path.name))


def shuffled(numbers: range) -> list[int]:
    found = list(numbers)
    random.SystemRandom().shuffle(found)
    return found
