"""What in an expression cannot be what its author meant, found without any answers.

Only what is provable is said: a question that takes text may well hold a number. An error never
has a value that anybody could use; a warning has one, but always the same.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal as Choice

from portal.i18n import _l

from . import dates
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
    Path,
    Reference,
    Table,
    walk,
)
from .values import latin_digits, to_number

Kind = Choice["number", "text", "one", "many"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a question: a number, a text, one choice or many; the names of choices."""

    kind: Kind
    choices: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TypeProblem:
    """`message` is a (lazy) translated sentence that says what to do."""

    severity: Choice["error", "warning"]
    code: str
    message: object


Subjects = Callable[[str], Subject | None]

_ARITHMETIC = frozenset({"+", "-", "*", "div", "mod"})
_ORDER = frozenset({"<", "<=", ">", ">="})
_OF_NUMBERS = frozenset({
    "abs", "acos", "asin", "atan", "atan2", "ceiling", "cos", "exp", "exp10", "floor", "int", "log",
    "log10", "pow", "round", "sin", "sqrt", "tan",
})  # fmt: skip
_OF_DATES = frozenset({"date", "date-time", "format-date", "format-date-time", "decimal-date-time"})
_OF_NODES = frozenset({"count", "count-non-empty", "indexed-repeat"})
_OF_CHOICES = frozenset({"selected", "count-selected", "selected-at"})
_TRUE_OR_FALSE = frozenset({
    "boolean", "boolean-from-string", "checklist", "contains", "ends-with", "false", "not", "regex",
    "selected", "starts-with", "true", "weighted-checklist",
})  # fmt: skip
_UNSURE = frozenset({"if", "coalesce", "once"})
"""Functions whose value has the type of an argument."""
_LETTERS = frozenset("YymnbdeHhMS3a%")


def check_types(
    expression: Expression, subjects: Subjects, current: Subject | None = None
) -> list[TypeProblem]:
    """Everything provably wrong in an expression. `current` is the question that owns it."""
    checker = _Checker(subjects, current)
    found = [problem for node in walk(expression.root) for problem in checker.problems(node)]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Checker:
    subjects: Subjects
    current: Subject | None

    def subject(self, node: Node) -> Subject | None:
        match node:
            case Reference(name=name):
                return self.subjects(name)
            case Path(steps=steps, bare=False) if steps:
                return self.subjects(steps[-1])
            case Current():
                return self.current
            case _:
                return None

    def problems(self, node: Node) -> Iterator[TypeProblem]:
        match node:
            case Negate(operand=operand):
                yield from _not_a_number(operand)
            case Chain():
                yield from self._chain(node)
            case Call():
                yield from self._call(node)
            case _:
                pass

    def _chain(self, chain: Chain) -> Iterator[TypeProblem]:
        pairs = zip(chain.operands, chain.operators, chain.operands[1:], strict=False)
        for number, (left, operator, right) in enumerate(pairs):
            if operator in _ARITHMETIC:
                for operand in (left, right) if number == 0 else (right,):
                    yield from _not_a_number(operand)
                    yield from self._choice_without_numbers(operand)
            elif operator == "|":
                for operand in (left, right) if number == 0 else (right,):
                    yield from _not_nodes(operand, "|")
            elif operator in _ORDER:
                for operand in (left, right):
                    if isinstance(operand, Literal) and math.isnan(to_number(operand.value)):
                        yield _never(operand.value)
            elif number == 0 and operator in {"=", "!="}:
                yield from self._equal(left, right)
                yield from self._equal(right, left)

    def _equal(self, node: Node, other: Node) -> Iterator[TypeProblem]:
        if not isinstance(other, Literal):
            return
        if _is_boolean(node) and other.value.strip().lower() in {"true", "false"}:
            yield TypeProblem(
                "warning",
                "type_boolean",
                _l(
                    "Compared with “%(text)s” in quotes, every condition is the same. "
                    "Write %(text)s() without quotes.",
                    text=other.value.strip().lower(),
                ),
            )
        subject = self.subject(node)
        if subject is None or other.value == "":
            return
        if subject.kind == "number" and math.isnan(to_number(other.value)):
            yield _never(other.value)
        if subject.kind in {"one", "many"}:
            yield from _unknown_choices(subject, other.value, node)

    def _choice_without_numbers(self, operand: Node) -> Iterator[TypeProblem]:
        subject = self.subject(operand)
        if subject is None or subject.kind != "one" or not subject.choices:
            return
        if all(math.isnan(to_number(name)) for name in subject.choices):
            yield TypeProblem(
                "warning",
                "type_choice_number",
                _l(
                    "“%(name)s” asks for a choice, and no name in its list is a number, so "
                    "nothing can be calculated with it.",
                    name=_name(operand),
                ),
            )

    def _call(self, call: Call) -> Iterator[TypeProblem]:
        arguments = call.arguments
        if call.name in _OF_NUMBERS:
            for argument in arguments:
                yield from _not_a_number(argument)
        elif call.name in _OF_DATES:
            yield from _dates(call)
        elif call.name in _OF_NODES:
            yield from _not_nodes(arguments[0], f"{call.name}()")
        elif call.name in _OF_CHOICES:
            subject = self.subject(arguments[0])
            if subject is not None and subject.kind == "number":
                yield TypeProblem(
                    "warning",
                    "type_no_choices",
                    _l(
                        "“%(name)s” asks for no choice, so %(function)s() finds nothing in it. "
                        "Compare it with = instead.",
                        name=_name(arguments[0]),
                        function=call.name,
                    ),
                )
            if call.name == "selected" and subject and isinstance(arguments[1], Literal):
                yield from _unknown_choices(subject, arguments[1].value, arguments[0])


def _dates(call: Call) -> Iterator[TypeProblem]:
    first, *others = call.arguments
    if isinstance(first, Literal):
        text = latin_digits(first.value).strip()
        if dates.parse(text) is None and math.isnan(to_number(text)):
            yield TypeProblem(
                "error",
                "type_date",
                _l(
                    "“%(text)s” is no date. Write it as year-month-day, such as 2024-03-20.",
                    text=first.value,
                ),
            )
    if others and isinstance(others[0], Literal):
        pattern = others[0].value
        letters = [pattern[at + 1 : at + 2] for at, sign in enumerate(pattern) if sign == "%"]
        if not letters or any(letter not in _LETTERS for letter in letters):
            yield TypeProblem(
                "warning",
                "type_date_pattern",
                _l(
                    "“%(text)s” is no pattern of a date. Write one such as %(example)s.",
                    text=pattern,
                    example="%Y-%m-%d",
                ),
            )


def _not_a_number(node: Node) -> Iterator[TypeProblem]:
    if isinstance(node, Literal) and math.isnan(to_number(node.value)):
        yield TypeProblem(
            "error",
            "type_number",
            _l(
                "“%(text)s” is a text, and nothing can be calculated with it. Write a number "
                "without quotes, or join texts with concat().",
                text=node.value,
            ),
        )


def _never(text: str) -> TypeProblem:
    return TypeProblem(
        "warning",
        "type_never",
        _l(
            "“%(text)s” is no number, so this comparison is always the same. "
            "Compare with a number.",
            text=text,
        ),
    )


def _unknown_choices(subject: Subject, text: str, node: Node) -> Iterator[TypeProblem]:
    known = {latin_digits(name) for name in subject.choices}
    words = latin_digits(text).split() if subject.kind == "many" else [latin_digits(text).strip()]
    for word in words:
        if known and word and word not in known:
            yield TypeProblem(
                "warning",
                "type_unknown_choice",
                _l(
                    "“%(text)s” is not in the list of “%(name)s”, so it is never chosen. "
                    "Write the name of a choice, not its label.",
                    text=word,
                    name=_name(node),
                ),
            )


def _not_nodes(node: Node, function: str) -> Iterator[TypeProblem]:
    if _is_nodes(node) is False:
        yield TypeProblem(
            "error",
            "type_nodes",
            _l(
                "%(function)s needs a question or repeat, written as ${name}, not a value.",
                function=function,
            ),
        )


def _is_nodes(node: Node) -> bool | None:
    """None where only the answers tell."""
    match node:
        case Reference() | Path() | Current() | Here() | Column() | Table() | Filter():
            return True
        case Call(name=name) if name in _UNSURE:
            return None
        case Chain(operators=operators):
            return operators[0] == "|"
        case _:
            return False


def _is_boolean(node: Node) -> bool:
    match node:
        case Call(name=name):
            return name in _TRUE_OR_FALSE
        case Chain(operators=operators):
            return operators[0] in _ORDER | {"=", "!=", "and", "or"}
        case _:
            return False


def _name(node: Node) -> str:
    match node:
        case Reference(name=name):
            return name
        case Path(steps=steps) if steps:
            return steps[-1]
        case _:
            return "."
