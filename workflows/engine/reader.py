"""A definition from its YAML text, or every reason why there is none. Format: docs/workflows.md."""

import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema
import jsonschema.validators
from jsonschema.exceptions import ValidationError

from portal.i18n import LazyText, _l
from portal.text import ascii_digits
from workflows.calendars import nodes
from workflows.calendars.nodes import Node, Problem

from .document import from_document, to_document
from .model import Definition

__all__ = ["Problem", "from_document", "locate", "read", "read_lines", "to_document"]

MOST_PROBLEMS: Final = 500
MOST_PARTS: Final = 20_000
"""Texts, lists and mappings; the largest shipped file has a tenth of that."""
SCHEMA: Final = Path(__file__).resolve().parent / "schema.json"
_NUMBERS: Final = frozenset({"limit_hours", "warn_at", "escalate_every_hours", "hours"})
_TRUTHS: Final = {"true": True, "false": False}
_NUMBER: Final = re.compile(r"-?\d{1,9}(\.\d{1,9})?")

TYPES: Final[dict[str, LazyText]] = {
    "object": _l("a mapping of keys to values"),
    "array": _l("a list"),
    "string": _l("a text"),
    "number": _l("a number"),
    "boolean": _l("true or false"),
}


def read(text: str) -> tuple[Definition | None, list[Problem]]:
    """The definition where the text has the form of one, whether or not it makes sense.

    Whether it makes sense is `checks.check`'s to say.
    """
    definition, problems, _lines = read_lines(text)
    return definition, problems


def read_lines(text: str) -> tuple[Definition | None, list[Problem], dict[str, int]]:
    """As `read`, and the line of each path, for what is found out later."""
    problems: list[Problem] = []
    root = nodes.parse(text.encode("utf-8", "surrogatepass"), problems)
    if root is None:
        return None, problems, {}
    lines: dict[str, int] = {}
    for number, node in enumerate(_walk(root)):
        lines[node.path] = node.line
        if number >= MOST_PARTS:
            message = _l("The file has more than %(most)s parts", most=MOST_PARTS)
            return None, [Problem(None, node.line, message)], lines
    document = _plain(root, "")
    problems += locate(form_problems(document), lines)
    problems.sort(key=lambda problem: problem.line or 0)
    if any(problem.severity == "error" for problem in problems):
        return None, problems[:MOST_PROBLEMS], lines
    return from_document(document), problems[:MOST_PROBLEMS], lines


def locate(problems: Iterable[Problem], lines: dict[str, int]) -> list[Problem]:
    """The problems with the line of their path, or of the nearest thing around it."""
    found = []
    for problem in problems:
        path = problem.path or ""
        while path and path not in lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        line = problem.line if problem.line is not None else lines.get(path)
        found.append(Problem(problem.path, line, problem.message, problem.severity))
    return found


def form_problems(document: Any) -> list[Problem]:
    """What the schema says of a document, and names that are given twice."""
    found: list[Problem] = []
    explained: set[tuple[str, str]] = set()
    for error in _validator().iter_errors(document):
        for leaf in _leaves(error):
            # The missing keys of a mapping are an error each; the first is explained for all.
            once = (_path(leaf.absolute_path), str(leaf.validator))
            if once not in explained:
                explained.add(once)
                found += _explained(leaf)
    return found or _twice(document)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node.value, dict):
        for below in node.value.values():
            yield from _walk(below)
    elif isinstance(node.value, list):
        for below in node.value:
            yield from _walk(below)


def _plain(node: Node, key: str) -> Any:
    """Values as JSON has them. Texts stay texts: an action may be called `no` or `1404`."""
    value = node.value
    if isinstance(value, dict):
        return {name: _plain(below, name) for name, below in value.items()}
    if isinstance(value, list):
        return [_plain(below, "") for below in value]
    if isinstance(value, str) and key in _NUMBERS:
        digits = ascii_digits(value.strip()).replace("٫", ".")
        if _NUMBER.fullmatch(digits):
            return float(digits) if "." in digits else int(digits)
    if isinstance(value, str) and key == "required":
        return _TRUTHS.get(value, value)
    return value


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    extend: Any = jsonschema.validators.extend
    kind = extend(jsonschema.Draft202012Validator, {"uniqueItems": _unique_texts})
    found: jsonschema.Draft202012Validator = kind(schema)
    return found


def _unique_texts(_validator: Any, unique: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    """Lists with this rule are of texts, and whatever is no text is told anyway; comparing all
    kinds of values with each other would take hours."""
    texts = [one for one in instance if isinstance(one, str)] if isinstance(instance, list) else []
    if unique and len(set(texts)) < len(texts):
        yield ValidationError("given twice")


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """What is really wrong: of `null or …` the other half."""
    if error.validator == "anyOf" and error.context:
        for below in error.context:
            if below.validator != "type" or below.validator_value != "null":
                yield from _leaves(below)
    else:
        yield error


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _explained(error: ValidationError) -> Iterator[Problem]:
    path = _path(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            # One error a missing key; which one is not said except in its English message.
            for key in limit:
                if key not in value:
                    yield Problem(path, None, _l("“%(key)s” is missing", key=key))
        case "additionalProperties" if isinstance(limit, bool):
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            for key in value:
                if key not in known:
                    yield Problem(
                        f"{path}.{key}" if path else key,
                        None,
                        _l(
                            "“%(key)s” is not known here; known are: %(names)s",
                            key=str(key)[:80],
                            names=", ".join(known),
                        ),
                    )
        case _:
            yield Problem(path, None, _sentence(str(error.validator), value, limit))


def _sentence(validator: str, value: Any, limit: Any) -> LazyText:
    shown = str(value)[:80]
    match validator:
        case "type":
            return _l("This must be %(kind)s", kind=TYPES.get(str(limit), str(limit)))
        case "enum":
            return _l(
                "“%(value)s” is not one of: %(names)s",
                value=shown,
                names=", ".join(map(str, limit)),
            )
        case "pattern":
            return _l(
                "“%(value)s” is not a name: small Latin letters and digits, a letter first",
                value=shown,
            )
        case "minItems" | "minLength":
            return _l("Something must be given here")
        case "maxItems" | "maxLength":
            return _l("This is too long; at most %(limit)s", limit=limit)
        case "uniqueItems":
            return _l("Something is given twice in this list")
        case "exclusiveMinimum":
            return _l("The number must be greater than %(limit)s", limit=limit)
        case "maximum":
            return _l("The number may be at most %(limit)s", limit=limit)
    return _l("“%(value)s” is not allowed here", value=shown)


def _twice(document: dict[str, Any]) -> list[Problem]:
    found: list[Problem] = []

    def look(items: list[dict[str, Any]], path: str, key: str) -> None:
        seen: set[str] = set()
        for index, item in enumerate(items):
            if item[key] in seen:
                at = f"{path}[{index}].{key}"
                found.append(Problem(at, None, _l("“%(key)s” is given twice", key=item[key])))
            seen.add(item[key])

    look(document["states"], "states", "name")
    look(document.get("clocks") or [], "clocks", "name")
    for index, step in enumerate(document["transitions"]):
        for at, field in enumerate(step.get("form") or []):
            path = f"transitions[{index}].form[{at}].choices"
            look(field.get("choices") or [], path, "value")
        look(step.get("form") or [], f"transitions[{index}].form", "name")
    return found
