"""What a browser submits → a value to store, or what to say to the respondent."""

import re
from collections.abc import Sequence
from typing import Any

from portal.i18n import _, current_language, digits
from portal.text import fold, strip_controls

from . import dateparts
from .expressions import latin_digits, number_to_string
from .schema import Choice, Question

MAX_TEXT = 5_000
"""Characters of one free-text answer."""
MAX_DIGITS = 15
"""Beyond, a number in JSON would no longer be exact."""

_GROUPING = re.compile(r"(?<=[0-9])[,٬،'’ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_INTEGER = re.compile(r"([+-]?)([0-9]+)(?:\.0*)?")
_DECIMAL = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
CONFIRMED = "OK"
"""What is stored of an acknowledged notice, as ODK has it."""
REMOVE = "remove"
"""Submitted in place of a photo that shall be taken back."""
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


class Upload(str):
    """The name of a file that this request has stored. A plain text is never taken for one, so
    that nobody can claim another's file by its name."""


class Refused(str):
    """Why a sent file was not taken, for who sent it."""


def convert(
    question: Question, raw_values: Sequence[str], lang: str | None = None
) -> tuple[Any, str | None]:
    """(value, None), or (None, message). An empty answer is (None, None).

    Dates are read in the calendar of `lang`, by default the language of the moment.
    """
    raw = [value for value in raw_values if value and value.strip()]
    match question.type:
        case "text" | "barcode":
            return _text(question, raw)
        case "integer":
            return _integer(raw)
        case "decimal":
            return _decimal(raw)
        case "range":
            return _range(question, raw)
        case "select_one":
            return _select_one(question, raw)
        case "select_multiple":
            return _select_multiple(question, raw)
        case "rank":
            return _rank(question, raw)
        case "acknowledge":
            return (CONFIRMED if raw else None), None
        case "date" | "time" | "dateTime":
            return _moment(question, raw_values, lang or current_language())
        case "geopoint":
            return _place(raw)
        case "image":
            refused = next((value for value in raw if isinstance(value, Refused)), None)
            stored = next((str(value) for value in raw if isinstance(value, Upload)), None)
            return (None, str(refused)) if refused else (stored, None)
        case _:
            return None, None


def missing(question: Question) -> str:
    """What to say when a required answer is missing."""
    match question.type:
        case "select_one":
            return _("Choose one answer.")
        case "select_multiple":
            return _("Choose at least one answer.")
        case "rank":
            return _("Give every answer a place.")
        case "acknowledge":
            return _("Tick the box to go on.")
        case "integer" | "decimal" | "range":
            return _("Type a number.")
        case "date" | "dateTime":
            return _("Fill in the date.")
        case "time":
            return _("Fill in the time.")
        case "geopoint":
            return _("Give a place.")
        case "image":
            return _("Choose a photo.")
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
    # In the order of the list, so that equal answers are equal when stored; a name that stands
    # twice in it (in two regions, of which a filter offers one) counts once.
    names = dict.fromkeys(choice.name for choice in question.choices)
    return [name for name in names if name in chosen] or None, None


def _range(question: Question, raw: list[str]) -> tuple[float | None, str | None]:
    value, error = _decimal(raw)
    if value is None or question.bounds is None:
        return None, error
    first, last, step = question.bounds
    low, high = min(first, last), max(first, last)
    # In steps from the start, as far as floating point can tell.
    steps = (value - first) / step
    if not low <= value <= high or abs(steps - round(steps)) > 1e-9:
        return None, _(
            "Choose a number from %(first)s to %(last)s in steps of %(step)s.",
            first=digits(number_to_string(low)),
            last=digits(number_to_string(high)),
            step=digits(number_to_string(abs(step))),
        )
    return (int(value) if all(x.is_integer() for x in question.bounds) else value), None


def steps_of(question: Question, most: int) -> list[float]:
    """The values of a range in order; none where there are more than `most`."""
    if question.bounds is None:
        return []
    first, last, step = question.bounds
    count = int(abs(last - first) / abs(step) + 1e-9) + 1
    if count > most:
        return []
    signed = abs(step) if last >= first else -abs(step)
    return [round(first + n * signed, 10) for n in range(count)]


def _rank(question: Question, raw: list[str]) -> tuple[list[str] | None, str | None]:
    """From a browser `name=place` for each choice; from files and APIs the names in order."""
    if not raw:
        return None, None
    names = {choice.name for choice in question.choices}
    pairs = [value.rpartition("=") for value in raw]
    if all(name in names and place.isascii() and place.isdigit() for name, _eq, place in pairs):
        places = {name: int(place) for name, _eq, place in pairs}
        order = sorted(places, key=lambda name: places[name])
        if doubles := _double(places):
            return None, _("Two answers have place %(place)s. Change one.", place=digits(doubles))
    else:
        found = [_named(question, word) for value in raw for word in value.split()]
        order = [name for name in found if name is not None]
        if len(order) != len(found) or len(set(order)) != len(order):
            return None, _("Choose from the answers shown.")
    return order, None


def _double(places: dict[str, int]) -> int | None:
    seen: set[int] = set()
    for place in places.values():
        if place in seen:
            return place
        seen.add(place)
    return None


def incomplete_rank(value: Any, offered: Sequence[Choice]) -> str | None:
    """What to say of a ranking that leaves out some of the choices offered."""
    if isinstance(value, list) and {choice.name for choice in offered} - set(value):
        return _("Give every answer a place.")
    return None


def _moment(
    question: Question, raw_values: Sequence[str], lang: str
) -> tuple[str | None, str | None]:
    parts = dateparts.wanted(question.type, question.looks)
    typed = [_INVISIBLE.sub("", value)[:40] for value in raw_values[:10]]
    try:
        return dateparts.join(typed, question.type, parts, lang), None
    except dateparts.PartsError as error:
        return None, error.message


def _place(raw: list[str]) -> tuple[str | None, str | None]:
    """`latitude longitude` in degrees (WGS 84), at most six decimals: 11 cm."""
    if not raw:
        return None, None
    typed = [latin_digits(_INVISIBLE.sub("", text[:60])).replace("−", "-") for text in raw[:4]]
    if len(typed) == 1:
        typed = re.split(r"[\s;،,]+", typed[0].strip())
    numbers = [text.strip().replace(",", ".").replace("/", ".") for text in typed]
    if not 2 <= len(numbers) <= 4 or not all(_DECIMAL.fullmatch(number) for number in numbers):
        return None, _("Type latitude and longitude as two numbers, e.g. 35.6892 and 51.3890.")
    latitude, longitude = float(numbers[0]), float(numbers[1])
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        return None, _("Latitude goes from -90 to 90 and longitude from -180 to 180.")
    return f"{_degrees(latitude)} {_degrees(longitude)}", None


def _degrees(value: float) -> str:
    return number_to_string(round(value, 6))
