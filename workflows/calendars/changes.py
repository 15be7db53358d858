"""Calendars as the city has changed them: the tables laid over the files, kept while they hold.

The hours a calendar has from a date on, announced closures and moved holidays become parts of the
same model that a file is read into, so due times and explanations know no difference.
"""

import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from portal.db import db

from . import reader, weekly
from .model import Calendar, DayClosure, Season, TimedClosure, Weekly
from .models import (
    CalendarClosure,
    CalendarHours,
    CalendarState,
    CityCalendar,
    HolidayShift,
    UnitCalendar,
)
from .reader import Reading
from .timeline import LAST_YEAR, wall_of_day

FOREVER = dt.date(LAST_YEAR, 12, 31)
_KEY = "calendar_changes"


@dataclass(frozen=True)
class Closing:
    calendars: tuple[str, ...]
    cut: DayClosure | TimedClosure


@dataclass(frozen=True)
class Moved:
    country: str
    day: dt.date
    holiday: str
    kept_on: dt.date
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Changes:
    """Everything the city has said; one object a mark."""

    mark: str | None = None
    documents: Mapping[str, str] | None = None
    hours: tuple[tuple[str, dt.date, Weekly], ...] = ()
    closings: tuple[Closing, ...] = ()
    moved: tuple[Moved, ...] = ()
    units: Mapping[int, str] | None = None
    """unit id -> the calendar of its own."""


NONE = Changes()
_lock = threading.Lock()
_latest = NONE
_made: dict[str, tuple[Calendar, object, Calendar]] = {}
_read: dict[tuple[str, str], Reading] = {}


def current() -> Changes:
    """What holds in the present transaction: one small query, the rest only when it is new."""
    global _latest  # noqa: PLW0603 (one object for the process, replaced whole)
    session = db.session()
    transaction = session.get_transaction()
    kept = session.info.get(_KEY)
    if kept is not None and kept[0] is transaction and transaction is not None:
        found: Changes = kept[1]
        return found
    mark = db.session.scalar(select(CalendarState.mark))
    latest = _latest
    if mark is None:
        latest = NONE
    elif latest.mark != mark:
        latest = _fetch(mark)
        _latest = latest
    session.info[_KEY] = (session.get_transaction(), latest)
    return latest


def current_if_any() -> Changes:
    """The same for a command that may run before there are tables."""
    try:
        return current()
    except ProgrammingError:
        db.session.rollback()
        return NONE


def forget() -> None:
    """Ask again within this transaction: it has changed something itself."""
    db.session().info.pop(_KEY, None)


def document(found: Changes, name: str, city_zone: ZoneInfo) -> Reading | None:
    """The reading of the city's own calendar in the database, where there is one."""
    text = (found.documents or {}).get(name)
    if text is None:
        return None
    key = (city_zone.key, text)
    with _lock:
        reading = _read.get(key)
    if reading is None:
        reading = reader.read(text.encode(), city_zone, name)
        with _lock:
            if len(_read) > 200:
                _read.clear()
            _read[key] = reading
    return reading


def apply(found: Changes, calendar: Calendar) -> Calendar:
    """A calendar with what the city has changed; the same object while nothing about it changes,
    for its open time is costly to find again."""
    parts = parts_for(found, calendar)
    if not any(parts):
        return calendar
    with _lock:
        kept = _made.get(calendar.name)
    if kept is not None and kept[0] is calendar and kept[1] == parts:
        return kept[2]
    hours, days, timed, moved = parts
    made = replace(
        calendar,
        seasons=(*(Season(first, FOREVER, week) for first, week in hours), *calendar.seasons),
        day_closures=(*calendar.day_closures, *days),
        timed_closures=(*calendar.timed_closures, *timed),
        moved_holidays={
            **calendar.moved_holidays,
            **{(one.day, one.holiday): (one.kept_on, one.titles) for one in moved},
        },
    )
    with _lock:
        _made[calendar.name] = (calendar, parts, made)
    return made


def parts_for(
    found: Changes, calendar: Calendar
) -> tuple[
    tuple[tuple[dt.date, Weekly], ...],
    tuple[DayClosure, ...],
    tuple[TimedClosure, ...],
    tuple[Moved, ...],
]:
    """What of all changes concerns one calendar."""
    cuts = [closing.cut for closing in found.closings if calendar.name in closing.calendars]
    return (
        tuple((first, week) for name, first, week in found.hours if name == calendar.name),
        tuple(cut for cut in cuts if isinstance(cut, DayClosure)),
        tuple(cut for cut in cuts if isinstance(cut, TimedClosure)),
        tuple(one for one in found.moved if one.country == calendar.country),
    )


def wall_seconds(wall: dt.datetime) -> int:
    return wall_of_day(wall.date()) + wall.hour * 3600 + wall.minute * 60 + wall.second


def _cut(row: CalendarClosure) -> DayClosure | TimedClosure:
    if row.closes is not None and row.opens is not None:
        return TimedClosure(wall_seconds(row.closes), wall_seconds(row.opens), row.reasons)
    return DayClosure(row.first_day, row.last_day, row.reasons)


def _fetch(mark: str) -> Changes:
    hours = db.session.scalars(
        select(CalendarHours)
        .where(CalendarHours.withdrawn_at.is_(None))
        .order_by(CalendarHours.valid_from, CalendarHours.id)
    )
    closures = db.session.scalars(
        select(CalendarClosure)
        .where(CalendarClosure.withdrawn_at.is_(None))
        .order_by(CalendarClosure.first_day, CalendarClosure.id)
    )
    shifts = db.session.scalars(
        select(HolidayShift)
        .where(HolidayShift.withdrawn_at.is_(None))
        .order_by(HolidayShift.day, HolidayShift.id)
    )
    return Changes(
        mark,
        {row.name: row.document for row in db.session.scalars(select(CityCalendar))},
        tuple((row.calendar, row.valid_from, weekly_of(row.weekly)) for row in hours),
        tuple(Closing(tuple(row.calendars), _cut(row)) for row in closures),
        tuple(Moved(row.country, row.day, row.holiday, row.kept_on, row.titles) for row in shifts),
        {row.unit_id: row.calendar for row in db.session.scalars(select(UnitCalendar))},
    )


def weekly_of(stored: Mapping[str, Iterable[str]]) -> Weekly:
    """Stored hours, which were checked before, as the model has them."""
    return weekly.weekly_of(stored)
