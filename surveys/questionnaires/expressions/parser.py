"""Tokens to a syntax tree: XPath 1.0 expressions without axes and searches, with `${name}`.

Of predicates there is `source[condition]…/column`, where the source is a repeat or question
(`${name}` or a path) or `instance('list')/root/item`.
"""

from functools import lru_cache
from typing import Never

from portal.i18n import _l

from . import patterns
from .errors import ExpressionError
from .expression import Expression
from .lexer import Token, tokenize
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
from .signatures import SIGNATURES, UNSUPPORTED

MAX_BRACKETS = 2
"""Conditions within conditions: each level multiplies the rows to be looked at."""
MAX_DEPTH = 120
"""Brackets within brackets. Bounds the recursion of parser and evaluator alike."""

_PRECEDENCE = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6, "|": 8,
}  # fmt: skip
_UNARY = 7


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """Parse an expression. Raises ExpressionError with the position of the first mistake."""
    parser = _Parser(tokenize(text))
    return Expression(text, parser.whole())


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0
        self.brackets = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.tokens[self.index]
        self.index += 1
        return token

    def at(self, symbol: str) -> bool:
        return self.token.kind == "symbol" and self.token.text == symbol

    def expect(self, symbol: str) -> None:
        if not self.at(symbol):
            self.unexpected(symbol)
        self.take()

    def unexpected(self, wanted: str = "") -> Never:
        token = self.token
        if token.kind == "end":
            message = (
                _l("The expression ends too early: “%(wanted)s” is missing.", wanted=wanted)
                if wanted
                else _l("The expression ends too early. Complete it or remove the last operator.")
            )
        elif wanted:
            message = _l(
                "“%(wanted)s” is expected before “%(found)s”.", wanted=wanted, found=token.text
            )
        elif token.kind == "symbol" and token.text in {"[", "//", "::", "@"}:
            raise ExpressionError(
                token.start,
                _l(
                    "Searches and attributes (“//”, “::”, “@”) and a condition in brackets in "
                    "this place are not supported. Name the question as ${name}."
                ),
                "unsupported",
            )
        else:
            message = _l(
                "“%(found)s” is not expected here. Check the operator or comma before it.",
                found=token.text,
            )
        raise ExpressionError(token.start, message)

    def whole(self) -> Node:
        if self.token.kind == "end":
            raise ExpressionError(0, _l("The expression is empty. Write one or clear the cell."))
        node = self.binary(1)
        if self.index < len(self.tokens) - 1:
            self.unexpected()
        return node

    def binary(self, minimum: int) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(
                self.token.start,
                _l("Too many brackets within brackets. Split this into several calculate rows."),
                "too_long",
            )
        left = self.unary() if minimum <= _UNARY else self.primary()
        while (level := self.level()) >= minimum:
            operands, operators = [left], []
            while self.level() == level:
                operators.append(self.take().text)
                operands.append(self.binary(level + 1))
            left = Chain(tuple(operands), tuple(operators))
        self.depth -= 1
        return left

    def level(self) -> int:
        return _PRECEDENCE[self.token.text] if self.token.kind == "operator" else 0

    def unary(self) -> Node:
        minuses = 0
        while self.token.kind == "operator" and self.token.text == "-":
            self.take()
            minuses += 1
        if not minuses:
            return self.primary()
        node = Negate(self.binary(_PRECEDENCE["|"]))
        return node if minuses % 2 else Negate(node)

    def primary(self) -> Node:
        token = self.token
        match token.kind:
            case "number":
                self.take()
                return Number(float(token.text))
            case "string":
                self.take()
                return Literal(token.text)
            case "reference":
                return self.reference()
            case "name":
                if self.tokens[self.index + 1].text == "(":
                    return self.call()
                return self.path()
            case "symbol" if token.text == "(":
                self.take()
                node = self.binary(1)
                self.expect(")")
                self.no_trail()
                return node
            case "symbol" if token.text in {".", "..", "/"}:
                return self.path()
            case _:
                return self.unexpected()

    def no_trail(self) -> None:
        if self.at("[") or self.at("/") or self.at("//"):
            raise ExpressionError(
                self.token.start,
                _l("A path or condition after a value (“/”, “[”) is not supported."),
                "unsupported",
            )

    def reference(self) -> Node:
        token = self.take()
        if token.text.startswith("last-saved#"):
            raise ExpressionError(
                token.start, _l("The last saved answer is not supported."), "unsupported"
            )
        if not token.text:
            raise ExpressionError(token.start, _l("Write the name of a question inside ${}."))
        return self.filtered(Reference(token.text, token.start, token.end))

    def filtered(self, source: Node) -> Node:
        """`source`, with the conditions and the column that follow it."""
        predicates: list[Node] = []
        while self.at("["):
            self.brackets += 1
            if self.brackets > MAX_BRACKETS:
                raise ExpressionError(
                    self.token.start,
                    _l(
                        "Too many brackets within brackets. Split this into several calculate rows."
                    ),
                    "too_long",
                )
            self.take()
            predicates.append(self.binary(1))
            self.expect("]")
            self.brackets -= 1
        column = ""
        if self.at("/"):
            self.take()
            if self.token.kind != "name" or ":" in self.token.text:
                self.unexpected()
            column = self.take().text
            self.no_trail()
        if not predicates and not column:
            return source
        return Filter(source, tuple(predicates), column)

    def table(self, name: Token) -> Node:
        """What follows `instance`: ('list')/root/item."""
        self.expect("(")
        literal = self.token
        if literal.kind != "string" or not literal.text:
            raise ExpressionError(
                name.start,
                _l("Write the name of the list in quotes: instance('name')/root/item[…]/label."),
                "function",
            )
        self.take()
        self.expect(")")
        for word in ("root", "item"):
            self.expect("/")
            if self.token.text != word:
                self.unexpected(word)
            self.take()
        if not self.at("[") and not self.at("/"):
            return Filter(Table(literal.text, name.start), (), "")
        return self.filtered(Table(literal.text, name.start))

    def path(self, from_current: bool = False) -> Node:
        first = self.token
        # Inside brackets a path starts at the row that is looked at, unless it says current().
        in_row = self.brackets > 0 and not from_current
        if first.text in _PRECEDENCE:
            # XPath would take the second word of "and and" for an element called so.
            self.unexpected()
        absolute = self.at("/")
        ups, steps, slashes, end = 0, [], 0, first.end
        if absolute:
            self.take()
            slashes = 1
        while True:
            step = self.token
            if step.kind == "name" and ":" not in step.text:
                steps.append(step.text)
            elif self.at("..") and not steps and not absolute:
                ups += 1
            elif not (self.at(".") and not steps and not absolute):
                self.unexpected()
            end = self.take().end
            if not self.at("/"):
                break
            self.take()
            slashes += 1
        if self.at("//") or self.at("::"):
            self.unexpected()
        if not steps and not ups:
            return Here() if in_row else Current()
        bare = not slashes and not ups
        if in_row and not absolute and steps:
            return self.column(first, bare, steps)
        path = Path(absolute, ups, tuple(steps), bare, first.start, end)
        return self.filtered(path) if steps else path

    def column(self, first: Token, bare: bool, steps: list[str]) -> Node:
        if not bare and not (first.text == "." and len(steps) == 1):
            raise ExpressionError(
                first.start,
                _l("Inside brackets write a column by its name and a question as ${name}."),
                "unsupported",
            )
        self.no_trail()
        return Column(steps[0])

    def call(self) -> Node:
        name = self.take()
        if name.text == "current" and self.tokens[self.index + 1].text == ")":
            return self.current(name)
        if name.text == "instance":
            return self.table(name)
        signature = SIGNATURES.get(name.text)
        if signature is None:
            raise _unknown_function(name)
        self.expect("(")
        arguments: list[Node] = []
        while not self.at(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.binary(1))
        self.take()
        self.no_trail()
        least, most = signature
        if not least <= len(arguments) <= (most if most is not None else len(arguments)):
            raise ExpressionError(
                name.start,
                _l(
                    "%(name)s() has %(count)s arguments, which is not the right number. "
                    "Check commas and brackets.",
                    name=name.text,
                    count=len(arguments),
                ),
                "function",
            )
        if name.text == "regex" and isinstance(arguments[1], Literal):
            patterns.check(arguments[1].value, name.start)
        return Call(name.text, tuple(arguments), name.start)

    def current(self, name: Token) -> Node:
        """`current()/../a` is the `../a` of the question itself, also inside brackets."""
        self.expect("(")
        self.expect(")")
        if not self.at("/"):
            self.no_trail()
            return Current()
        self.take()
        node = self.path(from_current=True)
        path = node.source if isinstance(node, Filter) else node
        if not isinstance(path, Path):
            return node
        path = Path(path.absolute, path.ups, path.steps, False, name.start, path.end)
        return Filter(path, node.predicates, node.column) if isinstance(node, Filter) else path


def _unknown_function(name: Token) -> ExpressionError:
    if name.text in UNSUPPORTED:
        return ExpressionError(
            name.start,
            _l("The function %(name)s() is not supported. Rewrite without it.", name=name.text),
            "unsupported",
        )
    return ExpressionError(
        name.start,
        _l("There is no function %(name)s(). Check its spelling.", name=name.text),
        "function",
    )
