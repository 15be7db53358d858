"""The clocks of a case that is split off: the same rows go on. Nothing commits.

The time together is written into their course as a pause, so that time used, calendars, agreement
and lateness are what they were, and every later change counts on from there.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.units.services import escalation_chain
from workflows.cases import dating, standing
from workflows.cases.clock_models import ClockSpan
from workflows.cases.models import Case, CaseClock


def ids_in(kept: Sequence[Any]) -> list[int]:
    """Of a snapshot: earlier ones hold each clock in full."""
    return [int(one["id"]) if isinstance(one, dict) else int(one) for one in kept]


def go_on(case: Case, clock_ids: Collection[int], *, by: int | None) -> None:
    """Let these clocks, which the joining has stopped, go on; the caller holds the case's lock and
    has given it back its unit. What stood still stands still after it."""
    rows = db.session.scalars(
        select(CaseClock)
        .where(
            CaseClock.id.in_(clock_ids),
            CaseClock.case_id == case.id,
            CaseClock.stopped_by == "joined",
        )
        .order_by(CaseClock.id)
        .execution_options(populate_existing=True)
    ).all()
    spans, known, now = dating.spans_of([row.id for row in rows]), dating.Known(), clock.now()
    above = set(escalation_chain(case.unit_id)) if case.unit_id is not None else set()
    for row in rows:
        course = spans.get(row.id)
        dating.begin_span(row, "paused", row.stopped_at or now, kind="pause", by=by)
        row.stopped_at = row.stopped_by = None
        if row.paused_at is not None and course:
            _wait_on(row, course[-1], now)
            continue
        dating.begin_span(row, "resumed", now, by=by)
        if row.level and not above <= set(row.told_units):
            # A clock that was reported and has no next moment is never reported again.
            row.act_at = row.due_at
        dating.date(row, case, known=known)
    standing.hand_over_end(case)
    dating.note_next_due(case)


def _wait_on(row: CaseClock, pause: ClockSpan, now: dt.datetime) -> None:
    """The pause in which it was. One that would have ended meanwhile ends now, not earlier: the
    time together does not count."""
    dating.begin_span(
        row,
        "paused",
        now,
        kind="pause",
        reason=pause.reason,
        words=pause.words,
        until=max(pause.until, now) if pause.until is not None else None,
        by=pause.by,
    )
    row.act_at = None
