"""Whether a definition makes sense: what publishing refuses, and what it warns of.

`reader.read` says whether a text has the form of a definition; everything here is about what the
parts mean together. docs/workflows.md explains each sentence.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import has_app_context

from portal import security
from portal.i18n import LANGUAGES, LazyText, _l
from workflows.calendars import catalogue as calendar_files
from workflows.calendars import changes
from workflows.calendars import services as calendars

from . import clock_checks, guard_checks, paths, run
from .model import STAGES, Definition, Transition
from .problems import Problem, error, warning

__all__ = ["Problem", "check"]

CATEGORY_CALENDAR: Final = "category"
BUILT_IN: Final = frozenset({"finish", "accept", "object", "time_out", "reopen"})
"""Steps whose outcome the portal's own pages ask for, or that follow an answer."""
ANSWERS: Final = ("accept", "object", "time_out")
"""What the portal does by itself where a citizen is asked."""
ANSWERED: Final = "cases.answered"
"""The one purpose that steps of definitions have: the answer, sent with the end."""
BY_PORTAL: Final = frozenset({"assign", "reopen"})
"""What it does by itself besides: a rule gives a case to a unit, an objection comes late."""


@dataclass(frozen=True)
class World:
    """The names outside a definition that it may use."""

    calendars: frozenset[str]
    permissions: Mapping[str, Collection[str]] = field(default_factory=dict)
    """permission -> roles; empty: nothing is said of permissions."""


def world(*, tables: bool = True) -> World:
    """What there is: in an application its plugins' permissions and the city's own calendars.

    `tables` False: without those that are kept in the database, for commands that need none.
    """
    if has_app_context():
        entries = calendars.entries() if tables else calendars.entries(said=changes.NONE)
        return World(frozenset(entry.name for entry in entries), security.permissions())
    return World(frozenset(path.stem for path in calendar_files.SHIPPED.glob("*.yaml")))


def check(definition: Definition, known: World | None = None) -> list[Problem]:
    """Every problem, the errors first. One with an error must not be published."""
    known = known or world()
    taken = _taken(definition)
    found = [
        *_texts(definition),
        *_states(definition, taken),
        *_transitions(definition, known),
        *_nobody(taken),
        *_asked(definition),
        *_actions(definition),
        *guard_checks.check(definition),
        *clock_checks.check(definition, known.calendars | {CATEGORY_CALENDAR}),
    ]
    return sorted(found, key=lambda problem: problem.severity != "error")


# Texts


def _texts(definition: Definition) -> Iterator[Problem]:
    yield from _missing(definition.titles, "titles")
    if definition.about:
        yield from _missing(definition.about, "about")
    for index, state in enumerate(definition.states.values()):
        yield from _missing(state.titles, f"states[{index}].titles")
    for index, step in enumerate(definition.transitions):
        path = f"transitions[{index}]"
        yield from _missing(step.titles, f"{path}.titles")
        for at, asked in enumerate(step.form):
            yield from _missing(asked.titles, f"{path}.form[{at}].titles")
            for number, titles in enumerate(asked.choices.values()):
                yield from _missing(titles, f"{path}.form[{at}].choices[{number}].titles")
        for at, effect in enumerate(step.effects):
            for key in ("titles", "texts"):
                if key in effect.settings:
                    yield from _missing(effect.settings[key], f"{path}.effects[{at}].{key}")
    for index, rule in enumerate(definition.clocks.values()):
        yield from _missing(rule.titles, f"clocks[{index}].titles")


def _missing(texts: Mapping[str, str], path: str) -> Iterator[Problem]:
    for language in LANGUAGES:
        if not texts.get(language, "").strip():
            yield error(path, _l("The text in “%(language)s” is missing", language=language))
    for language in texts:
        if language not in LANGUAGES:
            yield warning(path, _l("The portal does not speak “%(language)s”", language=language))


# States and how they hang together


def _states(definition: Definition, steps: tuple[Transition, ...]) -> Iterator[Problem]:
    """`steps`: what somebody takes, or something."""
    states = definition.states
    if definition.initial not in states:
        yield error("initial", _unknown_state(definition.initial))
    elif states[definition.initial].stage in {"feedback", "closed"}:
        # Nobody would ever see it in a list.
        yield error("initial", _l("A case begins neither at its end nor with the citizen's answer"))
    if not any(state.final for state in states.values()):
        yield error("states", _l("There is no end: a state of the stage closed"))
    known = definition.initial in states
    reached = paths.reachable(definition, [definition.initial]) if known else set(states)
    ending = paths.leading_to(
        replace(definition, transitions=steps), [name for name in states if states[name].final]
    )
    moving = {
        source for step in steps for source in step.sources if step.target not in {None, source}
    }
    for index, state in enumerate(states.values()):
        path = f"states[{index}]"
        if state.stage not in STAGES:
            yield error(f"{path}.stage", _l("There is no stage “%(name)s”", name=state.stage))
        if state.name not in reached:
            yield error(path, _l("No case ever comes to the state “%(name)s”", name=state.name))
        if state.final or state.name in ending:
            pass
        elif state.name not in moving:
            yield error(path, _l("No step leads out of the state “%(name)s”", name=state.name))
        else:
            yield error(
                path, _l("No way leads from the state “%(name)s” to an end", name=state.name)
            )
        for at, clock in enumerate(state.pauses):
            if clock not in definition.clocks:
                yield error(f"{path}.pauses[{at}]", _unknown_clock(clock))


def _taken(definition: Definition) -> tuple[Transition, ...]:
    """The transitions without those sources from which nobody ever takes them."""
    if not clock_checks.is_whole(definition):
        return definition.transitions
    by_clocks = clock_checks.taken(definition)

    def is_taken(step: Transition, source: str) -> bool:
        if step.roles or step.action in BY_PORTAL or (source, step.action) in by_clocks:
            return True
        return step.action in ANSWERS and definition.states[source].stage == "feedback"

    return tuple(
        replace(step, sources=tuple(one for one in step.sources if is_taken(step, one)))
        for step in definition.transitions
    )


def _nobody(taken: tuple[Transition, ...]) -> Iterator[Problem]:
    for index, step in enumerate(taken):
        if not step.sources and not step.roles:
            text = _l(
                "Nobody takes the step “%(action)s”: it has no roles, and no clock that runs there "
                "ends with it",
                action=step.action,
            )
            yield error(f"transitions[{index}].roles", text)


def _asked(definition: Definition) -> Iterator[Problem]:
    """Where a citizen is asked, each answer and none at all must lead somewhere."""
    for index, step in enumerate(definition.transitions):
        target = definition.states.get(step.target or "")
        asks = step.action == "finish" or any(one.kind == "ask_feedback" for one in step.effects)
        if target is None or target.stage != "feedback" or not asks:
            continue
        able = {one.action for one in definition.steps(target.name)}
        if missing := [action for action in ANSWERS if action not in able]:
            text = _l(
                "This step asks the citizen, but these steps are not possible in the state "
                "“%(state)s”: %(actions)s",
                state=target.name,
                actions=", ".join(missing),
            )
            yield error(f"transitions[{index}].to", text)


def _unknown_state(name: str) -> LazyText:
    return _l("There is no state “%(name)s”", name=name)


def _unknown_clock(name: str) -> LazyText:
    return _l("There is no clock “%(name)s”", name=name)


# Transitions one by one


def _transitions(definition: Definition, known: World) -> Iterator[Problem]:
    for index, step in enumerate(definition.transitions):
        path = f"transitions[{index}]"
        for at, source in enumerate(step.sources):
            if source not in definition.states:
                yield error(f"{path}.from[{at}]", _unknown_state(source))
        if step.target is not None and step.target not in definition.states:
            yield error(f"{path}.to", _unknown_state(step.target))
        yield from _outcome(definition, step, path)
        yield from _who(step, path, known)
        yield from _form(step, path)
        yield from _effects(definition, step, path, known)


def _outcome(definition: Definition, step: Transition, path: str) -> Iterator[Problem]:
    """Only what was carried out counts as done, so an end is never taken to be that by itself."""
    target = definition.states.get(step.target or "")
    if target is None or target.stage not in {"feedback", "closed"} or step.outcome:
        return
    if step.action in BUILT_IN:
        return
    for source in step.sources:
        asked = run.form_of(definition, source, step.action)
        if not any(field.name == "outcome" for field in asked):
            yield error(
                f"{path}.outcome",
                _l("This step ends a case: say the outcome, or ask for it in the form"),
            )
            return


def _who(step: Transition, path: str, known: World) -> Iterator[Problem]:
    held: Collection[str] | None = None
    if known.permissions and step.roles:
        held = known.permissions.get(step.permission)
        if held is None:
            message = _l("There is no permission “%(name)s”", name=step.permission)
            yield error(f"{path}.permission", message)
    for at, role in enumerate(step.roles):
        if role not in security.ROLES:
            yield error(f"{path}.roles[{at}]", _unknown_role(role))
        elif held is not None and role not in held:
            yield warning(
                f"{path}.roles[{at}]",
                _l(
                    "The role “%(role)s” does not hold the permission “%(name)s”",
                    role=role,
                    name=step.permission,
                ),
            )


def _unknown_role(name: str) -> LazyText:
    return _l(
        "There is no role “%(name)s”; there are: %(names)s",
        name=name,
        names=", ".join(security.ROLES),
    )


def _form(step: Transition, path: str) -> Iterator[Problem]:
    if step.form and not step.roles:
        yield error(f"{path}.form", _l("The system takes this step and fills in no form"))
    for at, asked in enumerate(step.form):
        where = f"{path}.form[{at}]"
        if asked.kind == "choice" and not asked.choices:
            yield error(where, _l("There is nothing to choose from in “%(name)s”", name=asked.name))
        if asked.kind != "choice" and asked.choices:
            message = _l("Only a field of the kind choice has choices: “%(name)s”", name=asked.name)
            yield error(where, message)
        if asked.name == "promised_on" and asked.kind != "date":
            yield error(where, _l("“promised_on” is the day of what is planned: of the kind date"))
        seen: set[tuple[str, str]] = set()
        for number, titles in enumerate(asked.choices.values()):
            same = [text for key, text in titles.items() if (key, text.strip()) in seen]
            if same:
                message = _l("The choice “%(text)s” is there twice", text=same[0])
                yield error(f"{where}.choices[{number}].titles", message)
            seen |= {(key, text.strip()) for key, text in titles.items()}


def _effects(
    definition: Definition, step: Transition, path: str, known: World
) -> Iterator[Problem]:
    target = definition.states.get(step.target or "")
    ends = target is not None and target.stage in {"feedback", "closed"}
    for at, effect in enumerate(step.effects):
        where = f"{path}.effects[{at}]"
        settings: Mapping[str, Any] = effect.settings
        calendar, role = settings.get("calendar"), settings.get("role")
        if calendar is not None and calendar not in known.calendars | {CATEGORY_CALENDAR}:
            message = _l("There is no calendar “%(name)s”", name=calendar)
            yield error(f"{where}.calendar", message)
        if role is not None and role not in security.ROLES:
            yield error(f"{where}.role", _unknown_role(role))
        if effect.kind == "notify" and ("purpose" in settings) == ("texts" in settings):
            yield error(where, _l("A notice has either a purpose or texts"))
        elif "purpose" in settings and not (ends and settings["purpose"] == ANSWERED):
            text = _l("Nothing is sent here for the purpose “%(name)s”: write texts",
                      name=settings["purpose"])  # fmt: skip
            yield warning(f"{where}.purpose", text)
        if effect.kind == "ask_feedback" and (target is None or target.stage != "feedback"):
            text = _l("Nobody is asked: the step does not lead to a state of the stage feedback")
            yield warning(where, text)


# The transitions of one action from one state


def _actions(definition: Definition) -> Iterator[Problem]:
    told: set[tuple[int, str]] = set()

    def once(
        index: int, key: str, make: Callable[[str, LazyText], Problem], text: LazyText
    ) -> Iterable[Problem]:
        if (index, key) in told:
            return ()
        told.add((index, key))
        path = f"transitions[{index}]" + (f".{key}" if key else "")
        return (make(path, text),)

    for state in definition.states:
        groups: dict[str, list[tuple[int, Transition]]] = {}
        for index, step in enumerate(definition.transitions):
            if state in step.sources:
                groups.setdefault(step.action, []).append((index, step))
        for action, steps in groups.items():
            yield from _order(steps, state, action, once)


def _order(
    steps: list[tuple[int, Transition]], state: str, action: str, once: Callable[..., Any]
) -> Iterator[Problem]:
    last, first = steps[-1], steps[0][1]
    names = {"action": action, "state": state}
    if last[1].guard:
        text = _l(
            "Where no condition of “%(action)s” holds, it does nothing in the state “%(state)s”: "
            "give its last transition no condition",
            **names,
        )
        yield from once(last[0], "guard", warning, text)
    for index, step in steps[:-1]:
        if not step.guard:
            text = _l(
                "After this transition without a condition no other of “%(action)s” is ever taken "
                "in the state “%(state)s”",
                **names,
            )
            yield from once(index, "guard", error, text)
    kinds = {asked.name: asked for asked in first.form}
    for index, step in steps[1:]:
        if (set(step.roles), step.permission) != (set(first.roles), first.permission):
            text = _l(
                "The transitions of “%(action)s” from the state “%(state)s” must have the same "
                "roles and permission: who takes it does not know which one it will be",
                **names,
            )
            yield from once(index, "roles", error, text)
        for asked in step.form:
            if kinds.setdefault(asked.name, asked) != asked:
                text = _l(
                    "The field “%(name)s” of “%(action)s” is not the same in each transition",
                    name=asked.name,
                    action=action,
                )
                yield from once(index, "form", error, text)
