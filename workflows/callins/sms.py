"""The texts that go to registered callers, each in their own language."""

from flask import current_app

from portal.config import Settings
from portal.i18n import _, digits, format_date, format_time, pick, use_language
from portal.messaging.services import send_one
from portal.phones import PhoneError, parse_mobile
from workflows.callins.models import Call, CallinSession


def page_url(code: str) -> str:
    """The short public address of a registration."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return f"{settings.public_url}/c/{code}"


def send_confirmation(call: Call, session: CallinSession) -> None:
    with use_language(call.language):
        if call.state == "waiting":
            body = _(
                "%(title)s, %(date)s at %(time)s: you are on the waiting list. We write to you "
                "when a place becomes free. Code: %(code)s\n%(url)s",
                **_facts(call, session),
            )
        else:
            body = _(
                "%(title)s, %(date)s at %(time)s: you are registered. We call this number during "
                "the session. Code: %(code)s\nTo see or cancel: %(url)s",
                **_facts(call, session),
            )
    _send(call, body)


def send_promotion(call: Call, session: CallinSession) -> None:
    with use_language(call.language):
        body = _(
            "A place became free: you are registered for %(title)s, %(date)s at %(time)s. "
            "Code: %(code)s\nTo see or cancel: %(url)s",
            **_facts(call, session),
        )
    _send(call, body)


def send_reminder(call: Call, session: CallinSession) -> None:
    with use_language(call.language):
        body = _(
            "Reminder: %(title)s, %(date)s from %(time)s to %(end)s. Please keep this telephone "
            "near you. You cannot take part? Cancel here: %(url)s",
            **_facts(call, session),
        )
    _send(call, body)


def send_change(call: Call, session: CallinSession) -> None:
    with use_language(call.language):
        body = _(
            "%(title)s has been moved to %(date)s, %(time)s to %(end)s. Your registration stays. "
            "Code: %(code)s\n%(url)s",
            **_facts(call, session),
        )
    _send(call, body)


def send_cancellation(call: Call, session: CallinSession) -> None:
    """The city cancels the session."""
    with use_language(call.language):
        body = _(
            "%(title)s on %(date)s does not take place. We are sorry. For your request call "
            "%(phone)s or write to us in the portal.",
            **_facts(call, session),
        )
    _send(call, body)


def _facts(call: Call, session: CallinSession) -> dict[str, str]:
    return {
        "title": pick(session.titles),
        "date": format_date(session.starts_at),
        "time": format_time(session.starts_at),
        "end": format_time(session.ends_at),
        "code": call.code,
        "url": page_url(call.code),
        "phone": digits(session.phone),
    }


def is_mobile(e164: str | None) -> bool:
    """Whether an SMS can reach it."""
    try:
        return bool(e164 and parse_mobile(e164))
    except PhoneError:
        return False


def _send(call: Call, body: str) -> None:
    if call.e164 and is_mobile(call.e164):
        send_one(call.e164, body, language=call.language)
