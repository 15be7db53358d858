"""What the audit trail call the work of the operations centre."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "case.dispatched": _l("Crew sent to a case"),
        "case.proof_added": _l("Photos of the work added"),
        "visit.ordered": _l("Field visit ordered"),
        "visit.cancelled": _l("Field visit called off"),
        "visit.arrived": _l("Arrival at a field visit"),
        "visit.recorded": _l("Field visit recorded"),
        "visit.noted": _l("Late record of a field visit kept as a note"),
    },
    {"visit": _l("Field visit")},
)
