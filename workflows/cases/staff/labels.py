"""Words and colours of the staff's pages beyond the common names in stages.py."""

from portal.i18n import LazyText, _l
from workflows.cases import stages
from workflows.cases.following import CLOCK_NAMES

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
AUDIT_ACTIONS |= {
    "case.categorised": _l("Category of a case marked"),
    "case_filter.saved": _l("Work list saved"),
    "case_filter.deleted": _l("Saved work list deleted"),
    "case_filter.default": _l("Work list chosen to begin with"),
    "case_bulk.begun": _l("Step for many cases begun"),
    "case_reply.saved": _l("Canned reply saved"),
    "case_rule.saved": _l("Rule of assignment saved"),
    "case_rule.moved": _l("Rule of assignment moved"),
    "case_rule.deleted": _l("Rule of assignment deleted"),
    "case_absence.set": _l("Absence entered"),
    "case_absence.ended": _l("Absence ended"),
}
AUDIT_THINGS: dict[str, LazyText] = {
    "case_filter": _l("Saved work list"),
    "case_bulk": _l("Step for many cases"),
    "case_reply": _l("Canned reply"),
    "case_rule": _l("Rule of assignment"),
    "case_absence": _l("Absence"),
}
