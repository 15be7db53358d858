"""Moves that were approved are carried out; undone ones taken back."""

import logging

from sqlalchemy import exists, select

from portal import audit, clock, jobs
from portal.db import db
from workflows.cases.models import Case
from workflows.populations import carrying, plan
from workflows.populations.models import MovedCase, WorkflowMove

log = logging.getLogger(__name__)


@jobs.job(queue="bulk", timeout_seconds=600)
def carry_out() -> None:
    """Safe to run twice, at once, and to be killed anywhere: each batch is one transaction."""
    for move_id in _open():
        try:
            while _one_batch(move_id):
                db.session.commit()
            db.session.commit()
        except Exception:
            # What one move stumbles over must not hold up those of other workflows.
            db.session.rollback()
            log.exception("A move of cases failed", extra={"move": move_id})


def _open() -> list[int]:
    found = db.session.scalars(
        select(WorkflowMove.id)
        .where(WorkflowMove.state.in_(["running", "undoing"]))
        .order_by(WorkflowMove.id)
    ).all()
    db.session.rollback()
    return list(found)


def _one_batch(move_id: int) -> bool:
    """Whether there may be more to do."""
    move = db.session.scalars(
        select(WorkflowMove)
        .where(WorkflowMove.id == move_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    if move is None or move.state not in {"running", "undoing"}:
        return False
    back = move.state == "undoing"
    if carrying.batch_back(move) if back else carrying.batch(move):
        return True
    if _left(move, back):
        # Somebody holds the last cases; the next round comes back to them.
        return False
    now = clock.now()
    if back:
        move.state, move.undone_at = "undone", now
    else:
        move.state, move.finished_at = "done", now
    audit.record(
        "workflow.move_undone" if back else "workflow.move_done",
        "workflow",
        move.to_id,
        move=move.id,
    )
    db.session.flush()
    return False


def _left(move: WorkflowMove, back: bool) -> bool:
    if back:
        waiting = exists().where(MovedCase.move_id == move.id, MovedCase.result == "moved")
    else:
        waiting = exists().where(
            plan.running(move.workflow, move.from_id), Case.state.in_(sorted(move.mapping))
        )
    return bool(db.session.scalar(select(waiting)))
