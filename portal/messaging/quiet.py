"""When campaigns wait: quiet hours and closed days. Single messages (a code, an answer) always go.

A closed day is one of the city's holidays or of mourning, as a plugin that keeps a calendar tells
(`Plugin.closed_day`); a weekend is none.
"""

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

from flask import current_app

from portal import clock
from portal.config import Settings, parse_hours
from portal.messaging.spreading import OpenHours
from portal.plugin import active

Why = Literal["quiet_hours", "closed_day"]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings


def is_quiet(now: dt.datetime | None = None) -> bool:
    """Whether campaigns wait now."""
    return why(now) is not None


def why(now: dt.datetime | None = None) -> Why | None:
    """Why campaigns wait now; None: they do not."""
    settings = _settings()
    local = (now or clock.now()).astimezone(ZoneInfo(settings.timezone))
    if is_closed(local.date()):
        return "closed_day"
    if not settings.quiet_hours:
        return None
    start, end = parse_hours(settings.quiet_hours)
    minute = local.hour * 60 + local.minute
    within = start <= minute < end if start <= end else minute >= start or minute < end
    return "quiet_hours" if within else None


def is_closed(day: dt.date) -> bool:
    """Whether campaigns wait on a day of the city, by CLOSED_DAYS."""
    if _settings().closed_days != "wait":
        return False
    return any(plugin.closed_day(day) for plugin in active() if plugin.closed_day is not None)


def open_hours() -> OpenHours:
    """The same, for reckoning ahead."""
    settings = _settings()
    hours = parse_hours(settings.quiet_hours) if settings.quiet_hours else None
    return OpenHours(ZoneInfo(settings.timezone), hours, is_closed)
