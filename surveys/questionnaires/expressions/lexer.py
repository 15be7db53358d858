"""Text to tokens, by the lexical rules of XPath 1.0 (https://www.w3.org/TR/xpath-10/#exprlex)."""

import re
from dataclasses import dataclass
from typing import Literal

from portal.i18n import _l

from .errors import ExpressionError
from .values import latin_digits

MAX_LENGTH = 10_000
"""Characters in one expression; the longest seen in real forms is near 3,000."""

Kind = Literal["number", "string", "reference", "name", "operator", "symbol", "end"]

_DIGIT = "[0-9۰-۹٠-٩]"
_NAME = r"[^\W\d][\w.\-]*"
_TOKEN = re.compile(
    rf"""
    (?P<space>[\s\u00a0\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+)
  | (?P<reference>\$\{{[^{{}}]*\}})
  | (?P<number>{_DIGIT}+(?:[.٫]{_DIGIT}*)?|\.{_DIGIT}+)
  | (?P<string>"[^"]*"|'[^']*')
  | (?P<name>{_NAME}(?::(?!:){_NAME})?)
  | (?P<symbol>!=|<=|>=|//|\.\.|::|[()\[\],./+\-=<>|*@])
    """,
    re.VERBOSE,
)
_OPERATOR_NAMES = frozenset({"and", "or", "div", "mod"})
_OPERATOR_SYMBOLS = frozenset({"+", "-", "=", "!=", "<", "<=", ">", ">=", "|"})
_BEFORE_OPERAND = frozenset({"@", "::", "(", "[", ",", "/", "//"})
_CURLY = "“”‘’«»„"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`, closed by an "end" token. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            MAX_LENGTH,
            _l("This expression is too long. Split it into several calculate rows."),
            "too_long",
        )
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _unreadable(text, position)
        position = found.end()
        group = found.lastgroup
        if group == "space":
            continue
        tokens.append(_token(group, found, tokens[-1] if tokens else None))
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _token(group: str | None, found: re.Match[str], before: Token | None) -> Token:
    text, start, end = found.group(), found.start(), found.end()
    # XPath 1.0, 3.7: after an operand, a name or a star can only be an operator.
    after_operand = before is not None and not (
        before.kind == "operator" or (before.kind == "symbol" and before.text in _BEFORE_OPERAND)
    )
    match group:
        case "reference":
            return Token("reference", text[2:-1].strip(), start, end)
        case "number":
            return Token("number", latin_digits(text), start, end)
        case "string":
            return Token("string", text[1:-1], start, end)
        case "name":
            operator = after_operand and text in _OPERATOR_NAMES
            return Token("operator" if operator else "name", text, start, end)
        case _:
            operator = text in _OPERATOR_SYMBOLS or (text == "*" and after_operand)
            return Token("operator" if operator else "symbol", text, start, end)


def _unreadable(text: str, position: int) -> ExpressionError:
    character = text[position]
    if character in _CURLY:
        message = _l(
            "The quotation mark %(mark)s is not understood here. Use straight quotes: ' or \".",
            mark=character,
        )
    elif character in "'\"":
        message = _l("A quotation mark is never closed. Add the closing %(mark)s.", mark=character)
    elif character == "$":
        message = _l("Write a reference as ${name}, with both braces.")
    elif character in "&!":
        message = _l("Write “and”, “or” and “not(…)” in place of %(mark)s.", mark=character)
    else:
        message = _l(
            "The character %(mark)s is not understood here. Remove it or put the text in quotes.",
            mark=character,
        )
    return ExpressionError(position, message)
