"""The time for a reply: counted in working days, warned of, reported once. Nothing commits.

A reply is due at the end of the working hours of the last of `reply_days` working days, the first
of them being the first one after the date of the letter (the day of the letter itself does not
count, as in article 445 of Iran's Code of Civil Procedure). In the calendar `always` every day is
a working day, for laws that count plain days. The sweep counts anew before it acts: a closure that
was announced meanwhile moves the moment.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.units.services import escalation_chain
from workflows.calendars import services as calendars
from workflows.calendars.clock import CalendarError
from workflows.calendars.model import Calendar
from workflows.calendars.timeline import from_instant, to_instant
from workflows.cases import moves
from workflows.cases.moves import InputRefused
from workflows.letters.models import WAITING, Letter, LetterCase

MOST_DAYS: Final = 250
MOST_LOOKED_AT: Final = 1_200
"""Calendar days; a calendar that opens more seldom is refused."""
BATCH: Final = 50


@dataclass(frozen=True)
class Deadline:
    """When to warn, when it is late, and the days that were not counted."""

    warn_at: dt.datetime
    due_at: dt.datetime
    skipped: tuple[dt.date, ...]


def count(name: str, dated_on: dt.date, days: int) -> Deadline:
    """Raises InputRefused where the calendar cannot be used."""
    if not 1 <= days <= MOST_DAYS:
        raise InputRefused("reply_days", _l("Write a number of days from 1 to 250."))
    try:
        opened, skipped = _walk(calendars.calendar(name), dated_on, days)
    except CalendarError as error:
        why = str(error)
        raise InputRefused(
            "calendar", _l("The calendar cannot be used: %(why)s", why=why)
        ) from error
    # A quarter of the days before the end, at the beginning of that day's hours.
    warn = opened[max(0, days - 1 - max(1, days // 4))] if days > 1 else opened[0]
    return Deadline(warn[0], opened[-1][1], tuple(skipped))


def _walk(
    calendar: Calendar, dated_on: dt.date, days: int
) -> tuple[list[tuple[dt.datetime, dt.datetime]], list[dt.date]]:
    """The hours of the next `days` working days, and the closed days between."""
    opened: list[tuple[dt.datetime, dt.datetime]] = []
    skipped: list[dt.date] = []
    day = dated_on
    for _each in range(MOST_LOOKED_AT):
        day += dt.timedelta(1)
        spans = calendar.timeline.spans(_midnight(calendar, day), _midnight(calendar, day, 1))
        if not spans:
            skipped.append(day)
            continue
        opened.append((from_instant(spans[0][0]), from_instant(spans[-1][1])))
        if len(opened) == days:
            return opened, skipped
    raise CalendarError(_l("It is closed for too long."))


def _midnight(calendar: Calendar, day: dt.date, later: int = 0) -> int:
    local = dt.datetime.combine(day + dt.timedelta(later), dt.time(), tzinfo=calendar.zone)
    return to_instant(local.astimezone(dt.UTC))


def start(letter: Letter) -> None:
    """Set the clock of a letter that is issued just now; nothing where no reply is expected."""
    if letter.calendar is None or letter.reply_days is None or letter.dated_on is None:
        return
    found = count(letter.calendar, letter.dated_on, letter.reply_days)
    letter.due_at, letter.act_at = found.due_at, min(found.warn_at, found.due_at)


def stop(letter: Letter) -> None:
    letter.act_at = None


def is_late(letter: Letter, now: dt.datetime) -> bool:
    return letter.state in WAITING and letter.due_at is not None and letter.due_at <= now


def sweep(limit: int = BATCH) -> int:
    """One step of at most `limit` letters whose moment has come; returns how many.

    The caller commits and calls again until it gives 0. What another process holds is left to it.
    """
    now = clock.now()
    rows = db.session.scalars(
        select(Letter)
        .where(Letter.act_at <= now)
        .order_by(Letter.act_at, Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for letter in rows:
        _step(letter, now)
    db.session.flush()
    return len(rows)


def _step(letter: Letter, now: dt.datetime) -> None:
    if letter.state not in WAITING or letter.due_at is None:
        letter.act_at = None
        return
    warn_at = _counted_anew(letter)
    if letter.warned_at is None and warn_at > now:
        letter.act_at = warn_at
    elif letter.warned_at is None:
        letter.warned_at, letter.act_at = now, letter.due_at
        _tell(letter, "warned", letter.unit_id)
    elif letter.due_at > now:
        letter.act_at = letter.due_at
    else:
        above = escalation_chain(letter.unit_id)
        letter.late_at, letter.act_at = now, None
        # Nobody stands above: it is written down where it happened.
        letter.reported_unit_id = above[0] if above else letter.unit_id
        _tell(letter, "late", letter.reported_unit_id)


def _counted_anew(letter: Letter) -> dt.datetime:
    """The moment of the warning; the due time as the calendar has it today."""
    try:
        found = count(letter.calendar or "", letter.dated_on or dt.date.min, letter.reply_days or 0)
    except InputRefused:
        # A calendar broken meanwhile takes nothing back that was counted before.
        return letter.act_at or letter.due_at or clock.now()
    letter.due_at = found.due_at
    return min(found.warn_at, found.due_at)


def _tell(letter: Letter, what: str, unit_id: int) -> None:
    due = letter.due_at.isoformat() if letter.due_at else None
    if what == "warned":
        audit.record("letter.warned", "letter", letter.id, due_at=due, unit=unit_id)
    else:
        audit.record("letter.late", "letter", letter.id, due_at=due, unit=unit_id)
    note_on_cases(letter, f"letter_{what}", unit_id=unit_id, due_at=due)


def note_on_cases(letter: Letter, kind: str, *, by: int | None = None, **more: object) -> None:
    """An event of the letter in the history of each of its cases.

    It takes nothing from the case, so no lock: a row of history waits for nobody.
    """
    unit = more.pop("unit_id", letter.unit_id)
    public = bool(more.pop("public", False))
    line = " · ".join(
        part
        for part in (
            letter.reference or letter.their_reference,
            letter.party_organisation or letter.party_name,
            letter.subject,
        )
        if part
    )
    for case_id in case_ids(letter.id):
        moves.add_event(
            case_id,
            kind,
            by=by,
            text=line,
            public=public,
            unit_id=unit if isinstance(unit, int) else None,
            letter_id=letter.id,
            **more,
        )


def case_ids(letter_id: int) -> list[int]:
    return list(
        db.session.scalars(
            select(LetterCase.case_id)
            .where(LetterCase.letter_id == letter_id)
            .order_by(LetterCase.case_id)
        )
    )
