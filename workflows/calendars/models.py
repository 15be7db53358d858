"""What the city says of its calendars beyond the files: hours, closures, holidays, units."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created, Texts

RUN_REASONS = ("closure", "reopened", "holiday", "hours", "calendar", "agreement")


class CalendarState(Base):
    """One row; `mark` changes with every change of the tables below, so a process knows when what
    it has kept is old."""

    __tablename__ = "calendar_state"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(32))


class CityCalendar(Base):
    """A calendar of the city's own: its file as it was uploaded or as the form wrote it."""

    __tablename__ = "city_calendars"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(unique=True)
    document: Mapped[str]
    """YAML, without errors when it was stored (docs/calendars.md)."""
    changed_at: Mapped[Created]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class CalendarHours(Base):
    """Weekly hours of a calendar from a date on, until later ones begin."""

    __tablename__ = "calendar_hours"
    __table_args__ = (
        Index(
            "uq_calendar_hours_valid",
            "calendar",
            "valid_from",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    calendar: Mapped[str]
    valid_from: Mapped[dt.date] = mapped_column(Date)
    weekly: Mapped[dict[str, Any]]
    """{"saturday": ["07:30-12:00", "13:00-14:15"], …}; days left out are closed."""
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[dt.datetime | None]


class CalendarClosure(Base):
    """Closed at short notice: smoke, snow, mourning."""

    __tablename__ = "calendar_closures"
    __table_args__ = (
        CheckConstraint("(opens IS NULL) = (closes IS NULL)", name="hours"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index("ix_calendar_closures_day", "first_day", "id"),
    )

    id: Mapped[BigId]
    calendars: Mapped[list[str]] = mapped_column(ARRAY(String))
    first_day: Mapped[dt.date] = mapped_column(Date)
    last_day: Mapped[dt.date] = mapped_column(Date)
    closes: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=False))
    """Wall time at which it begins; with `opens`, else whole days are closed."""
    opens: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=False))
    reasons: Mapped[Texts]
    announced_at: Mapped[Created]
    announced_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class HolidayShift(Base):
    """A public holiday that is kept on another day than computed: the moon was seen otherwise."""

    __tablename__ = "calendar_holiday_shifts"
    __table_args__ = (
        Index(
            "uq_calendar_holiday_shifts_holiday",
            "country",
            "day",
            "holiday",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    country: Mapped[str] = mapped_column(String(2))
    day: Mapped[dt.date] = mapped_column(Date)
    holiday: Mapped[str]
    """Its English name, which the package of holidays gives."""
    titles: Mapped[Texts]
    kept_on: Mapped[dt.date] = mapped_column(Date)
    """The same as `day`: confirmed as computed."""
    announced_at: Mapped[Created]
    announced_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[dt.datetime | None]


class UnitCalendar(Base):
    """The hours of a unit, where they differ from those of the categories it works on."""

    __tablename__ = "unit_calendars"

    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True)
    calendar: Mapped[str]


class CalendarRun(Base):
    """Due times that must be computed anew, for a batch after the other; who works on it holds its
    lock, so a run that was killed goes on where its last batch was committed."""

    __tablename__ = "calendar_runs"
    __table_args__ = (
        CheckConstraint(f"reason IN {RUN_REASONS}", name="reason"),
        Index("ix_calendar_runs_open", "id", postgresql_where=text("finished_at IS NULL")),
    )

    id: Mapped[BigId]
    reason: Mapped[str]
    calendars: Mapped[list[str]] = mapped_column(ARRAY(String))
    """Whose clocks; none with `agreement`."""
    category_id: Mapped[int | None]
    """Of reason `agreement`: whose open cases go on under the agreement that holds now."""
    unit_id: Mapped[int | None]
    since: Mapped[dt.datetime | None]
    """Nothing before this moment has changed: what is due earlier stays. Empty: all may move."""
    words: Mapped[Texts]
    """Why, for the history of the cases."""
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("calendar_closures.id"))
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    after_case: Mapped[int] = mapped_column(default=0)
    """Up to which case it has come."""
    looks: Mapped[int] = mapped_column(default=0)
    """How often it has come to the end; twice, because a case may have been stored by a
    transaction that knew the old hours."""
    next_look_at: Mapped[dt.datetime | None]
    seen: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[dt.datetime | None]
