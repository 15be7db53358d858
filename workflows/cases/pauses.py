"""A clock stands still while the city waits for somebody else. Nothing commits.

Only a clock that has not run out can stand still: what is late stays late and goes on being
reported. The first action of an urgent case never waits, whoever is waited for.
"""

import datetime as dt
from typing import Final

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from workflows.cases import dating, moves, stages, standing
from workflows.cases.clock_models import BY_HAND
from workflows.cases.models import Case, CaseClock
from workflows.cases.moves import InputRefused

LONGEST: Final = dt.timedelta(days=366)


def pausable(case: Case) -> list[CaseClock]:
    """The clocks of a case that can stand still now."""
    now = clock.now()
    return [
        row
        for row in dating.running(case.id)
        if row.paused_at is None
        and row.due_at > now
        and row.kind != "feedback"
        and not (row.kind == "first_action" and case.urgency is not None)
    ]


def may_pause(case: Case) -> bool:
    return case.stage in stages.WORKING and bool(pausable(case))


def pause(
    case_id: int,
    *,
    by: int | None,
    reason: str,
    text: str,
    until: dt.datetime | None = None,
) -> Case:
    """Let the clocks of a case stand still, until a moment or until somebody lets them go on.

    Raises LookupError, StageError, InputRefused.
    """
    case = moves.lock(case_id)
    now = clock.now()
    if case.stage not in stages.WORKING:
        raise stages.StageError(
            _l("Nobody works on this case now, so there is nothing to wait for.")
        )
    if reason not in BY_HAND:
        raise InputRefused("reason", _l("Choose for whom it waits."))
    text = moves.clean(text, "text", required=True)
    if until is not None and until <= now:
        raise InputRefused("until", _l("This moment has passed."))
    if until is not None and until > now + LONGEST:
        raise InputRefused("until", _l("This is more than a year ahead."))
    rows = pausable(case)
    if not rows:
        raise stages.StageError(_l("No deadline of this case can wait: all have passed or wait."))
    for number, row in enumerate(rows):
        dating.begin_span(
            row, "paused", now, kind="pause", reason=reason, words=text, until=until, by=by
        )
        row.paused_at = now
        # One of them carries the end for all, so the case is told once and locked once.
        row.act_at = until if number == 0 else None
    dating.note_next_due(case)
    kinds = [row.kind for row in rows]
    ends = until.isoformat() if until else None
    moves.add_event(
        case.id, "paused", by=by, text=text, unit_id=case.unit_id,
        reason=reason, until=ends, clocks=kinds,
    )  # fmt: skip
    audit.record("case.paused", "case", case.id, reason=reason, until=ends, clocks=kinds, text=text)
    db.session.flush()
    return case


def resume(case_id: int, *, by: int | None, text: str = "") -> Case:
    """Let the clocks go on that somebody paused. Raises LookupError, StageError, InputRefused."""
    case = moves.lock(case_id)
    text = moves.clean(text, "text")
    if not standing.lift(case, clock.now(), by=by, text=text):
        raise stages.StageError(_l("No deadline of this case waits."))
    return case
