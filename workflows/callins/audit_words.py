"""What the audit trail calls the changes of call-ins."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "callin.series_created": _l("Call-in series created"),
        "callin.series_changed": _l("Call-in series changed"),
        "callin.session_moved": _l("Call-in session changed"),
        "callin.session_cancelled": _l("Call-in session cancelled"),
        "callin.session_opened": _l("Call-in session opened"),
        "callin.session_closed": _l("Call-in session closed"),
        "callin.registered": _l("Citizen registered for a call-in"),
        "callin.registration_cancelled": _l("Call-in registration cancelled"),
        "callin.caller_added": _l("Caller added to the queue"),
        "callin.call_taken": _l("Caller taken"),
        "callin.call_put_back": _l("Caller put back into the queue"),
        "callin.call_ended": _l("Call ended"),
        "callin.exchange_imported": _l("Call records of the exchange read"),
        "callin.minutes_edited": _l("Public minutes edited"),
        "callin.minutes_published": _l("Public minutes published"),
    },
    {
        "callin_series": _l("Call-in series"),
        "callin_session": _l("Call-in session"),
        "callin_call": _l("Call of a call-in"),
        "exchange": _l("Telephone exchange"),
    },
)
