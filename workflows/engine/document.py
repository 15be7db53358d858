"""A definition as the plain document that is stored as JSON and written as YAML, and back.

States, clocks and choices are lists, never objects: JSON in the database does not keep the order
of an object's keys, and their order is what people see.
"""

from typing import Any

from .model import ClockRule, Definition, Effect, FormField, State, Transition


def to_document(definition: Definition) -> dict[str, Any]:
    """Every field written out; `from_document` gives back an equal definition."""
    return {
        "name": definition.name,
        "titles": dict(definition.titles),
        "about": dict(definition.about),
        "initial": definition.initial,
        "states": [_state(state) for state in definition.states.values()],
        "transitions": [_transition(step) for step in definition.transitions],
        "clocks": [_clock(rule) for rule in definition.clocks.values()],
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "name": state.name,
        "titles": dict(state.titles),
        "stage": state.stage,
        "pauses": list(state.pauses),
    }


def _transition(step: Transition) -> dict[str, Any]:
    return {
        "action": step.action,
        "titles": dict(step.titles),
        "from": list(step.sources),
        "to": step.target,
        "roles": list(step.roles),
        "permission": step.permission,
        "guard": step.guard,
        "outcome": step.outcome,
        "form": [_field(field) for field in step.form],
        "effects": [{"kind": effect.kind, **effect.settings} for effect in step.effects],
    }


def _field(field: FormField) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        "titles": dict(field.titles),
        "required": field.required,
        "choices": [
            {"value": value, "titles": dict(titles)} for value, titles in field.choices.items()
        ],
    }


def _clock(rule: ClockRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "titles": dict(rule.titles),
        "limit_hours": rule.limit_hours,
        "calendar": rule.calendar,
        "starts": list(rule.starts),
        "stops": list(rule.stops),
        "warn_at": rule.warn_at,
        "escalate_every_hours": rule.escalate_every_hours,
        "then": rule.then,
    }


def from_document(document: dict[str, Any]) -> Definition:
    """The definition of a document that the schema accepts; KeyError where it would not.

    Of two states, clocks or choices of one name the last remains: `reader.read` refuses such.
    """
    return Definition(
        name=document["name"],
        titles=dict(document["titles"]),
        about=dict(document.get("about") or {}),
        initial=document["initial"],
        states={one["name"]: _read_state(one) for one in document["states"]},
        transitions=tuple(_read_transition(one) for one in document["transitions"]),
        clocks={one["name"]: _read_clock(one) for one in document.get("clocks") or ()},
    )


def _read_state(one: dict[str, Any]) -> State:
    return State(
        name=one["name"],
        titles=dict(one["titles"]),
        stage=one["stage"],
        pauses=tuple(one.get("pauses") or ()),
    )


def _read_transition(one: dict[str, Any]) -> Transition:
    return Transition(
        action=one["action"],
        titles=dict(one["titles"]),
        sources=tuple(one["from"]),
        target=one.get("to"),
        roles=tuple(one["roles"]),
        form=tuple(_read_field(field) for field in one.get("form") or ()),
        guard=one.get("guard") or "",
        effects=tuple(
            Effect(each["kind"], {key: each[key] for key in each if key != "kind"})
            for each in one.get("effects") or ()
        ),
        permission=one.get("permission", "cases.work"),
        outcome=one.get("outcome") or "",
    )


def _read_field(one: dict[str, Any]) -> FormField:
    return FormField(
        name=one["name"],
        kind=one["kind"],
        titles=dict(one["titles"]),
        required=one.get("required", True),
        choices={each["value"]: dict(each["titles"]) for each in one.get("choices") or ()},
    )


def _read_clock(one: dict[str, Any]) -> ClockRule:
    limit, every = one.get("limit_hours"), one.get("escalate_every_hours", 8.0)
    return ClockRule(
        name=one["name"],
        titles=dict(one["titles"]),
        limit_hours=None if limit is None else float(limit),
        calendar=one["calendar"],
        starts=tuple(one["starts"]),
        stops=tuple(one["stops"]),
        warn_at=float(one.get("warn_at", 0.75)),
        escalate_every_hours=None if every is None else float(every),
        then=one.get("then"),
    )
