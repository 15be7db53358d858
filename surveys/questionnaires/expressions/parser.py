"""Tokens to a syntax tree: XPath 1.0 expressions without axes and predicates, with `${name}`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Never

from portal.i18n import _l

from . import patterns
from .errors import ExpressionError
from .lexer import Token, tokenize
from .nodes import Call, Chain, Current, Literal, Negate, Node, Number, Path, Reference, walk
from .signatures import SIGNATURES, UNSUPPORTED

MAX_DEPTH = 120
"""Brackets within brackets. Bounds the recursion of parser and evaluator alike."""

_PRECEDENCE = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6, "|": 8,
}  # fmt: skip
_UNARY = 7
_QUOTED_REFERENCE = re.compile(r"\s*\$\{\s*([^{}]*?)\s*\}\s*")


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `text` is what the author wrote."""

    text: str
    root: Node

    def references(self) -> frozenset[str]:
        """The names of all questions the value may depend on (`.` is not among them)."""
        return self.named() | {path.steps[-1] for path in self.paths() if path.steps}

    def named(self) -> frozenset[str]:
        """The names written `${name}`, in quotes too where a function takes them so."""
        names: set[str] = set()
        for node in walk(self.root):
            match node:
                case Reference(name=name):
                    names.add(name)
                case Call(name="jr:choice-name", arguments=(_, Literal(value=quoted))):
                    if found := _QUOTED_REFERENCE.fullmatch(quoted):
                        names.add(found[1])
                case _:
                    pass
        return frozenset(names)

    def paths(self) -> tuple[Path, ...]:
        """The locations written as paths instead of `${name}`, in reading order."""
        return tuple(node for node in walk(self.root) if isinstance(node, Path))

    def uses_current(self) -> bool:
        """Whether `.` occurs."""
        return any(isinstance(node, Current) for node in walk(self.root))

    def rewritten(
        self,
        name_of: Callable[[Path], str | None],
        key_of: Callable[[str], str | None] = lambda name: name,
    ) -> str:
        """The text with each path replaced by `${name}` where `name_of` knows its question, and
        each `${name}` by what `key_of` makes of it."""
        text = self.text
        found = [node for node in walk(self.root) if isinstance(node, Path | Reference)]
        for node in sorted(found, key=lambda node: -node.start):
            name = name_of(node) if isinstance(node, Path) else key_of(node.name)
            if name and (isinstance(node, Path) or name != node.name):
                text = f"{text[: node.start]}${{{name}}}{text[node.end :]}"

        def quoted(match: re.Match[str]) -> str:
            name = key_of(match[2])
            return f"{match[1]}${{{name}}}{match[1]}" if name else match[0]

        return re.sub(r"""(['"])\s*\$\{\s*([^{}]*?)\s*\}\s*\1""", quoted, text)


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
                _l("Conditions in brackets and searches (“[”, “//”, “::”, “@”) are not supported."),
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
        self.no_trail()
        return Reference(token.text, token.start, token.end)

    def path(self) -> Node:
        first = self.token
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
        if self.at("[") or self.at("//") or self.at("::"):
            self.unexpected()
        if not steps and not ups:
            return Current()
        bare = not slashes and not ups
        return Path(absolute, ups, tuple(steps), bare, first.start, end)

    def call(self) -> Node:
        name = self.take()
        if name.text == "current" and self.tokens[self.index + 1].text == ")":
            return self.current(name)
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
        """`current()/../a` is `../a`: outside predicates both start at the same node."""
        self.expect("(")
        self.expect(")")
        if not self.at("/"):
            return Current()
        self.take()
        node = self.path()
        if isinstance(node, Path):
            return Path(node.absolute, node.ups, node.steps, False, name.start, node.end)
        return node


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
