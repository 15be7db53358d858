"""Which definition a case follows; only reads. Deadlines and steps both rest on it."""

from typing import Final

from portal.i18n import LazyText, _l, pick
from workflows.cases.models import Case
from workflows.engine import catalogue, versions
from workflows.engine.model import ClockRule, Definition

ORDINARY: Final = "follow-up"
URGENT: Final = "urgent"
SPECIAL: Final = "special"
OF_ORIGIN: Final = {"call_in": "call-in-promise", "decision": "council-decision"}


CLOCK_NAMES: dict[str, LazyText] = {
    "first_action": _l("First action"),
    "resolution": _l("Full settlement"),
    "feedback": _l("Citizen's feedback"),
    "objection": _l("Answer to the objection"),
}


def workflow_for(
    urgency: str | None, origin_type: str | None, of_category: str | None = None
) -> str:
    """Name of the workflow of a new case: danger before all, then what brought it, then what its
    category says."""
    if urgency is not None:
        return URGENT
    return OF_ORIGIN.get(origin_type or "") or of_category or ORDINARY


def definition_of(case: Case) -> Definition:
    """What a case follows; only reads."""
    if case.definition_id is not None:
        return versions.get(case.definition_id)
    return catalogue.shipped()[workflow_for(case.urgency, case.origin_type)]


def clock_rule(case: Case, name: str) -> ClockRule | None:
    """What the definition says of a clock; None for one that it does not know."""
    return definition_of(case).clocks.get(name)


def clock_title(case: Case, name: str) -> str:
    """What a clock of a case is called: by the portal, else in its definition."""
    if name in CLOCK_NAMES:
        return str(CLOCK_NAMES[name])
    rule = clock_rule(case, name)
    return pick(dict(rule.titles)) if rule is not None else name
