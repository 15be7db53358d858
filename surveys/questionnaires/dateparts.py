"""Dates and times as a form shows them: a field for the day, a list of months, a field for the
year, in the reader's calendar. Stored is ISO 8601 in the Gregorian calendar, local wall time.

A month says which calendar it is of (`persian-05`), so that a form sent while the language is
switched is never read in the wrong one.
"""

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import jdatetime

from portal.i18n import InputError, _, digits, format_date, format_time, parse_date
from portal.text import ascii_digits

PERSIAN: Final = "persian"
GREGORIAN: Final = "gregorian"
YEARS: Final = {PERSIAN: (1250, 1500), GREGORIAN: (1850, 2150)}
_MONTH: Final = re.compile(r"(persian|gregorian)-(0[1-9]|1[0-2])")
_ISO_DATE: Final = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_TIME: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{1,2})(?:[:.][0-9]{1,2}(?:\.[0-9]+)?)?")


class PartsError(ValueError):
    """What was typed is no date or time; `message` says why to who typed it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def calendar_of(lang: str) -> str:
    return PERSIAN if lang.startswith("fa") else GREGORIAN


def wanted(kind: str, looks: frozenset[str]) -> tuple[str, ...]:
    """The parts that a question of this kind and appearance asks for, in order."""
    if kind == "time":
        return ("hour", "minute")
    if "year" in looks:
        day: tuple[str, ...] = ("year",)
    elif "month-year" in looks:
        day = ("month", "year")
    else:
        day = ("day", "month", "year")
    return day if kind == "date" else (*day, "hour", "minute")


@lru_cache(maxsize=8)
def months(calendar: str, lang: str) -> tuple[tuple[str, str], ...]:
    """(value, name) of twelve months, named in the reader's language where it has names."""
    if calendar == PERSIAN:
        firsts = [jdatetime.date(1400, month, 1).togregorian() for month in range(1, 13)]
        lang = "fa"
    else:
        firsts = [dt.date(2021, month, 1) for month in range(1, 13)]
        lang = lang if lang in {"ar", "en"} else "en"
    names = [format_date(first, "day", lang).partition(" ")[2] for first in firsts]
    return tuple((f"{calendar}-{number:02}", name) for number, name in enumerate(names, 1))


def split(value: str, parts: Sequence[str], calendar: str) -> list[str]:
    """The parts of a stored value, in Latin digits; empty ones for what is no such value."""
    date, _sep, clock = value.partition("T") if "-" in value else ("", "", value)
    found = dict.fromkeys(parts, "")
    try:
        day = dt.date.fromisoformat(date[:10]) if date else None
    except ValueError:
        day = None
    if day is not None:
        shown = jdatetime.date.fromgregorian(date=day) if calendar == PERSIAN else day
        found |= {
            "day": str(shown.day),
            "month": f"{calendar}-{shown.month:02}",
            "year": str(shown.year),
        }
    if time := _TIME.match(clock):
        found |= {"hour": time[1], "minute": time[2]}
    return [found.get(part, "") for part in parts]


def join(raw: Sequence[str], kind: str, parts: Sequence[str], lang: str) -> str | None:
    """The value to store of submitted parts, or of one text typed whole. None: all are empty.

    Raises PartsError.
    """
    typed = [ascii_digits(text).strip() for text in raw]
    if not any(typed):
        return None
    if len(typed) != len(parts) or len(typed) == 1:
        return _whole(next(text for text in typed if text), kind, parts, lang)
    found = dict(zip(parts, typed, strict=True))
    date = _date(found, lang) if kind != "time" else None
    clock = _clock(found["hour"], found["minute"]) if kind != "date" else None
    if date is not None and clock is not None:
        return f"{date.isoformat()}T{clock}"
    return clock or (date.isoformat() if date else None)


def _date(found: dict[str, str], lang: str) -> dt.date:
    asked = [part for part in ("day", "month", "year") if part in found]
    missing = [part for part in asked if not found[part]]
    if missing:
        names = {"day": _("the day"), "month": _("the month"), "year": _("the year")}
        listed = ("، " if lang in {"fa", "ar"} else ", ").join(names[part] for part in missing)
        raise PartsError(_("Something is missing: %(parts)s.", parts=listed))
    month = _MONTH.fullmatch(found["month"])
    if month is None:
        raise PartsError(_("Choose the month from the list."))
    year = _year(found["year"], month[1], lang)
    day = _number(found.get("day", "1"))
    if day is None:
        raise PartsError(_("Type the day as a number, e.g. %(example)s.", example=digits(5, lang)))
    return _made(month[1], year, int(month[2]), day)


def _made(calendar: str, year: int, month: int, day: int) -> dt.date:
    try:
        if calendar == PERSIAN:
            made: dt.date = jdatetime.date(year, month, day).togregorian()
            return made
        return dt.date(year, month, day)
    except ValueError:
        raise PartsError(_("This month does not have so many days.")) from None


def _year(text: str, calendar: str, lang: str) -> int:
    first, last = YEARS[calendar]
    year = _number(text)
    if year is None or not first <= year <= last:
        raise PartsError(
            _(
                "The year must be between %(first)s and %(last)s.",
                first=digits(first, lang),
                last=digits(last, lang),
            )
        )
    return year


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _clock(hour: str, minute: str) -> str:
    hours, minutes = _number(hour), _number(minute or "0")
    if hours is None or minutes is None or hours > 23 or minutes > 59:
        raise PartsError(_("Type the hour from 0 to 23 and the minute from 0 to 59."))
    return f"{hours:02}:{minutes:02}:00"


def _whole(text: str, kind: str, parts: Sequence[str], lang: str) -> str:
    date, _sep, clock = text.replace(" ", "T", 1).partition("T")
    if kind == "time":
        return _clock_text(text)
    if "month" not in parts and (year := _number(text)) is not None:
        # No year is both a Persian and a Gregorian one, so the number tells the calendar.
        persian = YEARS[PERSIAN][0] <= year <= YEARS[PERSIAN][1]
        calendar = PERSIAN if persian else GREGORIAN
        if calendar != calendar_of(lang) and not YEARS[calendar][0] <= year <= YEARS[calendar][1]:
            calendar = calendar_of(lang)
        return _made(calendar, _year(text, calendar, lang), 1, 1).isoformat()
    found = _ISO_DATE.fullmatch(date)
    try:
        if found and int(found[1]) >= YEARS[GREGORIAN][0]:
            day = dt.date.fromisoformat(date)
        else:
            day = parse_date(date, lang)
    except InputError as error:
        raise PartsError(str(error.message)) from None
    except ValueError:
        raise PartsError(_("There is no such day in the calendar.")) from None
    return day.isoformat() if kind == "date" else f"{day.isoformat()}T{_clock_text(clock)}"


def _clock_text(text: str) -> str:
    found = _TIME.match(text)
    if found is None:
        raise PartsError(_("Type the hour from 0 to 23 and the minute from 0 to 59."))
    return _clock(found[1], found[2])


def shown(value: str, kind: str, looks: frozenset[str], lang: str) -> str:
    """A stored value for a reader: «۱۲ مرداد ۱۴۰۴»."""
    try:
        if kind == "time":
            return format_time(dt.time.fromisoformat(value), lang)
        day = dt.date.fromisoformat(value[:10])
        if "year" in looks:
            return digits(split(value, ("year",), calendar_of(lang))[0], lang)
        text = format_date(day, "month" if "month-year" in looks else "long", lang)
        if kind == "dateTime":
            clock = format_time(dt.datetime.fromisoformat(value).time(), lang)
            return _("%(date)s, %(time)s", date=text, time=clock)
        return text
    except ValueError:
        return value
