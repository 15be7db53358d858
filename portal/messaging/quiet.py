"""Quiet hours: when campaigns wait. Single messages (a code, an answer) go at any hour."""

import datetime as dt
from zoneinfo import ZoneInfo

from flask import current_app

from portal import clock
from portal.config import Settings, parse_hours


def is_quiet(now: dt.datetime | None = None) -> bool:
    """Whether it is now within QUIET_HOURS of the city's zone. They may go over midnight."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    if not settings.quiet_hours:
        return False
    start, end = parse_hours(settings.quiet_hours)
    local = (now or clock.now()).astimezone(ZoneInfo(settings.timezone))
    minute = local.hour * 60 + local.minute
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end
