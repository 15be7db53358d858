"""What the satisfaction question does when the host tells of a closed case."""

from typing import Any

from portal import plugin, signals
from surveys.satisfaction.services import ask, forget


def connect() -> None:
    """Listen; connecting twice is connecting once."""
    signals.case_closed.connect(_case_closed)
    signals.case_unlinked.connect(_case_unlinked)


def _case_closed(
    _sender: object, *, case_id: int, contact_id: int | None, language: str, **_rest: Any
) -> None:
    # A process may hold a second portal that runs without surveys; signals are the process's.
    if contact_id is not None and plugin.has("surveys"):
        ask(contact_id, language, case_id)


def _case_unlinked(_sender: object, *, case_id: int, **_rest: Any) -> None:
    if plugin.has("surveys"):
        forget(case_id)
