"""What a move does to clocks that go on: those that the new state holds, those that it holds no
longer; and taking exactly that back. Nothing commits.

What the move wrote is kept by the clock's id, so that an undo can take away just that. Where a
clock has a later history of its own, nothing of it is rewritten: it follows the old state from now
on.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from portal.db import db
from workflows.cases import dating, standing
from workflows.cases.clock_models import ClockSpan
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case, CaseClock
from workflows.engine import run
from workflows.engine.model import Definition

Spans = Mapping[int, Sequence[ClockSpan]]


def apply(case: Case, definition: Definition, rows: list[CaseClock]) -> list[dict[str, Any]]:
    """Hold and let go on what the case's new state wants, hand on the end of a pause whose clock
    the move stopped. `rows`: the clocks that were running. Returns how they stood."""
    wanted = run.paused_clocks(definition, case.state)
    if not wanted and all(row.paused_at is None for row in rows):
        return []
    kept = {row.id: _standing(row) for row in rows if row.stopped_at is None}
    last = {clock_id: spans[-1].id for clock_id, spans in dating.spans_of(kept).items()}
    db.session.flush()
    standing.hand_over_end(case)
    standing.follow_state(case, wanted)
    after = dating.spans_of(kept)
    changed = []
    for row in rows:
        before = kept.get(row.id)
        written = [one.id for one in after.get(row.id, ()) if one.id > last.get(row.id, 0)]
        if before is not None and (written or before != _standing(row)):
            changed.append({**before, "written": written, "last": last.get(row.id)})
    return changed


def take_back(
    case: Case,
    definition: Definition,
    kept: Iterable[Mapping[str, Any]],
    rows: Mapping[int, CaseClock],
    spans: Spans,
) -> list[CaseClock]:
    """Let the clocks of a case stand as before its move; returns those that now run."""
    again, strayed = [], False
    for one in kept:
        row, written = rows.get(one["id"]), set(one["written"])
        mine = spans.get(one["id"], ())
        newest = max(written, default=one["last"] or 0)
        if row is None or row.stopped_at is not None or any(each.id > newest for each in mine):
            strayed = True
            continue
        if written:
            db.session.execute(delete(ClockSpan).where(ClockSpan.id.in_(written)))
            for each in mine:
                if each.id == one["last"]:
                    each.ended_at = None
        row.paused_at, row.act_at = moment(one["paused_at"]), moment(one["act_at"])
        if row.paused_at is None:
            again.append(row)
        else:
            row.due_at = dt.datetime.fromisoformat(one["due_at"])
    if strayed or again:
        db.session.flush()
    if strayed:
        standing.follow_state(case, run.paused_clocks(definition, case.state))
    return again


def apart(joined: Iterable[CaseJoin], row: CaseClock, since: dt.datetime) -> None:
    """What a case was followed with another for does not count, also for a clock that the move had
    stopped before."""
    for join in joined:
        if row.paused_at is None and join.undone_at is not None and join.joined_at >= since:
            dating.begin_span(row, "paused", join.joined_at, kind="pause")
            dating.begin_span(row, "resumed", join.undone_at)


def joins_of(case_ids: Iterable[int]) -> dict[int, list[CaseJoin]]:
    """case id -> the joinings that were undone, in their order; one query."""
    found: dict[int, list[CaseJoin]] = {}
    for row in db.session.scalars(
        select(CaseJoin)
        .where(CaseJoin.case_id.in_(list(case_ids)), CaseJoin.undone_at.is_not(None))
        .order_by(CaseJoin.id)
    ):
        found.setdefault(row.case_id, []).append(row)
    return found


def date(row: CaseClock, case: Case, spans: Spans, known: dating.Known) -> None:
    """Write the moments of a clock that runs again: the city may have closed offices since."""
    runs = dating.course(row, spans.get(row.id, ()), known)
    found = dating.moments(row, runs, urgent=case.urgency is not None)
    # The next level of a late clock may count from when the case was passed on: it stays.
    if found is not None and (not row.level or found[0] != row.due_at):
        row.due_at, row.act_at = found


def forget(clock_ids: Sequence[int]) -> None:
    """The course of clocks that are taken back."""
    if clock_ids:
        db.session.execute(delete(ClockSpan).where(ClockSpan.clock_id.in_(clock_ids)))


def moment(value: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if value else None


def _standing(row: CaseClock) -> dict[str, Any]:
    return {
        "id": row.id,
        "paused_at": row.paused_at.isoformat() if row.paused_at else None,
        "act_at": row.act_at.isoformat() if row.act_at else None,
        "due_at": row.due_at.isoformat(),
    }
