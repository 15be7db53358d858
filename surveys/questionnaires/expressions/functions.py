"""The functions that only need the values of their arguments."""

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable
from decimal import Decimal

from . import dates, patterns
from .errors import EvaluationError
from .values import (
    SPACE,
    NodeSet,
    Value,
    latin_digits,
    number_to_string,
    to_boolean,
    to_number,
    to_string,
)

MAX_TEXT = 100_000
"""Characters of one text value: a chain of concat() doubles with each step."""


def bounded(text: str) -> str:
    """`text`, unless an expression made it absurdly long. Raises EvaluationError."""
    if len(text) > MAX_TEXT:
        raise EvaluationError("text too long")
    return text


def texts(value: Value) -> tuple[str, ...]:
    """All nodes of a node-set, or the one value, as texts."""
    return value.values if isinstance(value, NodeSet) else (to_string(value),)


def words(value: Value) -> list[str]:
    """The names chosen in an answer to select_multiple."""
    return split(latin_digits(to_string(value)))


def split(text: str) -> list[str]:
    """Words parted by the white space of XML; a non-breaking space parts nothing."""
    return [word for word in re.split("[ \t\r\n]+", text) if word]


def round_half_up(number: float) -> float:
    """XPath 1.0: the closest integer, halves towards positive infinity."""
    if math.isnan(number) or math.isinf(number) or number == 0 or abs(number) >= 2**52:
        return number
    rounded = math.floor(number + 0.5) if number != 0.49999999999999994 else 0
    return math.copysign(0.0, number) if rounded == 0 else float(rounded)


def _round(number: Value, places: Value | None = None) -> Value:
    if places is None:
        return round_half_up(to_number(number))
    value, digits = to_number(number), to_number(places)
    if not math.isfinite(value) or not math.isfinite(digits):
        return math.nan if math.isnan(digits) else value
    # As a person would on paper: 1.005 is 1.01, and halves go away from zero.
    shift = max(-30, min(30, int(digits)))
    shifted = float(Decimal(repr(abs(value))).scaleb(shift))
    if not math.isfinite(shifted) or shifted >= 2**52:
        return value
    rounded = float(Decimal(repr(round_half_up(shifted))).scaleb(-shift))
    return math.copysign(rounded, value)


def _substring(text: Value, start: Value, length: Value | None = None) -> Value:
    """XPath 1.0, 4.2: positions from 1, both numbers rounded, NaN gives nothing."""
    characters = to_string(text)
    first = round_half_up(to_number(start))
    last = math.inf if length is None else first + round_half_up(to_number(length))
    if math.isnan(first) or math.isnan(last):
        return ""
    begin = max(0, int(min(max(first, 1), len(characters) + 1)) - 1)
    end = max(0, int(min(max(last, 1), len(characters) + 1)) - 1)
    return characters[begin:end]


def _substr(text: Value, start: Value, end: Value | None = None) -> Value:
    """ODK: positions from 0, `end` not included, negative ones from the end."""
    characters = to_string(text)

    def index(value: Value) -> int:
        number = to_number(value)
        if math.isnan(number):
            return 0
        return int(max(-len(characters), min(number, len(characters))))

    return characters[index(start) : None if end is None else index(end)]


def _translate(text: Value, source: Value, target: Value) -> Value:
    replacements: dict[int, str] = {}
    into = to_string(target)
    for position, character in enumerate(to_string(source)):
        replacements.setdefault(ord(character), into[position : position + 1])
    return to_string(text).translate(replacements)


def _selected(chosen: Value, name: Value) -> Value:
    return latin_digits(to_string(name)).strip(SPACE) in words(chosen)


def _selected_at(chosen: Value, index: Value) -> Value:
    names, at = split(to_string(chosen)), to_number(index)
    return names[int(at)] if math.isfinite(at) and 0 <= int(at) < len(names) else ""


def _sum(*values: Value) -> Value:
    # One after the other, as every engine of forms does: fsum() would not agree with a browser.
    total = 0.0
    for value in values:
        for text in texts(value):
            total += to_number(text)
    return total


def _extreme(choose: Callable[[list[float]], float]) -> Callable[..., Value]:
    def extreme(*values: Value) -> Value:
        numbers = [to_number(text) for value in values for text in texts(value) if text != ""]
        # The zeros of the sign -0 are equal, so the first of them stays, here and in a browser.
        if not numbers or any(math.isnan(number) for number in numbers):
            return math.nan
        return choose(numbers)

    return extreme


def _guarded(function: Callable[..., float]) -> Callable[..., Value]:
    """A function of `math` that answers NaN or Infinity where Python raises."""

    def guarded(*values: Value) -> Value:
        try:
            return function(*(to_number(value) for value in values))
        except (ValueError, ZeroDivisionError):
            return math.nan
        except OverflowError:
            return math.inf

    return guarded


def _power(base: float, exponent: float) -> float:
    """As Java and JavaScript have it; C says 1 where the exponent is NaN or infinite."""
    if math.isnan(exponent) or (abs(base) == 1 and math.isinf(exponent)):
        return math.nan
    is_odd = exponent.is_integer() and math.fmod(exponent, 2) != 0
    if base == 0 and exponent < 0:
        return math.copysign(math.inf, base) if is_odd else math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and is_odd else math.inf


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: -math.inf if number == 0 else function(number)


def _floor(function: Callable[[float], int]) -> Callable[[Value], Value]:
    def applied(value: Value) -> Value:
        number = to_number(value)
        # ceiling(-0.5) is -0: the sign shows in a division.
        return math.copysign(function(number), number) if math.isfinite(number) else number

    return applied


def _checklist(least: Value, most: Value, *answers: Value) -> Value:
    """ODK: between `least` and `most` of the answers are true; -1 is no limit."""
    return _within(sum(to_boolean(answer) for answer in answers), least, most)


def _weighted_checklist(least: Value, most: Value, *pairs: Value) -> Value:
    """ODK: like checklist(), each answer followed by the weight it counts with."""
    answers = zip(pairs[::2], pairs[1::2], strict=True)
    total = 0.0
    for answer, weight in answers:
        total += to_number(weight) if to_boolean(answer) else 0.0
    return _within(total, least, most)


def _within(number: float, least: Value, most: Value) -> bool:
    low, high = to_number(least), to_number(most)
    return (low == -1 or number >= low) and (high == -1 or number <= high)


_DIGESTS = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"}


def _digest(text: Value, algorithm: Value, encoding: Value = "base64") -> Value:
    """ODK: a digest of the UTF-8 text in base64 (the default) or hex; "" for unknown words."""
    name, form = to_string(algorithm).strip().upper(), to_string(encoding).strip().lower()
    if name not in _DIGESTS or form not in {"base64", "hex"}:
        return ""
    # Old forms ask for MD5 and SHA-1; nothing of ours is protected by them.
    digest = hashlib.new(
        name.replace("-", "").lower(), to_string(text).encode(), usedforsecurity=False
    ).digest()
    return digest.hex() if form == "hex" else base64.b64encode(digest).decode()


def _base64_decode(text: Value) -> Value:
    """The UTF-8 text behind a base64 text, "" where there is none."""
    try:
        return base64.b64decode(to_string(text).strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _date(value: Value) -> Value:
    if isinstance(value, float):
        return dates.date_text(value) if math.isfinite(value) else ""
    days = to_number(value)
    text = to_string(value).strip(SPACE)
    if dates.parse(latin_digits(text)) is not None:
        return latin_digits(text)[:10]
    return dates.date_text(days) if math.isfinite(days) else ""


def _date_time(value: Value) -> Value:
    if not isinstance(value, float):
        text = latin_digits(to_string(value)).strip(SPACE)
        if dates.parse(text) is not None:
            return text
    days = to_number(value)
    return dates.moment_text(days) if math.isfinite(days) else ""


def _format_date(value: Value, pattern: Value) -> Value:
    return bounded(dates.format_text(to_string(_date_time(value)), to_string(pattern)))


def _decimal_time(value: Value) -> Value:
    """The part of a day since midnight, of hh:mm[:ss[.fff]] with or without an offset."""
    text = latin_digits(to_string(value)).strip(SPACE)
    clock = text.partition("T")[2] or text
    clock = clock.partition("+")[0].partition("Z")[0].partition("-")[0]
    days = dates.to_days(f"1970-01-01T{clock}")
    return math.nan if days is None else days


def _contains(text: Value, part: Value) -> Value:
    return latin_digits(to_string(part)) in latin_digits(to_string(text))


def _substring_after(text: Value, part: Value) -> Value:
    whole, found = to_string(text), to_string(part)
    return whole.partition(found)[2] if found else whole


def _substring_before(text: Value, part: Value) -> Value:
    whole, found = to_string(text), to_string(part)
    return whole.partition(found)[0] if found and found in whole else ""


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": lambda value: abs(to_number(value)),
    "acos": _guarded(math.acos),
    "asin": _guarded(math.asin),
    "atan": _guarded(math.atan),
    "atan2": _guarded(math.atan2),
    "base64-decode": _base64_decode,
    "boolean": to_boolean,
    "boolean-from-string": lambda value: latin_digits(to_string(value)) in {"1", "true"},
    "ceiling": _floor(math.ceil),
    "checklist": _checklist,
    "concat": lambda *values: bounded("".join(text for value in values for text in texts(value))),
    "contains": _contains,
    "cos": _guarded(math.cos),
    "count-non-empty": lambda value: float(sum(text != "" for text in texts(value))),
    "count-selected": lambda value: float(len(words(value))),
    "date": _date,
    "date-time": _date_time,
    "decimal-date-time": to_number,
    "decimal-time": _decimal_time,
    "digest": _digest,
    "ends-with": lambda text, end: latin_digits(to_string(text)).endswith(
        latin_digits(to_string(end))
    ),
    "exp": _guarded(math.exp),
    "exp10": _guarded(lambda number: _power(10.0, number)),
    "false": lambda: False,
    "floor": _floor(math.floor),
    "format-date": _format_date,
    "format-date-time": _format_date,
    "int": _floor(math.trunc),
    "join": lambda glue, *values: bounded(
        to_string(glue).join(text for value in values for text in texts(value))
    ),
    "log": _guarded(_logarithm(math.log)),
    "log10": _guarded(_logarithm(math.log10)),
    "max": _extreme(max),
    "min": _extreme(min),
    "normalize-space": lambda value: " ".join(split(to_string(value))),
    "not": lambda value: not to_boolean(value),
    "number": to_number,
    "pi": lambda: math.pi,
    "pow": _guarded(_power),
    "regex": lambda text, pattern: patterns.matches(to_string(text), to_string(pattern)),
    "round": _round,
    "selected": _selected,
    "selected-at": _selected_at,
    "sin": _guarded(math.sin),
    "sqrt": _guarded(math.sqrt),
    "starts-with": lambda text, start: latin_digits(to_string(text)).startswith(
        latin_digits(to_string(start))
    ),
    "string": to_string,
    "string-length": lambda value: float(len(to_string(value))),
    "substr": _substr,
    "substring": _substring,
    "substring-after": _substring_after,
    "substring-before": _substring_before,
    "sum": _sum,
    "tan": _guarded(math.tan),
    "translate": _translate,
    "true": lambda: True,
    "weighted-checklist": _weighted_checklist,
}

__all__ = ["FUNCTIONS", "MAX_TEXT", "bounded", "number_to_string", "texts", "words"]
