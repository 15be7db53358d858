"""The value of an expression for given answers."""

import math
import random
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal import clock
from portal.i18n import local

from .errors import EvaluationError
from .functions import FUNCTIONS, bounded, texts
from .nodes import Call, Chain, Current, Literal, Negate, Node, Number, Path, Reference
from .parser import Expression, parse
from .values import NodeSet, Value, compare, nodes, plain, to_boolean, to_number, to_string

_QUOTED = re.compile(r"\s*\$\{\s*([^{}]*?)\s*\}\s*|(?:.*/)?([^/]*)")
_MAX_UUID = 1_000


def answers_lookup(answers: Mapping[str, object]) -> Callable[[str], object]:
    """Find a name in stored answers; a list of mappings is a repeat and is looked into.

    A name inside a repeat gives the list of its answers, one for each round.
    """

    def lookup(name: str) -> object:
        if name in answers:
            raw = answers[name]
            if isinstance(raw, list) and raw and all(isinstance(item, Mapping) for item in raw):
                return NodeSet(tuple(plain(item) for item in raw))
            return raw
        for raw in answers.values():
            if isinstance(raw, list) and any(isinstance(r, Mapping) and name in r for r in raw):
                rounds = (r.get(name) for r in raw if isinstance(r, Mapping))
                return NodeSet(tuple(nodes(item).values[0] for item in rounds))
        return None

    return lookup


def _wall_time() -> datetime:
    return local(clock.now())


def _no_label(_name: str, value: str) -> str:
    return value


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression can see.

    `lookup` gives the stored answer of a name (None: unanswered); `current` is `.`;
    `now` must give the wall time of the reader's zone, for today() is its date;
    `choice_label(question, choice)` serves jr:choice-name; `columns` are the columns of one
    choice in a choice filter; `position` counts rounds of a repeat from 1.
    """

    lookup: Callable[[str], object]
    current: object = None
    now: Callable[[], datetime] = _wall_time
    random: Callable[[], float] = random.random
    choice_label: Callable[[str, str], str] = _no_label
    columns: Mapping[str, str] = field(default_factory=dict)
    position: int = 1


def evaluate(expression: Expression | str, context: Context) -> Value:
    """The XPath value of an expression.

    Raises ExpressionError for a text that does not parse, EvaluationError where a value would
    be absurdly large.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    return _value(parsed.root, context)


def truth(expression: Expression | str, context: Context) -> bool:
    """The value as a boolean; what has no value (EvaluationError) is false."""
    try:
        return to_boolean(evaluate(expression, context))
    except EvaluationError:
        return False


def _value(node: Node, context: Context) -> Value:
    match node:
        case Number(value=value) | Literal(value=value):
            return value
        case Reference(name=name):
            return nodes(context.lookup(name))
        case Current():
            return nodes(context.current)
        case Path():
            return _path(node, context)
        case Negate(operand=operand):
            return -to_number(_value(operand, context))
        case Chain():
            return _chain(node, context)
        case Call():
            return _call(node, context)


def _path(path: Path, context: Context) -> Value:
    if not path.steps:
        return NodeSet(("",))
    name = path.steps[-1]
    if path.bare and name in context.columns:
        return NodeSet((context.columns[name],))
    return nodes(context.lookup(name))


def _chain(chain: Chain, context: Context) -> Value:
    first = chain.operators[0]
    if first == "or":
        return any(to_boolean(_value(operand, context)) for operand in chain.operands)
    if first == "and":
        return all(to_boolean(_value(operand, context)) for operand in chain.operands)
    left = _value(chain.operands[0], context)
    for operator, operand in zip(chain.operators, chain.operands[1:], strict=True):
        right = _value(operand, context)
        if operator == "|":
            left = NodeSet(texts(left) + texts(right))
        elif operator in _ARITHMETIC:
            left = _ARITHMETIC[operator](to_number(left), to_number(right))
        else:
            left = compare(operator, left, right)
    return left


def _divide(one: float, other: float) -> float:
    if other != 0:
        return one / other
    if one == 0 or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def _modulo(one: float, other: float) -> float:
    """The remainder with the sign of the first number, as XPath and JavaScript have it."""
    if other == 0 or math.isinf(one):
        return math.nan
    return math.fmod(one, other)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "div": _divide,
    "mod": _modulo,
}


def _call(call: Call, context: Context) -> Value:
    arguments = call.arguments
    match call.name:
        case "if":
            chosen = arguments[1] if to_boolean(_value(arguments[0], context)) else arguments[2]
            return _value(chosen, context)
        case "coalesce":
            return _coalesce(arguments, context)
        case "once":
            return (
                nodes(context.current)
                if any(nodes(context.current).values)
                else (_value(arguments[0], context))
            )
        case "count":
            return float(len(texts(_value(arguments[0], context))))
        case "position":
            return float(context.position)
        case "random":
            return context.random()
        case "today":
            return context.now().date().isoformat()
        case "now":
            return context.now().isoformat(timespec="milliseconds")
        case "uuid":
            return _uuid(arguments, context)
        case "jr:choice-name":
            return _choice_name(arguments, context)
        case "indexed-repeat":
            found = texts(_value(arguments[0], context))
            index = to_number(_value(arguments[2], context))
            return found[int(index) - 1] if 1 <= index <= len(found) else ""
    if not arguments and call.name in _ABOUT_CURRENT:
        return FUNCTIONS[call.name](nodes(context.current))
    return FUNCTIONS[call.name](*(_value(argument, context) for argument in arguments))


_ABOUT_CURRENT = {"string", "number", "string-length", "normalize-space"}


def _coalesce(arguments: tuple[Node, ...], context: Context) -> Value:
    value: Value = ""
    for argument in arguments:
        value = _value(argument, context)
        if to_string(value) != "":
            return value
    return value


def _uuid(arguments: tuple[Node, ...], context: Context) -> Value:
    if not arguments:
        return str(
            uuid.UUID(bytes=bytes(int(context.random() * 256) for _ in range(16)), version=4)
        )
    length = to_number(_value(arguments[0], context))
    count = int(length) if 0 <= length <= _MAX_UUID else _MAX_UUID
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(alphabet[int(context.random() * len(alphabet))] for _ in range(count))


def _choice_name(arguments: tuple[Node, ...], context: Context) -> Value:
    value = to_string(_value(arguments[0], context))
    found = _QUOTED.fullmatch(to_string(_value(arguments[1], context)))
    if found is None:
        return value
    question = found[1] or found[2] or ""
    return bounded(", ".join(context.choice_label(question, name) for name in value.split()))
