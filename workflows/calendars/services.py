"""The door for other features: calendars by name and due times, within an application."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask import current_app

from portal.config import Settings
from portal.i18n import timezone

from . import catalogue, clock
from .model import Calendar

CITY: Final = "tehran-office"
"""The calendar of the city itself, where no other is named."""


def data_dir() -> Path:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings.data_dir


def calendar(name: str) -> Calendar:
    """Raises UnknownCalendarError, BrokenCalendarError (both CalendarError)."""
    return catalogue.find(name, data_dir(), timezone())


def entries() -> list[catalogue.Entry]:
    """Every calendar, shipped and the city's own, broken ones too."""
    return catalogue.entries(data_dir(), timezone())


def due(name: str, start: datetime, duration: timedelta) -> clock.Due:
    """`duration` of open time after `start` in the calendar of a name. Raises CalendarError."""
    return clock.due(calendar(name), start, duration)
