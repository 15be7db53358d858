"""The workflow that a case follows: its definition, what is possible now, taking a step.

Nothing commits. Whoever takes a step holds the case's lock.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Role, User
from portal.db import db
from portal.i18n import _l, pick
from portal.security import ADMINISTRATOR, permissions
from workflows.cases import clockwork, effects, guards
from workflows.cases.following import (
    OF_ORIGIN,
    ORDINARY,
    SPECIAL,
    URGENT,
    clock_title,
    definition_of,
    workflow_for,
)
from workflows.cases.matter import answers
from workflows.cases.models import Case
from workflows.cases.stages import WORKING, StageError
from workflows.engine import run, versions
from workflows.engine.model import State, Transition

__all__ = [
    "OF_ORIGIN",
    "ORDINARY",
    "SPECIAL",
    "URGENT",
    "bind",
    "change",
    "check",
    "clock_title",
    "definition_of",
    "facts",
    "may_pass_on",
    "needs_feedback",
    "pass_on",
    "possible",
    "put_aside",
    "roles_of",
    "run_out",
    "state_of",
    "state_title",
    "take",
    "workflow_for",
]


ASSIGN: Final = "assign"
OWNERS: Final = frozenset({"operator", "unit_officer", "field_supervisor"})
"""Who gives a case to another unit or person where its workflow has no step for it."""


def bind(case: Case, name: str) -> None:
    """Follow the newest version of a workflow from its beginning; the ordinary one's where nobody
    knows the name."""
    try:
        case.definition_id = versions.current(name)
    except LookupError:
        # A category may name a workflow that was never published: no message is lost for that.
        case.definition_id = versions.current(ORDINARY)
    definition = versions.get(case.definition_id)
    case.state = definition.initial
    case.stage = definition.states[case.state].stage


def change(case: Case, name: str) -> bool:
    """Follow another workflow from the same state on; False where it has no such state."""
    before, wanted = definition_of(case), versions.current(name)
    after = versions.get(wanted)
    if case.state not in after.states:
        return False
    case.definition_id = wanted
    clockwork.changed(case, before, after)
    return True


def state_of(case: Case) -> State:
    return definition_of(case).states[case.state]


def state_title(case: Case, lang: str | None = None) -> str:
    return pick(dict(state_of(case).titles), lang)


def facts(case: Case) -> dict[str, Any]:
    """What guards may ask of a case (workflows.engine.facts)."""
    return {
        "urgent": case.urgency is not None,
        "channel": case.channel,
        "category": case.category.code if case.category else "",
        "outcome": case.outcome or "",
        "has_phone": answers.can_ask(case) and needs_feedback(case),
        "reopened": case.reopened,
        "special": case.special,
        "language": case.language,
    }


def needs_feedback(case: Case) -> bool:
    """Whether the city must hear what the citizen says of the end, within a day."""
    return case.urgency is not None or case.category is None or case.category.asks_feedback


def possible(
    case: Case, may: Callable[[str], bool], roles: Collection[str] | None = None
) -> list[Transition]:
    """The steps that somebody can take now, one an action. `roles` None: whatever the role."""
    return [
        step
        for step in run.possible(definition_of(case), case.state, roles)
        if step.roles and may(step.permission)
    ]


def check(case: Case, action: str, *, by: int | None = None) -> None:
    """Raises StageError where the action cannot be taken now, or not by this person.

    `by` None: the system or the citizen; routes and handlers decide what these may do.
    """
    if action == ASSIGN and not _has_assign(case):
        _check_owner(case, by)
        return
    steps = [one for one in definition_of(case).steps(case.state) if one.action == action]
    if not steps:
        raise _impossible(case)
    guards.check(case, action)
    if by is not None:
        held = roles_of(by)
        if not any(_is_for(held, step) for step in steps):
            raise StageError(_l("Your role does not take this step."))


def pass_on(case: Case, *, by: int | None = None) -> None:
    """The step that goes with another unit or person, where the workflow has one: others are given
    to somebody else in any state in which somebody works on them. Raises StageError."""
    check(case, ASSIGN, by=by)
    if _has_assign(case):
        take(case, ASSIGN, by=by)


def may_pass_on(case: Case, roles: Collection[str]) -> bool:
    """Whether the page offers it where the workflow itself has no step for it."""
    return not _has_assign(case) and case.stage in WORKING and _is_one_of(roles, OWNERS)


def _has_assign(case: Case) -> bool:
    return bool(definition_of(case).steps_of(ASSIGN))


def _check_owner(case: Case, by: int | None) -> None:
    if case.stage not in WORKING:
        raise _impossible(case)
    guards.check(case, ASSIGN)
    if by is not None and not _is_one_of(roles_of(by), OWNERS):
        raise StageError(_l("Your role does not take this step."))


def take(
    case: Case, action: str, *, by: int | None = None, form: Mapping[str, Any] | None = None
) -> Transition:
    """One step of a locked case: its state and its clocks. Raises StageError.

    `form`: what was filled in, for guards; a date as text.
    """
    if case.definition_id is None:
        case.definition_id = versions.current(workflow_for(case.urgency, case.origin_type))
    check(case, action, by=by)
    definition = definition_of(case)
    step = run.choose(definition, case.state, action, facts(case), form or {})
    if step is None:
        raise _impossible(case)
    before = case.state
    after = step.target or before
    if after != before:
        case.state, case.stage = after, definition.states[after].stage
        case.stage_at = clock.now()
    clockwork.follow(case, definition, before, after, action)
    effects.apply(case, step.effects, action)
    db.session.flush()
    return step


def run_out(case: Case, action: str) -> None:
    """What the definition has the portal do of itself when a clock has run out, if it still can."""
    from workflows.cases import steps  # which carries out what definitions alone know

    was = case.stage
    try:
        step = take(case, action)
    except StageError:
        return
    steps.taken_by_itself(case, step, was)


def put_aside(case: Case) -> None:
    """To an end without a step: another case is followed instead, and may be left again."""
    definition = definition_of(case)
    case.state = next(name for name, state in definition.states.items() if state.final)
    case.stage, case.stage_at = "closed", clock.now()


def roles_of(user_id: int) -> frozenset[str]:
    """Names of the roles of a member of staff."""
    return frozenset(
        db.session.scalars(
            select(Role.name).join(User.roles.of_type(Role)).where(User.id == user_id)
        )
    )


def _is_one_of(held: Collection[str], wanted: Collection[str]) -> bool:
    return ADMINISTRATOR in held or not set(wanted).isdisjoint(held)


def _is_for(held: Collection[str], step: Transition) -> bool:
    """Whether people of these roles may take a step; one without roles is the system's alone."""
    allowed = permissions().get(step.permission, frozenset({ADMINISTRATOR}))
    return bool(step.roles) and _is_one_of(held, step.roles) and _is_one_of(held, allowed)


def _impossible(case: Case) -> StageError:
    return StageError(
        _l("This is not possible now; the stage is: %(stage)s.", stage=state_title(case))
    )
