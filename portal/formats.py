"""Numbers, dates, durations and telephones in the reader's language, calendar and digits.

ICU does the calendars: Persian for fa, the Iraqi month names for ar (كانون الثاني), Gregorian
for en. It ignores zones, so every moment is made a local wall time first.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, has_app_context
from icu4py.messageformat import MessageFormat

from portal import clock, text
from portal.language import _, _l, current_language, ngettext, use_language

DEFAULT_TIMEZONE = "Asia/Tehran"
NOTHING = "—"
LRI, PDI = "\u2066", "\u2069"
# Bidi class CS: unlike a space it keeps groups of Arabic-Indic digits in their order.
GROUP_SPACE = "\u00a0"

_LOCALES = {"fa": "fa_IR@calendar=persian", "ar": "ar_IQ", "en": "en_GB"}
_DATE_PATTERNS = {
    "long": {"fa": "d MMMM y", "ar": "d MMMM y", "en": "d MMMM y"},
    "short": {"fa": "y/MM/dd", "ar": "d/M/y", "en": "d MMM y"},
    "full": {"fa": "EEEE d MMMM y", "ar": "EEEE، d MMMM y", "en": "EEEE d MMMM y"},
    "month": {"fa": "MMMM y", "ar": "MMMM y", "en": "MMMM y"},
    "day": {"fa": "d MMMM", "ar": "d MMMM", "en": "d MMMM"},
}
_MAX_INPUT = 40

Number = int | float | Decimal


class InputError(ValueError):
    """A date or number that cannot be read; `message` is for the person who typed it."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message


@lru_cache(maxsize=256)
def _formatter(kind: str, pattern: str, lang: str) -> MessageFormat:
    if not isinstance(lang, str):
        # A template's `|decimal(1)` would else be written in English for everybody.
        raise TypeError(f"{lang!r} is no language")
    # No space before the pattern: ICU would print it.
    return MessageFormat(f"{{v, {kind},{pattern}}}", _LOCALES.get(lang, _LOCALES["en"]))


def _icu(kind: str, pattern: str, lang: str | None, value: Any) -> str:
    formatted: str = _formatter(kind, pattern, lang or current_language()).format({"v": value})
    return formatted


def _missing(value: Number | None) -> bool:
    return value is None or (isinstance(value, float | Decimal) and not math.isfinite(value))


def format_number(value: Number | None, lang: str | None = None) -> str:
    """A whole number with grouping (fractions are rounded); a dash for None and NaN."""
    return NOTHING if _missing(value) else _icu("number", "integer", lang, value)


def format_decimal(
    value: Number | None, lang: str | None = None, *, digits: int = 2, fixed: bool = False
) -> str:
    """A number with at most (`fixed`: exactly) `digits` decimals."""
    if _missing(value):
        return NOTHING
    decimals = ("0" if fixed else "#") * digits
    return _icu("number", f"::.{decimals}" if digits else "integer", lang, value)


def format_percent(ratio: Number | None, lang: str | None = None, *, digits: int = 0) -> str:
    """A ratio (0.47) as a percentage (47%)."""
    if _missing(ratio):
        return NOTHING
    decimals = "." + "#" * digits if digits else "precision-integer"
    return _icu("number", f"::percent scale/100 {decimals}", lang, ratio)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def timezone() -> ZoneInfo:
    """The city's zone: `TIMEZONE` of the configuration, else Asia/Tehran."""
    configured = current_app.config.get("TIMEZONE") if has_app_context() else None
    return _zone(configured or DEFAULT_TIMEZONE)


def local(moment: datetime) -> datetime:
    """An aware moment as naive wall time in the city's zone. ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be shown")
    return moment.astimezone(timezone()).replace(tzinfo=None)


def today() -> date:
    """The date in the city's zone."""
    return local(clock.now()).date()


def tomorrow() -> date:
    """The date after today's in the city's zone."""
    return today() + timedelta(days=1)


def format_date(value: date | datetime | None, style: str = "long", lang: str | None = None) -> str:
    """A date; styles long, short, full (with weekday), month (no day), day (no year).

    A moment is first brought to the city's zone; a plain date is taken as it is.
    """
    if value is None:
        return NOTHING
    lang = lang or current_language()
    pattern = _DATE_PATTERNS[style].get(lang, _DATE_PATTERNS[style]["en"])
    if isinstance(value, datetime):
        return _icu("date", pattern, lang, local(value))
    # Noon: midnight of a date does not exist where a zone changes at night.
    return _icu("date", pattern, lang, datetime.combine(value, time(12)))


def format_time(value: datetime | time | None, lang: str | None = None) -> str:
    """Hours and minutes of the day, 24-hour."""
    if value is None:
        return NOTHING
    shown = local(value).time() if isinstance(value, datetime) else value
    return text.localized_digits(f"{shown:%H:%M}", lang or current_language())


def format_datetime(value: datetime | None, style: str = "long", lang: str | None = None) -> str:
    """A date and the time of day."""
    if value is None:
        return NOTHING
    lang = lang or current_language()
    with use_language(lang):
        return _(
            "%(date)s, %(time)s",
            date=format_date(value, style, lang),
            time=format_time(value, lang),
        )


def _count(unit: str, num: int) -> str:
    match unit:
        case "day":
            return ngettext("%(num)s day", "%(num)s days", num)
        case "hour":
            return ngettext("%(num)s hour", "%(num)s hours", num)
        case "minute":
            return ngettext("%(num)s minute", "%(num)s minutes", num)
        case _:
            return ngettext("%(num)s second", "%(num)s seconds", num)


def format_duration(
    value: timedelta | float | None, lang: str | None = None, *, parts: int = 2
) -> str:
    """A length of time (seconds or timedelta) in its largest units: "2 hours and 15 minutes"."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    left = abs(round(seconds))
    counts = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        counts.append((unit, left // size))
        left %= size
    first = next((i for i, (_unit, num) in enumerate(counts) if num), len(counts) - 1)
    with use_language(lang or current_language()):
        shown = [_count(*item) for item in counts[first : first + parts] if item[1]]
        if not shown:
            return _count("second", 0)
        phrase = shown[0]
        for item in shown[1:]:
            phrase = _("%(first)s and %(second)s", first=phrase, second=item)
        return phrase


def format_relative(
    moment: datetime | None, lang: str | None = None, *, now: datetime | None = None
) -> str:
    """ "in 2 hours", "3 minutes ago", "just now" (within a minute)."""
    if moment is None:
        return NOTHING
    delta = (moment - (now or clock.now())).total_seconds()
    with use_language(lang or current_language()) as reader:
        if abs(delta) < 60:
            return _("just now")
        span = format_duration(delta, reader, parts=1)
        return _("in %(span)s", span=span) if delta > 0 else _("%(span)s ago", span=span)


def isolate(value: object) -> str:
    """`value` kept left to right among right-to-left words (U+2066 … U+2069)."""
    return f"{LRI}{value}{PDI}"


def digits(value: object, lang: str | None = None) -> str:
    """`value` with its digits in the reader's script, no grouping: years, codes."""
    return text.localized_digits(str(value), lang or current_language())


_IRANIAN_MOBILE = re.compile(r"\+98(9\d\d)(\d{3})(\d{4})")


def format_phone(e164: str | None, lang: str | None = None) -> str:
    """A number as people write it, in the reader's digits, isolated.

    Persian readers see Iranian numbers in the national form (۰۹۱۲ …), others with +98.
    """
    if not e164:
        return NOTHING
    lang = lang or current_language()
    if found := _IRANIAN_MOBILE.fullmatch(e164):
        groups = (f"0{found[1]}" if lang == "fa" else f"+98 {found[1]}", found[2], found[3])
        shown = " ".join(groups)
    else:
        shown = _foreign_phone(e164, national=lang == "fa")
    return isolate(text.localized_digits(shown.replace(" ", GROUP_SPACE), lang))


def _foreign_phone(e164: str, *, national: bool) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    if national and number.country_code == 98:
        style = phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(number, style)


_YMD = re.compile(r"(\d{4})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{1,2})")
_DMY = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})")


def parse_date(value: str, lang: str | None = None) -> date:
    """A typed date as a Gregorian one: Persian calendar for fa, Gregorian for ar and en.

    Year first, or last with the day before the month; digits of any script. Raises InputError,
    also for a Persian year outside 1250-1500 and a Gregorian one outside 1900-2100.
    """
    lang = lang or current_language()
    plain = text.ascii_digits(text.fold(value[:_MAX_INPUT]))
    if found := _YMD.fullmatch(plain):
        year, month, day = map(int, found.groups())
    elif found := _DMY.fullmatch(plain):
        day, month, year = map(int, found.groups())
    else:
        example = digits("1404/05/12" if lang == "fa" else "2025/08/03", lang)
        raise InputError(_l("Write the date as year/month/day, like %(example)s", example=example))
    first, last = (1250, 1500) if lang == "fa" else (1900, 2100)
    if not first <= year <= last:
        raise InputError(
            _l(
                "The year must be between %(first)s and %(last)s",
                first=digits(first, lang),
                last=digits(last, lang),
            )
        )
    try:
        if lang == "fa":
            import jdatetime

            converted: date = jdatetime.date(year, month, day).togregorian()
            return converted
        return date(year, month, day)
    except ValueError:
        raise InputError(_l("There is no such day in the calendar")) from None


_INTEGER = re.compile(r"([+-]?)(\d{1,18}|\d{1,3}(?:,\d{3}){1,5})")


def parse_int(value: str) -> int:
    """A typed whole number: digits of any script, grouped by commas (`,` `٬` `،`) or not.

    Raises InputError; at most 18 digits.
    """
    plain = text.ascii_digits(text.fold(value[:_MAX_INPUT]))
    plain = plain.replace("٬", ",").replace("،", ",").replace("\u2212", "-")
    found = _INTEGER.fullmatch(plain)
    if found is None:
        raise InputError(_l("Write a whole number"))
    return int(found[1] + found[2].replace(",", ""))


def utc(local_date: date, at: time = time(0)) -> datetime:
    """The UTC moment of a wall time in the city's zone."""
    return datetime.combine(local_date, at, tzinfo=timezone()).astimezone(UTC)


FILTERS: dict[str, Callable[..., str]] = {
    "number": format_number,
    "decimal": format_decimal,
    "percent": format_percent,
    "date": format_date,
    "datetime": format_datetime,
    "time": format_time,
    "duration": format_duration,
    "relative": format_relative,
    "phone": format_phone,
    "isolate": isolate,
    "digits": digits,
}
