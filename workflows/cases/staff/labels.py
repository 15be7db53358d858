"""Words and colours of the staff's pages beyond the common names in stages.py."""

from portal.i18n import LazyText, _l
from workflows.cases import stages
from workflows.cases.explain import CLOCK_NAMES

STAGES = stages.STAGE_NAMES
OUTCOMES = stages.OUTCOME_NAMES
CONFIRMATIONS = stages.CONFIRMATION_NAMES
CHANNELS = stages.CHANNEL_NAMES
URGENCIES = stages.URGENCY_NAMES
CLOCKS = CLOCK_NAMES
EVENTS: dict[str, LazyText] = {
    **stages.EVENT_NAMES,
    "call_started": _l("Feedback call begun"),
    "call_unanswered": _l("Feedback call: nobody answered"),
}
STAGE_TONES = {
    "received": "warn",
    "assigned": "info",
    "in_progress": "info",
    "feedback": "special",
    "closed": "",
}
EVENT_TONES = {
    "accepted": "good",
    "closed": "good",
    "objected": "bad",
    "escalated": "bad",
    "warned": "warn",
    "reopened": "warn",
    "timed_out": "warn",
}
BY_HAND = ("phone", "counter", "studio", "social")
"""Channels that an operator registers for."""
VIEWS: dict[str, LazyText] = {
    "mine": _l("My work"),
    "unit": _l("My unit"),
    "unassigned": _l("Without a person"),
    "overdue": _l("Overdue"),
    "all": _l("All"),
}
CALL_RESULTS: dict[str, LazyText] = {
    "accepted": _l("Agrees: the matter is settled"),
    "objected": _l("Objects: it is not settled"),
    "no_answer": _l("Nobody answered; try again later"),
    "busy": _l("The line was busy; try again soon"),
    "later": _l("Asks to be called at another time"),
    "wrong_number": _l("Wrong number: somebody else answers"),
}
AUDIT_ACTIONS: dict[str, LazyText] = {
    "case.call_started": _l("Feedback call begun"),
    "case.call_unanswered": _l("Feedback call not answered"),
    "case_category.added": _l("Category of cases added"),
    "case_category.changed": _l("Category of cases changed"),
}
