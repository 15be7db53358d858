"""Which step is allowed from which stage, and the permission it needs: the one table of it."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.i18n import LazyText, _l
from workflows.cases.models import Case

STAGE_NAMES: dict[str, LazyText] = {
    "received": _l("Received"),
    "assigned": _l("With a unit"),
    "in_progress": _l("In progress"),
    "feedback": _l("Waiting for the citizen's answer"),
    "closed": _l("Closed"),
}
OUTCOME_NAMES: dict[str, LazyText] = {
    "done": _l("Carried out"),
    "not_municipal": _l("Not the municipality's"),
    "planned": _l("Planned for later"),
    "impossible": _l("Not possible"),
    "duplicate": _l("Reported before"),
    "irrelevant": _l("Not a matter for 137"),
}
CONFIRMATION_NAMES: dict[str, LazyText] = {
    "accepted": _l("Confirmed by the citizen"),
    "objected": _l("The citizen objected"),
    "timed_out": _l("No answer from the citizen"),
    "not_asked": _l("The citizen could not be asked"),
}
CHANNEL_NAMES: dict[str, LazyText] = {
    "portal": _l("Portal"),
    "sms": _l("SMS"),
    "phone": _l("Telephone"),
    "counter": _l("Counter"),
    "studio": _l("City studio"),
    "social": _l("Social media"),
    "callin": _l("Mayor call-in"),
    "council": _l("Council"),
    "survey": _l("Survey"),
    "file": _l("File"),
}
URGENCY_NAMES: dict[str, LazyText] = {
    "danger": _l("Danger to people"),
    "costly_violation": _l("Costly violation"),
    "waste": _l("Waste of the city's resources"),
}
EVENT_NAMES: dict[str, LazyText] = {
    "received": _l("Message received"),
    "assigned": _l("Passed to a unit"),
    "first_action": _l("First action"),
    "note": _l("Note"),
    "answered": _l("Answered"),
    "feedback_asked": _l("The citizen was asked"),
    "accepted": _l("The citizen confirmed"),
    "objected": _l("The citizen objected"),
    "timed_out": _l("The citizen did not answer"),
    "closed": _l("Closed"),
    "reopened": _l("Opened again"),
    "warned": _l("Deadline is near"),
    "escalated": _l("Reported to the unit above"),
    "sms": _l("SMS"),
    "urgent": _l("Marked as urgent"),
    "photo": _l("Photo added"),
    "place": _l("Place corrected"),
}

WORKING = frozenset({"received", "assigned", "in_progress"})


@dataclass(frozen=True)
class Transition:
    """A step. `target` None: the stage stays."""

    action: str
    label: LazyText
    sources: frozenset[str]
    target: str | None
    permission: str


TRANSITIONS: dict[str, Transition] = {
    step.action: step
    for step in (
        Transition("assign", _l("Pass to a unit"), WORKING, None, "cases.work"),
        Transition(
            "first_action",
            _l("Record the first action"),
            frozenset({"received", "assigned"}),
            "in_progress",
            "cases.work",
        ),
        Transition(
            "mark_urgent",
            _l("Mark as urgent"),
            frozenset({"received", "assigned"}),
            None,
            "cases.work",
        ),
        Transition(
            "note",
            _l("Add a note"),
            frozenset({"received", "assigned", "in_progress", "feedback", "closed"}),
            None,
            "cases.work",
        ),
        Transition("finish", _l("Answer and finish"), WORKING, "feedback", "cases.work"),
        Transition(
            "reopen", _l("Open again"), frozenset({"feedback", "closed"}), "assigned", "cases.work"
        ),
        Transition(
            "accept",
            _l("Record the citizen's confirmation"),
            frozenset({"feedback"}),
            "closed",
            "cases.feedback",
        ),
        Transition(
            "object",
            _l("Record the citizen's objection"),
            frozenset({"feedback"}),
            "assigned",
            "cases.feedback",
        ),
    )
}


class StageError(ValueError):
    """The step is not allowed now; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


def check(case: Case, action: str) -> None:
    """Raises StageError."""
    if case.stage not in TRANSITIONS[action].sources:
        raise StageError(
            _l(
                "This is not possible now; the stage is: %(stage)s.",
                stage=STAGE_NAMES[case.stage],
            )
        )


def allowed(case: Case, may: Callable[[str], bool]) -> list[Transition]:
    """The steps somebody who holds the permissions of `may` can take now."""
    return [
        step for step in TRANSITIONS.values() if case.stage in step.sources and may(step.permission)
    ]
