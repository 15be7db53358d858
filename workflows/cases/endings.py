"""Clocks whose end brings a step about: a file that lapses, a matter that is closed by itself."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.db import db
from workflows.cases import flow, moves
from workflows.cases.following import clock_rule
from workflows.cases.models import CaseClock


def ran_out(payload: dict[str, Any]) -> None:
    """Handler of the outbox; may run twice: a clock that was stopped or has more time by now has
    not run out."""
    clock_id = int(payload["clock"])
    case_id = db.session.scalar(select(CaseClock.case_id).where(CaseClock.id == clock_id))
    if case_id is None:
        return
    case = moves.lock(case_id)
    row = db.session.get_one(CaseClock, clock_id, populate_existing=True)
    rule = clock_rule(case, row.kind)
    if row.stopped_at is not None or row.paused_at is not None or row.due_at > clock.now():
        return
    if rule is not None and rule.then is not None:
        flow.run_out(case, rule.then)
