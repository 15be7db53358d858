"""What a workflow definition is, once read and checked.

A definition is a state machine in data: states, transitions that people or clocks take, the clocks
themselves, and what happens by the way. Definitions never change; a changed one is a new version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

Texts = Mapping[str, str]
"""Language -> text; a published definition has each language of the portal."""

STAGES: Final = ("received", "assigned", "in_progress", "feedback", "closed")
"""What lists, reports and packets know of a state, whatever its definition calls it."""
FIELD_KINDS: Final = ("text", "words", "choice", "date", "number", "yesno", "photo")
"""`text` is one line, `words` several."""
EFFECT_KINDS: Final = ("notify", "task", "ask_feedback", "letter")


@dataclass(frozen=True)
class State:
    """Where a case can be. A state of the stage `closed` is an end."""

    name: str
    titles: Texts
    stage: str
    pauses: tuple[str, ...] = ()
    """Clocks that stand still while a case is here."""

    @property
    def final(self) -> bool:
        return self.stage == "closed"


@dataclass(frozen=True)
class FormField:
    """Something that whoever takes a transition is asked for."""

    name: str
    kind: str
    titles: Texts
    required: bool = True
    choices: Mapping[str, Texts] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What happens by the way. `settings` depend on the kind:

    notify: to (citizen|unit|owner), purpose or texts; task: titles, role, hours, calendar;
    ask_feedback: none; letter: titles, hours, calendar.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Transition:
    """A step from any of `sources` to `target`; several of one action are tried in their order,
    the first whose guard holds is taken. `target` None: the state stays."""

    action: str
    titles: Texts
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[str, ...]
    """Who may take it; empty: only the system (a clock that ran out, the citizen's own answer)."""
    form: tuple[FormField, ...] = ()
    guard: str = ""
    """An expression (workflows.engine.expressions); empty: always."""
    effects: tuple[Effect, ...] = ()
    permission: str = "cases.work"
    """Permission of the portal that a person needs besides the role."""
    outcome: str = ""
    """How the case ended, for a step to its end whose form does not ask for it."""


@dataclass(frozen=True)
class ClockRule:
    """A promise of time: when it starts, stops, warns, and what happens at its end."""

    name: str
    titles: Texts
    limit_hours: float | None
    """Open hours of its calendar; None: the agreement of the case's category."""
    calendar: str
    """Name of a calendar, or `category`: the calendar of the case's category."""
    starts: tuple[str, ...]
    """States: entering one of them from a state that is none of them starts it. Also actions (as
    `action:object`): taking one starts it, whatever the states."""
    stops: tuple[str, ...]
    """States and actions (as `action:first_action`) that stop it; an end stops every clock."""
    warn_at: float = 0.75
    """Share of the limit after which it warns."""
    escalate_every_hours: float | None = 8.0
    """Open hours between two levels of the unit chain; None: it never escalates."""
    then: str | None = None
    """Action that the system takes when it runs out, e.g. time_out."""


@dataclass(frozen=True)
class Definition:
    """A whole workflow."""

    name: str
    titles: Texts
    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    clocks: Mapping[str, ClockRule]
    about: Texts = field(default_factory=dict)

    def steps(self, state: str) -> tuple[Transition, ...]:
        """The transitions that begin in a state, in the definition's order."""
        return self._steps_by_state.get(state, ())

    @cached_property
    def _steps_by_state(self) -> dict[str, tuple[Transition, ...]]:
        found: dict[str, dict[int, Transition]] = {}
        for number, step in enumerate(self.transitions):
            for source in step.sources:
                found.setdefault(source, {})[number] = step
        return {state: tuple(steps.values()) for state, steps in found.items()}

    def steps_of(self, action: str | None) -> tuple[Transition, ...]:
        """The transitions of an action, in the definition's order."""
        return tuple(step for step in self.transitions if step.action == action)
