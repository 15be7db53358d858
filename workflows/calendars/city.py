"""What the city says of its calendars, and takes back. Flushes, never commits.

Each change writes an audit row and a CalendarRun, by which the due times that it moves are found
anew (workflows.cases.redating); the caller enqueues that after the commit.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from workflows.calendars import observances, services
from workflows.calendars.models import (
    CalendarClosure,
    CalendarHours,
    CalendarRun,
    HolidayShift,
)
from workflows.calendars.saying import (
    ALWAYS,
    CityCalendarError,
    changed,
    check_days,
    checked_weekly,
    closable,
    since,
    texts,
)

FARTHEST_SHIFT: Final = dt.timedelta(days=2)
"""The moon is seen a day earlier or later; a feast of two days may follow it."""


# Closures


def announce(
    *,
    calendars: Iterable[str],
    first: dt.date,
    last: dt.date,
    hours: tuple[dt.time, dt.time] | None,
    reasons: Mapping[str, str],
    by: int | None,
) -> CalendarClosure:
    """Close calendars for whole days, or from an hour of the first to an hour of the last day.

    Raises CityCalendarError. `first` may have passed: what is due since then moves.
    """
    names = closable(calendars)
    check_days(first, last)
    closes = opens = None
    if hours is not None:
        closes, opens = dt.datetime.combine(first, hours[0]), dt.datetime.combine(last, hours[1])
        if closes >= opens:
            raise CityCalendarError("ends", _l("The end must come after the beginning."))
    row = CalendarClosure(
        calendars=names,
        first_day=first,
        last_day=last,
        closes=closes,
        opens=opens,
        reasons=texts(reasons, "reason_fa"),
        announced_by=by,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("calendar.closed", "calendar_closure", row.id, **_facts(row))
    changed(
        CalendarRun(
            reason="closure", calendars=names, since=since(names, first), words=row.reasons,
            closure_id=row.id, created_by=by,
        )
    )  # fmt: skip
    return row


def take_back(closure_id: int, *, by: int | None) -> CalendarClosure:
    """As if it had never been announced. Raises LookupError, CityCalendarError."""
    row = db.session.get(CalendarClosure, closure_id, with_for_update=True)
    if row is None:
        raise LookupError(f"No closure {closure_id}")
    if row.withdrawn_at is not None:
        raise CityCalendarError("", _l("This closure has been taken back already."))
    row.withdrawn_at, row.withdrawn_by = clock.now(), by
    db.session.flush()
    audit.record("calendar.closure_taken_back", "calendar_closure", row.id, **_facts(row))
    names = list(row.calendars)
    changed(
        CalendarRun(
            reason="reopened", calendars=names, since=since(names, row.first_day),
            words=row.reasons, closure_id=row.id, created_by=by,
        )
    )  # fmt: skip
    return row


# Hours


def save_hours(
    name: str, *, valid_from: dt.date, weekly: Mapping[str, list[str]], by: int | None
) -> None:
    """Other weekly hours of a calendar from a date on. Raises CityCalendarError, CalendarError."""
    services.calendar(name)
    if name == ALWAYS:
        raise CityCalendarError("", _l("The calendar around the clock has no other hours."))
    check_days(valid_from, valid_from)
    checked_weekly(weekly)
    now = clock.now()
    for old in db.session.scalars(
        select(CalendarHours).where(
            CalendarHours.calendar == name,
            CalendarHours.valid_from == valid_from,
            CalendarHours.withdrawn_at.is_(None),
        )
    ):
        old.withdrawn_at = now
    db.session.flush()
    row = CalendarHours(calendar=name, valid_from=valid_from, weekly=dict(weekly), created_by=by)
    db.session.add(row)
    db.session.flush()
    audit.record(
        "calendar.hours_changed", "calendar", name,
        valid_from=valid_from.isoformat(), weekly=dict(weekly),
    )  # fmt: skip
    changed(
        CalendarRun(
            reason="hours", calendars=[name], since=since([name], valid_from), words={},
            created_by=by,
        )
    )  # fmt: skip


def withdraw_hours(hours_id: int, *, by: int | None) -> str:
    """Raises LookupError; returns the calendar's name."""
    row = db.session.get(CalendarHours, hours_id, with_for_update=True)
    if row is None or row.withdrawn_at is not None:
        raise LookupError(f"No hours {hours_id}")
    row.withdrawn_at = clock.now()
    db.session.flush()
    audit.record(
        "calendar.hours_withdrawn", "calendar", row.calendar,
        valid_from=row.valid_from.isoformat(), weekly=row.weekly,
    )  # fmt: skip
    changed(
        CalendarRun(
            reason="hours", calendars=[row.calendar],
            since=since([row.calendar], row.valid_from), words={}, created_by=by,
        )
    )  # fmt: skip
    return row.calendar


def ask_to_redate(names: list[str]) -> None:
    """After something changed that no page knows of: a file."""
    audit.record("calendar.redated", "calendar", ",".join(names))
    changed(CalendarRun(reason="calendar", calendars=names, words={}))


# Holidays that follow the moon


def shift_holiday(
    country: str, day: dt.date, holiday: str, kept_on: dt.date, *, by: int | None
) -> None:
    """A computed holiday is kept on a day that was announced; the same day confirms it.

    Raises LookupError where there is none, CityCalendarError.
    """
    found = [
        one
        for one in observances.public_holidays(country, day.year).get(day, ())
        if one.titles["en"] == holiday
    ]
    if not found:
        raise LookupError(f"No holiday {holiday!r} on {day}")
    if not (found[0].estimated or holiday in observances.LUNAR):
        raise CityCalendarError("kept_on", _l("This holiday does not follow the moon."))
    if abs(kept_on - day) > FARTHEST_SHIFT:
        raise CityCalendarError("kept_on", _l("A holiday moves by two days at most."))
    now = clock.now()
    before = day
    for old in db.session.scalars(
        select(HolidayShift).where(
            HolidayShift.country == country,
            HolidayShift.day == day,
            HolidayShift.holiday == holiday,
            HolidayShift.withdrawn_at.is_(None),
        )
    ):
        old.withdrawn_at, before = now, min(before, old.kept_on)
    db.session.flush()
    row = HolidayShift(
        country=country, day=day, holiday=holiday, titles=dict(found[0].titles),
        kept_on=kept_on, announced_by=by,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record(
        "calendar.holiday_announced", "calendar_holiday", row.id,
        holiday=holiday, computed=day.isoformat(), kept_on=kept_on.isoformat(),
    )  # fmt: skip
    names = [
        entry.name
        for entry in services.entries()
        if entry.reading.calendar is not None and entry.reading.calendar.country == country
    ]
    changed(
        CalendarRun(
            reason="holiday", calendars=names, since=since(names, min(before, day, kept_on)),
            words=dict(found[0].titles), created_by=by,
        )
    )  # fmt: skip


def _facts(row: CalendarClosure) -> dict[str, object]:
    return {
        "calendars": list(row.calendars),
        "first": (row.closes or row.first_day).isoformat(),
        "last": (row.opens or row.last_day).isoformat(),
        "reasons": row.reasons,
    }
