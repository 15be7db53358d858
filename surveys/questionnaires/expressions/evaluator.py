"""The value of an expression for given answers."""

import math
import random
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from portal import clock
from portal.i18n import local

from .errors import EvaluationError
from .expression import Expression
from .functions import FUNCTIONS, bounded, split, texts
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
from .parser import parse
from .values import (
    NodeSet,
    Value,
    compare,
    latin_digits,
    nodes,
    plain,
    to_boolean,
    to_number,
    to_string,
)

_QUOTED = re.compile(r"\s*\$\{\s*([^{}]*?)\s*\}\s*|(?:.*/)?([^/]*)")
_MAX_UUID = 1_000
MAX_ROWS = 200_000
"""Rows that one expression may look at, in all its conditions together."""

Rows = Sequence[Mapping[str, object]]


def answers_lookup(answers: Mapping[str, object]) -> Callable[[str], object]:
    """Find a name in stored answers; a list of mappings is a repeat and is looked into.

    A name inside a repeat gives the list of its answers, one for each round.
    """

    def lookup(name: str) -> object:
        if name in answers:
            return answers[name]
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


def _no_table(_name: str) -> Rows | None:
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression can see.

    `lookup` gives the stored answer of a name (None: unanswered); `current` is `.`;
    `now` must give the wall time of the reader's zone, for today() is its date;
    `choice_label(question, choice)` serves jr:choice-name; `columns` are the columns of one
    choice in a choice filter; `position` counts rounds of a repeat from 1, `size` is how many
    there are; `table(name)` gives the rows of a choice list or table, None where there is none.
    """

    lookup: Callable[[str], object]
    current: object = None
    now: Callable[[], datetime] = _wall_time
    random: Callable[[], float] = random.random
    choice_label: Callable[[str, str], str] = _no_label
    columns: Mapping[str, str] = field(default_factory=dict)
    position: int = 1
    size: int = 1
    table: Callable[[str], Rows | None] = _no_table
    row: "Row | None" = None
    """What conditions in brackets look at; for the evaluator itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """One node in a condition; `seen` counts the rows of the whole expression."""

    text: str
    columns: Mapping[str, object]
    is_of_table: bool
    position: int
    size: int
    seen: list[int]


def evaluate(expression: Expression | str, context: Context) -> Value:
    """The XPath value of an expression.

    Raises ExpressionError for a text that does not parse, EvaluationError where a value would
    be absurdly large.
    """
    parsed = parse(expression) if isinstance(expression, str) else expression
    return _value(parsed.root, context)


def truth(expression: Expression | str, context: Context, *, place: int | None = None) -> bool:
    """The value as a boolean; what has no value (EvaluationError) is false. In a filter of a list
    a number says which `place`, counted from 1, is left."""
    try:
        value = evaluate(expression, context)
    except EvaluationError:
        return False
    # XPath 1.0, 2.4: a number is a position.
    return value == place if place and isinstance(value, float) else to_boolean(value)


def _value(node: Node, context: Context) -> Value:
    match node:
        case Number(value=value) | Literal(value=value):
            return value
        case Reference(name=name):
            return nodes(context.lookup(name))
        case Current():
            return nodes(context.current)
        case Here():
            return NodeSet((context.row.text if context.row else "",))
        case Column(name=name):
            return _column([context.row] if context.row else [], name)
        case Table() | Filter():
            found, _is_table = _rows(node, context)
            return NodeSet(
                tuple(text for text, _columns in found), tuple(columns for _text, columns in found)
            )
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
    if path.bare and context.columns:
        # In a choice filter: a column that the list has not is no node at all.
        return NodeSet((context.columns[name],) if name in context.columns else ())
    return nodes(context.lookup(name))


def _column(rows: Sequence[Row], name: str) -> NodeSet:
    """A column of rows. In a repeat a question without an answer is a node all the same."""
    return NodeSet(
        tuple(
            nodes(row.columns.get(name)).values[0]
            for row in rows
            if name in row.columns or not row.is_of_table
        )
    )


def _rows(node: Node, context: Context) -> tuple[list[tuple[str, Mapping[str, object]]], bool]:
    """The nodes of a source, each with its columns, and whether they are of a table."""
    if isinstance(node, Table):
        table = context.table(node.name)
        if table is None:
            raise EvaluationError(f"there is no table {node.name!r}")
        return [(" ".join(map(plain, row.values())), row) for row in table], True
    if not isinstance(node, Filter):
        value = nodes(_value(node, context))
        none: Mapping[str, object] = {}
        rows = value.rows or (none,) * len(value.values)
        return list(zip(value.values, rows, strict=True)), False
    found, is_table = _rows(node.source, context)
    seen = context.row.seen if context.row else [0]
    for predicate in node.predicates:
        kept = []
        seen[0] += len(found)
        if seen[0] > MAX_ROWS:
            raise EvaluationError("too many rows")
        for position, (text, columns) in enumerate(found, 1):
            row = Row(text, columns, is_table, position, len(found), seen)
            value_there = _value(predicate, replace(context, row=row))
            # XPath 1.0, 2.4: a number is a position.
            is_number = isinstance(value_there, float) and not isinstance(value_there, bool)
            if value_there == position if is_number else to_boolean(value_there):
                kept.append((text, columns))
        found = kept
    if node.column:
        rows_left = [Row(text, columns, is_table, 0, 0, seen) for text, columns in found]
        return [(text, {}) for text in _column(rows_left, node.column).values], is_table
    return found, is_table


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
            # position(..) is the round of the repeat, also inside brackets.
            in_row = context.row if not arguments else None
            return float(in_row.position if in_row else context.position)
        case "last":
            return float(context.row.size if context.row else context.size)
        case "pulldata":
            name, column, key_column, key = (to_string(_value(a, context)) for a in arguments)
            return _pulldata(name, column, key_column, key, context)
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
        return FUNCTIONS[call.name](_value(Here() if context.row else Current(), context))
    return FUNCTIONS[call.name](*(_value(argument, context) for argument in arguments))


def _pulldata(name: str, column: str, key_column: str, key: str, context: Context) -> str:
    """The `column` of the first row whose `key_column` is `key`; "" where there is none."""
    table = context.table(name.removesuffix(".csv"))
    if table is None:
        raise EvaluationError(f"there is no table {name!r}")
    wanted = latin_digits(key)
    for row in table:
        if key_column in row and latin_digits(plain(row[key_column])) == wanted:
            return plain(row.get(column))
    return ""


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
    question = quoted_question(to_string(_value(arguments[1], context)))
    return bounded(", ".join(context.choice_label(question, name) for name in split(value)))


def quoted_question(text: str) -> str:
    """The question that jr:choice-name() means by '${name}' or a path in quotes."""
    found = _QUOTED.fullmatch(text)
    return (found[1] or found[2] or "") if found else ""
