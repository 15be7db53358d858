"""What cases do when the host tells something."""

from typing import Any

from portal import plugin, signals
from portal.contacts.models import Contact
from portal.db import db
from portal.text import strip_controls
from workflows.cases import intake, moves


def connect() -> None:
    """Listen; connecting twice is connecting once."""
    signals.concern_raised.connect(_concern_raised)


def _concern_raised(
    _sender: object, *, contact_id: int | None, text: str, language: str, **_rest: Any
) -> None:
    """An answer to a survey that asks for follow-up becomes a case."""
    # A process may hold a second portal that runs without workflows; signals are the process's.
    if not plugin.has("workflows"):
        return
    words = strip_controls(text).strip()[: moves.MOST_TEXT]
    if not words:
        return
    contact = db.session.get(Contact, contact_id) if contact_id is not None else None
    intake.receive(
        channel="survey",
        text=words,
        language=language,
        e164=contact.e164 if contact else None,
        citizen_name=contact.name if contact else "",
        neighbourhood=contact.neighbourhood if contact else "",
        origin_type="survey",
    )
