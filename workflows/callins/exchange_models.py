"""What the telephone exchange says of calls: one row a call, by its own call id."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

SOURCES = ("hook", "file")


class ExchangeCall(Base):
    """A call that reached the exchange, answered or not; what a later report adds is filled in."""

    __tablename__ = "exchange_calls"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("answered_at >= offered_at", name="answered_after"),
        CheckConstraint("ended_at >= offered_at", name="ended_after"),
        Index("ix_exchange_calls_session", "session_id"),
        Index("ix_exchange_calls_offered", "offered_at", "id"),
    )

    id: Mapped[BigId]
    call_id: Mapped[str] = mapped_column(String(120), unique=True)
    """The exchange's own name of the call."""
    source: Mapped[str]
    line: Mapped[str] = mapped_column(String(20), default="")
    """The number that was called, digits only; empty where the exchange does not say."""
    e164: Mapped[str | None] = mapped_column(String(16))
    """Who called; empty when withheld."""
    session_id: Mapped[int | None] = mapped_column(ForeignKey("callin_sessions.id"))
    """The session it fell into by time and line; empty: none, or not clear which."""
    offered_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    created_at: Mapped[Created]
