r"""The patterns of regex() as JavaScript takes them.

Python and JavaScript read a pattern differently: `\d` and `\w` know all scripts in one and ASCII
only in the other, `.` stops at other line ends, `$` at another place. So a browser never reads the
author's pattern: this writes one anew, for the flag `u`, from what Python understood. What has no
exact counterpart gives None and is left to the server.
"""

import re
from functools import lru_cache
from typing import Any

from . import patterns

_WORD = r"\p{L}\p{N}_"
_SPACES = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_IN_SET = {"DIGIT": r"\p{Nd}", "NOT_DIGIT": r"\P{Nd}", "SPACE": _SPACES, "WORD": _WORD}
_PLACES = {"AT_BEGINNING": "^", "AT_BEGINNING_STRING": "^", "AT_END": r"(?=\n?$)",
           "AT_END_STRING": "$"}  # fmt: skip
_PERSIAN_LETTERS = [("NEGATE", None), ("CATEGORY", "NOT_WORD"), ("CATEGORY", "DIGIT"),
                    ("LITERAL", 95)]  # fmt: skip
"""`[^\\W\\d_]`, which `patterns` writes for `\\p{L}`."""


class _NoCounterpartError(Exception):
    """JavaScript (of 2018) has nothing that matches the same texts."""


@lru_cache(maxsize=1024)
def to_javascript(pattern: str) -> tuple[str, int] | None:
    """(a pattern for the whole text, the greatest length of text), None where there is none."""
    parsed = patterns.parsed(pattern)
    if parsed.state.flags & ~re.UNICODE:
        return None
    try:
        return f"^(?:{_sequence(parsed)})$", patterns.longest_subject(pattern)
    except _NoCounterpartError:
        return None


def _sequence(items: Any) -> str:
    return "".join(_item(str(operator), argument) for operator, argument in items)


def _item(operator: str, argument: Any) -> str:
    match operator:
        case "LITERAL":
            return _character(argument)
        case "NOT_LITERAL":
            return f"[^{_character(argument)}]"
        case "ANY":
            return r"[^\n]"
        case "IN":
            return _set(argument)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, body = argument
            end = "" if str(most) == "MAXREPEAT" else str(most)
            lazy = "?" if operator == "MIN_REPEAT" else ""
            return f"(?:{_sequence(body)}){{{least},{end}}}{lazy}"
        case "BRANCH":
            return f"(?:{'|'.join(map(_sequence, argument[1]))})"
        case "SUBPATTERN":
            _group, added, removed, body = argument
            if added or removed:
                raise _NoCounterpartError
            return f"(?:{_sequence(body)})"
        case "ASSERT" | "ASSERT_NOT" if argument[0] == 1:
            return f"(?{'=' if operator == 'ASSERT' else '!'}{_sequence(argument[1])})"
        case "AT" if str(argument) in _PLACES:
            return _PLACES[str(argument)]
        case _:
            raise _NoCounterpartError


def _set(argument: Any) -> str:
    kinds: list[tuple[str, Any]] = [
        (str(kind), str(value).removeprefix("CATEGORY_") if str(kind) == "CATEGORY" else value)
        for kind, value in argument
    ]
    if kinds == _PERSIAN_LETTERS:
        return r"[\p{L}\p{Nl}\p{No}]"
    if kinds == [("CATEGORY", "NOT_WORD")]:
        return f"[^{_WORD}]"
    if kinds == [("CATEGORY", "NOT_SPACE")]:
        return f"[^{_SPACES}]"
    inner = []
    for kind, value in kinds:
        match kind:
            case "NEGATE":
                inner.append("^")
            case "LITERAL":
                inner.append(_character(value))
            case "RANGE":
                inner.append(f"{_character(value[0])}-{_character(value[1])}")
            case "CATEGORY" if value in _IN_SET:
                inner.append(_IN_SET[value])
            case _:
                raise _NoCounterpartError
    return f"[{''.join(inner)}]"


def _character(code: int) -> str:
    character = chr(code)
    return character if character.isalnum() else f"\\u{{{code:x}}}"
