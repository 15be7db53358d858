"""A definition as SCXML (W3C), for tools and for another machine to run beside ours.

One event an action; what a guard asks comes with the event, as `case_<fact>` and `form_<field>`.
Conditions are written in the Python-like data model of python-statemachine, whose restricted
evaluator runs them. A clock is a datum `clock_<name>`: whether it runs. An end from which steps
lead on (a closed case may be opened again) is a `state`, one without is `final`.
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from . import expressions, run
from .expressions import ORDERINGS, Among, Compared, Joined, Literal, Name, Not, Tree
from .model import Definition, Texts, Transition

NAMESPACE: Final = "http://www.w3.org/2005/07/scxml"
OWN: Final = "urn:pasokh:workflow"
"""Namespace of what SCXML has no word for: titles, stages, roles, permissions."""


def to_scxml(definition: Definition) -> str:
    """The document, with a declaration, ending in a newline; the same text each time."""
    root = ET.Element(
        "scxml",
        {
            "xmlns": NAMESPACE,
            "xmlns:pasokh": OWN,
            "version": "1.0",
            "datamodel": "python",
            "name": definition.name,
            "initial": definition.initial,
            **_titles(definition.titles),
        },
    )
    begun = set(run.start_clocks(definition, None, definition.initial, None))
    if definition.clocks:
        data = ET.SubElement(root, "datamodel")
        for name in definition.clocks:
            ET.SubElement(data, "data", {"id": datum(name), "expr": str(name in begun)})
    for state in definition.states.values():
        steps = definition.steps(state.name)
        node = ET.SubElement(
            root,
            "final" if state.final and not steps else "state",
            {"id": state.name, "pasokh:stage": state.stage, **_titles(state.titles)},
        )
        for step in steps:
            _transition(node, definition, state.name, step)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def datum(clock: str) -> str:
    return f"clock_{clock}"


def payload(case: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """What goes with an event: the facts and the fields under the names of the conditions."""
    return {
        **{f"case_{name}": value for name, value in case.items()},
        **{f"form_{name}": value for name, value in form.items()},
    }


def _titles(titles: Texts) -> dict[str, str]:
    return {f"pasokh:title-{language}": text for language, text in titles.items()}


def _transition(node: ET.Element, definition: Definition, source: str, step: Transition) -> None:
    attributes = {"event": step.action}
    if step.target is not None:
        attributes["target"] = step.target
    if step.guard:
        attributes["cond"] = condition(expressions.parse(step.guard))
    if step.roles:
        attributes["pasokh:roles"] = " ".join(step.roles)
        attributes["pasokh:permission"] = step.permission
    attributes |= _titles(step.titles)
    found = ET.SubElement(node, "transition", attributes)
    target = run.next_state(source, step)
    started = run.start_clocks(definition, source, target, step.action)
    stopped = run.stop_clocks(definition, source, target, step.action)
    for name in definition.clocks:
        if name in started or name in stopped:
            ET.SubElement(found, "assign", {"location": datum(name), "expr": str(name in started)})


def condition(tree: Tree) -> str:
    """An expression as the restricted Python of conditions, with the meaning it has here."""
    match tree:
        case Literal(value):
            return _text(value) if isinstance(value, str) else repr(value)
        case Name(root, name):
            return f"_event.data.{root}_{name}"
        case Not(of):
            return f"(not {condition(of)})"
        case Joined(how, parts):
            return "(" + f" {how} ".join(condition(part) for part in parts) + ")"
        case Compared(how, left, right):
            one, other = condition(left), condition(right)
            plain = f"({one} {how} {other})"
            if how not in ORDERINGS:
                return plain
            # Missing values are neither less nor greater; Python would raise.
            return f"({one} != None and {other} != None and {plain})"
        case Among(item, items):
            one = condition(item)
            equals = [f"{one} == {condition(each)}" for each in items]
            return f"({' or '.join(equals)})" if equals else "False"


def _text(value: str) -> str:
    """A literal in ASCII letters and escapes: the evaluator replaces words and signs such as
    `true` and `&&` wherever they stand, in texts too."""
    if value.isascii() and value.isalpha() and value not in {"true", "false", "null", "v"}:
        return f"'{value}'"
    return "'" + "".join(f"\\U{ord(letter):08x}" for letter in value) + "'"
