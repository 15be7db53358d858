"""Calendars of the city's own, and whose hours they are. Flushes, never commits."""

import re
from collections.abc import Mapping

from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.i18n import _l, timezone
from portal.units.models import Unit
from workflows.calendars import documents, reader, services
from workflows.calendars.models import CalendarRun, CityCalendar, UnitCalendar
from workflows.calendars.saying import (
    ALWAYS,
    CityCalendarError,
    changed,
    checked_weekly,
    texts,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def create(
    name: str,
    *,
    titles: Mapping[str, str],
    weekly: Mapping[str, list[str]],
    country: str | None,
    by: int | None,
) -> str:
    """A new calendar from a form. Raises CityCalendarError."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise CityCalendarError(
            "name", _l("A name has small Latin letters, digits and hyphens only")
        )
    if name in {entry.name for entry in services.entries()}:
        raise CityCalendarError("name", _l("Another calendar has this name."))
    checked_weekly(weekly)
    text = documents.written(name, titles=texts(titles, "title_fa"), weekly=weekly, country=country)
    store_document(text.encode(), by=by)
    return name


def store_document(data: bytes, *, by: int | None) -> str:
    """An uploaded file as a calendar of the city; one of the same name is replaced.

    Returns its name. Raises CityCalendarError with everything that is wrong in `problems`.
    """
    reading = reader.read(data, timezone())
    if reading.calendar is None:
        raise CityCalendarError(
            "file", _l("This file cannot be used as a calendar."), reading.problems
        )
    name = reading.calendar.name
    if name == ALWAYS:
        raise CityCalendarError("file", _l("The calendar around the clock has no other hours."))
    text = data.decode("utf-8-sig")
    known = any(entry.name == name for entry in services.entries())
    db.session.execute(
        insert(CityCalendar)
        .values(name=name, document=text, changed_at=clock.now(), changed_by=by)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"document": text, "changed_at": clock.now(), "changed_by": by},
        )
    )
    audit.record("calendar.stored", "calendar", name, document=text)
    changed(
        CalendarRun(reason="calendar", calendars=[name], words={}, created_by=by) if known else None
    )
    return name


def set_unit_calendar(unit_id: int, name: str | None, *, by: int | None) -> bool:
    """The hours of a unit; None: those of the categories again. The clocks of its open cases go
    on in them. Says whether it changed. Raises LookupError, CalendarError."""
    if db.session.get(Unit, unit_id) is None:
        raise LookupError(f"No unit {unit_id}")
    if name is not None:
        services.calendar(name)
    row = db.session.get(UnitCalendar, unit_id, with_for_update=True)
    before = row.calendar if row is not None else None
    if before == name:
        return False
    if row is None:
        db.session.add(UnitCalendar(unit_id=unit_id, calendar=name))
    elif name is None:
        db.session.delete(row)
    else:
        row.calendar = name
    db.session.flush()
    audit.record("calendar.of_unit", "unit", unit_id, was=before, calendar=name)
    changed(CalendarRun(reason="agreement", calendars=[], unit_id=unit_id, words={}, created_by=by))
    return True


def apply_agreement(category_id: int, *, by: int | None) -> None:
    """The open cases of a category go on under the agreement that it has now."""
    audit.record("case_category.applied", "case_category", category_id)
    db.session.add(
        CalendarRun(
            reason="agreement", calendars=[], category_id=category_id, words={}, created_by=by
        )
    )
    db.session.flush()
