"""ISO 8601 texts as days since 1970-01-01, the number type of dates in ODK forms."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
    r"(Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?)?"
)
_EPOCH = date(1970, 1, 1)
_DAY_MICROSECONDS = 86_400_000_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def parse(text: str) -> date | datetime | None:
    """A date, or a date-time (aware where the text has an offset), or None."""
    if len(text) < 10 or text[4] != "-":
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    try:
        if found[4] is None:
            return date(year, month, day)
        return datetime(
            year,
            month,
            day,
            int(found[4]),
            int(found[5]),
            int(found[6] or 0),
            int((found[7] or "").ljust(6, "0")),
            tzinfo=_zone(found),
        )
    except ValueError:
        return None


def _zone(found: re.Match[str]) -> timezone | None:
    if found[8] is None or found[9] is None:
        return UTC if found[8] else None
    minutes = int(found[10]) * 60 + int(found[11])
    return timezone(timedelta(minutes=-minutes if found[9] == "-" else minutes))


def to_days(text: str) -> float | None:
    """Days since 1970-01-01; a date-time with an offset is taken in UTC; None if no date."""
    value = parse(text)
    if value is None:
        return None
    if isinstance(value, datetime):
        # Whole days and the rest apart: a browser has no integers for all these microseconds.
        offset = value.utcoffset() or timedelta(0)
        passed = value.replace(tzinfo=None) - datetime(1970, 1, 1) - offset  # noqa: DTZ001
        return passed.days + (passed.seconds * 1_000_000 + passed.microseconds) / _DAY_MICROSECONDS
    return float((value - _EPOCH).days)


def date_text(days: float) -> str:
    """The ISO date of a number of days, "" outside the years 1-9999."""
    try:
        return (_EPOCH + timedelta(days=math.floor(days))).isoformat()
    except (OverflowError, ValueError):
        return ""


def moment_text(days: float) -> str:
    """The ISO date-time (UTC) of a number of days, "" outside the years 1-9999."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            milliseconds=math.floor(days * 86_400_000 + 0.5)
        )
    except (OverflowError, ValueError):
        return ""
    return moment.isoformat(timespec="seconds")


def format_text(text: str, pattern: str) -> str:
    """`format-date` of ODK: %Y %y %m %n %d %e %H %h %M %S %3 %a %b; "" if `text` is no date."""
    value = parse(text)
    if value is None:
        return ""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time(), tzinfo=UTC)
    parts = {
        "Y": f"{moment.year:04d}",
        "y": f"{moment.year % 100:02d}",
        "m": f"{moment.month:02d}",
        "n": str(moment.month),
        "b": _MONTHS[moment.month - 1],
        "d": f"{moment.day:02d}",
        "e": str(moment.day),
        "H": f"{moment.hour:02d}",
        "h": str(moment.hour),
        "M": f"{moment.minute:02d}",
        "S": f"{moment.second:02d}",
        "3": f"{moment.microsecond // 1000:03d}",
        "a": _DAYS[moment.weekday()],
        "%": "%",
    }
    return re.sub(r"%(.)", lambda found: parts.get(found[1], found[0]), pattern)
