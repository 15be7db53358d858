"""What the audit trail call the pursuit of special messages."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "special.marked": _l("Case marked as special"),
        "special.way_begun": _l("Way of a special message begun"),
        "special.way_ended": _l("Way of a special message ended"),
        "special.referred": _l("Special message referred to a council member"),
        "special.reported": _l("Council member reported on a special message"),
        "special.withdrawn": _l("Referral to a council member withdrawn"),
        "special.overdue": _l("Way of a special message overdue"),
        "special.done": _l("All ways of a special message ended"),
    },
    {"special": _l("Special message")},
)
