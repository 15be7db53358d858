"""Series and their sessions: made, planned ahead, moved, cancelled. Nothing commits."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.formats import utc
from portal.i18n import LazyText, _l, today
from workflows.calendars.closed import closed_day
from workflows.callins import rules, sms
from workflows.callins.models import LIVE_STATES, Call, CallinSeries, CallinSession

OPEN_AFTER = dt.timedelta(hours=12)
"""So long after its end a session can still be opened, by who sits down late, and one that nobody
closed holds its line; what is older was left or opened by mistake."""
PLANNED_AHEAD = dt.timedelta(days=100)
"""How far ahead sessions are published."""
TEXTS = ("kind", "titles", "officials", "places", "subjects")
"""What a session takes from its series whenever that changes."""
NUMBERS = ("phone", "capacity", "waiting_capacity")


class CallinError(Exception):
    """A change that is refused; `message` is for people, `field` names the input if any."""

    def __init__(self, message: LazyText, field: str = "") -> None:
        self.message = message
        self.field = field
        super().__init__(str(message))


def create_series(values: Mapping[str, Any]) -> CallinSeries:
    """A new series and its first sessions. Keys are the columns of CallinSeries."""
    series = CallinSeries(**values)
    db.session.add(series)
    db.session.flush()
    audit.record("callin.series_created", "callin_series", series.id, titles=series.titles)
    plan(series)
    return series


def update_series(series_id: int, values: Mapping[str, Any]) -> CallinSeries:
    """Change texts, telephone and places of the series and of its coming sessions.

    The rule of a running series stays as it was announced: `values` with other times or days
    change what is planned from now on, never a session that is already in people's calendars.
    """
    from workflows.callins import registration  # it stands on this module

    series = get_series(series_id)
    numbers = {key: getattr(series, key) for key in NUMBERS}
    for key, value in values.items():
        setattr(series, key, value)
    for session in db.session.scalars(
        select(CallinSession)
        .where(
            CallinSession.series_id == series_id,
            CallinSession.state == "planned",
            CallinSession.starts_at > clock.now(),
        )
        .with_for_update()
    ):
        before = [getattr(session, key) for key in TEXTS]
        for key in TEXTS:
            setattr(session, key, getattr(series, key))
        for key, number in numbers.items():
            if getattr(session, key) == number:  # not one that was set for this session alone
                setattr(session, key, getattr(series, key))
        db.session.flush()
        registration.promote(session)
        if before != [getattr(session, key) for key in TEXTS]:
            _changed(session)
    db.session.flush()
    audit.record("callin.series_changed", "callin_series", series.id, titles=series.titles)
    plan(series)
    return series


def plan(series: CallinSeries) -> int:
    """Make the sessions that the rule asks for and that are not there. Returns how many."""
    if not series.active:
        return 0
    first = today()
    days = rules.occurrences(
        first,
        first + PLANNED_AHEAD,
        frequency=series.frequency,
        month_calendar=series.month_calendar,
        ordinal=series.ordinal,
        weekday=series.weekday,
    )
    made = 0
    now = clock.now()
    for day in days:
        starts_at = utc(day, series.starts)
        if starts_at <= now or (series.on_holiday == "skip" and closed_day(day)):
            continue
        # Two processes may plan at once; the day of a series is unique.
        made += (
            db.session.execute(
                insert(CallinSession)
                .values(
                    series_id=series.id,
                    occurrence_on=day,
                    uid=f"{uuid.uuid4()}@callins.pasokh",
                    sequence=0,
                    starts_at=starts_at,
                    ends_at=utc(day, series.ends),
                    state="planned",
                    created_at=now,
                    changed_at=now,
                    **{key: getattr(series, key) for key in (*TEXTS, *NUMBERS)},
                )
                .on_conflict_do_nothing()
                .returning(CallinSession.id)
            ).first()
            is not None
        )
    return made


def plan_all() -> int:
    """The same for every running series."""
    return sum(plan(s) for s in db.session.scalars(select(CallinSeries)) if s.active)


def move_session(
    session_id: int, *, starts_at: dt.datetime, ends_at: dt.datetime, capacity: int
) -> None:
    """Another time or size for a planned session; who is registered is told of another time.

    Raises CallinError, LookupError.
    """
    session = locked(session_id)
    if session.state != "planned":
        raise CallinError(_l("Only a session that has not begun can be changed."))
    if ends_at <= starts_at:
        raise CallinError(_l("The end must come after the beginning."), "ends")
    if starts_at <= clock.now():
        raise CallinError(_l("This moment has passed."), "day")
    moved = (starts_at, ends_at) != (session.starts_at, session.ends_at)
    audit.record(
        "callin.session_moved",
        "callin_session",
        session.id,
        before=[session.starts_at.isoformat(), session.ends_at.isoformat(), session.capacity],
        after=[starts_at.isoformat(), ends_at.isoformat(), capacity],
    )
    session.starts_at, session.ends_at, session.capacity = starts_at, ends_at, capacity
    if moved:
        _changed(session)
        for call in _live_calls(session_id):
            # A reminder of the old day is none of the new one.
            call.reminded_at = None
            sms.send_change(call, session)
    from workflows.callins import registration

    registration.promote(session)
    db.session.flush()


def cancel_session(session_id: int) -> None:
    """It does not take place; everybody registered is told. Raises CallinError, LookupError."""
    session = locked(session_id)
    if session.state != "planned":
        raise CallinError(_l("Only a session that has not begun can be cancelled."))
    session.state = "cancelled"
    _changed(session)
    told = 0
    for call in _live_calls(session_id):
        call.state, call.ended_at = "unreached", clock.now()
        sms.send_cancellation(call, session)
        told += 1
    db.session.flush()
    audit.record("callin.session_cancelled", "callin_session", session.id, told=told)


def get_series(series_id: int) -> CallinSeries:
    """Raises LookupError."""
    series = db.session.get(CallinSeries, series_id)
    if series is None:
        raise LookupError(f"No call-in series {series_id}")
    return series


def get_session(session_id: int) -> CallinSession:
    """Raises LookupError."""
    session = db.session.get(CallinSession, session_id)
    if session is None:
        raise LookupError(f"No call-in session {session_id}")
    return session


def locked(session_id: int) -> CallinSession:
    """The session, with its row locked until the transaction ends. Raises LookupError."""
    session = db.session.scalars(
        select(CallinSession)
        .where(CallinSession.id == session_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if session is None:
        raise LookupError(f"No call-in session {session_id}")
    return session


def _live_calls(session_id: int) -> list[Call]:
    return list(
        db.session.scalars(
            select(Call)
            .where(Call.session_id == session_id, Call.state.in_(LIVE_STATES))
            .order_by(Call.id)
            .with_for_update()
        )
    )


def _changed(session: CallinSession) -> None:
    """What subscribed calendars must learn."""
    session.sequence += 1
    session.changed_at = clock.now()
