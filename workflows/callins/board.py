"""The session itself: queue, calls, and what comes of each. Nothing commits.

Several operators work on one board: whoever takes a caller locks the row and checks it again, so
the second is told who was quicker. A caller is theirs for a lease that the open page of the call
renews; when it has run out, and not before, a colleague can take over. Locks are taken session
first, then call.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _, _l, format_date, format_datetime, pick, use_language
from workflows.callins import minutes, registration, services, sms
from workflows.callins.models import LIVE_STATES, Call, CallinSession
from workflows.callins.services import CallinError
from workflows.cases import codes, intake, moves

OPENS_BEFORE = dt.timedelta(hours=2)
"""A session can be opened so long before it begins, not on another day by mistake."""
LEASE = dt.timedelta(minutes=10)
"""So long a caller is left to whoever took them, from the last sign of their page."""
OPERATOR_LOCK = 0x43616C6C
"""First key of the advisory lock of an operator ("Call")."""
ENDINGS = ("answered", "transferred", "dropped", "no_show")
NEEDS_WORDS = ("answered", "transferred")
CAN_CALL_AGAIN = ("dropped", "no_show")


@dataclass(frozen=True)
class Board:
    """What the board shows at one moment."""

    session: CallinSession
    queue: Sequence[Call]
    talking: Sequence[Row[Call, str]]
    ended: Sequence[Row[Call, str]]
    mine: Call | None
    """The call this reader is in."""
    left: frozenset[int] = frozenset()
    """Ids of calls whose lease has run out: a colleague may take them over."""


def read(session_id: int, user_id: int) -> Board:
    """Raises LookupError."""
    session = services.get_session(session_id)
    # An outer join: an account can be gone, a call stays.
    rows = db.session.execute(
        select(Call, User.name)
        .outerjoin(User, User.id == Call.taken_by)
        .where(Call.session_id == session_id)
        .order_by(*_turn())
    ).all()
    talking = [row for row in rows if row[0].state == "in_call"]
    left = {*LIVE_STATES, "cancelled"}
    ended = sorted(
        (row for row in rows if row[0].state not in left),
        key=lambda row: (row[0].ended_at or row[0].created_at, row[0].id),
        reverse=True,
    )
    return Board(
        session=session,
        queue=[row[0] for row in rows if row[0].state == "queued"],
        talking=talking,
        ended=ended,
        mine=next((row[0] for row in talking if row[0].taken_by == user_id), None),
        left=frozenset(row[0].id for row in talking if has_run_out(row[0])),
    )


def has_run_out(call: Call) -> bool:
    """Whether nobody has shown for a while that they still talk with this caller."""
    return call.state == "in_call" and (call.lease_until or clock.now()) <= clock.now()


def renew(call_id: int, by: int) -> Call:
    """The page of the call is open: it stays with this operator.

    Raises CallinError, LookupError.
    """
    call = _locked(call_id)
    _must_be_mine(call, by)
    call.lease_until = clock.now() + LEASE
    db.session.flush()
    return call


def _turn() -> tuple[ColumnElement[Any], ...]:
    """Pre-registered in their order, then walk-ins; who did not answer is called again last."""
    return Call.rounds.expression, case((Call.walk_in, 1), else_=0), Call.id.expression


def open_session(session_id: int) -> None:
    """Begin. Again: nothing happens. Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state == "open":
        return
    if session.state != "planned":
        raise CallinError(_l("This session has ended or was cancelled."))
    now = clock.now()
    if now < session.starts_at - OPENS_BEFORE:
        opens = format_datetime(session.starts_at - OPENS_BEFORE, "day")
        raise CallinError(
            _l("It is too early: this session can be opened from %(when)s.", when=opens)
        )
    if now > session.ends_at + services.OPEN_AFTER:
        raise CallinError(_l("This session was planned for another day."))
    session.state, session.opened_at = "open", now
    db.session.flush()
    audit.record("callin.session_opened", "callin_session", session_id)


def add_caller(
    session_id: int, *, e164: str | None, name: str, language: str, subject: str, by: int
) -> Call:
    """A walk-in caller, at the end of the queue. Raises CallinError, LookupError."""
    session = services.locked(session_id)
    _must_be_open(session)
    if e164 is not None:
        there = db.session.scalars(
            select(Call).where(
                Call.session_id == session_id, Call.e164 == e164, Call.state.in_(LIVE_STATES)
            )
        ).first()
        if there is not None and there.state == "waiting":
            # Waits since the registration; now they are on the line.
            there.state = "queued"
            db.session.flush()
            return there
        if there is not None:
            raise CallinError(_l("This number is in the queue already."), "number")
    call = Call(
        session_id=session_id,
        code=registration.new_code(),
        walk_in=True,
        e164=e164,
        name=name,
        language=language if language in LANGUAGES else "fa",
        subject=subject,
        state="queued",
    )
    db.session.add(call)
    db.session.flush()
    audit.record("callin.caller_added", "callin_call", call.id, session=session_id, by=by)
    return call


def take_next(session_id: int, by: int) -> Call | None:
    """The first caller nobody else is just taking; None when nobody waits."""
    session = services.get_session(session_id)
    _must_be_open(session)
    _must_be_free(session_id, by)
    call = db.session.scalars(
        select(Call)
        .where(Call.session_id == session_id, Call.state == "queued")
        .order_by(*_turn())
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    return _start(call, by) if call else None


def take(call_id: int, by: int) -> Call:
    """This caller, also from a colleague whose lease has run out.

    Raises CallinError naming the colleague who was quicker; LookupError.
    """
    call = _locked(call_id)
    if call.state == "in_call" and call.taken_by == by:
        return call
    _must_be_open(services.get_session(call.session_id))
    if call.state != "queued" and not has_run_out(call):
        raise CallinError(_taken_words(call))
    _must_be_free(call.session_id, by)
    return _start(call, by)


def _start(call: Call, by: int) -> Call:
    before = call.taken_by if call.state == "in_call" else None
    if before is None:
        call.started_at = clock.now()
    call.state, call.taken_by = "in_call", by
    call.lease_until, call.ended_at = clock.now() + LEASE, None
    db.session.flush()
    audit.record("callin.call_taken", "callin_call", call.id, by=by, taken_over_from=before)
    return call


def put_back(call_id: int, by: int) -> Call:
    """Into the queue again: taken by mistake, or left by a colleague whose lease has run out; who
    did not answer is called again after the others. Raises CallinError, LookupError."""
    session_id = db.session.scalar(select(Call.session_id).where(Call.id == call_id))
    if session_id is None:
        raise LookupError(f"No call {call_id}")
    _must_be_open(services.locked(session_id))
    call = _locked(call_id)
    if call.state not in {"in_call", *CAN_CALL_AGAIN}:
        raise CallinError(_l("This call has ended already."))
    if call.state == "in_call" and call.taken_by != by and not has_run_out(call):
        raise CallinError(_taken_words(call))
    if call.state in CAN_CALL_AGAIN:
        call.rounds += 1
        if call.e164 and _live_with_number(call):
            raise CallinError(_l("This number is in the queue already."))
    call.state, call.taken_by, call.started_at, call.ended_at = "queued", None, None, None
    call.lease_until = None
    db.session.flush()
    audit.record("callin.call_put_back", "callin_call", call.id, by=by)
    return call


def end(call_id: int, *, by: int, state: str, words: str = "") -> Call:
    """answered (with the short answer) | transferred (to whom) | dropped | no_show.

    Raises CallinError, LookupError.
    """
    if state not in ENDINGS:
        raise ValueError(state)
    call = _locked(call_id)
    if state == "no_show" and call.state == "queued":
        _must_be_open(services.get_session(call.session_id))
        call.taken_by = by
    else:
        _must_be_mine(call, by)
    if state in NEEDS_WORDS and not words:
        raise CallinError(_l("Write a few words: they stand in the minutes."), "words")
    call.state, call.answer, call.ended_at = state, words, clock.now()
    minutes.draft(call)
    db.session.flush()
    audit.record("callin.call_ended", "callin_call", call.id, state=state, words=words)
    return call


def promise(
    call_id: int,
    *,
    by: int,
    subject: str,
    text: str,
    unit_id: int,
    assignee_id: int | None,
    due_at: dt.datetime,
) -> Call:
    """A promise with owner and due time: a case like any other, that remembers this call.

    Raises CallinError, LookupError, and InputRefused of the cases.
    """
    call = _locked(call_id)
    _must_be_mine(call, by)
    if due_at <= clock.now():
        raise CallinError(_l("The promised day must lie in the future."), "due_on")
    session = services.get_session(call.session_id)
    call.subject = subject
    mobile = call.e164 if sms.is_mobile(call.e164) else None
    with use_language(call.language):
        words = _("Promised in the call-in: %(promise)s", promise=text)
    made = intake.receive(
        channel="callin",
        text=f"{subject}\n{words}",
        language=call.language,
        e164=mobile,
        citizen_name=call.name,
        neighbourhood=call.neighbourhood,
        unit_id=unit_id,
        assignee_id=assignee_id,
        registered_by=by,
        origin_type="call_in",
        origin_id=call.id,
        due_at=due_at,
        notify=False,
    )
    call.state, call.case_id, call.due_at = "promised", made.id, due_at
    call.answer, call.ended_at = text, clock.now()
    minutes.draft(call)
    if mobile:
        with use_language(call.language):
            title, date = pick(session.titles), format_date(due_at)
        moves.write_to_citizen(
            made,
            "callins.promised",
            "received",
            title=title,
            promise=text,
            date=date,
            url=codes.url(made.code),
        )
    db.session.flush()
    audit.record("callin.call_ended", "callin_call", call.id, state="promised", case=made.code)
    return call


def close_session(session_id: int) -> None:
    """The end: who was not reached is marked so, and a call that an operator left open as dropped.

    Raises CallinError, LookupError.
    """
    session = services.locked(session_id)
    if session.state == "closed":
        return
    _must_be_open(session)
    now = clock.now()
    calls = db.session.scalars(
        select(Call)
        .where(Call.session_id == session_id, Call.state.in_(LIVE_STATES))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if any(call.state == "in_call" and not has_run_out(call) for call in calls):
        raise CallinError(_l("Somebody is still talking. End that call first."))
    for call in calls:
        call.state, call.ended_at = "dropped" if call.state == "in_call" else "unreached", now
    session.state, session.closed_at = "closed", now
    db.session.flush()
    audit.record("callin.session_closed", "callin_session", session_id, unreached=len(calls))


def _locked(call_id: int) -> Call:
    call = db.session.scalars(
        select(Call)
        .where(Call.id == call_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if call is None:
        raise LookupError(f"No call {call_id}")
    return call


def _live_with_number(call: Call) -> bool:
    return (
        db.session.scalars(
            select(Call.id).where(
                Call.session_id == call.session_id,
                Call.e164 == call.e164,
                Call.id != call.id,
                Call.state.in_(LIVE_STATES),
            )
        ).first()
        is not None
    )


def _must_be_open(session: CallinSession) -> None:
    if session.state != "open":
        raise CallinError(_l("This session is not open."))


def _must_be_free(session_id: int, by: int) -> None:
    # One change at a time per operator, or a double click would take two callers.
    db.session.execute(select(func.pg_advisory_xact_lock(OPERATOR_LOCK, by)))
    busy = select(Call.id).where(
        Call.session_id == session_id, Call.state == "in_call", Call.taken_by == by
    )
    if db.session.scalars(busy).first():
        raise CallinError(_l("End the call you are in first."))


def _must_be_mine(call: Call, by: int) -> None:
    if call.state != "in_call" or call.taken_by != by:
        raise CallinError(_taken_words(call))


def _taken_words(call: Call) -> LazyText:
    if call.state == "in_call" and call.taken_by is not None:
        colleague = db.session.get(User, call.taken_by)
        if colleague is not None:
            return _l("%(name)s is talking with this caller.", name=colleague.name)
    return _l("This caller is no longer in the queue.")
