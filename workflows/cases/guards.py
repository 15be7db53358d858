"""What stands in the way of a step, beyond the stage: features add their reasons here.

A guard is called with the locked case before anything is changed, and raises StageError.
"""

from collections.abc import Callable

from workflows.cases.models import Case

Guard = Callable[[Case], None]
_guards: dict[str, list[Guard]] = {}


def before(action: str, guard: Guard) -> None:
    """Ask `guard` before a step, or "join" before a case is followed with another one; asking
    twice is asking once."""
    found = _guards.setdefault(action, [])
    if guard not in found:
        found.append(guard)


def check(case: Case, action: str) -> None:
    """Raises StageError."""
    for guard in _guards.get(action, []):
        guard(case)
