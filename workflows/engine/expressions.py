"""The language of guards: comparisons of a case's facts and a form's fields, joined by and/or/not.

    case.has_phone and form.outcome not in ["duplicate", "irrelevant"]

No calls, no arithmetic, no names but `case.…` and `form.…`; length and depth are bounded, so
whatever somebody types is read and evaluated in a time that does not matter. A name without a value
is `None` here: it equals nothing but itself, is in no list, is neither less nor greater than
anything, and as a condition is false. Grammar: docs/workflows.md.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.i18n import LazyText, _l

MOST_LENGTH: Final = 1000
MOST_DEPTH: Final = 20
MOST_ITEMS: Final = 100
ROOTS: Final = ("case", "form")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d{1,15}(?:\.\d{1,6})?)(?![\w.])"
    r"|(?P<name>(?:case|form)\.[a-z][a-z0-9_]{0,62})(?![\w.])"
    r"|(?P<word>and|or|not|in|true|false)(?![\w.])"
    r"|(?P<text>\"(?:[^\"\\]|\\[\"\\])*\"|'(?:[^'\\]|\\['\\])*')"
    r"|(?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,|-))"
)
ORDERINGS: Final = ("<", "<=", ">", ">=")
COMPARISONS: Final = ("==", "!=", *ORDERINGS)


class ExpressionError(ValueError):
    """Not an expression of this language; `message` is for people, `position` counts from 1."""

    def __init__(self, message: LazyText, position: int) -> None:
        super().__init__(str(message))
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Literal:
    value: str | float | int | bool


@dataclass(frozen=True)
class Name:
    root: str
    name: str

    def __str__(self) -> str:
        return f"{self.root}.{self.name}"


@dataclass(frozen=True)
class Not:
    of: "Tree"


@dataclass(frozen=True)
class Joined:
    """`how`: and | or; at least two parts."""

    how: str
    parts: tuple["Tree", ...]


@dataclass(frozen=True)
class Compared:
    how: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True)
class Among:
    item: "Tree"
    items: tuple[Literal, ...]


Tree = Literal | Name | Not | Joined | Compared | Among


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Tree:
    """Raises ExpressionError."""
    return _Parser(_tokens(text), len(text) + 1).whole()


@functools.lru_cache(maxsize=2048)
def parsed(text: str) -> Tree:
    """`parse`, remembered: the guards of a city are few and each is asked often."""
    return parse(text)


def _tokens(text: str) -> list[_Token]:
    if len(text) > MOST_LENGTH:
        raise ExpressionError(
            _l("The condition is longer than %(most)s characters", most=MOST_LENGTH), MOST_LENGTH
        )
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at = len(text) - len(text[at:].lstrip())
            raise ExpressionError(
                _l("This is not understood here: %(what)s", what=text[at : at + 20]), at + 1
            )
        kind = str(match.lastgroup)
        found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self.tokens, self.end, self.at, self.depth = tokens, end, 0, 0

    def whole(self) -> Tree:
        tree = self.any_of()
        if self.at < len(self.tokens):
            self.refuse()
        return tree

    def refuse(self) -> None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise ExpressionError(
                _l("This is not expected here: %(what)s", what=token.text[:20]), token.at
            )
        raise ExpressionError(_l("The condition ends too early"), self.end)

    def take(self, *texts: str) -> str | None:
        """The next sign or word if it is one of these."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind in {"sign", "word"} and token.text in texts:
                self.at += 1
                return token.text
        return None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            self.refuse()

    def any_of(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ExpressionError(
                _l("The condition is nested too deeply"), self.tokens[self.at - 1].at
            )
        parts = [self.all_of()]
        while self.take("or"):
            parts.append(self.all_of())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Joined("or", tuple(parts))

    def all_of(self) -> Tree:
        parts = [self.negated()]
        while self.take("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def negated(self) -> Tree:
        turns = 0
        while self.take("not"):
            turns += 1
            if turns > MOST_DEPTH:
                raise ExpressionError(
                    _l("The condition is nested too deeply"), self.tokens[self.at - 1].at
                )
        tree = self.compared()
        for _turn in range(turns):
            tree = Not(tree)
        return tree

    def compared(self) -> Tree:
        left = self.single()
        if how := self.take(*COMPARISONS):
            return Compared(how, left, self.single())
        if self.take("in"):
            return Among(left, self.items())
        if self.take("not"):
            self.need("in")
            return Not(Among(left, self.items()))
        return left

    def items(self) -> tuple[Literal, ...]:
        self.need("[")
        found: list[Literal] = []
        if self.take("]"):
            return ()
        while True:
            found.append(self.literal())
            if len(found) > MOST_ITEMS:
                raise ExpressionError(
                    _l("The list is longer than %(most)s", most=MOST_ITEMS),
                    self.tokens[self.at - 1].at,
                )
            if self.take("]"):
                return tuple(found)
            self.need(",")

    def single(self) -> Tree:
        if self.take("("):
            tree = self.any_of()
            self.need(")")
            return tree
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "name":
            root, name = self.tokens[self.at].text.split(".")
            self.at += 1
            return Name(root, name)
        return self.literal()

    def literal(self) -> Literal:
        if word := self.take("true", "false"):
            return Literal(word == "true")
        sign = -1 if self.take("-") else 1
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        if token is not None and token.kind == "number":
            self.at += 1
            number = float(token.text) if "." in token.text else int(token.text)
            return Literal(sign * number)
        if token is None or token.kind != "text" or sign < 0:
            self.refuse()
            raise AssertionError
        self.at += 1
        return Literal(re.sub(r"\\(.)", r"\1", token.text[1:-1]))


def evaluate(tree: Tree, case: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    """Whether the condition holds; a value that is not true or false does not hold."""
    return _value(tree, case, form) is True


def _value(tree: Tree, case: Mapping[str, Any], form: Mapping[str, Any]) -> Any:
    match tree:
        case Literal(value):
            return value
        case Name(root, name):
            return (case if root == "case" else form).get(name)
        case Not(of):
            return _value(of, case, form) is not True
        case Joined("and", parts):
            return all(_value(part, case, form) is True for part in parts)
        case Joined(_, parts):
            return any(_value(part, case, form) is True for part in parts)
        case Compared(how, left, right):
            return _compare(how, _value(left, case, form), _value(right, case, form))
        case Among(item, items):
            value = _value(item, case, form)
            return any(_equal(value, one.value) for one in items)


def _equal(left: Any, right: Any) -> bool:
    # In Python True equals 1; here a truth is no number.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _compare(how: str, left: Any, right: Any) -> bool:
    if how in ORDERINGS:
        numbers = all(
            isinstance(one, int | float) and not isinstance(one, bool) for one in (left, right)
        )
        if not numbers and not (isinstance(left, str) and isinstance(right, str)):
            return False
        if how == "<":
            return bool(left < right)
        if how == "<=":
            return bool(left <= right)
        return bool(left > right) if how == ">" else bool(left >= right)
    return _equal(left, right) == (how == "==")


def names(tree: Tree) -> frozenset[Name]:
    return frozenset(node for node in walk(tree) if isinstance(node, Name))


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node, the outer ones first."""
    yield tree
    match tree:
        case Not(of):
            yield from walk(of)
        case Joined(_, parts):
            for part in parts:
                yield from walk(part)
        case Compared(_, left, right):
            yield from walk(left)
            yield from walk(right)
        case Among(item, items):
            yield from walk(item)
            yield from items


def to_text(tree: Tree) -> str:
    """The expression as text that parses to an equal tree."""
    match tree:
        case Literal(value):
            return _literal_text(value)
        case Name():
            return str(tree)
        case Not(Among(item, items)):
            return f"{_inner(item)} not in {_list_text(items)}"
        case Not(of):
            return f"not {_inner(of)}"
        case Joined(how, parts):
            return f" {how} ".join(_inner(part) for part in parts)
        case Compared(how, left, right):
            return f"{_inner(left)} {how} {_inner(right)}"
        case Among(item, items):
            return f"{_inner(item)} in {_list_text(items)}"


def _inner(tree: Tree) -> str:
    text = to_text(tree)
    return text if isinstance(tree, Literal | Name) else f"({text})"


def _list_text(items: tuple[Literal, ...]) -> str:
    return "[" + ", ".join(to_text(one) for one in items) + "]"


def _literal_text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
