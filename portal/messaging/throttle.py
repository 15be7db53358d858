"""The limit of segments a second, of all workers together.

Nobody here knows when in the course of a call a gateway counts it: at some moment between the
first byte and the answer. So a call counts from its start until one second after its end. Two calls
that the gateway counts within one second then overlap here too, and their sum is within the limit:
it is never exceeded in any sliding second, whatever the network does. The price is the length of a
call: of a limit of 50 a second 50 / (1 + latency) are used.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.db import db

LOST_AFTER: Final = 30
"""Seconds after which a call without an end is over: its worker died. Longer than any call takes
(a connection 3 s, an answer 25 s)."""

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('throttle:' || :gateway, 0))")
_LOCK_TIMEOUT: Final = text("SELECT set_config('lock_timeout', :milliseconds, true)")
_USED: Final = text(f"""
    SELECT coalesce(sum(segments), 0) AS used,
        extract(epoch FROM min(ended_at) + interval '1 second' - clock_timestamp()) AS wait
    FROM gateway_calls
    WHERE gateway = :gateway AND (ended_at > clock_timestamp() - interval '1 second'
        OR ended_at IS NULL AND started_at > clock_timestamp() - interval '{LOST_AFTER} seconds')
""")  # noqa: S608 (a constant)
_BEGIN: Final = text("""
    INSERT INTO gateway_calls (gateway, segments, started_at)
    VALUES (:gateway, :segments, clock_timestamp()) RETURNING id
""")
_END: Final = text("""
    UPDATE gateway_calls SET ended_at = clock_timestamp() WHERE id = :id
""")
_FORGET: Final = text("""
    DELETE FROM gateway_calls WHERE started_at < clock_timestamp() - interval '5 minutes'
""")
_POLL: Final = 0.005


@dataclass(frozen=True, slots=True)
class Call:
    """Room for the first `count` of the messages one asked for."""

    number: int
    count: int


def begin(gateway: str, parts: Sequence[int], rate: int, patience: float) -> Call | None:
    """Wait for room for some of the messages, first come first, and take it; commits.

    `parts` are their segments. None after `patience` seconds without room worth a call. A message
    larger than the limit itself goes when nothing else does.
    """
    deadline = time.monotonic() + patience
    worth = min(sum(parts), max(1, rate // 10))
    if not _comes_up(gateway, patience):
        return None
    while True:
        row = db.session.execute(_USED, {"gateway": gateway}).one()
        count, taken = _fitting(parts, int(rate - row.used))
        if count == 0 and row.used == 0:
            count, taken = 1, parts[0]
        if taken >= worth or (count and row.used == 0):
            values = {"gateway": gateway, "segments": taken}
            number: int = db.session.execute(_BEGIN, values).scalar_one()
            db.session.commit()
            return Call(number, count)
        wait = min(max(float(row.wait or 0), _POLL), 1.0)
        if time.monotonic() + wait > deadline:
            db.session.rollback()
            return None
        time.sleep(wait)


def _comes_up(gateway: str, patience: float) -> bool:
    """Whether this worker's turn comes in time. Whoever's turn it is keeps the lock while it waits
    for room: the others queue up in the database and are not all awake at the same moment."""
    milliseconds = max(1, round(patience * 1000))
    db.session.execute(_LOCK_TIMEOUT, {"milliseconds": str(milliseconds)})
    try:
        db.session.execute(_LOCK, {"gateway": gateway})
    except OperationalError as failed:
        db.session.rollback()
        if not isinstance(failed.orig, LockNotAvailable):
            raise
        return False
    return True


def _fitting(parts: Sequence[int], room: int) -> tuple[int, int]:
    """(messages, segments) of the longest beginning that fits."""
    taken = 0
    for count, each in enumerate(parts):
        if taken + each > room:
            return count, taken
        taken += each
    return len(parts), taken


def end(number: int) -> None:
    """The call has ended, in whichever way; commits."""
    db.session.execute(_END, {"id": number})
    db.session.commit()


def forget() -> None:
    """Drop the calls that no longer count. Does not commit."""
    db.session.execute(_FORGET)
