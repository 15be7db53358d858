"""Triage: a case that came as an ordinary message turns out to be urgent."""

from portal import audit
from portal.db import db
from portal.i18n import _l
from workflows.cases import clocks, clockwork, flow, intake, moves
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused


def mark_urgent(case_id: int, *, by: int | None, urgency: str) -> Case:
    """From now on it is urgent: two hours for the first action, counted from its arrival.

    The limit is never counted from the moment of triage: the citizen has waited since the message
    came. Raises LookupError, stages.StageError and InputRefused.
    """
    case = moves.lock(case_id)
    flow.check(case, "mark_urgent", by=by)
    if urgency not in intake.URGENCIES:
        raise InputRefused("urgency", _l("Choose why it is urgent."))
    if case.urgency == urgency:
        return case
    flow.take(case, "mark_urgent", by=by)
    was, case.urgency = case.urgency, urgency
    if was is not None:
        # The same promise for another reason: what has been told of it is not told again.
        moves.add_event(case.id, "urgent", by=by, unit_id=case.unit_id, urgency=urgency)
        audit.record("case.marked_urgent", "case", case.id, urgency=urgency, was=was)
        db.session.flush()
        return case
    if flow.definition_of(case).name == flow.ORDINARY:
        flow.change(case, flow.URGENT)
    rules = flow.definition_of(case).clocks
    waits = clocks.stop(case, "first_action", "urgent") or case.first_action_at is None
    if waits and "first_action" in rules:
        clockwork.start(case, rules["first_action"], case.received_at)
    if clocks.stop(case, "objection", "urgent") and "objection" in rules:
        clockwork.start(case, rules["objection"])
    clocks.dated_anew(case)
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
    clocks.passed_on(case, by)
    moves.add_event(
        case.id, "assigned", by=by, public=True, unit_id=operations, assignee=None, from_unit=before
    )
    audit.record("case.assigned", "case", case.id, unit=operations, assignee=None, was=before)
