"""«Call me back»: asked by citizens, worked off by operators. Nothing commits.

A call-back is taken by a lease on its row, so two operators never ring one citizen.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.formats import local, utc
from portal.i18n import _l
from workflows.calls.models import Callback
from workflows.cases.moves import InputRefused, clean

FIRST_HOUR: Final = 8
LAST_HOUR: Final = 20
"""Hours a citizen can wish for: from eight until before eight in the evening."""
DAYS: Final = 3
"""Today and the two days after it."""
WITHIN: Final = dt.timedelta(hours=1)
"""So long after the wished hour began a call-back is late."""
RETRY: Final = dt.timedelta(minutes=45)
TRIES: Final = 3
"""Calls that nobody answers until it is given up."""
TAKEN: Final = dt.timedelta(minutes=15)
MOST_WORDS: Final = 500
PAGE: Final = 50


@dataclass(frozen=True)
class Slot:
    """An hour that can be wished for; `value` is what the form sends."""

    value: str
    at: dt.datetime
    day: dt.date
    hour: int


def slots() -> list[Slot]:
    """The hours that are not over yet, of today and the days after."""
    now = clock.now()
    today = local(now).date()
    found = []
    for n in range(DAYS):
        day = today + dt.timedelta(days=n)
        for hour in range(FIRST_HOUR, LAST_HOUR):
            at = utc(day, dt.time(hour))
            if at + WITHIN > now:
                found.append(Slot(f"{day.isoformat()}T{hour:02d}", at, day, hour))
    return found


def ask(
    e164: str, *, wished: str, language: str, name: str = "", subject: str = ""
) -> tuple[int, bool]:
    """A row of the queue: (its id, whether it is new). A number that waits already keeps its row,
    and its name and subject: whoever asks now may be somebody else.

    Raises InputRefused.
    """
    slot = next((one for one in slots() if one.value == wished), None)
    if slot is None:
        raise InputRefused("wished", _l("Choose one of the hours."))
    now = clock.now()
    call_at = max(slot.at, now)
    callback_id: int | None = db.session.scalar(
        insert(Callback)
        .values(
            e164=e164,
            name=clean(name, "name", 120),
            language=language,
            subject=clean(subject, "subject", MOST_WORDS),
            created_at=now,
            call_at=call_at,
            due_at=max(slot.at + WITHIN, call_at),
            state="waiting",
            tries=0,
            note="",
        )
        .on_conflict_do_nothing(index_elements=["e164"], index_where=Callback.state == "waiting")
        .returning(Callback.id)
    )
    if callback_id is not None:
        audit.record("callback.asked", "callback", callback_id, call_at=call_at.isoformat())
        return callback_id, True
    known = db.session.scalar(
        select(Callback.id).where(Callback.e164 == e164, Callback.state == "waiting")
    )
    # Between the two statements an operator may have ended it; then nobody waits any more.
    return known or 0, False


def waiting(after: str = "") -> tuple[Sequence[Callback], str | None]:
    """A page of those who wait, by the time to call them, and the key of the next."""
    query = select(Callback).where(Callback.state == "waiting")
    if (anchor := _anchor(after)) is not None:
        moment, callback_id = anchor
        query = query.where(
            or_(
                Callback.call_at > moment,
                and_(Callback.call_at == moment, Callback.id > callback_id),
            )
        )
    rows = db.session.scalars(query.order_by(Callback.call_at, Callback.id).limit(PAGE + 1)).all()
    more, rows = len(rows) > PAGE, rows[:PAGE]
    last = rows[-1] if more else None
    return rows, f"{last.call_at.isoformat()}~{last.id}" if last else None


def due() -> int:
    """How many are to be called now."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Callback)
            .where(Callback.state == "waiting", Callback.call_at <= clock.now())
        )
        or 0
    )


def take_next(user_id: int) -> int | None:
    """The next one to call, now this person's; None where nobody is due."""
    query: Select[Any] = (
        select(Callback)
        .where(Callback.state == "waiting", Callback.call_at <= clock.now(), _free(user_id))
        # Whom one has begun to call comes first, until that is recorded.
        .order_by(
            Callback.taken_by.is_not_distinct_from(user_id).desc(), Callback.call_at, Callback.id
        )
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found: Callback | None = db.session.scalars(query).first()
    return _taken(found, user_id) if found is not None else None


def take(callback_id: int, user_id: int) -> int | None:
    """This one, before its time too; None where somebody else has it or it is over."""
    found = db.session.scalars(
        select(Callback)
        .where(Callback.id == callback_id, Callback.state == "waiting", _free(user_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    return _taken(found, user_id) if found is not None else None


def finish(
    callback_id: int, *, by: int, state: str, note: str = "", case_id: int | None = None
) -> None:
    """The citizen was talked to, or does not want it any more. Raises LookupError, InputRefused."""
    found = _lock(callback_id)
    if state not in {"answered", "registered", "withdrawn"}:
        raise InputRefused("result", _l("Choose how the call ended."))
    found.state, found.ended_at, found.taken_by = state, clock.now(), by
    found.case_id = case_id
    found.note = clean(note, "note", 2_000)
    audit.record("callback.ended", "callback", found.id, state=state, case=case_id)
    db.session.flush()


def unanswered(callback_id: int, *, by: int) -> bool:
    """Nobody came to the telephone: later again, or given up; says whether it still waits.

    Raises LookupError, InputRefused.
    """
    found = _lock(callback_id)
    now = clock.now()
    found.tries += 1
    found.taken_by = found.taken_at = None
    audit.record("callback.unanswered", "callback", found.id, tries=found.tries, by=by)
    if found.tries >= TRIES:
        found.state, found.ended_at, found.taken_by = "unreached", now, by
        audit.record("callback.ended", "callback", found.id, state="unreached")
    else:
        found.call_at = _by_day(now + RETRY)
    db.session.flush()
    return found.state == "waiting"


def _by_day(moment: dt.datetime) -> dt.datetime:
    """The same, or the next hour at which a citizen may be rung."""
    wall = local(moment)
    if FIRST_HOUR <= wall.hour < LAST_HOUR:
        return moment
    late = dt.timedelta(days=wall.hour >= LAST_HOUR)
    return utc(wall.date() + late, dt.time(FIRST_HOUR))


def _taken(found: Callback, user_id: int) -> int:
    if found.taken_by != user_id:
        audit.record("callback.taken", "callback", found.id)
    found.taken_by, found.taken_at = user_id, clock.now()
    db.session.flush()
    return found.id


def _lock(callback_id: int) -> Callback:
    found = db.session.scalars(
        select(Callback)
        .where(Callback.id == callback_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise LookupError(f"No call-back {callback_id}")
    if found.state != "waiting":
        raise InputRefused("result", _l("This call-back is over already."))
    return found


def _free(user_id: int) -> ColumnElement[bool]:
    return or_(
        Callback.taken_by.is_(None),
        Callback.taken_by == user_id,
        Callback.taken_at < clock.now() - TAKEN,
    )


def _anchor(key: str) -> tuple[dt.datetime, int] | None:
    typed, _mark, number = key[:60].partition("~")
    try:
        moment = dt.datetime.fromisoformat(typed)
    except ValueError:
        return None
    if moment.tzinfo is None or not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    return moment, int(number)
