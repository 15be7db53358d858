"""What is promised for a case, and what becomes of running clocks when the promise changes.

The rule: open time used so far counts, second for second, and the rest is counted in the new
calendar. An agreement that leaves nothing makes the clock due at the moment of the change, never
earlier; one that gives more time takes back a lateness. Nothing commits.
"""

import datetime as dt
from typing import Final

from portal import audit, clock
from portal.db import db
from portal.units.services import escalation_chain
from workflows.calendars import changes
from workflows.cases import dating
from workflows.cases.following import URGENT, clock_rule, definition_of
from workflows.cases.models import Case, CaseClock, CaseEvent

DEFAULT_FIRST_ACTION_HOURS: Final = 8
DEFAULT_RESOLUTION_HOURS: Final = 40
URGENT_FIRST_ACTION: Final = dt.timedelta(hours=2)
"""Isfahan's urgent messages: first action within two hours of any day or night."""
URGENT_OBJECTION: Final = dt.timedelta(hours=2)
OF_URGENT: Final = {"first_action": URGENT_FIRST_ACTION, "objection": URGENT_OBJECTION}
"""Of a case that is urgent whatever workflow it follows."""
OF_CATEGORY: Final = "category"
"""Calendar of a clock that runs in the hours of the case's unit or category."""


def calendar_of(case: Case) -> str:
    """The hours of the unit that has the case, where it has its own; else its category's."""
    if case.unit_id is not None:
        own = (changes.current().units or {}).get(case.unit_id)
        if own is not None:
            return own
    return case.category.calendar if case.category else dating.DEFAULT_CALENDAR


def of(case: Case, kind: str) -> tuple[str, dt.timedelta]:
    """(calendar, limit) of a clock: the definition's, or what category and unit promise."""
    category, rule = case.category, clock_rule(case, kind)
    if case.urgency is not None and kind in OF_URGENT and not _is_urgent_itself(case):
        return dating.ALWAYS, OF_URGENT[kind]
    calendar = calendar_of(case)
    if rule is not None and rule.calendar != OF_CATEGORY:
        calendar = rule.calendar
    if rule is not None and rule.limit_hours is not None:
        return calendar, dt.timedelta(hours=rule.limit_hours)
    if kind == "first_action":
        hours = category.first_action_hours if category else DEFAULT_FIRST_ACTION_HOURS
    else:
        hours = category.resolution_hours if category else DEFAULT_RESOLUTION_HOURS
    return calendar, dt.timedelta(hours=hours)


def _is_urgent_itself(case: Case) -> bool:
    """Whether the workflow says of urgent messages what is promised; others are overruled."""
    return definition_of(case).name == URGENT


def rebase(
    case: Case, *, why: str, by: int | None, known: dating.Known | None = None
) -> list[CaseClock]:
    """Let the clocks of a locked case go on under the agreement that holds now; those that follow
    none (a promise for a certain day) stay. Returns what was changed.

    `why`: one of clock_models.CHANGE_REASONS.
    """
    changed = []
    known = known or dating.Known()
    for row in dating.running(case.id):
        if not row.agreed:
            continue
        calendar, limit = of(case, row.kind)
        calendar, seconds = dating.usable(calendar, limit), round(limit.total_seconds())
        if (calendar, seconds) != (row.calendar, row.open_seconds):
            before = row.due_at.isoformat()
            _change(row, case, (calendar, seconds), why=why, by=by, known=known)
            changed.append((row, before))
    if not changed:
        return []
    dating.note_next_due(case)
    moves_of = [
        {"clock": row.kind, "from": before, "to": row.due_at.isoformat(), "calendar": row.calendar,
         "open_seconds": row.open_seconds}
        for row, before in changed
    ]  # fmt: skip
    db.session.add(
        CaseEvent(
            case_id=case.id, at=clock.now(), kind="rebased", unit_id=case.unit_id,
            data={"why": why, "clocks": moves_of},
        )
    )  # fmt: skip
    audit.record("case.rebased", "case", case.id, why=why, clocks=moves_of)
    db.session.flush()
    return [row for row, _before in changed]


def rebase_to(
    case: Case, row: CaseClock, *, calendar: str, limit: dt.timedelta, why: str, by: int | None
) -> None:
    """The same for one clock and an agreement of the caller's; without history, which he writes."""
    agreement = (dating.usable(calendar, limit), round(limit.total_seconds()))
    _change(row, case, agreement, why=why, by=by, known=dating.Known())
    dating.note_next_due(case)


def _change(
    row: CaseClock,
    case: Case,
    agreement: tuple[str, int],
    *,
    why: str,
    by: int | None,
    known: dating.Known,
) -> None:
    if row.paused_at is not None:
        # It stands still under the old agreement and goes on under the new one.
        row.calendar, row.open_seconds = agreement
        return
    now = clock.now()
    dating.keep_course(row, now)
    row.calendar, row.open_seconds = agreement
    dating.begin_span(row, why, now, by=by)
    dating.date(row, case, known=known)


def passed_on(case: Case, by: int | None) -> None:
    """A locked case has come to another unit: its hours hold now, and whoever stands above it
    hears of what is late, also where everybody above the old unit has heard already."""
    rebase(case, why="unit", by=by)
    above = escalation_chain(case.unit_id) if case.unit_id is not None else []
    for row in dating.running(case.id):
        done = row.level > 0 and row.act_at is None and row.paused_at is None
        if done and any(unit_id not in row.told_units for unit_id in above):
            known = dating.Known()
            runs = dating.course(row, dating.spans_of([row.id]).get(row.id, ()), known)
            urgent = case.urgency is not None
            row.act_at = dating.from_now(row, runs, urgent=urgent)
    db.session.flush()
