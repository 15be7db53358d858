"""What a sending costs, as estimated and as the gateways asked for it. Money is in rial."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from portal.db import db
from portal.messaging.models import STATES, Message, MessageBatch

_OPEN: Final = frozenset({"created", "claimed", "unknown"})


@dataclass(frozen=True, slots=True)
class StateCost:
    """Messages of one state. `actual` None: not known yet. `guessed`: messages whose actual cost
    is the estimate, for the gateway does not say; `unpriced`: those without any figure."""

    state: str
    messages: int
    estimate: int
    actual: int | None
    guessed: int
    unpriced: int

    @property
    def difference(self) -> int | None:
        return None if self.actual is None else self.actual - self.estimate


@dataclass(frozen=True, slots=True)
class Spending:
    """`budget` None: there is none; `committed` what was or may have been spent of it."""

    rows: tuple[StateCost, ...]
    budget: int | None
    committed: int

    @property
    def estimate(self) -> int:
        return sum(row.estimate for row in self.rows)

    @property
    def actual(self) -> int:
        """Of everything that is settled."""
        return sum(row.actual or 0 for row in self.rows)

    @property
    def difference(self) -> int:
        """Of everything that is settled: more than 0 where it was dearer than estimated."""
        return sum(row.difference or 0 for row in self.rows)

    @property
    def guessed(self) -> int:
        return sum(row.guessed for row in self.rows)

    @property
    def unpriced(self) -> int:
        return sum(row.unpriced for row in self.rows)


def of(batch_ids: Collection[int]) -> Spending:
    """The cost of batches by state; the budget is that of the first batch. Two queries."""
    ids = list(batch_ids)
    if not ids:
        return Spending((), None, 0)
    rows = db.session.execute(
        select(
            Message.state,
            func.count(),
            func.coalesce(func.sum(Message.estimate_rial), 0),
            func.coalesce(func.sum(Message.cost_rial), 0),
            func.count().filter(Message.cost_estimated),
            func.count().filter(Message.cost_rial.is_(None), Message.estimate_rial.is_(None)),
        )
        .where(Message.batch_id.in_(ids))
        .group_by(Message.state)
    ).all()
    found = [
        StateCost(
            state, number, int(due or 0), None if state in _OPEN else int(paid or 0), guessed, bare
        )
        for state, number, due, paid, guessed, bare in rows
    ]
    found.sort(key=lambda row: STATES.index(row.state))
    budget, committed = db.session.execute(
        select(MessageBatch.budget_rial, MessageBatch.committed_rial).where(
            MessageBatch.id == ids[0]
        )
    ).one()
    return Spending(tuple(found), budget, committed)
