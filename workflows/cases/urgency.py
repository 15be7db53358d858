"""Triage: a case that came as an ordinary message turns out to be urgent."""

from portal import audit
from portal.db import db
from portal.i18n import _l
from workflows.cases import clocks, intake, moves, stages
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused

CRITERIA = ("danger", "costly_violation", "waste")


def mark_urgent(case_id: int, *, by: int | None, urgency: str) -> Case:
    """From now on it is urgent: two hours for the first action, counted from its arrival.

    The limit is never counted from the moment of triage: the citizen has waited since the message
    came. Raises LookupError, StageError and InputRefused.
    """
    case = moves.lock(case_id)
    stages.check(case, "mark_urgent")
    if urgency not in CRITERIA:
        raise InputRefused("urgency", _l("Choose why it is urgent."))
    if case.urgency == urgency:
        return case
    case.urgency = urgency
    clocks.stop(case, "first_action", "urgent")
    if case.first_action_at is None:
        clocks.start(
            case, "first_action", clocks.ALWAYS, clocks.URGENT_FIRST_ACTION, case.received_at
        )
    if clocks.stop(case, "objection", "urgent"):
        clocks.start_objection(case)
    moves.add_event(case.id, "urgent", by=by, unit_id=case.unit_id, urgency=urgency)
    _to_operations(case, by)
    audit.record("case.marked_urgent", "case", case.id, urgency=urgency)
    db.session.flush()
    return case


def _to_operations(case: Case, by: int | None) -> None:
    """Straight to the operations centre, unless somebody has begun to work on it."""
    operations = intake.operations_id()
    if operations is None or case.unit_id == operations or case.first_action_at is not None:
        return
    before, case.unit_id, case.assignee_id = case.unit_id, operations, None
    moves.add_event(
        case.id, "assigned", by=by, public=True, unit_id=operations, assignee=None, from_unit=before
    )
    audit.record("case.assigned", "case", case.id, unit=operations, assignee=None, was=before)
