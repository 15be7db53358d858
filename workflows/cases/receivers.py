"""What cases do when the host tells something."""

import datetime as dt
from typing import Any

from portal import plugin, signals
from portal.contacts.models import Contact
from portal.db import db
from portal.packet import Period
from portal.text import strip_controls
from workflows.cases import intake, moves


def connect() -> None:
    """Listen; connecting twice is connecting once."""
    signals.concern_raised.connect(_concern_raised)
    signals.project_won.connect(_project_won)


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


def _project_won(
    _sender: object,
    *,
    project_id: int,
    unit_id: int | None,
    title: str,
    text: str,
    place: str,
    neighbourhood: str,
    language: str,
    due_on: dt.date | None,
    **_rest: Any,
) -> str | None:
    """What the citizens chose becomes a case that anybody can follow by its code."""
    if not plugin.has("workflows"):
        return None
    words = strip_controls(f"{title}\n\n{text}").strip()[: moves.MOST_TEXT]
    case = intake.receive(
        channel="survey",
        text=words,
        language=language,
        place=place[:300],
        neighbourhood=neighbourhood[:120],
        unit_id=unit_id,
        origin_type="project",
        origin_id=project_id,
        due_at=Period(due_on, due_on).until if due_on is not None else None,
        notify=False,
    )
    return case.code
