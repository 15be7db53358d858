"""Names of what the audit trail says of cases."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "case.received": _l("Message registered"),
        "case.continued": _l("Rest of a message added"),
        "case.assigned": _l("Case passed to a unit"),
        "case.first_action": _l("First action recorded"),
        "case.noted": _l("Note added to a case"),
        "case.answered": _l("Case answered"),
        "case.accepted": _l("Citizen confirmed the end"),
        "case.objected": _l("Citizen objected to the end"),
        "case.marked_urgent": _l("Case marked as urgent"),
        "case.closed": _l("Case closed"),
        "case.reopened": _l("Case opened again"),
        "case.exported": _l("Cases exported"),
        "case.warned": _l("Deadline warned of"),
        "case.escalated": _l("Case reported to the unit above"),
        "case.joined": _l("Case joined to another"),
        "case.parted": _l("Joined case split off"),
        "case.follower_added": _l("Follower added to a case"),
        "case.divided": _l("Second matter taken out of a case"),
        "case.hidden": _l("Text hidden from the citizen"),
        "case.shown": _l("Hidden text shown again"),
        "case.redacted": _l("Words removed for good"),
        "packet.redacted": _l("Words removed from a packet"),
        "case_category.created": _l("Category created"),
        "case_category.changed": _l("Category changed"),
    },
    {"case": _l("Case"), "case_category": _l("Category of cases")},
)
