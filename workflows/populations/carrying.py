"""Carrying a move out, and taking it back: a batch of cases a transaction. Nothing commits.

Each case is locked while it is changed; what somebody else holds is left for the next round. The
row in workflow_moved_cases is written with the change, so a job may die anywhere.
"""

import datetime as dt
from typing import Any

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from workflows.cases import clockwork, dating, moves, standing
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.engine import versions
from workflows.engine.model import Definition
from workflows.populations import holding, plan
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
    owed = plan.started(old, new, move.mapping)
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
        goes_on = {row.kind for row in running.get(case.id, ()) if row.stopped_at is None}
        started = [
            clockwork.start(case, new.clocks[name])
            for name in owed[before["state"]]
            if name not in goes_on
        ]
        before["started"] = [row.id for row in started]
        touched = holding.apply(case, new, [*running.get(case.id, []), *started])
        before["held"] = [one for one in touched if one["id"] not in before["started"]]
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
    for kept, _case in rows:
        kept.result = "went_on"
    old = plan.definition_from(move.workflow, move.from_id)
    back = _Back(old, [(kept.before, case) for kept, case in returned])
    back.moved_at = _moments_of([kept.event_id for kept, _case in returned])
    for kept, case in returned:
        before, after = kept.before, case.state
        kept.result = "returned"
        case.definition_id, case.state = before["definition_id"], before["state"]
        case.stage = before["stage"]
        back.clocks_of(before, case, kept.event_id)
        note: dict[str, Any] = {"move": move.id, "before": after, "after": case.state}
        moves.add_event(case.id, "migrated", workflow=move.workflow, undone=True, **note)
        audit.record("case.migration_undone", "case", case.id, **note)
    db.session.flush()
    back.date_anew()
    running = _clocks_of([case.id for _kept, case in returned])
    for _kept, case in returned:
        case.next_due_at = _soonest(running.get(case.id, []))
    db.session.flush()
    return len(rows)


class _Back:
    """The clocks of some cases on their way back; what they need is asked for once."""

    def __init__(self, old: Definition, cases: list[tuple[dict[str, Any], Case]]) -> None:
        self.old = old
        known = [before for before, _case in cases]
        self.stopped = _clocks({one["id"] for before in known for one in before["clocks"]})
        self.started = _clocks({one for before in known for one in before["started"]})
        self.held = _clocks({one["id"] for before in known for one in before.get("held", ())})
        self.spans = dating.spans_of(self.held) if self.held else {}
        case_ids = [case.id for _before, case in cases]
        self.running = _clocks_of(case_ids)
        self.joins = holding.joins_of(case_ids)
        self.again: list[tuple[CaseClock, Case]] = []
        self.moved_at: dict[int, dt.datetime] = {}

    def clocks_of(self, before: dict[str, Any], case: Case, event_id: int) -> None:
        """`case` is in its old state again."""
        self._take_back(before, case)
        self._end_unknown(case, self.moved_at[event_id])
        for one in before["clocks"]:
            row = self.stopped[one["id"]]
            since = row.stopped_at
            row.stopped_at = row.stopped_by = None
            row.act_at = holding.moment(one["act_at"])
            if row.paused_at is None:
                if since is not None:
                    holding.apart(self.joins.get(case.id, ()), row, since)
                self.again.append((row, case))
        held = before.get("held", ())
        again = holding.take_back(case, self.old, held, self.held, self.spans)
        self.again += [(row, case) for row in again]

    def _take_back(self, before: dict[str, Any], case: Case) -> None:
        """Clocks that the move began: one that has warned nobody leaves no trace, one that has is
        stopped."""
        began = [self.started[one] for one in before["started"] if one in self.started]
        kinds = {row.kind for row in began}
        # Of a case that was followed with another one meanwhile a copy may run.
        copies = [row for row in self.running.get(case.id, ()) if row.kind in kinds]
        gone = []
        for row in {row.id: row for row in [*began, *copies]}.values():
            if row.warned_at is None and row.escalated_at is None:
                gone.append(row)
            elif row.stopped_at is None:
                row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None
        holding.forget([row.id for row in gone])
        for row in gone:
            db.session.delete(row)
        # Not for each case: a flush looks at every row of the batch.
        if gone:
            db.session.flush()
        if any(row.paused_at is not None for row in [*began, *copies]):
            standing.hand_over_end(case)

    def _end_unknown(self, case: Case, moved_at: dt.datetime) -> None:
        """Clocks that steps have begun since: the old version would never stop them."""
        for row in self.running.get(case.id, ()):
            if (
                row.kind not in self.old.clocks
                and row.started_at >= moved_at
                and row.stopped_at is None
            ):
                row.stopped_at, row.stopped_by, row.act_at = clock.now(), BY, None

    def date_anew(self) -> None:
        spans, known = dating.spans_of(row.id for row, _case in self.again), dating.Known()
        for row, case in self.again:
            holding.date(row, case, spans, known)


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


def _moments_of(event_ids: list[int]) -> dict[int, dt.datetime]:
    rows = db.session.execute(select(CaseEvent.id, CaseEvent.at).where(CaseEvent.id.in_(event_ids)))
    return {row.id: row.at for row in rows}


def _clocks(ids: set[int]) -> dict[int, CaseClock]:
    if not ids:
        return {}
    rows = db.session.scalars(select(CaseClock).where(CaseClock.id.in_(ids)))
    return {row.id: row for row in rows}


def _soonest(rows: list[CaseClock]) -> dt.datetime | None:
    """As dating.note_next_due: a clock that stands still has no due time."""
    running = (row.due_at for row in rows if row.stopped_at is None and row.paused_at is None)
    return min(running, default=None)
