"""What happens by the way when a step is taken: a message, a task, a letter. Nothing commits."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from workflows.calendars import services as calendars
from workflows.cases import agreements, codes, dating, moves
from workflows.cases.models import Case
from workflows.cases.tasks import services as tasks
from workflows.engine.model import Effect

STAFF: Final = ("unit_officer", "operator")


def apply(case: Case, effects: tuple[Effect, ...], action: str) -> None:
    """The effects of a step of a locked case, after its state has changed."""
    for effect in effects:
        if handler := _HANDLERS.get(effect.kind):
            handler(case, effect.settings, action)


def _notify(case: Case, settings: Mapping[str, Any], action: str) -> None:
    # Where a purpose is named, the portal's own step sends that message itself.
    texts = settings.get("texts") or {}
    if not texts:
        return
    if settings.get("to", "citizen") == "citizen":
        words = moves.shortened(texts.get(case.language) or texts.get("fa") or "")
        if words:
            moves.write_to_citizen(case, "cases.step", "step", text=words, url=codes.url(case.code))
        return
    tasks.open_task(
        case,
        kind="notice",
        titles=texts,
        role=STAFF[0],
        action=action,
        user_id=case.assignee_id if settings["to"] == "owner" else None,
    )


def _task(case: Case, settings: Mapping[str, Any], action: str) -> None:
    _open(case, "task", settings, action)


def _letter(case: Case, settings: Mapping[str, Any], action: str) -> None:
    _open(case, "letter", settings, action)


def _open(case: Case, kind: str, settings: Mapping[str, Any], action: str) -> None:
    calendar = settings.get("calendar", calendars.CITY)
    if calendar == agreements.OF_CATEGORY:
        calendar = agreements.calendar_of(case)
    tasks.open_task(
        case,
        kind=kind,
        titles=settings.get("titles") or {},
        role=settings.get("role", STAFF[0]),
        action=action,
        hours=settings.get("hours"),
        calendar=dating.usable(calendar, dt.timedelta(hours=settings.get("hours") or 1)),
    )


_HANDLERS: Final[dict[str, Callable[[Case, Mapping[str, Any], str], None]]] = {
    "notify": _notify,
    "task": _task,
    "letter": _letter,
}
