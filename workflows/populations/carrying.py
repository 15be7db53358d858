"""Carrying a move out, and taking it back: a batch of cases a transaction. Nothing commits.

Each case is locked while it is changed; what somebody else holds is left for the next round. The
row in workflow_moved_cases is written with the change, so a job may die anywhere.
"""

import datetime as dt
from typing import Any

from sqlalchemy import delete, select

from portal import audit, clock
from portal.db import db
from workflows.cases import clocks, clockwork, moves
from workflows.cases.models import Case, CaseClock
from workflows.engine import versions
from workflows.engine.model import Definition
from workflows.populations import plan
from workflows.populations.models import MovedCase, WorkflowMove

BATCH = 500
BY = "migration"


def batch(move: WorkflowMove, size: int = BATCH) -> int:
    """Move some cases; returns how many."""
    old = plan.definition_from(move.workflow, move.from_id)
    new = versions.get(move.to_id)
    cases = list(
        db.session.scalars(
            select(Case)
            .where(plan.running(move.workflow, move.from_id), Case.state.in_(sorted(move.mapping)))
            .order_by(Case.id)
            .limit(size)
            .with_for_update(of=Case, key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
    running = _clocks_of([case.id for case in cases])
    moved: list[tuple[Case, dict[str, Any], Any]] = []
    for case in cases:
        before = _before(case)
        target = str(move.mapping[case.state])
        stopped = [row for row in running.get(case.id, []) if row.kind not in new.clocks]
        before["clocks"] = [_kept(row) for row in stopped]
        was = case.state
        case.definition_id, case.state = move.to_id, target
        case.stage = new.states[target].stage
        for row in stopped:
            row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None
        before["started"] = _start(case, old, new, target)
        if stopped or before["started"]:
            _new_due(case)
        event = moves.add_event(
            case.id,
            "migrated",
            workflow=move.workflow,
            move=move.id,
            before=was,
            after=target,
        )
        audit.record("case.migrated", "case", case.id, move=move.id, before=was, after=target)
        moved.append((case, before, event))
    db.session.flush()
    db.session.add_all(
        MovedCase(move_id=move.id, case_id=case.id, before=before, event_id=event.id)
        for case, before, event in moved
    )
    db.session.flush()
    return len(cases)


def batch_back(move: WorkflowMove, size: int = BATCH) -> int:
    """Return some cases exactly to where they were; returns how many were looked at."""
    rows = db.session.execute(
        select(MovedCase, Case)
        .join(Case, Case.id == MovedCase.case_id)
        .where(MovedCase.move_id == move.id, MovedCase.result == "moved")
        .order_by(MovedCase.case_id)
        .limit(size)
        .with_for_update(of=[MovedCase, Case], key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for kept, case in rows:
        if not _as_moved(move, kept, case):
            kept.result = "went_on"
            continue
        before = kept.before
        after = case.state
        case.definition_id, case.state = before["definition_id"], before["state"]
        case.stage = before["stage"]
        touched = _bring_back(before["clocks"]) + _take_back(before["started"])
        kept.result = "returned"
        if touched:
            _new_due(case)
        moves.add_event(
            case.id,
            "migrated",
            workflow=move.workflow,
            move=move.id,
            before=after,
            after=case.state,
            undone=True,
        )
        audit.record("case.migration_undone", "case", case.id, move=move.id, after=case.state)
    db.session.flush()
    return len(rows)


def _as_moved(move: WorkflowMove, kept: MovedCase, case: Case) -> bool:
    """Whether no step has changed the case's course since the move."""
    return (
        case.definition_id == move.to_id
        and case.state == move.mapping.get(kept.before["state"])
        and case.stage_at.isoformat() == kept.before["stage_at"]
    )


def _before(case: Case) -> dict[str, Any]:
    return {
        "definition_id": case.definition_id,
        "state": case.state,
        "stage": case.stage,
        "stage_at": case.stage_at.isoformat(),
    }


def _kept(row: CaseClock) -> dict[str, Any]:
    return {"id": row.id, "act_at": row.act_at.isoformat() if row.act_at else None}


def _start(case: Case, old: Definition, new: Definition, state: str) -> list[int]:
    return [clockwork.start(case, new.clocks[name]).id for name in plan.started(old, new, state)]


def _clocks_of(case_ids: list[int]) -> dict[int, list[CaseClock]]:
    found: dict[int, list[CaseClock]] = {}
    for row in db.session.scalars(
        select(CaseClock).where(CaseClock.case_id.in_(case_ids), CaseClock.stopped_at.is_(None))
    ):
        found.setdefault(row.case_id, []).append(row)
    return found


def _bring_back(kept: list[dict[str, Any]]) -> int:
    for one in kept:
        row = db.session.get_one(CaseClock, one["id"])
        row.stopped_at = row.stopped_by = None
        row.act_at = dt.datetime.fromisoformat(one["act_at"]) if one["act_at"] else None
    db.session.flush()
    return len(kept)


def _take_back(started: list[int]) -> int:
    """A clock that has warned nobody leaves no trace; one that has is stopped."""
    for clock_id in started:
        row = db.session.get(CaseClock, clock_id)
        if row is None:
            continue
        if row.warned_at is None and row.escalated_at is None:
            db.session.execute(delete(CaseClock).where(CaseClock.id == clock_id))
        elif row.stopped_at is None:
            row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None
    db.session.flush()
    return len(started)


def _new_due(case: Case) -> None:
    db.session.flush()
    case.next_due_at = min((row.due_at for row in clocks.running(case.id)), default=None)
