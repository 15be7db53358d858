"""Whether each clock of a definition can begin, and can end however a case goes on."""

from collections.abc import Collection, Iterable, Iterator

from portal.i18n import _l

from . import paths, run
from .model import ClockRule, Definition
from .problems import Problem, error, warning

_ACTION = run.ACTION
Step = tuple[str, str, str]
"""From state, to state, action."""


def check(definition: Definition, calendars: Collection[str]) -> Iterator[Problem]:
    actions = {step.action for step in definition.transitions}
    whole = is_whole(definition)
    steps = _steps(definition) if whole else set()
    for index, rule in enumerate(definition.clocks.values()):
        path = f"clocks[{index}]"
        found = list(_names(definition, rule, path, actions, calendars))
        yield from found
        if whole and not found:
            yield from _course(definition, rule, path, steps)


def is_whole(definition: Definition) -> bool:
    """Whether each state that is named is there."""
    return definition.initial in definition.states and all(
        name in definition.states
        for step in definition.transitions
        for name in (*step.sources, *((step.target,) if step.target else ()))
    )


def _names(
    definition: Definition,
    rule: ClockRule,
    path: str,
    actions: Collection[str],
    calendars: Collection[str],
) -> Iterator[Problem]:
    for key, marks in (("starts", rule.starts), ("stops", rule.stops)):
        for at, mark in enumerate(marks):
            where = f"{path}.{key}[{at}]"
            if mark.startswith(_ACTION):
                if (name := mark.removeprefix(_ACTION)) not in actions:
                    yield error(where, _l("There is no action “%(name)s”", name=name))
            elif mark not in definition.states:
                yield error(where, _l("There is no state “%(name)s”", name=mark))
    if rule.calendar not in calendars:
        message = _l("There is no calendar “%(name)s”", name=rule.calendar)
        yield error(f"{path}.calendar", message)
    if rule.then is not None and rule.then not in actions:
        yield error(f"{path}.then", _l("There is no action “%(name)s”", name=rule.then))


def _course(
    definition: Definition, rule: ClockRule, path: str, steps: Collection[Step]
) -> Iterator[Problem]:
    begun = _begun(definition, rule, steps)
    if not begun:
        yield error(f"{path}.starts", _l("The clock “%(name)s” never starts", name=rule.name))
        return
    running = _running(definition, rule, steps)
    ending = {one for one in steps if run.stops(definition, rule, *one)}
    ways_out = paths.closure(
        _joined((target, source, "") for source, target, _action in steps if source in running),
        {source for source, _target, _action in ending if source in running},
    )
    stuck = [name for name in definition.states if name in running - ways_out]
    if stuck:
        message = _l(
            "The clock “%(name)s” never stops once a case is in: %(states)s",
            name=rule.name,
            states=", ".join(stuck),
        )
        yield error(f"{path}.stops", message)
    stopping = {_ACTION + action for source, _target, action in steps if source in running}
    stopping |= {
        target for source, target, _action in steps if source in running and target != source
    }
    ends = {state.name for state in definition.states.values() if state.final}
    for at, mark in enumerate(rule.stops):
        # Naming an end says nothing wrong: it stops every clock anyway.
        if mark not in stopping and mark not in ends:
            message = _l("“%(mark)s” never stops the clock “%(name)s”", mark=mark, name=rule.name)
            yield warning(f"{path}.stops[{at}]", message)
    if rule.then is not None:
        able = {s for step in definition.transitions if step.action == rule.then
                for s in step.sources}  # fmt: skip
        paused = {s.name for s in definition.states.values() if rule.name in s.pauses}
        unable = [name for name in definition.states if name in running - able - paused]
        if unable:
            message = _l(
                "The clock “%(name)s” may run out where “%(action)s” is not possible: %(states)s",
                name=rule.name,
                action=rule.then,
                states=", ".join(unable),
            )
            yield error(f"{path}.then", message)


def taken(definition: Definition) -> set[tuple[str, str]]:
    """(state, action) of what clocks bring about: where one of them runs that ends with it."""
    steps, found = _steps(definition), set[tuple[str, str]]()
    for rule in definition.clocks.values():
        if rule.then is not None:
            found |= {
                (state, rule.then)
                for state in _running(definition, rule, steps)
                if rule.name not in definition.states[state].pauses
            }
    return found


def where(definition: Definition, rule: ClockRule) -> set[str]:
    """The states in which a case can be while the clock runs."""
    return _running(definition, rule, _steps(definition))


def _running(definition: Definition, rule: ClockRule, steps: Collection[Step]) -> set[str]:
    begun = _begun(definition, rule, steps)
    going = (one for one in steps if not run.stops(definition, rule, *one))
    return paths.closure(_joined(going), begun)


def _steps(definition: Definition) -> set[Step]:
    """Those of every state that cases come to."""
    reached = paths.reachable(definition, [definition.initial])
    return {
        (source, run.next_state(source, step), step.action)
        for step in definition.transitions
        for source in step.sources
        if source in reached
    }


def _begun(definition: Definition, rule: ClockRule, steps: Collection[Step]) -> set[str]:
    """The states in which a case is when the clock has just started."""
    first = definition.initial
    found = {first} if run.starts(definition, rule, None, first, None) else set()
    found |= {one[1] for one in steps if run.starts(definition, rule, *one)}
    return found


def _joined(steps: Iterable[Step]) -> dict[str, set[str]]:
    ways: dict[str, set[str]] = {}
    for source, target, _action in steps:
        ways.setdefault(source, set()).add(target)
    return ways
