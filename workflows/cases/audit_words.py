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
        "case.paused": _l("Deadlines of a case stand still"),
        "case.resumed": _l("Deadlines of a case go on"),
        "case.rebased": _l("Another agreement on the time of a case"),
        "case.redated": _l("Deadlines of a case computed anew"),
        "case_category.created": _l("Category created"),
        "case_category.changed": _l("Category changed"),
    },
    {"case": _l("Case"), "case_category": _l("Category of cases")},
)
