"""A day with a time, as the reader types it."""

import datetime as dt
import re

from portal import clock
from portal.formats import utc
from portal.i18n import (
    InputError,
    current_language,
    digits,
    format_date,
    format_time,
    local,
    parse_date,
    today,
)
from portal.text import ascii_digits, strip_controls

_MOMENT = re.compile(r"(?:(.*\S)\s+)?([01]?\d|2[0-3])[:.٫]([0-5]\d)")


def parse_moment(typed: str) -> dt.datetime | None:
    """«1405/01/06 18:00» in the reader's calendar and digits, or a time alone for today.

    None where it cannot be read.
    """
    found = _MOMENT.fullmatch(ascii_digits(strip_controls(typed[:40], keep_newlines=False)).strip())
    if found is None:
        return None
    try:
        day = parse_date(found[1].strip(" ،,")) if found[1] else today()
    except InputError:
        return None
    return utc(day, dt.time(int(found[2]), int(found[3])))


def example() -> str:
    """How to write the moment three hours from now."""
    moment = clock.now() + dt.timedelta(hours=3)
    if current_language() == "fa":
        day = format_date(moment, "short")
    else:
        day = digits(f"{local(moment):%Y/%m/%d}")
    return f"{day} {format_time(moment)}"
