"""Pre-registration by citizens, the waiting list, and cancelling by code. Nothing commits."""

import secrets
from dataclasses import dataclass

from limits import RateLimitItemPerDay
from sqlalchemy import BigInteger, ColumnElement, cast, func, select

from portal import audit, clock, links
from portal.db import db
from portal.i18n import LANGUAGES, _l
from portal.ratelimit import over_limit
from portal.text import ascii_digits
from workflows.callins import services, sms
from workflows.callins.models import LIVE_STATES, Call, CallinSession
from workflows.callins.services import CallinError

CODE_LENGTH = 8
A_DAY = RateLimitItemPerDay(5)
"""Registrations of one number: registering and cancelling would else flood it with SMS."""
TAKES_PLACES = ("queued", "in_call", "answered", "promised", "transferred", "dropped", "no_show")


@dataclass(frozen=True)
class Places:
    """How full a session is."""

    taken: int
    capacity: int
    waiting: int
    waiting_capacity: int

    @property
    def free(self) -> int:
        return max(self.capacity - self.taken, 0)

    @property
    def waiting_free(self) -> int:
        return max(self.waiting_capacity - self.waiting, 0)


def places(session: CallinSession) -> Places:
    return places_of([session])[session.id]


def places_of(sessions: list[CallinSession]) -> dict[int, Places]:
    """session id -> how full it is, in one query."""
    counts = {
        row.session_id: row
        for row in db.session.execute(
            select(
                Call.session_id,
                _seats(Call.state.in_(TAKES_PLACES)).label("taken"),
                _seats(Call.state == "waiting").label("waiting"),
            )
            .where(Call.session_id.in_([s.id for s in sessions]), Call.walk_in.is_(False))
            .group_by(Call.session_id)
        )
    }
    return {
        s.id: Places(
            taken=counts[s.id].taken if s.id in counts else 0,
            capacity=s.capacity,
            waiting=counts[s.id].waiting if s.id in counts else 0,
            waiting_capacity=s.waiting_capacity,
        )
        for s in sessions
    }


def _seats(condition: ColumnElement[bool]) -> ColumnElement[int]:
    total = func.coalesce(func.sum(Call.seats).filter(condition), 0)
    return cast(total, BigInteger)


def takes_registrations(session: CallinSession) -> bool:
    return session.state == "planned" and session.starts_at > clock.now()


def register(
    session_id: int,
    *,
    name: str,
    e164: str,
    language: str,
    subject: str,
    neighbourhood: str,
    form_key: str,
    medium: str = "",
    seats: int = 1,
) -> Call:
    """A place, or one on the waiting list, with its code by SMS, for a number that is proved
    (proving). The same `form_key` again gives the registration it made.

    Raises CallinError, LookupError.
    """
    # The lock of the session counts places one citizen at a time, and orders double submits.
    session = services.locked(session_id)
    if sent_before := db.session.scalars(select(Call).where(Call.form_key == form_key)).first():
        if (sent_before.session_id, sent_before.e164) == (session_id, e164):
            return sent_before
        # One page sent again for somebody else: two registrations.
        form_key = secrets.token_urlsafe(24)
    if not takes_registrations(session):
        raise CallinError(_l("Registration for this session has ended."))
    same_number = select(Call.id).where(
        Call.session_id == session_id, Call.e164 == e164, Call.state.in_(LIVE_STATES)
    )
    if db.session.scalars(same_number).first():
        raise CallinError(
            _l("This number is already registered; its code was sent by SMS."), "mobile"
        )
    now = places(session)
    if now.free < seats and now.waiting_free < seats:
        raise CallinError(_l("This session and its waiting list are full."))
    if over_limit(A_DAY, "callin-number", e164):
        raise CallinError(
            _l("This number was registered too often today. Call 137, or try again tomorrow."),
            "mobile",
        )
    call = Call(
        session_id=session_id,
        code=new_code(),
        form_key=form_key,
        name=name,
        e164=e164,
        language=language if language in LANGUAGES else "fa",
        subject=subject,
        neighbourhood=neighbourhood,
        medium=medium,
        seats=seats,
        # Nobody passes those who wait already.
        state="queued" if now.free >= seats and not now.waiting else "waiting",
    )
    db.session.add(call)
    db.session.flush()
    audit.record("callin.registered", "callin_call", call.id, session=session_id, state=call.state)
    sms.send_confirmation(call, session)
    return call


def new_code() -> str:
    """Forty bits in letters that are hard to mistake."""
    return "".join(secrets.choice(links.ALPHABET) for _each in range(CODE_LENGTH))


def normalise(typed: str) -> str | None:
    """What a person typed as a code, or None."""
    code = ascii_digits(typed[:40]).strip().upper().replace("-", "").replace(" ", "")
    code = code.translate(str.maketrans("OIL", "011"))
    good = len(code) == CODE_LENGTH and all(letter in links.ALPHABET for letter in code)
    return code if good else None


def by_code(code: str) -> Call | None:
    normal = normalise(code)
    return db.session.scalars(select(Call).where(Call.code == normal)).first() if normal else None


def cancel(code: str) -> Call:
    """Give the place back; the first who waits gets it. Again: nothing happens.

    Raises CallinError when the turn has come or passed, LookupError for an unknown code.
    """
    found = by_code(code)
    if found is None:
        raise LookupError("No registration with this code")
    # Always the session before the call: one order of locks.
    session = services.locked(found.session_id)
    db.session.refresh(found, with_for_update=True)
    if found.state == "cancelled":
        return found
    if found.state not in {"waiting", "queued"}:
        raise CallinError(_l("This registration can no longer be cancelled."))
    found.state, found.ended_at = "cancelled", clock.now()
    db.session.flush()
    audit.record("callin.registration_cancelled", "callin_call", found.id)
    promote(session)
    return found


def promote(session: CallinSession) -> int:
    """Give free places to those who wait, in their order. The session must be locked."""
    if session.state not in {"planned", "open"}:
        return 0
    if session.state == "planned" and session.ends_at <= clock.now():
        return 0
    free = places(session).free
    if not free:
        return 0
    waiting = db.session.scalars(
        select(Call)
        .where(Call.session_id == session.id, Call.state == "waiting")
        .order_by(Call.id)
        .limit(free)
        .with_for_update()
    ).all()
    promoted = 0
    for call in waiting:
        if call.seats > free:
            # Smaller groups behind do not pass this one.
            break
        free -= call.seats
        call.state = "queued"
        sms.send_promotion(call, session)
        promoted += 1
    db.session.flush()
    return promoted


def place_in_queue(call: Call) -> int:
    """1 for whoever comes next among the pre-registered of the same state."""
    statement = select(func.count()).where(
        Call.session_id == call.session_id, Call.state == call.state, Call.id <= call.id
    )
    return db.session.scalar(statement) or 1
