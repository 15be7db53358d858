"""Asking for a move, the second person's word, the way back. Functions flush, never commit."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from portal import audit, clock
from portal.accounts.models import User
from portal.db import db
from portal.i18n import _l
from workflows.engine import versions
from workflows.populations import plan
from workflows.populations.models import MovedCase, WorkflowMove
from workflows.populations.plan import PlanError

MOST_REASON = 1_000
OPEN = ("waiting", "running", "undoing")


def ask(
    workflow: str,
    from_id: int | None,
    to_id: int,
    mapping: Mapping[str, str],
    *,
    reason: str,
    by: int,
) -> WorkflowMove:
    """Ask for a move. Raises LookupError and PlanError (the first of its problems)."""
    name, _number = versions.name_and_number(to_id)
    if name != workflow or from_id == to_id:
        raise PlanError(_l("Choose another version of the same workflow."))
    if from_id is not None and versions.name_and_number(from_id)[0] != workflow:
        raise PlanError(_l("Choose another version of the same workflow."))
    reason = " ".join(reason.split())[:MOST_REASON]
    if not reason:
        raise PlanError(_l("Write the reason."))
    _one_at_a_time(workflow)
    if standing(workflow) is not None:
        raise PlanError(_l("Another move of this workflow is not finished yet."))
    report = plan.dry_run(workflow, from_id, to_id, mapping)
    if report.problems:
        raise PlanError(report.problems[0])
    row = WorkflowMove(
        workflow=workflow,
        from_id=from_id,
        to_id=to_id,
        mapping=dict(mapping),
        report=report.stored(),
        reason=reason,
        created_at=clock.now(),
        created_by=by,
    )
    db.session.add(row)
    db.session.flush()
    _note("workflow.move_requested", row)
    return row


def decide(move_id: int, *, approved: bool, by: int) -> WorkflowMove:
    """The second person's word. Raises LookupError, PlanError."""
    row = held(move_id)
    if row.state != "waiting":
        raise PlanError(_l("This was decided meanwhile."))
    if row.created_by == by:
        raise PlanError(_l("Whoever asks does not approve; a second person does."))
    if approved:
        report = plan.dry_run(row.workflow, row.from_id, row.to_id, row.mapping)
        if report.problems:
            raise PlanError(report.problems[0])
    row.state = "running" if approved else "declined"
    row.decided_at, row.decided_by = clock.now(), by
    _note("workflow.move_approved" if approved else "workflow.move_declined", row)
    db.session.flush()
    return row


def undo(move_id: int, *, by: int) -> WorkflowMove:
    """Bring back every case that has not gone on since. Raises LookupError, PlanError."""
    row = held(move_id)
    if row.state != "done":
        raise PlanError(_l("Only a finished move can be undone."))
    _one_at_a_time(row.workflow)
    if standing(row.workflow) is not None:
        raise PlanError(_l("Another move of this workflow is not finished yet."))
    row.state, row.undone_by = "undoing", by
    _note("workflow.undo_requested", row)
    db.session.flush()
    return row


def held(move_id: int) -> WorkflowMove:
    """A move under its lock. Raises LookupError."""
    row = db.session.get(WorkflowMove, move_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise LookupError(f"No move {move_id}")
    return row


def _one_at_a_time(workflow: str) -> None:
    """Who asks at the same moment waits, and is told of the other's move."""
    db.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"move:{workflow}", 0)))
    )


def standing(workflow: str) -> WorkflowMove | None:
    """The move of a workflow that is not at its end."""
    return db.session.scalars(
        select(WorkflowMove).where(WorkflowMove.workflow == workflow, WorkflowMove.state.in_(OPEN))
    ).first()


def moves_of(workflow: str) -> Sequence[WorkflowMove]:
    """The newest first."""
    return db.session.scalars(
        select(WorkflowMove)
        .where(WorkflowMove.workflow == workflow)
        .order_by(WorkflowMove.id.desc())
        .limit(50)
    ).all()


def _note(action: str, row: WorkflowMove) -> None:
    audit.record(
        action,
        "workflow",
        row.to_id,
        move=row.id,
        workflow=row.workflow,
        from_id=row.from_id,
        mapping=row.mapping,
        cases=row.report.get("cases"),
    )


def result_of(move_id: int) -> dict[str, int]:
    """How many cases were moved, returned, or had gone on."""
    return dict(
        db.session.execute(
            select(MovedCase.result, func.count())
            .where(MovedCase.move_id == move_id)
            .group_by(MovedCase.result)
        ).all()
    )


def people_of(row: WorkflowMove) -> dict[int, str]:
    """Names of those who asked, decided, undid."""
    wanted = [one for one in (row.created_by, row.decided_by, row.undone_by) if one]
    found = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(wanted)))
    return {user.id: user.name or user.email for user in found}
