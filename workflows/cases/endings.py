"""Clocks whose end brings a step about: a file that lapses, a matter that is closed by itself."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import select

from portal import clock, outbox
from portal.db import db
from workflows.cases import clocks, flow, moves
from workflows.cases.following import clock_rule
from workflows.cases.models import CaseClock

LOOK_AGAIN: Final = dt.timedelta(hours=1)


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
    if row.stopped_at is not None or rule is None or rule.then is None:
        return
    if row.paused_at is not None or row.due_at > clock.now():
        # It was given more time before this was read. Where it has been reported already, the
        # sweep does not come to its end again.
        if row.level:
            again = clock.now() + LOOK_AGAIN if row.paused_at is not None else row.due_at
            outbox.add(clocks.RAN_OUT, {"clock": clock_id}, at=again)
        return
    flow.run_out(case, rule.then)
