"""What the pages of calendars show."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_

from portal.db import db
from portal.i18n import pick
from portal.units import services as units
from workflows.calendars import changes, observances, services
from workflows.calendars.catalogue import Entry
from workflows.calendars.model import DAYS, Weekly
from workflows.calendars.models import (
    CalendarClosure,
    CalendarHours,
    CalendarRun,
    HolidayShift,
    UnitCalendar,
)

PAGE = 30
AHEAD = dt.timedelta(days=400)


@dataclass(frozen=True)
class Page:
    rows: Sequence[CalendarClosure]
    following: str | None
    """Key of the next page."""


@dataclass(frozen=True)
class Holiday:
    day: dt.date
    name: str
    """Its English name, the key."""
    title: str
    estimated: bool
    movable: bool
    """It follows the moon."""
    kept_on: dt.date | None
    """Announced by the city; None: as computed."""


def choices(*, closable: bool = False) -> list[tuple[str, str]]:
    """(name, title) of the calendars that can be used, in the order of their names."""
    return [
        (entry.name, pick(entry.reading.calendar.titles) or entry.name)
        for entry in services.entries()
        if entry.reading.calendar is not None and not (closable and entry.name == "always")
    ]


def with_holidays() -> list[str]:
    """Those that close on public holidays, so on most other occasions too."""
    return [
        entry.name
        for entry in services.entries()
        if entry.reading.calendar is not None and entry.reading.calendar.country
    ]


def titles() -> dict[str, str]:
    return dict(choices())


def entry(name: str) -> Entry | None:
    return next((one for one in services.entries() if one.name == name), None)


def closures(before: str = "") -> Page:
    """Announced closures, the latest days first; `before` is the key of `following`."""
    statement = select(CalendarClosure).order_by(
        CalendarClosure.first_day.desc(), CalendarClosure.id.desc()
    )
    if key := _key(before):
        statement = statement.where(tuple_(CalendarClosure.first_day, CalendarClosure.id) < key)
    rows = db.session.scalars(statement.limit(PAGE + 1)).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(rows[:PAGE], f"{last.first_day.isoformat()}_{last.id}" if last else None)


def runs_of(closure_ids: Sequence[int]) -> dict[int, CalendarRun]:
    """closure id -> its latest run."""
    rows = db.session.scalars(
        select(CalendarRun).where(CalendarRun.closure_id.in_(closure_ids)).order_by(CalendarRun.id)
    )
    return {row.closure_id or 0: row for row in rows}


def hours_of(name: str) -> Sequence[CalendarHours]:
    return db.session.scalars(
        select(CalendarHours)
        .where(CalendarHours.calendar == name, CalendarHours.withdrawn_at.is_(None))
        .order_by(CalendarHours.valid_from.desc())
        .limit(100)
    ).all()


def week_on(name: str, day: dt.date) -> dict[str, list[str]]:
    """The weekly hours that hold on a day, as texts. Raises CalendarError."""
    calendar = services.calendar(name)
    weekly = calendar.weekly
    for season in calendar.seasons:
        # A season with an end is Ramadan or summer; what comes after it is asked for here.
        if season.first <= day and season.last == changes.FOREVER:
            weekly = season.weekly
    return as_texts(weekly)


def as_texts(weekly: Weekly) -> dict[str, list[str]]:
    return {
        day: [f"{_time(shift.start)}-{_time(shift.end)}" for shift in shifts]
        for day, shifts in zip(DAYS, weekly, strict=True)
        if shifts
    }


def holidays(first: dt.date, country: str = "IR") -> list[Holiday]:
    """The public holidays of the coming year; the moved ones with the day they are kept on."""
    moved = {
        (row.day, row.holiday): row.kept_on
        for row in db.session.scalars(
            select(HolidayShift).where(
                HolidayShift.country == country,
                HolidayShift.withdrawn_at.is_(None),
                HolidayShift.day >= first - dt.timedelta(5),
            )
        )
    }
    return [
        Holiday(
            day,
            one.titles["en"],
            pick(one.titles),
            one.estimated,
            one.estimated or one.titles["en"] in observances.LUNAR,
            moved.get((day, one.titles["en"])),
        )
        for year in (first.year, first.year + 1, first.year + 2)
        for day, found in observances.public_holidays(country, year).items()
        if first <= day < first + AHEAD
        for one in found
    ]


def of_units() -> list[tuple[int, str, str]]:
    """(unit id, its name, calendar) of the units with hours of their own."""
    rows = db.session.scalars(select(UnitCalendar).order_by(UnitCalendar.unit_id)).all()
    names = units.names([row.unit_id for row in rows])
    return [(row.unit_id, names.get(row.unit_id, ""), row.calendar) for row in rows]


def _time(minute: int) -> str:
    return f"{minute // 60 % 24 if minute != 1440 else 24:02d}:{minute % 60:02d}"


def _key(value: str) -> tuple[dt.date, int] | None:
    day, _mark, number = value.partition("_")
    try:
        found = dt.date.fromisoformat(day), int(number[:18])
    except ValueError:
        return None
    return found
