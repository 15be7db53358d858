"""Public minutes: per call the subject and the answer or promise; no name, no number."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.text import ascii_digits
from workflows.callins import services
from workflows.callins.models import Call, CallinSession
from workflows.callins.services import CallinError

IN_MINUTES = ("answered", "promised", "transferred")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s\-./]?\d){6,}")
HIDDEN = "…"


def draft(call: Call) -> None:
    """The first wording, from what was written during the call."""
    call.public_subject = without_person(call.subject, call.name)
    call.public_text = without_person(call.answer, call.name)


def without_person(text: str, name: str) -> str:
    """`text` without long numbers (telephones, identity cards) and the caller's own name.

    A help for whoever edits the minutes, not a promise: they read them before they publish.
    """
    plain = ascii_digits(text)  # the same length, so positions hold
    for found in reversed(list(_LONG_NUMBER.finditer(plain))):
        text = text[: found.start()] + HIDDEN + text[found.end() :]
    for part in {name, *name.split()}:
        if len(part) > 2:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", HIDDEN, text)
    return re.sub(rf"{HIDDEN}(?:\s*{HIDDEN})+", HIDDEN, text)


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


def publish(session_id: int) -> CallinSession:
    """Show them to everybody. Again: nothing happens. Raises CallinError, LookupError."""
    session = services.locked(session_id)
    if session.state != "closed":
        raise CallinError(_l("The minutes are written when the session has ended."))
    if session.minutes_published_at is None:
        session.minutes_published_at = clock.now()
        db.session.flush()
        audit.record("callin.minutes_published", "callin_session", session_id)
    return session
