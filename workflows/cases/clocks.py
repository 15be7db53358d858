"""Promises of time: started, stopped, and brought to account by a sweep. Nothing commits.

A clock runs in open time of a working calendar. The sweep does one step of one clock at a time,
under the locks of clock and case: the warning, then one escalation a level. What has been done is
in the same transaction as the row that says so, so a sweep may die anywhere and be run again.
"""

import datetime as dt
import logging
from typing import Final

from sqlalchemy import select

from portal import audit, clock, outbox
from portal.db import db
from workflows.cases import agreements, dating, standing
from workflows.cases.agreements import passed_on, rebase
from workflows.cases.clock_models import ClockSpan
from workflows.cases.dating import ALWAYS, DEFAULT_CALENDAR, running
from workflows.cases.explain import Chains, explain, explain_many
from workflows.cases.following import clock_rule
from workflows.cases.models import Case, CaseClock, CaseEvent
from workflows.engine.model import ClockRule

__all__ = [
    "ALWAYS",
    "DEFAULT_CALENDAR",
    "explain",
    "explain_many",
    "passed_on",
    "rebase",
    "running",
    "start",
    "stop",
    "stop_all",
    "sweep",
]

log = logging.getLogger(__name__)

DEFAULT_FIRST_ACTION_HOURS: Final = agreements.DEFAULT_FIRST_ACTION_HOURS
DEFAULT_RESOLUTION_HOURS: Final = agreements.DEFAULT_RESOLUTION_HOURS
URGENT_FIRST_ACTION: Final = agreements.URGENT_FIRST_ACTION
URGENT_OBJECTION: Final = agreements.URGENT_OBJECTION
BATCH: Final = 50
PUT_OFF: Final = dt.timedelta(hours=1)
RAN_OUT: Final = "workflows.ran_out"
"""Kind of an outbox row: a clock whose end brings a step about (workflows.cases.endings)."""


# Starting and stopping: the caller holds the case's lock.


def start(
    case: Case,
    kind: str,
    calendar: str,
    limit: dt.timedelta,
    started_at: dt.datetime | None = None,
    *,
    agreed: bool = False,
    rule: ClockRule | None = None,
) -> CaseClock:
    """A running clock of `limit` open time; `agreed`: it changes with the agreement of the case's
    category and unit. `rule`: when it warns and how often it is reported, by the definition."""
    began = started_at or clock.now()
    row = CaseClock(
        case_id=case.id,
        kind=kind,
        calendar=dating.usable(calendar, limit),
        started_at=began,
        open_seconds=round(limit.total_seconds()),
        agreed=agreed,
        warn_percent=round(rule.warn_at * 100) if rule else dating.WARN_AT_PERCENT,
        level_seconds=_level_seconds(rule),
        level=0,
        told_units=[],
    )
    found = dating.moments(
        row, dating.course(row, (), dating.Known()), urgent=case.urgency is not None
    )
    assert found is not None  # noqa: S101 - it has just begun to run
    row.due_at, row.act_at = found
    db.session.add(row)
    dating.note_next_due(case)
    return row


def follow(row: CaseClock, rule: ClockRule) -> None:
    """From now on the clock warns and is reported as this rule says."""
    row.warn_percent, row.level_seconds = round(rule.warn_at * 100), _level_seconds(rule)


def dated_anew(case: Case) -> None:
    """Write the moments of all running clocks of a locked case again: it has become urgent, say."""
    known = dating.Known()
    for row in running(case.id):
        if row.paused_at is None:
            dating.date(row, case, known=known)
    dating.note_next_due(case)


def _level_seconds(rule: ClockRule | None) -> int:
    if rule is None:
        return round(dating.NEXT_LEVEL.total_seconds())
    return round((rule.escalate_every_hours or 0) * 3600)


def stop(case: Case, kind: str, by: str) -> bool:
    """Stop the clock of a kind; False where none runs. `by`: kind of the event that stops it."""
    return _stop(case, (kind,), by)


def stop_all(case: Case, by: str) -> bool:
    return _stop(case, None, by)


def _stop(case: Case, kinds: tuple[str, ...] | None, by: str) -> bool:
    now = clock.now()
    rows = [row for row in running(case.id) if kinds is None or row.kind in kinds]
    for row in rows:
        row.stopped_at, row.stopped_by, row.act_at = now, by, None
    if rows:
        for span in db.session.scalars(
            select(ClockSpan).where(
                ClockSpan.clock_id.in_([row.id for row in rows]), ClockSpan.ended_at.is_(None)
            )
        ):
            span.ended_at = max(now, span.started_at)
    dating.note_next_due(case)
    standing.hand_over_end(case)
    return bool(rows)


# The sweep


def sweep(limit: int = BATCH, *, careful: bool = False) -> int:
    """One step of at most `limit` clocks whose moment has come; returns how many.

    `careful`: a clock that something is wrong with is put off for an hour, the others go on.

    The caller commits and calls again until it gives 0. Whatever another process holds is left to
    it; nothing waits here, so nothing can lock up.
    """
    now = clock.now()
    rows = db.session.execute(
        select(CaseClock, Case)
        .join(Case, Case.id == CaseClock.case_id)
        .where(CaseClock.stopped_at.is_(None), CaseClock.act_at <= now)
        .order_by(CaseClock.act_at, CaseClock.id)
        .limit(limit)
        .with_for_update(of=[CaseClock, Case], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    steps = _Steps(now)
    for row, case in rows:
        if not careful:
            steps.take(row, case)
            continue
        try:
            with db.session.begin_nested():
                steps.take(row, case)
        except Exception:
            log.exception("A clock is put off", extra={"clock": row.id, "case": case.id})
            row.act_at = now + PUT_OFF
    db.session.flush()
    return len(rows)


class _Steps:
    """The steps of one batch; what several need is asked for once."""

    def __init__(self, now: dt.datetime) -> None:
        self.now, self.known = now, dating.Known()
        self.chains: Chains | None = None

    def take(self, row: CaseClock, case: Case) -> None:
        if row.act_at is None or row.act_at > self.now:
            # What stood still with another clock of its case has gone on a moment ago.
            return
        if row.paused_at is not None:
            # From the moment that was set, not from when the sweep came by.
            standing.go_on(case, row.act_at)
        elif row.warned_at is None:
            _warn(row, case, self.now)
        elif self.now < row.due_at:
            row.act_at = row.due_at
        else:
            self.chains = self.chains or Chains()
            above = [unit.id for unit in self.chains.above(case.unit_id)]
            _escalate(row, case, self.now, above, self.known)
            if row.level == 1 or not row.level_seconds:
                _run_out(row, case)


def _warn(row: CaseClock, case: Case, now: dt.datetime) -> None:
    row.warned_at, row.act_at = now, row.due_at
    _tell(row, case, "warned", now, case.unit_id)


def _escalate(
    row: CaseClock, case: Case, now: dt.datetime, above: list[int], known: dating.Known
) -> None:
    """Tell the nearest unit above that has not heard of this clock. A case that was passed on has
    another chain: its superiors are told in their order, those who know are passed over."""
    untold = [unit_id for unit_id in above if unit_id not in row.told_units]
    row.act_at, row.escalated_at = None, row.escalated_at if row.level else now
    if (not untold and row.level) or not row.level_seconds:
        return
    row.level += 1
    row.escalated_at = now
    if untold:
        row.told_units = [*row.told_units, untold[0]]
    if len(untold) > 1:
        runs = dating.course(row, dating.spans_of([row.id]).get(row.id, ()), known)
        row.act_at = dating.from_now(row, runs, urgent=case.urgency is not None)
    # Nobody stands above: it is written down where it happened, once.
    _tell(row, case, "escalated", now, untold[0] if untold else case.unit_id)


def _run_out(row: CaseClock, case: Case) -> None:
    """Have the portal do what the definition says of a clock that has run out: later, by itself
    and in a transaction of its own, so that nothing of it holds up the clocks of other cases."""
    rule = clock_rule(case, row.kind)
    if rule is not None and rule.then is not None:
        outbox.add(RAN_OUT, {"clock": row.id})


def _tell(row: CaseClock, case: Case, kind: str, now: dt.datetime, unit_id: int | None) -> None:
    reason = {
        "clock": row.kind,
        "clock_id": row.id,
        "due_at": row.due_at.isoformat(),
        "calendar": row.calendar,
        "open_seconds": row.open_seconds,
        "level": row.level,
    }
    db.session.add(CaseEvent(case_id=case.id, at=now, kind=kind, unit_id=unit_id, data=reason))
    audit.record(f"case.{kind}", "case", case.id, unit=unit_id, **reason)
