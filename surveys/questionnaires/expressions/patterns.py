r"""Regular expressions of form authors, kept from running for ever on what strangers type.

A pattern is refused when a repetition contains a repetition that can match the same characters
(`(a+)+`): such a pattern takes time exponential in the text. So is one whose short repetitions
(`a?`, `a{0,9}`) can be combined in too many ways: `(a{0,9}){9}`. Other patterns are at worst
polynomial, so the text is cut off: MAX_SUBJECT characters, fewer where many repetitions follow
each other.
"""

import importlib
import math
import re
from functools import lru_cache
from typing import Any

from portal.i18n import _l

from .errors import ExpressionError
from .values import latin_digits

MAX_PATTERN = 1_000
MAX_SUBJECT = 2_000
_MAX_SUBJECT_BY_REPEATS = {
    0: MAX_SUBJECT,
    1: MAX_SUBJECT,
    2: MAX_SUBJECT,
    3: 300,
    4: 120,
    5: 80,
    6: 60,
}
_MAX_SUBJECT_MANY_REPEATS = 32
MAX_REPEATS = 10
MAX_WAYS = 10_000
"""Combinations of short repetitions that an engine may try at each place of the text."""

# The standard library's own parser of patterns; it has no public name.
_sre: Any = importlib.import_module("re._parser")
_SHORT = 10
"""The greatest number of times that a repetition counts as short."""
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_CLASSES = (
    (r"\p{L}", r"[^\W\d_]"),
    (r"\p{N}", r"\d"),
    (r"\p{Nd}", r"\d"),
)


def check(pattern: str, position: int = 0) -> None:
    """Raise ExpressionError when a pattern cannot be used."""
    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(position, _l("The pattern in regex() is too long."), "pattern")
    try:
        _compile(pattern)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise ExpressionError(
            position,
            _l(
                "The pattern in regex() is not a regular expression (%(reason)s). Correct it.",
                reason=str(error),
            ),
            "pattern",
        ) from error
    if _repeats(pattern) > MAX_REPEATS:
        raise ExpressionError(
            position,
            _l("The pattern in regex() has too many repetitions. Make it simpler."),
            "pattern",
        )
    if _explodes(pattern):
        raise ExpressionError(
            position,
            _l(
                "The pattern in regex() repeats a repetition, which can take for ever. "
                "Write it with one repetition, such as [a-z ]+ in place of ([a-z]+ *)+."
            ),
            "pattern",
        )


def matches(subject: str, pattern: str) -> bool:
    """Whether the whole of `subject` matches, as ODK's regex() wants; too long a text does not."""
    try:
        check(pattern)
        compiled = _compile(pattern)
    except ExpressionError:
        return False
    is_short = len(subject) <= longest_subject(pattern)
    return is_short and compiled.fullmatch(latin_digits(subject)) is not None


def longest_subject(pattern: str) -> int:
    """The longest text that is compared; n repetitions in a row may need length ** n steps."""
    return _MAX_SUBJECT_BY_REPEATS.get(_repeats(pattern), _MAX_SUBJECT_MANY_REPEATS)


def parsed(pattern: str) -> Any:
    """What Python's own parser makes of a pattern that `check` accepts."""
    return _sre.parse(_translated(pattern))


def _translated(pattern: str) -> str:
    for odk, python in _CLASSES:
        pattern = pattern.replace(odk, python)
    return latin_digits(pattern)


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(_translated(pattern))


@lru_cache(maxsize=1024)
def _repeats(pattern: str) -> int:
    return _count(_sre.parse(_translated(pattern)))


@lru_cache(maxsize=1024)
def _explodes(pattern: str) -> bool:
    parsed = _sre.parse(_translated(pattern))
    return _nested(parsed, within=False) or _ways(parsed) > math.log(MAX_WAYS)


def _children(argument: Any) -> list[Any]:
    """The sub-patterns inside the argument of one parsed item, however deep the tuples."""
    if isinstance(argument, _sre.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [child for part in argument for child in _children(part)]
    return []


def _count(parsed: Any) -> int:
    total = 0
    for operator, argument in parsed:
        if str(operator) in _REPEATS and argument[1] > _SHORT:
            total += 1
        total += sum(_count(child) for child in _children(argument))
    return total


def _ways(parsed: Any) -> float:
    """The logarithm of the number of ways to combine the lengths of the short repetitions."""
    total = 0.0
    for operator, argument in parsed:
        children = _children(argument)
        if str(operator) == "BRANCH":
            total += max(map(_ways, children))
            continue
        inner = sum(map(_ways, children))
        if str(operator) in _REPEATS and argument[1] <= _SHORT:
            least, most, body = argument
            inner = math.log(most - least + 1) + (0 if _separated(body) else most * inner)
        total += inner
    return total


def _nested(parsed: Any, within: bool) -> bool:
    """Whether an open repetition holds another one that no fixed character tells apart."""
    for operator, argument in parsed:
        # A back reference or a choice inside a repetition can be ambiguous in the same way.
        if within and str(operator) in {"GROUPREF", "BRANCH"} and _ambiguous(operator, argument):
            return True
        repeats = str(operator) in _REPEATS and argument[1] > _SHORT
        if repeats:
            if within:
                return True
            if _separated(argument[2]):
                continue
            if _ways(argument[2]) and not _optional_apart(argument[2]):
                return True
        if any(_nested(child, within or repeats) for child in _children(argument)):
            return True
    return False


def _ambiguous(operator: Any, argument: Any) -> bool:
    if str(operator) == "GROUPREF":
        return True
    firsts = [branch[0] if len(branch) else None for branch in argument[1]]
    if any(first is None or str(first[0]) not in {"LITERAL", "IN"} for first in firsts):
        return True
    return any(sum(_accepts(first, code) for first in firsts) > 1 for code in range(32, 127))


def _separated(body: Any) -> bool:
    """Whether a repeated body is plain items with a fixed character none of its repeats eats."""
    items = _unwrapped(body)
    fixed = [argument for operator, argument in items if str(operator) == "LITERAL"]
    inner = [argument[2] for operator, argument in items if str(operator) in _REPEATS]
    others = {str(operator) for operator, _ in items} - _REPEATS - {"LITERAL", "IN"}
    if others or not fixed or any(len(part) != 1 for part in inner):
        return False
    singles = [part[0] for part in inner]
    if any(str(operator) not in {"LITERAL", "IN"} for operator, _ in singles):
        return False
    return len(singles) <= 1 and any(
        not any(_accepts(single, code) for single in singles) for code in fixed
    )


def _optional_apart(body: Any) -> bool:
    """Whether what varies in a repeated body are single optional characters that nothing else in
    it matches, as the hyphen of `[0-9]{3}-?`."""
    singles: list[tuple[Any, bool]] = []
    for operator, argument in _unwrapped(body):
        if str(operator) in {"LITERAL", "IN"}:
            singles.append(((operator, argument), False))
            continue
        if str(operator) not in _REPEATS or len(argument[2]) != 1:
            return False
        least, most, (single,) = argument
        if str(single[0]) not in {"LITERAL", "IN"} or (least != most and most > 1):
            return False
        singles.append((single, least != most))
    codes = {*range(32, 127), *(one[1] for one, _ in singles if str(one[0]) == "LITERAL")}
    return not all(varies for _, varies in singles) and not any(
        _accepts(one, code) and _accepts(other, code)
        for place, (one, varies) in enumerate(singles)
        if varies
        for other_place, (other, _) in enumerate(singles)
        if other_place != place
        for code in codes
    )


def _unwrapped(body: Any) -> list[Any]:
    """The items of a body that may be one group."""
    items = list(body)
    while len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        items = list(items[0][1][3])
    return items


def _accepts(item: Any, code: int) -> bool:
    operator, argument = str(item[0]), item[1]
    if operator == "LITERAL":
        return bool(argument == code)
    negated, found = False, False
    for kind, value in argument:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found = found or value == code
            case "RANGE":
                found = found or value[0] <= code <= value[1]
            case _:
                # A class such as \w: ask the engine itself rather than keep a table.
                name = str(value).removeprefix("CATEGORY_")
                escape = {
                    "DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S",
                    "WORD": r"\w", "NOT_WORD": r"\W",
                }.get(name, ".")  # fmt: skip
                found = found or re.match(escape, chr(code)) is not None
    return found != negated
