"""Classes of a histogram: round bounds, so that people can read them."""

import math
import sys
from dataclasses import dataclass

MOST = 12


@dataclass(frozen=True)
class Bins:
    """`count` classes of `width` from `start`; `single`: each class is one whole number."""

    start: float
    width: float
    count: int
    single: bool = False


def bins(low: float, high: float, *, whole: bool) -> Bins:
    """Classes from the least to the greatest value, at most MOST of them and one more."""
    if whole and high - low < MOST:
        return Bins(low, 1, int(high - low) + 1, single=True)
    if high == low:
        return Bins(low, 1, 1)
    width = _round_up((high - low) / (MOST - 2))
    if whole:
        width = max(1.0, width)
    start = math.floor(low / width) * width
    return Bins(start, width, int((high - start) / width) + 1)


def _round_up(width: float) -> float:
    """1, 2 or 5 times a power of ten, at least `width`."""
    # Of two numbers next to each other the width may be rounded to 0.
    width = max(width, sys.float_info.min)
    power = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width * (1 - 1e-9))
