"""The functions that only need the values of their arguments."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from . import dates, patterns
from .errors import EvaluationError
from .values import (
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
    return latin_digits(to_string(value)).split()


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
    exponent = Decimal(1).scaleb(-max(-30, min(30, int(digits))))
    try:
        return float(Decimal(repr(value)).quantize(exponent, rounding=ROUND_HALF_UP))
    except InvalidOperation:
        return value


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
    return latin_digits(to_string(name)).strip() in words(chosen)


def _selected_at(chosen: Value, index: Value) -> Value:
    names, at = to_string(chosen).split(), to_number(index)
    return names[int(at)] if math.isfinite(at) and 0 <= int(at) < len(names) else ""


def _sum(*values: Value) -> Value:
    return math.fsum(_finite([to_number(text) for value in values for text in texts(value)]))


def _finite(numbers: list[float]) -> list[float]:
    # fsum() raises on inf - inf, where IEEE 754 and XPath say NaN.
    infinities = {number for number in numbers if math.isinf(number)}
    if len(infinities) > 1 or any(math.isnan(number) for number in numbers):
        return [math.nan]
    return numbers


def _extreme(choose: Callable[[list[float]], float]) -> Callable[..., Value]:
    def extreme(*values: Value) -> Value:
        numbers = [to_number(text) for value in values for text in texts(value) if text != ""]
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


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: -math.inf if number == 0 else function(number)


def _floor(function: Callable[[float], int]) -> Callable[[Value], Value]:
    def applied(value: Value) -> Value:
        number = to_number(value)
        return float(function(number)) if math.isfinite(number) else number

    return applied


def _checklist(least: Value, most: Value, *answers: Value) -> Value:
    """ODK: between `least` and `most` of the answers are true; -1 is no limit."""
    yes = sum(to_boolean(answer) for answer in answers)
    low, high = to_number(least), to_number(most)
    return (low == -1 or yes >= low) and (high == -1 or yes <= high)


def _date(value: Value) -> Value:
    if isinstance(value, float):
        return dates.date_text(value) if math.isfinite(value) else ""
    days = to_number(value)
    text = to_string(value).strip()
    if dates.parse(latin_digits(text)) is not None:
        return latin_digits(text)[:10]
    return dates.date_text(days) if math.isfinite(days) else ""


def _date_time(value: Value) -> Value:
    if not isinstance(value, float):
        text = latin_digits(to_string(value)).strip()
        if dates.parse(text) is not None:
            return text
    days = to_number(value)
    return dates.moment_text(days) if math.isfinite(days) else ""


def _format_date(value: Value, pattern: Value) -> Value:
    return bounded(dates.format_text(to_string(_date_time(value)), to_string(pattern)))


def _decimal_time(value: Value) -> Value:
    """The part of a day since midnight, of hh:mm[:ss[.fff]] with or without an offset."""
    text = latin_digits(to_string(value)).strip()
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
    "boolean": to_boolean,
    "boolean-from-string": lambda value: latin_digits(to_string(value)) in {"1", "true"},
    "ceiling": _floor(math.ceil),
    "checklist": _checklist,
    "concat": lambda *values: bounded("".join(text for value in values for text in texts(value))),
    "contains": _contains,
    "count-non-empty": lambda value: float(sum(text != "" for text in texts(value))),
    "count-selected": lambda value: float(len(words(value))),
    "date": _date,
    "date-time": _date_time,
    "decimal-date-time": to_number,
    "decimal-time": _decimal_time,
    "ends-with": lambda text, end: latin_digits(to_string(text)).endswith(
        latin_digits(to_string(end))
    ),
    "exp": _guarded(math.exp),
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
    "normalize-space": lambda value: " ".join(to_string(value).split()),
    "not": lambda value: not to_boolean(value),
    "number": to_number,
    "pi": lambda: math.pi,
    "pow": _guarded(math.pow),
    "regex": lambda text, pattern: patterns.matches(to_string(text), to_string(pattern)),
    "round": _round,
    "selected": _selected,
    "selected-at": _selected_at,
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
    "translate": _translate,
    "true": lambda: True,
}

__all__ = ["FUNCTIONS", "MAX_TEXT", "bounded", "number_to_string", "texts", "words"]
