"""The arithmetic of sizes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.sampling.plans import Plan, allocate

FRAMES = st.lists(st.integers(0, 10_000), min_size=1, max_size=30)


def strata(frames: list[int]) -> list[tuple[str, int]]:
    return [(f"s{n}", number) for n, number in enumerate(frames)]


@settings(deadline=None)
@given(FRAMES, st.integers(0, 50_000))
def test_proportional_sizes_add_up_and_are_off_by_less_than_one(
    frames: list[int], size: int
) -> None:
    found = allocate(Plan(size=size), strata(frames))
    total = sum(frames)
    assert sum(found) == min(size, total)
    for number, frame in zip(found, frames, strict=True):
        assert 0 <= number <= frame
        if size < total:
            assert abs(number - size * frame / total) < 1


@settings(deadline=None)
@given(FRAMES, st.integers(0, 50_000))
def test_equal_sizes_differ_only_where_a_stratum_is_used_up(frames: list[int], size: int) -> None:
    found = allocate(Plan(allocation="equal", size=size), strata(frames))
    assert sum(found) == min(size, sum(frames))
    assert all(number <= frame for number, frame in zip(found, frames, strict=True))
    open_ones = [n for n, frame in zip(found, frames, strict=True) if n < frame]
    if open_ones:
        assert max(open_ones) - min(open_ones) <= 1
        assert max(found) <= max(open_ones) + 1 or max(found) == max(open_ones)


@pytest.mark.parametrize(
    ("plan", "frames", "expected"),
    [
        (Plan(size=10), [50, 30, 20], [5, 3, 2]),
        (Plan(size=3), [50, 30, 20], [1, 1, 1]),
        (Plan(allocation="equal", size=9), [50, 2, 20], [4, 2, 3]),
        (Plan(allocation="fixed", sizes={"s0": 7, "s2": 99}), [50, 30, 20], [7, 0, 20]),
    ],
)
def test_known_cases(plan: Plan, frames: list[int], expected: list[int]) -> None:
    assert allocate(plan, strata(frames)) == expected


def test_a_plan_survives_being_stored() -> None:
    plan = Plan(("neighbourhood", "tag"), ("a", "b"), "fixed", 3, {"x\x1fa": 2})
    assert Plan.from_json(plan.to_json()) == plan
