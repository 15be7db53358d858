"""How many of each stratum: pure arithmetic on the sizes of the frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Dimension = Literal["neighbourhood", "language", "tag"]
Allocation = Literal["proportional", "equal", "fixed"]
DIMENSIONS: Final[tuple[Dimension, ...]] = ("neighbourhood", "language", "tag")
ALLOCATIONS: Final[tuple[Allocation, ...]] = ("proportional", "equal", "fixed")
SEPARATOR: Final = "\x1f"
"""Between the parts of a stratum's key; no name holds a control character."""
MAX_SIZE: Final = 10_000_000
MAX_STRATA: Final = 500


@dataclass(frozen=True)
class Plan:
    """`size` people in all (proportional, equal), or `sizes` per key of a stratum (fixed).

    By tag, a contact belongs to the first of `tags` that it holds, or to none of them: strata
    must not overlap.
    """

    dimensions: tuple[Dimension, ...] = ()
    tags: tuple[str, ...] = ()
    allocation: Allocation = "proportional"
    size: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        return cls(
            dimensions=tuple(each for each in DIMENSIONS if each in stored.get("dimensions", ())),
            tags=tuple(str(tag) for tag in stored.get("tags", ())),
            allocation=stored.get("allocation", "proportional"),
            size=int(stored.get("size", 0)),
            sizes={str(key): int(number) for key, number in stored.get("sizes", {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "dimensions": list(self.dimensions),
            "tags": list(self.tags),
            "allocation": self.allocation,
            "size": self.size,
            "sizes": dict(self.sizes),
        }


def allocate(plan: Plan, strata: Sequence[tuple[str, int]]) -> list[int]:
    """How many to draw of each (key, people in it), never more than there are."""
    frames = [number for _key, number in strata]
    match plan.allocation:
        case "fixed":
            wanted = [max(plan.sizes.get(key, 0), 0) for key, _number in strata]
            return [min(pair) for pair in zip(wanted, frames, strict=True)]
        case "equal":
            return _equal(plan.size, frames)
        case _:
            return _proportional(plan.size, frames)


def _proportional(size: int, frames: Sequence[int]) -> list[int]:
    """Largest remainders (Hamilton): the sizes add up to `size`, none is off by one or more."""
    total = sum(frames)
    if size >= total:
        return list(frames)
    found = [size * number // total for number in frames]
    rest = [size * number % total for number in frames]
    order = sorted(range(len(frames)), key=lambda place: (-rest[place], place))
    for place in order[: size - sum(found)]:
        found[place] += 1
    return found


def _equal(size: int, frames: Sequence[int]) -> list[int]:
    """The same number of each; what a small stratum lacks is shared by the others."""
    found = [0] * len(frames)
    left = min(size, sum(frames))
    while left:
        free = [place for place, number in enumerate(frames) if found[place] < number]
        share = max(left // len(free), 1)
        for place in free:
            more = min(share, frames[place] - found[place], left)
            found[place] += more
            left -= more
    return found
