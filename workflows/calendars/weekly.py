"""Weekly hours as texts, apart from a file."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from .model import Weekly
from .nodes import Node, Problem
from .reader import Reader


def weekly_of(given: Mapping[str, Iterable[str]]) -> Weekly:
    """Weekly hours from their texts. Raises WeeklyError with everything that is wrong."""
    problems: list[Problem] = []
    one = Reader(ZoneInfo("UTC"), problems)
    node = Node(
        {
            day: Node([Node(shift, day, 0) for shift in shifts], day, 0)
            for day, shifts in given.items()
        },
        "",
        0,
    )
    found = one.weekly(node)
    if problems:
        raise WeeklyError(tuple(problems))
    return found


class WeeklyError(ValueError):
    """Weekly hours that cannot be read; `problems` name the days."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("weekly hours")
        self.problems = problems
