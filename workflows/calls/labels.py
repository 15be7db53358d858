"""Words of calls and call-backs."""

from portal.audit.words import describe
from portal.i18n import LazyText, _l

RESULTS: dict[str, LazyText] = {
    "answered": _l("Answered at once"),
    "registered": _l("Registered as a case"),
    "transferred": _l("Put through"),
    "irrelevant": _l("Not a matter for 137"),
    "dropped": _l("Caller was gone"),
}
TONES = {"answered": "good", "registered": "info", "transferred": "special", "dropped": "warn"}
CALLBACK_STATES: dict[str, LazyText] = {
    "waiting": _l("Waiting"),
    "answered": _l("Answered in the call"),
    "registered": _l("Registered as a case"),
    "unreached": _l("Not reached"),
    "withdrawn": _l("Not wanted any more"),
}

describe(
    {
        "call.recorded": _l("Call recorded"),
        "call.corrected": _l("Result of a call corrected"),
        "call.linked": _l("Call connected with its case"),
        "callback.asked": _l("Call-back asked for"),
        "callback.taken": _l("Call-back begun"),
        "callback.unanswered": _l("Call-back not answered"),
        "callback.ended": _l("Call-back ended"),
    },
    {"call": _l("Call"), "callback": _l("Call-back")},
)
