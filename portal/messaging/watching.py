"""How fast a sending goes, and when it will be through."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from portal import clock
from portal.db import db
from portal.messaging import quiet
from portal.messaging.models import Message, MessageBatch
from portal.messaging.states import WAITING

WINDOW: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second`: messages a gateway took a second, over the last minute. `ends_at`: when the
    last one goes at this speed, and not before it may; None: nothing waits, or nobody can say."""

    per_second: float = 0.0
    ends_at: dt.datetime | None = None


def pace(batch_ids: Collection[int]) -> Pace:
    """The speed of these batches together, in one query."""
    if not batch_ids:
        return Pace()
    now = clock.now()
    lately = Message.accepted_at > now - WINDOW
    waits = Message.state.in_(WAITING) & (MessageBatch.state == "running")
    taken, earliest, waiting, not_before, is_respectful = db.session.execute(
        select(
            func.count().filter(lately),
            func.min(Message.accepted_at).filter(lately),
            func.count().filter(waits),
            func.max(Message.not_before).filter(waits),
            func.bool_and(MessageBatch.respects_quiet_hours).filter(waits),
        )
        .join(MessageBatch, MessageBatch.id == Message.batch_id)
        .where(Message.batch_id.in_(batch_ids))
    ).one()
    # A sending that began five seconds ago is not twelve times slower than it is.
    seconds = max((now - earliest).total_seconds(), 1.0) if taken else 1.0
    speed = taken / seconds
    if not waiting or (is_respectful and quiet.is_quiet(now)):
        return Pace(speed)
    if not_before is not None and not_before <= now:
        not_before = None
    through = now + dt.timedelta(seconds=waiting / speed) if speed else None
    ends = [moment for moment in (through, not_before) if moment is not None]
    return Pace(speed, max(ends) if ends else None)
