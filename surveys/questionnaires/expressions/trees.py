"""Expressions as JSON for the browser (portal/static/js/survey-logic.js), which parses nothing.

A number, a text and a truth are themselves; everything else is a list that begins with its kind:
`["$", name]`, `["bare", name]` (a column of a choice, else as `$`), `["."]`, `["negate", tree]`,
`["chain", [operators], [trees]]`, `["fname", tree, …]`.
"""

import math
from typing import Any

from .browser_patterns import to_javascript
from .evaluator import quoted_question
from .expression import Expression
from .nodes import (
    Call,
    Chain,
    Column,
    Current,
    Filter,
    Here,
    Literal,
    Negate,
    Node,
    Number,
    Path,
    Reference,
    Table,
)

_SERVER_ONLY = frozenset({"random", "uuid", "digest", "base64-decode"})
"""Chance would differ from what is stored; the others are not worth their bytes."""


class _ServerOnlyError(Exception):
    """The browser cannot compute this exactly."""


def to_tree(expression: Expression) -> Any:
    """The tree, or None where only the server can compute the value."""
    try:
        return _tree(expression.root)
    except _ServerOnlyError:
        return None


def _tree(node: Node) -> Any:
    match node:
        case Literal(value=text):
            return text
        case Number(value=number):
            return _number(number)
        case Reference(name=name):
            return ["$", name]
        case Path(steps=steps, bare=bare):
            return ["bare" if bare else "$", steps[-1]] if steps else ["nothing"]
        case Current():
            return ["."]
        case Here():
            return ["here"]
        case Column(name=name):
            return ["column", name]
        case Table(name=name):
            return ["table", name]
        case Filter(source=source, predicates=predicates, column=column):
            return ["filter", _tree(source), [_tree(one) for one in predicates], column]
        case Negate(operand=operand):
            return ["negate", _tree(operand)]
        case Chain(operators=operators, operands=operands):
            return ["chain", list(operators), [_tree(operand) for operand in operands]]
        case Call():
            return _call(node)


def _number(number: float) -> Any:
    if math.isinf(number):
        return ["infinity"]
    return int(number) if number.is_integer() and number < 2**53 else number


def _call(call: Call) -> Any:
    if call.name in _SERVER_ONLY:
        raise _ServerOnlyError
    if call.name == "regex":
        pattern = call.arguments[1]
        found = to_javascript(pattern.value) if isinstance(pattern, Literal) else None
        if found is None:
            raise _ServerOnlyError
        return ["fregex", _tree(call.arguments[0]), *found]
    if call.name == "jr:choice-name":
        question = call.arguments[1]
        if not isinstance(question, Literal):
            raise _ServerOnlyError
        return ["fjr:choice-name", _tree(call.arguments[0]), quoted_question(question.value)]
    return [f"f{call.name}", *map(_tree, call.arguments)]


def labelled_questions(tree: Any) -> set[str]:
    """The questions whose choices a tree names by their labels."""
    if not isinstance(tree, list):
        return set()
    found = {tree[2]} if tree and tree[0] == "fjr:choice-name" else set()
    return found.union(*map(labelled_questions, tree))


__all__ = ["labelled_questions", "to_tree"]
