"""Numbers so small that they might be read as persons are not published."""

from collections.abc import Sequence
from typing import Final

LEAST: Final = 5


def hidden(values: Sequence[int], *, total_is_shown: bool = True) -> list[int | None]:
    """The values with None for those from 1 to 4.

    Where the total is shown and one alone is hidden, it could be found by subtraction: then the
    smallest other one goes too. Zero says nothing of anybody and stays.
    """
    shown: list[int | None] = [None if 0 < value < LEAST else value for value in values]
    if total_is_shown and shown.count(None) == 1:
        others = [place for place, value in enumerate(shown) if value]
        if others:
            shown[min(others, key=lambda place: values[place])] = None
    return shown
