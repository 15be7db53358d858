"""Whether each clock of a definition can begin, and can end however a case goes on."""

from collections.abc import Collection, Iterator

from portal.i18n import _l

from . import paths, run
from .model import ClockRule, Definition
from .problems import Problem, error, warning

_ACTION = run.ACTION


def check(definition: Definition, calendars: Collection[str]) -> Iterator[Problem]:
    actions = {step.action for step in definition.transitions}
    whole = definition.initial in definition.states and all(
        name in definition.states
        for step in definition.transitions
        for name in (*step.sources, *((step.target,) if step.target else ()))
    )
    for index, rule in enumerate(definition.clocks.values()):
        path = f"clocks[{index}]"
        found = list(_names(definition, rule, path, actions, calendars))
        yield from found
        if whole and not found:
            yield from _course(definition, rule, path)


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


def _course(definition: Definition, rule: ClockRule, path: str) -> Iterator[Problem]:
    begun, stopping = _begun(definition, rule), _stopping(definition, rule)
    if not begun:
        yield error(f"{path}.starts", _l("The clock “%(name)s” never starts", name=rule.name))
        return
    running = _running(definition, rule, begun)
    ways_out = _ways_out(definition, rule, running)
    stuck = [name for name in definition.states if name in running - ways_out]
    if stuck:
        message = _l(
            "The clock “%(name)s” never stops once a case is in: %(states)s",
            name=rule.name,
            states=", ".join(stuck),
        )
        yield error(f"{path}.stops", message)
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


def _steps(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """From state, to state, action: of every state that cases come to."""
    reached = paths.reachable(definition, [definition.initial])
    for step in definition.transitions:
        for source in step.sources:
            if source in reached:
                yield source, run.next_state(source, step), step.action


def _begun(definition: Definition, rule: ClockRule) -> set[str]:
    """The states in which a case is when the clock has just started."""
    first = definition.initial
    found = {first} if rule.name in run.start_clocks(definition, None, first, None) else set()
    for source, target, action in _steps(definition):
        if rule.name in run.start_clocks(definition, source, target, action):
            found.add(target)
    return found


def _running(definition: Definition, rule: ClockRule, begun: set[str]) -> set[str]:
    """The states in which a case can be while the clock runs."""
    found, waiting = set[str](), list(begun)
    steps = list(_steps(definition))
    while waiting:
        state = waiting.pop()
        if state in found:
            continue
        found.add(state)
        for source, target, action in steps:
            if source == state and rule.name not in run.stop_clocks(
                definition, source, target, action
            ):
                waiting.append(target)
    return found


def _ways_out(definition: Definition, rule: ClockRule, running: set[str]) -> set[str]:
    """Those of the states from which some course of steps stops the clock."""
    steps = [step for step in _steps(definition) if step[0] in running]
    found: set[str] = set()
    grown = True
    while grown:
        grown = False
        for source, target, action in steps:
            if source not in found and (
                target in found or rule.name in run.stop_clocks(definition, source, target, action)
            ):
                found.add(source)
                grown = True
    return found


def _stopping(definition: Definition, rule: ClockRule) -> set[str]:
    """The marks of `stops` that some step from a state with the clock running meets."""
    running = _running(definition, rule, _begun(definition, rule))
    found: set[str] = set()
    for source, target, action in _steps(definition):
        if source in running:
            found.add(_ACTION + action)
            if target != source:
                found.add(target)
    return found
