"""Public minutes: per call the subject and the answer or promise; no name, no number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l, digits
from workflows.callins import services
from workflows.callins.models import Call, CallinSession
from workflows.callins.services import CallinError
from workflows.cases.persons import has_number, keys_of, without_person

IN_MINUTES = ("answered", "promised", "transferred")


def draft(call: Call) -> None:
    """The first wording, from what was written during the call."""
    call.public_subject = without_person(call.subject, call.name)
    call.public_text = without_person(call.answer, call.name)


def lines(session_id: int, *, public_only: bool) -> Sequence[Call]:
    """The calls that minutes can hold, in the order they were made."""
    statement = select(Call).where(Call.session_id == session_id, Call.state.in_(IN_MINUTES))
    if public_only:
        statement = statement.where(Call.public)
    return db.session.scalars(statement.order_by(Call.started_at, Call.id)).all()


def edit(session_id: int, texts: Mapping[int, tuple[bool, str, str]]) -> None:
    """call id -> (shown, subject, text). Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state != "closed":
        raise CallinError(_l("The minutes are written when the session has ended."))
    changed = []
    for call in lines(session_id, public_only=False):
        if call.id in texts:
            wanted = texts[call.id]
            if wanted != (call.public, call.public_subject, call.public_text):
                call.public, call.public_subject, call.public_text = wanted
                changed.append(call.id)
    db.session.flush()
    if changed:
        audit.record("callin.minutes_edited", "callin_session", session_id, calls=changed)


@dataclass(frozen=True)
class Leak:
    """Something in the public wording of a call by which a person might be known."""

    number: int
    """Which call of the minutes, from 1."""
    kind: str
    """number: a long number; name: part of the caller's name, or another caller's whole name."""


def leaks(session_id: int) -> list[Leak]:
    """What still stands in the wording that everybody would read."""
    calls = lines(session_id, public_only=False)
    names = db.session.scalars(
        select(Call.name).where(Call.session_id == session_id, Call.name != "")
    ).all()
    whole = {key for name in names if len(name.split()) > 1 for key in keys_of(name)}
    found: list[Leak] = []
    for place, call in enumerate(calls, start=1):
        if not call.public:
            continue
        text = f"{call.public_subject}\n{call.public_text}"
        if has_number(text):
            found.append(Leak(place, "number"))
        own = {key for part in call.name.split() if len(part) > 2 for key in keys_of(part)}
        said = keys_of(text)
        if any(f" {name} " in f" {one} " for name in own | whole for one in said):
            found.append(Leak(place, "name"))
    return found


def check(session_id: int, *, names_are_none: bool = False) -> None:
    """Refuse wording by which a caller might be known. Raises CallinError.

    A long number never gets out. `names_are_none`: somebody has read it, and what looks like a
    caller's name is none (a street, the mayor).
    """
    for leak in leaks(session_id):
        if leak.kind == "number":
            raise CallinError(
                _l("Call %(n)s still holds a long number.", n=digits(leak.number)), "number"
            )
        if not names_are_none:
            raise CallinError(
                _l("Call %(n)s still holds what may be a caller's name.", n=digits(leak.number)),
                "name",
            )


def publish(session_id: int, *, names_are_none: bool = False) -> CallinSession:
    """Show them to everybody, once somebody has taken names and numbers out. Again: nothing
    happens. Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state != "closed":
        raise CallinError(_l("The minutes are written when the session has ended."))
    check(session_id, names_are_none=names_are_none)
    if session.minutes_published_at is None:
        session.minutes_published_at = clock.now()
        db.session.flush()
        audit.record("callin.minutes_published", "callin_session", session_id)
    return session
