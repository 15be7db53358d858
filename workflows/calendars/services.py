"""The door for other features: calendars by name and due times, within an application."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask import current_app

from portal.config import Settings
from portal.i18n import _l, timezone

from . import catalogue, changes, clock
from .catalogue import BrokenCalendarError
from .model import Calendar

CITY: Final = "tehran-office"
"""The calendar of the city itself, where no other is named."""


def data_dir() -> Path:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings.data_dir


def calendar(name: str, *, said: changes.Changes | None = None) -> Calendar:
    """As it stands now: the city's own before its files before the shipped ones, with the hours,
    closures and moved holidays that the city has announced.

    `said`: what it has announced, where the caller knows. Raises UnknownCalendarError,
    BrokenCalendarError (both CalendarError).
    """
    found = changes.current() if said is None else said
    reading = changes.document(found, name, timezone())
    if reading is None:
        return changes.apply(found, catalogue.find(name, data_dir(), timezone()))
    if reading.calendar is None:
        raise BrokenCalendarError(
            _l("The file of the calendar “%(name)s” has errors", name=name), reading.problems
        )
    return changes.apply(found, reading.calendar)


def entries(*, said: changes.Changes | None = None) -> list[catalogue.Entry]:
    """Every calendar by name: shipped, from the city's files, and of its pages; broken ones too."""
    found = changes.current() if said is None else said
    known = {entry.name: entry for entry in catalogue.entries(data_dir(), timezone())}
    for name in found.documents or {}:
        reading = changes.document(found, name, timezone())
        if reading is not None:
            known[name] = catalogue.Entry(name, None, "city", reading)
    return [known[name] for name in sorted(known)]


def due(name: str, start: datetime, duration: timedelta) -> clock.Due:
    """`duration` of open time after `start` in the calendar of a name. Raises CalendarError."""
    return clock.due(calendar(name), start, duration)
