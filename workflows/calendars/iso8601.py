"""Starts and durations as ISO 8601 writes them."""

import re
from datetime import date, datetime, timedelta

from portal.i18n import InputError, _l
from portal.text import ascii_digits

from .clock import at_wall
from .model import Calendar
from .timeline import FIRST_YEAR, LAST_YEAR

_DURATION = re.compile(
    r"P(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:[.,](\d{1,6}))?S)?)", re.ASCII
)
_CALENDAR_UNITS = re.compile(r"P(?=.)(?:\d+(?:[.,]\d+)?[YMWD])+(?:T.*)?", re.ASCII)
_MAX_INPUT = 64


def parse_duration(value: str) -> timedelta:
    """`PT16H`, `PT1H30M`, `PT90S`, `PT1.5S`: open time. Raises InputError.

    Days, weeks, months and years are refused: in a calendar that is open six hours a day "P2D"
    may mean two working days or 48 working hours, and a guess would be a wrong deadline.
    """
    plain = ascii_digits(value.strip()).upper()
    if len(plain) > _MAX_INPUT:
        plain = ""
    if found := _DURATION.fullmatch(plain):
        hours, minutes, seconds, fraction = found.groups()
        return timedelta(
            hours=int(hours or 0),
            minutes=int(minutes or 0),
            seconds=int(seconds or 0),
            microseconds=int((fraction or "").ljust(6, "0")),
        )
    if _CALENDAR_UNITS.fullmatch(plain):
        raise InputError(
            _l(
                "“%(value)s” counts in days or longer, which a working calendar leaves open: "
                "say the hours, like PT16H",
                value=value,
            )
        )
    raise InputError(
        _l(
            "“%(value)s” is not a duration in hours, minutes and seconds: write it like PT16H or "
            "PT1H30M",
            value=value[:_MAX_INPUT],
        )
    )


def parse_start(value: str, calendar: Calendar) -> datetime:
    """An ISO 8601 time; without an offset it is a time of the calendar's zone. Raises InputError.

    A date alone is its midnight. Of an hour that the clock shows twice the first one is meant.
    """
    plain = ascii_digits(value.strip())
    try:
        moment = datetime.fromisoformat(plain) if len(plain) <= _MAX_INPUT else None
    except ValueError:
        moment = None
    if moment is None:
        raise InputError(
            _l(
                "“%(value)s” is not a time as ISO 8601 writes it: 2026-10-24T08:30:00+03:30, or "
                "without the offset for the city's own clock",
                value=value[:_MAX_INPUT],
            )
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InputError(_year_message(moment.date()))
    if moment.tzinfo is not None:
        return moment
    try:
        return at_wall(calendar, moment)
    except ValueError:
        raise InputError(
            _l(
                "On that day the clock of %(zone)s skipped %(time)s: give the offset",
                zone=calendar.zone.key,
                time=f"{moment:%H:%M}",
            )
        ) from None


def _year_message(day: date) -> object:
    if 1250 <= day.year <= 1500:
        import jdatetime

        try:
            gregorian = jdatetime.date(day.year, day.month, day.day).togregorian()
        except ValueError:
            gregorian = None
        if gregorian:
            return _l(
                "ISO 8601 counts in the Gregorian calendar; %(persian)s is %(gregorian)s",
                persian=day.isoformat(),
                gregorian=gregorian.isoformat(),
            )
    return _l("The year must be between %(first)s and %(last)s", first=FIRST_YEAR, last=LAST_YEAR)
