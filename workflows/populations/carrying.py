"""Carrying a move out, and taking it back: a batch of cases a transaction. Nothing commits.

Each case is locked while it is changed; what somebody else holds is left for the next round. The
row in workflow_moved_cases is written with the change, so a job may die anywhere.
"""

import datetime as dt
from typing import Any

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from workflows.cases import clockwork, moves
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.engine import versions
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
    moved: list[tuple[Case, dict[str, Any], CaseEvent]] = []
    for case in cases:
        mine = running.get(case.id, [])
        stopped = [row for row in mine if row.kind not in new.clocks]
        before = _before(case, stopped)
        case.definition_id, case.state = move.to_id, str(move.mapping[case.state])
        case.stage = new.states[case.state].stage
        for row in stopped:
            row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None
        if stopped:
            case.next_due_at = _soonest(mine)
        note: dict[str, Any] = {"move": move.id, "before": before["state"], "after": case.state}
        event = moves.add_event(case.id, "migrated", workflow=move.workflow, **note)
        audit.record("case.migrated", "case", case.id, **note)
        moved.append((case, before, event))
    db.session.flush()
    for case, before, _event in moved:
        before["started"] = [
            clockwork.start(case, new.clocks[name]).id
            for name in plan.started(old, new, case.state)
        ]
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
    returned = [(kept, case) for kept, case in rows if _as_moved(move, kept, case)]
    stopped = _clocks({one["id"] for kept, _case in returned for one in kept.before["clocks"]})
    started = _clocks({one for kept, _case in returned for one in kept.before["started"]})
    for kept, _case in rows:
        kept.result = "went_on"
    for kept, case in returned:
        before, after = kept.before, case.state
        kept.result = "returned"
        case.definition_id, case.state = before["definition_id"], before["state"]
        case.stage = before["stage"]
        for one in before["clocks"]:
            _run_again(stopped[one["id"]], one["act_at"])
        for clock_id in before["started"]:
            if clock_id in started:
                _take_back(started[clock_id])
        note: dict[str, Any] = {"move": move.id, "before": after, "after": case.state}
        moves.add_event(case.id, "migrated", workflow=move.workflow, undone=True, **note)
        audit.record("case.migration_undone", "case", case.id, **note)
    db.session.flush()
    running = _clocks_of([case.id for _kept, case in returned])
    for _kept, case in returned:
        case.next_due_at = _soonest(running.get(case.id, []))
    db.session.flush()
    return len(rows)


def _as_moved(move: WorkflowMove, kept: MovedCase, case: Case) -> bool:
    """Whether no step has changed the case's course since the move."""
    return (
        case.definition_id == move.to_id
        and case.state == move.mapping.get(kept.before["state"])
        and case.stage_at.isoformat() == kept.before["stage_at"]
    )


def _before(case: Case, stopped: list[CaseClock]) -> dict[str, Any]:
    return {
        "definition_id": case.definition_id,
        "state": case.state,
        "stage": case.stage,
        "stage_at": case.stage_at.isoformat(),
        "clocks": [
            {"id": row.id, "act_at": row.act_at.isoformat() if row.act_at else None}
            for row in stopped
        ],
    }


def _clocks_of(case_ids: list[int]) -> dict[int, list[CaseClock]]:
    """The running clocks of some cases; one query."""
    found: dict[int, list[CaseClock]] = {}
    for row in db.session.scalars(
        select(CaseClock).where(CaseClock.case_id.in_(case_ids), CaseClock.stopped_at.is_(None))
    ):
        found.setdefault(row.case_id, []).append(row)
    return found


def _clocks(ids: set[int]) -> dict[int, CaseClock]:
    if not ids:
        return {}
    rows = db.session.scalars(select(CaseClock).where(CaseClock.id.in_(ids)))
    return {row.id: row for row in rows}


def _soonest(rows: list[CaseClock]) -> dt.datetime | None:
    return min((row.due_at for row in rows if row.stopped_at is None), default=None)


def _run_again(row: CaseClock, act_at: str | None) -> None:
    row.stopped_at = row.stopped_by = None
    row.act_at = dt.datetime.fromisoformat(act_at) if act_at else None


def _take_back(row: CaseClock) -> None:
    """A clock that has warned nobody leaves no trace; one that has is stopped."""
    if row.warned_at is None and row.escalated_at is None:
        db.session.delete(row)
    elif row.stopped_at is None:
        row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None
