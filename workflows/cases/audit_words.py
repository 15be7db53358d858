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
        "case.step": _l("Step of the workflow taken"),
        "case.task_done": _l("Task of a case done"),
        "case.migrated": _l("Case follows another version of its workflow"),
        "case.migration_undone": _l("Case follows its earlier version again"),
        "workflow.drafted": _l("Draft of a workflow saved"),
        "workflow.draft_dropped": _l("Draft of a workflow dropped"),
        "workflow.published": _l("Workflow published"),
        "workflow.move_requested": _l("Move to another version asked for"),
        "workflow.move_approved": _l("Move to another version approved"),
        "workflow.move_declined": _l("Move to another version declined"),
        "workflow.move_done": _l("Cases moved to another version"),
        "workflow.undo_requested": _l("Return to the earlier version asked for"),
        "workflow.move_undone": _l("Cases returned to their earlier version"),
        "case.marked_urgent": _l("Case marked as urgent"),
        "case.closed": _l("Case closed"),
        "case.reopened": _l("Case opened again"),
        "case.exported": _l("Cases exported"),
        "case.warned": _l("Deadline warned of"),
        "case.escalated": _l("Case reported to the unit above"),
        "case_category.created": _l("Category created"),
        "case_category.changed": _l("Category changed"),
    },
    {"case": _l("Case"), "case_category": _l("Category of cases"), "workflow": _l("Workflow")},
)
