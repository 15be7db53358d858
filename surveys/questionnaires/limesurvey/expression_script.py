"""ExpressionScript, the language of LimeSurvey's conditions, as a tree.

Grammar: https://www.limesurvey.org/manual/ExpressionScript_-_Presentation, by falling strength:
call and parentheses · `!` `-` `+` · `*` `/` · `+` `-` · `<` `<=` `>` `>=` `lt` `le` `gt` `ge` ·
`==` `!=` `eq` `ne` · `&&` `and` · `||` `or` · `,` between arguments. A single `=` assigns.
"""

import re
from dataclasses import dataclass

MAX_LENGTH = 10_000
MAX_DEPTH = 60
MAX_NODES = 2_000


class ScriptError(Exception):
    """The text is no expression, or one that we cannot express. `reason` is for messages: the
    piece that is in the way, as the author wrote it; `is_assignment` for a single `=`."""

    def __init__(self, reason: str, *, is_assignment: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_assignment = is_assignment


@dataclass(frozen=True, slots=True)
class Number:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`name` as written, without the suffixes such as `.NAOK`, which `suffixes` holds."""

    name: str
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator` is one of == != < <= > >= and or + - * /."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]


Node = Number | Text | Variable | Not | Negative | Binary | Call

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<variable>(?:INSERTANS:)?[0-9]+X[0-9]+X[0-9]+[A-Za-z0-9_#]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*
      | TOKEN:[A-Za-z0-9_]+
      | [^\W\d][\w#]*(?:\.[A-Za-z0-9_]+)*)
  | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
  | (?P<operator>==|!=|<=|>=|&&|\|\||[=!<>()+\-*/,])
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "and", "or": "or",
    "&&": "and", "||": "or",
}  # fmt: skip
_LEVELS = (("or",), ("and",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
_SUFFIXES = frozenset({
    "NAOK", "shown", "code", "value", "valueNAOK", "question", "qid", "gid", "sgqa", "qcode",
    "qseq", "gseq", "type", "mandatory", "relevanceStatus", "relevance", "grelevance", "readWrite",
    "jsName", "rowdivid", "rank", "default", "nocomments", "comments", "sum",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Node:
    """The tree of one expression. Raises ScriptError."""
    if len(text) > MAX_LENGTH:
        raise ScriptError(text[:30])
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ScriptError(text[position : position + 15])
        position = match.end()
        kind, piece = match.lastgroup or "", match.group()
        if kind == "space":
            continue
        if kind == "variable" and piece.lower() in _WORDS:
            kind, piece = "operator", _WORDS[piece.lower()]
        found.append(_Token(kind, _WORDS.get(piece, piece) if kind == "operator" else piece))
        if len(found) > MAX_NODES:
            raise ScriptError(text[:30])
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self._binary(0)
        if token := self._peek():
            raise ScriptError(token.text, is_assignment=token.text == "=")
        return node

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _is(self, *operators: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "operator" and token.text in operators

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise ScriptError(self.tokens[-1].text if self.tokens else "")
        self.at += 1
        return token

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self._is(*_LEVELS[level]):
            operator = self._next().text
            node = Binary(operator, node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ScriptError("(((")
        try:
            if self._is("!", "-", "+"):
                sign = self._next().text
                operand = self._unary()
                if sign == "+":
                    return operand
                return Not(operand) if sign == "!" else Negative(operand)
            return self._primary()
        finally:
            self.depth -= 1

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return Number(token.text)
        if token.kind == "string":
            return Text(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL))
        if token.kind == "variable":
            if self._is("("):
                self.at += 1
                return Call(token.text, self._arguments())
            return _variable(token.text)
        if token.text == "(":
            node = self._binary(0)
            if not self._is(")"):
                token = self._next()
                raise ScriptError(token.text, is_assignment=token.text == "=")
            self.at += 1
            return node
        raise ScriptError(token.text, is_assignment=token.text == "=")

    def _arguments(self) -> tuple[Node, ...]:
        if self._is(")"):
            self.at += 1
            return ()
        found = [self._binary(0)]
        while self._is(","):
            self.at += 1
            found.append(self._binary(0))
        if not self._is(")"):
            raise ScriptError(self._next().text)
        self.at += 1
        return tuple(found)


def _variable(text: str) -> Variable:
    parts = text.removeprefix("INSERTANS:").split(".")
    suffixes: list[str] = []
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        suffixes.insert(0, parts.pop())
    return Variable(".".join(parts), tuple(suffixes))
