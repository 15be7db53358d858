"""A registration holds a place only once the code sent to its number was typed. Nothing commits.

Anybody can type the number of somebody else: without this a whole session could be filled so, and
strangers be called. The code is derived from the row and lies in no table.
"""

import base64
import datetime as dt
import hmac
from typing import Any, Final

from flask import current_app
from sqlalchemy import delete, func, select

from portal import clock, links
from portal.config import Settings
from portal.db import db
from portal.i18n import LANGUAGES, _l
from portal.text import ascii_digits
from workflows.callins import registration, services, sms
from workflows.callins.models import Call, CallinRequest
from workflows.callins.services import CallinError

LIFE: Final = dt.timedelta(minutes=15)
KEPT: Final = dt.timedelta(days=2)
"""How long the row stays, for the limits below; it holds a number and a name."""
MAX_ATTEMPTS: Final = 5
HOURLY: Final = 3
DAILY: Final = 6
"""Codes to one number, over all sessions."""
SESSION_MINUTE: Final = 60
SESSION_HOUR: Final = 600
"""Codes of one session: what a flood may cost before somebody looks."""


def begin(
    session_id: int, *, e164: str, language: str, form_key: str, **values: Any
) -> tuple[CallinRequest, str]:
    """Send a code to the number. Returns the request and the token of the page that asks for the
    code; the same form sent again gives the same. `values`: see registration.register.

    Raises CallinError, LookupError.
    """
    session = services.get_session(session_id)
    # One at a time per number, so that a hundred requests at once see each other's rows.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"callin:{e164}", 0))
    db.session.execute(select(lock))
    token = _token(session_id, e164, form_key)
    if sent_before := find(token):
        return sent_before, token
    if not registration.takes_registrations(session):
        raise CallinError(_l("Registration for this session has ended."))
    now = registration.places(session)
    if not now.free and not now.waiting_free:
        raise CallinError(_l("This session and its waiting list are full."))
    _check_limits(session_id, e164)
    request = CallinRequest(
        session_id=session_id,
        token_digest=links.digest(token),
        e164=e164,
        language=language if language in LANGUAGES else "fa",
        values={**values, "form_key": form_key},
    )
    db.session.add(request)
    db.session.flush()
    sms.send_code(request, session)
    return request, token


def _token(session_id: int, e164: str, form_key: str) -> str:
    """Of one filled-in form: nobody without our key can work it out."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    facts = f"callin request:{session_id}:{e164}:{form_key}"
    digest = hmac.digest(settings.key_for_links(), facts.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()


def _check_limits(session_id: int, e164: str) -> None:
    rows, now = CallinRequest, clock.now()
    hour, day = db.session.execute(
        select(
            func.count().filter(rows.created_at > now - dt.timedelta(hours=1)), func.count()
        ).where(rows.e164 == e164, rows.created_at > now - dt.timedelta(days=1))
    ).one()
    if hour >= HOURLY or day >= DAILY:
        raise CallinError(
            _l("Too many codes were sent to this number. Use the last one, or try again later."),
            "mobile",
        )
    minute, hour = db.session.execute(
        select(
            func.count().filter(rows.created_at > now - dt.timedelta(minutes=1)), func.count()
        ).where(rows.session_id == session_id, rows.created_at > now - dt.timedelta(hours=1))
    ).one()
    if minute >= SESSION_MINUTE or hour >= SESSION_HOUR:
        raise CallinError(
            _l("Very many people are registering just now. Try again in a few minutes.")
        )


def find(token: str, *, lock: bool = False) -> CallinRequest | None:
    """The request behind the page of a code."""
    query = select(CallinRequest).where(CallinRequest.token_digest == links.digest(token[:64]))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def prove(request: CallinRequest, typed: str) -> Call:
    """The registration of whoever has the code. The request must be locked.

    Pressed twice gives the same registration. CallinError of field "code": a wrong code is
    counted, so commit that too; of another field or none: see registration.register.
    """
    if request.call_id is not None:
        return db.session.get_one(Call, request.call_id)
    if request.attempts >= MAX_ATTEMPTS or request.created_at + LIFE <= clock.now():
        raise CallinError(_l("This code is no longer valid. Ask for a new one."), "code")
    given = "".join(ascii_digits(typed[:40]).split())
    code = links.code_for(sms.CODE_PURPOSE, request.id)
    if not hmac.compare_digest(given.encode(), code.encode()):
        request.attempts += 1
        db.session.flush()
        raise CallinError(_l("This is not the code of the SMS. Check the digits."), "code")
    call = registration.register(
        request.session_id, e164=request.e164, language=request.language, **request.values
    )
    request.call_id = call.id
    db.session.flush()
    return call


def again(request: CallinRequest) -> str:
    """A new code for the same form; the token of its page. Raises CallinError."""
    values = {key: value for key, value in request.values.items() if key != "form_key"}
    _new, token = begin(
        request.session_id,
        e164=request.e164,
        language=request.language,
        form_key=f"{request.values['form_key'][:40]}+{request.id}",
        **values,
    )
    return token


def sweep() -> int:
    """Delete requests that no limit counts any more."""
    gone = db.session.execute(
        delete(CallinRequest)
        .where(CallinRequest.created_at < clock.now() - KEPT)
        .returning(CallinRequest.id)
    )
    return len(gone.all())
