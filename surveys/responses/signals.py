"""What responses do when the host tells something."""

from typing import Any

from portal import signals
from surveys.campaigns import invitations


def connect() -> None:
    """Listen; connecting twice is connecting once."""
    signals.opted_out.connect(_opted_out)


def _opted_out(_sender: object, *, contact_id: int | None, e164: str, **_rest: Any) -> None:
    invitations.refuse(contact_id, e164)
