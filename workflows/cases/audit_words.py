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
        "case.answers_given": _l("Questions of the category answered"),
        "case.photo_added": _l("Photo added to a case"),
        "case.place_changed": _l("Place of a case corrected"),
        "case_question.added": _l("Question of a category added"),
        "case_question.changed": _l("Question of a category changed"),
        "case_question.retired": _l("Question of a category ended"),
        "case_question.moved": _l("Question of a category moved"),
        "case_category.created": _l("Category created"),
        "case_category.changed": _l("Category changed"),
    },
    {
        "case": _l("Case"),
        "case_category": _l("Category of cases"),
        "case_question": _l("Question of a category"),
    },
)
