"""ISO 8601 texts as days since 1970-01-01, the number type of dates in ODK forms."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_EPOCH = date(1970, 1, 1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def parse(text: str) -> date | datetime | None:
    """A date, or a date-time (aware where the text has an offset), or None."""
    if len(text) < 10 or len(text) > 40 or text[4] != "-":
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if found := _MOMENT.fullmatch(text):
            zone = found[3] or ""
            if re.fullmatch(r"[+-][0-9]{4}", zone):
                zone = f"{zone[:3]}:{zone[3:]}"
            clock = time.fromisoformat(found[2])
            return datetime.fromisoformat(f"{found[1]}T{clock.isoformat()}{zone}")
    except ValueError:
        return None
    return None


def to_days(text: str) -> float | None:
    """Days since 1970-01-01; a date-time with an offset is taken in UTC; None if no date."""
    value = parse(text)
    if value is None:
        return None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
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
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)
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
