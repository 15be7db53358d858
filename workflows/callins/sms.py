"""The texts that go to registered callers, each in their own language."""

from typing import Final

from flask import current_app

from portal.config import Settings
from portal.i18n import digits, format_date, format_time, pick, use_language
from portal.messaging import wording
from portal.messaging.services import send_one
from portal.phones import PhoneError, parse_mobile
from workflows.callins.models import Call, CallinRequest, CallinSession

CODE_PURPOSE: Final = "callin"
"""Of the code that proves a number; it is derived when the SMS is sent."""


def page_url(code: str) -> str:
    """The short public address of a registration."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return f"{settings.public_url}/c/{code}"


def send_code(request: CallinRequest, session: CallinSession) -> None:
    """To the number that somebody typed, whoever that was."""
    with use_language(request.language):
        title = pick(session.titles)
    found = wording.render("callins.code", request.language, title=title)
    send_one(
        request.e164,
        found.body,
        language=request.language,
        link_purpose=CODE_PURPOSE,
        link_id=request.id,
        template_version_id=found.version_id,
        asked_for=True,
    )


def send_confirmation(call: Call, session: CallinSession) -> None:
    waiting = call.state == "waiting"
    _send(call, session, "callins.waiting" if waiting else _of_kind("registered", session))


def send_promotion(call: Call, session: CallinSession) -> None:
    _send(call, session, "callins.promoted")


def send_reminder(call: Call, session: CallinSession) -> None:
    _send(call, session, _of_kind("reminder", session), asked_for=False)


def send_change(call: Call, session: CallinSession) -> None:
    _send(call, session, "callins.moved")


def send_cancellation(call: Call, session: CallinSession) -> None:
    """The city cancels the session."""
    _send(call, session, "callins.cancelled")


def _of_kind(name: str, session: CallinSession) -> str:
    """Nobody is rung who is to come somewhere."""
    return f"callins.{name}" if session.kind == "call_in" else f"callins.{name}_place"


def _facts(call: Call, session: CallinSession) -> dict[str, str]:
    return {
        "title": pick(session.titles),
        "date": format_date(session.starts_at),
        "time": format_time(session.starts_at),
        "end": format_time(session.ends_at),
        "code": call.code,
        "url": page_url(call.code),
        "phone": digits(session.phone),
        "place": pick(session.places),
    }


def is_mobile(e164: str | None) -> bool:
    """Whether an SMS can reach it."""
    try:
        return bool(e164 and parse_mobile(e164))
    except PhoneError:
        return False


def _send(call: Call, session: CallinSession, purpose: str, *, asked_for: bool = True) -> None:
    if not call.e164 or not is_mobile(call.e164):
        return
    with use_language(call.language):
        facts = _facts(call, session)
    found = wording.render(purpose, call.language, **facts)
    send_one(
        call.e164,
        found.body,
        language=call.language,
        template_version_id=found.version_id,
        asked_for=asked_for,
    )
