"""Budgets: what a batch, and those that share its budget, may cost in rial.

`committed_rial` holds what was or may have been spent: a claim adds its estimates before the call,
the result gives back what was not spent. Claims and results hold an advisory lock that they share;
whoever sets a budget takes it alone and counts anew, so that nothing is half counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import select, text

from portal import audit
from portal.db import db
from portal.messaging import services
from portal.messaging.models import Message, MessageBatch

EXHAUSTED: Final = "budget"
NO_PRICE: Final = "no_price"
"""Why a batch is paused: the next message would exceed the budget, or nobody knows its price."""

_LOCKS: Final = 0x6275646765740000
"""Keys of the advisory locks: "budget" in ASCII, plus the id of the batch."""

Row = TypeVar("Row")

HELD: Final = """CASE WHEN m.state IN ('created', 'suppressed') THEN 0
    WHEN m.state IN ('failed', 'blocked', 'cancelled') THEN coalesce(m.cost_rial, 0)
    ELSE coalesce(m.cost_rial, m.estimate_rial, 0) END"""
"""What one message `m` holds of a budget, in SQL."""

_HOLDER = text("SELECT coalesce(budget_of, id) FROM message_batches WHERE id = :id")
_SHARE = text(f"SELECT pg_advisory_xact_lock_shared({_LOCKS} + CAST(:id AS bigint))")
_ALONE = text(f"SELECT pg_advisory_xact_lock({_LOCKS} + CAST(:id AS bigint))")
_SHARE_OF_MESSAGES = text(f"""
    SELECT pg_advisory_xact_lock_shared({_LOCKS} + holder) FROM (
        SELECT DISTINCT coalesce(b.budget_of, b.id) AS holder
        FROM messages m JOIN message_batches b ON b.id = m.batch_id
        WHERE m.id = ANY (CAST(:ids AS bigint[])) ORDER BY 1) holders
""")  # noqa: S608 (a constant)
_OPEN = text("""
    SELECT budget_rial, committed_rial FROM message_batches
    WHERE id = :id AND budget_rial IS NOT NULL FOR NO KEY UPDATE
""")
_COMMIT = text("""
    UPDATE message_batches SET committed_rial = committed_rial + :rial
    WHERE id = :id AND budget_rial IS NOT NULL
""")
_HOLDERS = text("""
    SELECT id, coalesce(budget_of, id) FROM message_batches WHERE id = ANY (CAST(:ids AS bigint[]))
""")
_IN_THE_AIR = text("""
    SELECT EXISTS (SELECT FROM messages m JOIN message_batches b ON b.id = m.batch_id
        WHERE (b.id = :id OR b.budget_of = :id) AND m.state = 'claimed')
""")
_RECOUNT = text(f"""
    UPDATE message_batches SET budget_rial = :rial, committed_rial = (
        SELECT coalesce(sum({HELD}), 0) FROM messages m WHERE m.batch_id IN (
            SELECT id FROM message_batches WHERE id = :id OR budget_of = :id))
    WHERE id = :id
""")  # noqa: S608 (a constant)


@dataclass(frozen=True, slots=True)
class Purse:
    """A budget, held until the transaction ends."""

    holder: int
    left: int

    def take(self, rows: Sequence[Row], estimates: Sequence[int | None]) -> list[Row]:
        """As many of the rows, from the first on, as the budget surely pays for."""
        taken: list[Row] = []
        left = self.left
        for row, rial in zip(rows, estimates, strict=True):
            if rial is None or rial > left:
                break
            left -= rial
            taken.append(row)
        if taken:
            db.session.execute(_COMMIT, {"id": self.holder, "rial": self.left - left})
        return taken


def open_purse(batch_id: int) -> Purse | None:
    """The budget of a batch, its row locked; None where it has none. Before messages are locked."""
    holder = db.session.scalar(_HOLDER, {"id": batch_id})
    db.session.execute(_SHARE, {"id": holder})
    row = db.session.execute(_OPEN, {"id": holder}).one_or_none()
    return Purse(holder or batch_id, row.budget_rial - row.committed_rial) if row else None


def stop(batch_id: int, estimate: int | None) -> bool:
    """Pause a batch whose next message, of this estimate, does not fit. Does not commit.

    False while messages are in the air: what they give back may be enough. Call it while no
    message is locked.
    """
    purse = open_purse(batch_id)
    if purse is None or (estimate is not None and estimate <= purse.left):
        return False
    if db.session.scalar(_IN_THE_AIR, {"id": purse.holder}):
        return False
    return services.pause_batch(batch_id, NO_PRICE if estimate is None else EXHAUSTED)


def share(message_ids: Sequence[int]) -> None:
    """Before results of these messages are written: no budget is set meanwhile."""
    db.session.execute(_SHARE_OF_MESSAGES, {"ids": sorted(message_ids)})


def share_of(gateway: str, gateway_ids: Sequence[str]) -> None:
    """The same for messages by the gateway's ids."""
    ids = db.session.scalars(
        select(Message.id).where(Message.gateway == gateway, Message.gateway_id.in_(gateway_ids))
    ).all()
    share(ids)


def correct(changes: dict[int, int]) -> None:
    """Add to what is committed: batch id -> rial, less than 0 for what is given back."""
    ids = sorted(batch_id for batch_id, rial in changes.items() if rial)
    if not ids:
        return
    totals: dict[int, int] = {}
    for batch_id, holder in db.session.execute(_HOLDERS, {"ids": ids}):
        totals[holder] = totals.get(holder, 0) + changes[batch_id]
    for holder, rial in sorted(totals.items()):
        db.session.execute(_COMMIT, {"id": holder, "rial": rial})


def set_budget(batch_id: int, rial: int | None) -> None:
    """Let a batch and those that share its budget cost so much; None: without a limit.

    Counts what is committed anew. Does not resume what was paused. Flushes, never commits.
    """
    db.session.flush()
    db.session.execute(_ALONE, {"id": batch_id})
    batch = db.session.get_one(
        MessageBatch, batch_id, with_for_update={"key_share": True}, populate_existing=True
    )
    before = batch.budget_rial
    db.session.execute(_RECOUNT, {"id": batch_id, "rial": rial})
    db.session.expire(batch)
    audit.record("messages.budget_changed", "message_batch", batch_id, before=before, after=rial)
    db.session.flush()
