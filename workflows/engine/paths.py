"""Which states can be come to from which, over the transitions as they stand.

A guard is taken as one that may hold or not: with these a way that no facts ever open counts as
open, never the other way round.
"""

from collections.abc import Iterable

from .model import Definition


def reachable(definition: Definition, begin: Iterable[str]) -> set[str]:
    """The states that cases can come to from any of `begin`, these included."""
    return closure(_ways(definition), begin)


def leading_to(definition: Definition, ends: Iterable[str]) -> set[str]:
    """The states from which one of `ends` can be reached, these included."""
    back: dict[str, set[str]] = {}
    for source, targets in _ways(definition).items():
        for target in targets:
            back.setdefault(target, set()).add(source)
    return closure(back, ends)


def _ways(definition: Definition) -> dict[str, set[str]]:
    ways: dict[str, set[str]] = {}
    for step in definition.transitions:
        for source in step.sources:
            ways.setdefault(source, set()).add(step.target or source)
    return ways


def closure(ways: dict[str, set[str]], begin: Iterable[str]) -> set[str]:
    """What can be come to from `begin`, these included; `ways`: from each to the next ones."""
    found: set[str] = set()
    waiting = list(begin)
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting += ways.get(state, ())
    return found
