"""The outbox: what must happen after a change, written in the change's own transaction.

`add()` writes a row; a worker, woken by a hint, or the sweep claims rows with a lease and calls
the handler registered for their kind. A handler may run twice.
"""

import datetime as dt
import logging
from typing import Any

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs, plugin
from portal.db import Base, BigId, Created, db

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=2)
MAX_ATTEMPTS = 12


class OutboxItem(Base):
    """One thing to do. done_at empty and attempts at the maximum: a person must look."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "available_at", postgresql_where=text("done_at IS NULL")),
    )

    id: Mapped[BigId]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[Created]
    available_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]


def add(kind: str, payload: dict[str, Any], *, at: dt.datetime | None = None) -> OutboxItem:
    """Write a row and hint the worker after commit. `at`: not before (aware)."""
    if kind not in _handlers():
        raise ValueError(f"No plugin handles outbox items of kind {kind!r}")
    now = clock.now()
    item = OutboxItem(kind=kind, payload=payload, available_at=at or now, created_at=now)
    db.session.add(item)
    db.session.flush()
    if at is None or at <= now:
        sweep.enqueue()
    return item


def _handlers() -> dict[str, Any]:
    return {kind: call for each in plugin.active() for kind, call in each.outbox_handlers.items()}


def _claim(limit: int) -> list[int]:
    now = clock.now()
    rows = db.session.scalars(
        select(OutboxItem)
        .where(
            OutboxItem.done_at.is_(None),
            OutboxItem.available_at <= now,
            OutboxItem.attempts < MAX_ATTEMPTS,
            OutboxItem.kind.in_(_handlers()),
        )
        .order_by(OutboxItem.available_at, OutboxItem.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.available_at = now + LEASE
        row.attempts += 1
    ids = [row.id for row in rows]
    db.session.commit()
    return ids


def _deliver(item_id: int) -> None:
    item = db.session.get_one(OutboxItem, item_id)
    try:
        _handlers()[item.kind](dict(item.payload))
        item.done_at, item.error = clock.now(), None
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        item = db.session.get_one(OutboxItem, item_id)
        item.error = f"{type(error).__name__}: {error}"[:500]
        wait = min(dt.timedelta(seconds=5 * 2**item.attempts), dt.timedelta(hours=1))
        item.available_at = clock.now() + wait
        log.exception("Outbox item failed", extra={"kind": item.kind, "item": item_id})
        db.session.commit()


@jobs.job(queue="urgent", timeout_seconds=120)
def sweep() -> None:
    """Deliver everything that is due, batch by batch."""
    for _ in range(200):
        ids = _claim(50)
        if not ids:
            return
        for item_id in ids:
            _deliver(item_id)
