"""The four value types of XPath 1.0 and the conversions between them.

Where we leave the letter of XPath 1.0, it is for the sake of ODK forms and of readers of Persian
and Arabic:

* digits ۰-۹ and ٠-٩ count as 0-9 when a text becomes a number, is compared or is matched;
* a text that is an ISO 8601 date or date-time becomes the number of days since 1970-01-01;
* a reference to an unanswered question is a node with an empty text; as a boolean it is false.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from . import dates

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫", "01234567890123456789.")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
SPACE = " \t\r\n"
"""The white space of XML."""


@dataclass(frozen=True, slots=True)
class NodeSet:
    """The text values of the nodes, in document order.

    `rows` are the same nodes as rows with columns, where they are rounds of a repeat or rows of a
    table; conditions in brackets look into them.
    """

    values: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...] = field(default=(), compare=False, repr=False)


Value = str | float | bool | NodeSet


def latin_digits(text: str) -> str:
    """Persian and Arabic-Indic digits and decimal separator as Latin ones."""
    return text if text.isascii() else text.translate(_DIGITS)


def nodes(raw: object) -> NodeSet:
    """A stored answer as a node-set.

    None is an unanswered question: one node, empty. A list of texts is the answer to
    select_multiple: one node, the names parted by spaces. A list of numbers is one node each
    (the same question in several repeats), and so is a list of mappings, the rounds of a repeat.
    """
    if isinstance(raw, NodeSet):
        return raw
    if isinstance(raw, list | tuple):
        if raw and all(isinstance(item, int | float) for item in raw):
            return NodeSet(tuple(plain(item) for item in raw))
        if raw and all(isinstance(item, Mapping) for item in raw):
            return NodeSet(tuple(plain(item) for item in raw), tuple(raw))
        return NodeSet((" ".join(plain(item) for item in raw),))
    return NodeSet((plain(raw),))


def plain(raw: object) -> str:
    """One stored answer as text."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        return number_to_string(raw)
    if isinstance(raw, Mapping):
        return " ".join(plain(item) for item in raw.values())
    return str(raw)


def number_to_string(number: float) -> str:
    """XPath 1.0, 4.2: decimal form without exponent, integers without a point."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    # As few digits as tell the number apart, also where an integer has more than 17.
    return format(Decimal(repr(number + 0.0)), "f").removesuffix(".0")


def to_string(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, NodeSet):
        return value.values[0] if value.values else ""
    return number_to_string(value)


def to_number(value: Value) -> float:
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, float | int):
        return float(value)
    text = latin_digits(to_string(value)).strip(SPACE)
    if _NUMBER.fullmatch(text):
        return float(text)
    days = dates.to_days(text)
    return math.nan if days is None else days


def to_boolean(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != ""
    if isinstance(value, NodeSet):
        return any(value.values)
    return not (value == 0 or math.isnan(value))


def compare(operator: str, left: Value, right: Value) -> bool:
    """`=`, `!=`, `<`, `<=`, `>`, `>=` by XPath 1.0, 3.4."""
    if isinstance(left, bool) or isinstance(right, bool):
        if operator in ("=", "!="):
            return (to_boolean(left) == to_boolean(right)) == (operator == "=")
        if isinstance(left, NodeSet):
            left = to_boolean(left)
        if isinstance(right, NodeSet):
            right = to_boolean(right)
    lefts: tuple[Value, ...] = left.values if isinstance(left, NodeSet) else (left,)
    rights: tuple[Value, ...] = right.values if isinstance(right, NodeSet) else (right,)
    return any(_compare_atoms(operator, one, other) for one in lefts for other in rights)


def _compare_atoms(operator: str, left: Value, right: Value) -> bool:
    if operator in ("=", "!="):
        if isinstance(left, str) and isinstance(right, str):
            equal = latin_digits(left) == latin_digits(right)
        else:
            equal = to_number(left) == to_number(right)
        return equal == (operator == "=")
    one, other = to_number(left), to_number(right)
    match operator:
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case _:
            return one >= other
