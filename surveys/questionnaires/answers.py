"""What a browser submits → a value to store, or what to say to the respondent."""

import re
from collections.abc import Sequence
from typing import Any

from portal.i18n import _
from portal.text import fold, strip_controls

from .expressions import latin_digits
from .schema import Question

MAX_TEXT = 5_000
"""Characters of one free-text answer."""
MAX_DIGITS = 15
"""Beyond, a number in JSON would no longer be exact."""

_GROUPING = re.compile(r"(?<=[0-9])[,٬،'’ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_INTEGER = re.compile(r"([+-]?)([0-9]+)(?:\.0*)?")
_DECIMAL = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def convert(question: Question, raw_values: Sequence[str]) -> tuple[Any, str | None]:
    """(value, None), or (None, message). An empty answer is (None, None)."""
    raw = [value for value in raw_values if value and value.strip()]
    match question.type:
        case "text":
            return _text(question, raw)
        case "integer":
            return _integer(raw)
        case "decimal":
            return _decimal(raw)
        case "select_one":
            return _select_one(question, raw)
        case "select_multiple":
            return _select_multiple(question, raw)
        case _:
            return None, None


def missing(question: Question) -> str:
    """What to say when a required answer is missing."""
    match question.type:
        case "select_one":
            return _("Choose one answer.")
        case "select_multiple":
            return _("Choose at least one answer.")
        case "integer" | "decimal":
            return _("Type a number.")
        case _:
            return _("Write your answer.")


def _text(question: Question, raw: list[str]) -> tuple[str | None, str | None]:
    if not raw:
        return None, None
    # The words stay as typed, with their ZWNJ: ي and ك are right in Arabic, digits in an address.
    text = strip_controls(raw[0]).strip()
    if "numbers" in question.appearance.split():
        text = latin_digits(text)
    if len(text) > MAX_TEXT:
        return None, _("Your answer is too long. Shorten it to 5,000 characters.")
    return text or None, None


def _number_text(raw: list[str]) -> str:
    text = latin_digits(_INVISIBLE.sub("", raw[0])).strip().replace("−", "-").replace("/", ".")
    return _GROUPING.sub("", text)


def _integer(raw: list[str]) -> tuple[int | None, str | None]:
    if not raw:
        return None, None
    found = _INTEGER.fullmatch(_number_text(raw))
    if found is None:
        return None, _("Type a whole number, e.g. 12.")
    digits = found[2].lstrip("0") or "0"
    if len(digits) > MAX_DIGITS:
        return None, _("This number is too large. Type a smaller one.")
    return int(found[1] + digits), None


def _decimal(raw: list[str]) -> tuple[float | None, str | None]:
    if not raw:
        return None, None
    text = _number_text(raw)
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]{1,2}", text):
        text = text.replace(",", ".")
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None, _("Type a number, e.g. 12.5.")
    if len(found[2].replace(".", "").lstrip("0")) > MAX_DIGITS:
        return None, _("This number has too many digits. Type a shorter one.")
    return float(found[0]), None


def _named(question: Question, raw: str) -> str | None:
    """The choice meant by a text: its name, also typed on a Persian or Arabic keyboard."""
    name = raw.strip()
    if question.choice(name) is not None:
        return name
    folded = _folded(name)
    return next((c.name for c in question.choices if _folded(c.name) == folded), None)


def _folded(name: str) -> str:
    return fold(latin_digits(name))


def _select_one(question: Question, raw: list[str]) -> tuple[str | None, str | None]:
    if not raw:
        return None, None
    name = _named(question, raw[0])
    if name is None or len(raw) > 1:
        return None, _("Choose one of the answers shown.")
    return name, None


def _select_multiple(question: Question, raw: list[str]) -> tuple[list[str] | None, str | None]:
    # One field for each choice from a browser; names parted by spaces from files and APIs.
    words = [word for value in raw for word in value.split()]
    if len(words) > len(question.choices) * 2:
        return None, _("Choose from the answers shown.")
    chosen = {_named(question, word) for word in words}
    if None in chosen:
        return None, _("Choose from the answers shown.")
    # In the order of the list, so that equal answers are equal when stored.
    return [choice.name for choice in question.choices if choice.name in chosen] or None, None
