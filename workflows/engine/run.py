"""What a definition means: which steps there are, which one is taken, which clocks it moves.

Pure functions of names and values. The exported SCXML says the same (workflows.engine.scxml), and
another machine runs it beside this in the tests.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from portal.security import ADMINISTRATOR

from . import expressions
from .model import ClockRule, Definition, FormField, Transition

ACTION: Final = "action:"
"""Marks an action among the states that start or stop a clock."""


def possible(definition: Definition, state: str, roles: Collection[str] | None) -> list[Transition]:
    """The actions that somebody of these roles can take from a state, each by its first
    transition; `roles` None: the system, which takes any.

    Where an action leads is known only by `choose`, with what was typed. The administrator may
    whatever any person may.
    """
    found: dict[str, Transition] = {}
    for step in definition.steps(state):
        if step.action not in found and _may(step, roles):
            found[step.action] = step
    return list(found.values())


def _may(step: Transition, roles: Collection[str] | None) -> bool:
    if roles is None:
        return True
    return bool(step.roles) and (ADMINISTRATOR in roles or not set(step.roles).isdisjoint(roles))


def form_of(definition: Definition, state: str, action: str) -> tuple[FormField, ...]:
    """What is asked for an action: the fields of all its transitions from the state, each once."""
    fields: dict[str, FormField] = {}
    for step in definition.steps(state):
        if step.action == action:
            for field in step.form:
                fields.setdefault(field.name, field)
    return tuple(fields.values())


def choose(
    definition: Definition,
    state: str,
    action: str,
    case_facts: Mapping[str, Any],
    form_values: Mapping[str, Any],
) -> Transition | None:
    """The first transition of the action whose guard holds; None where the action is not possible.

    Roles are not looked at: whoever calls has asked `possible`.
    """
    for step in definition.steps(state):
        if step.action == action and holds(step.guard, case_facts, form_values):
            return step
    return None


def holds(guard: str, case_facts: Mapping[str, Any], form_values: Mapping[str, Any]) -> bool:
    """Raises expressions.ExpressionError where a guard that was never checked does not parse."""
    return not guard or expressions.evaluate(expressions.parsed(guard), case_facts, form_values)


def next_state(state: str, step: Transition) -> str:
    return state if step.target is None else step.target


def start_clocks(
    definition: Definition, from_state: str | None, to_state: str, action: str | None
) -> list[str]:
    """The clocks that begin with a step. `from_state` and `action` None: the case begins.

    Stopping comes first: a clock that a step both stops and starts begins anew; one that runs on
    is left alone by the caller. Nothing begins in an end.
    """
    return [
        rule.name
        for rule in definition.clocks.values()
        if starts(definition, rule, from_state, to_state, action)
    ]


def starts(
    definition: Definition,
    rule: ClockRule,
    from_state: str | None,
    to_state: str,
    action: str | None,
) -> bool:
    return (
        not definition.states[to_state].final
        and to_state not in rule.stops
        and (
            (action is not None and ACTION + action in rule.starts)
            or (to_state in rule.starts and from_state not in rule.starts)
        )
    )


def stop_clocks(
    definition: Definition, from_state: str | None, to_state: str, action: str | None
) -> list[str]:
    """The clocks that a step stops if they run; reaching an end stops every one."""
    return [
        rule.name
        for rule in definition.clocks.values()
        if stops(definition, rule, from_state, to_state, action)
    ]


def stops(
    definition: Definition,
    rule: ClockRule,
    from_state: str | None,
    to_state: str,
    action: str | None,
) -> bool:
    return (
        definition.states[to_state].final
        or (to_state in rule.stops and to_state != from_state)
        or (action is not None and ACTION + action in rule.stops)
    )


def paused_clocks(definition: Definition, state: str) -> tuple[str, ...]:
    """The clocks that stand still while a case is in a state."""
    return definition.states[state].pauses
