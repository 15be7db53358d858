"""The course of a clock that was paused or changed while it ran."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId

SPAN_KINDS = ("run", "pause")
PAUSE_REASONS = ("citizen", "other_body", "state")
"""For whom a clock waits; state: the definition has it stand still where the case is."""
BY_HAND = ("citizen", "other_body")
"""Pauses that somebody begins and ends."""
OF_STATE = "state"
"""A pause that ends only when the case leaves the states that want it."""
CHANGE_REASONS = ("start", "paused", "resumed", "unit", "agreement", "urgency", "category")


class ClockSpan(Base):
    """A stretch of one clock's life, one after the other without gaps. A clock without any has run
    all the time under the agreement of its own row; the first pause or change writes that down."""

    __tablename__ = "case_clock_spans"
    __table_args__ = (
        CheckConstraint(f"kind IN {SPAN_KINDS}", name="kind"),
        CheckConstraint(f"reason IN {PAUSE_REASONS}", name="reason"),
        CheckConstraint(f"change IN {CHANGE_REASONS}", name="change"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
        Index("ix_case_clock_spans_clock", "clock_id", "id"),
        Index("ix_case_clock_spans_calendar", "calendar", "clock_id"),
        Index(
            "uq_case_clock_spans_open",
            "clock_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    clock_id: Mapped[int] = mapped_column(ForeignKey("case_clocks.id"))
    kind: Mapped[str]
    change: Mapped[str]
    """What began it."""
    calendar: Mapped[str]
    open_seconds: Mapped[int]
    """The whole limit, as it held in this stretch."""
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None]
    """Of a pause: for whom it waits; empty: the case was followed with another one."""
    words: Mapped[str] = mapped_column(default="")
    until: Mapped[dt.datetime | None]
    """When a pause ends by itself."""
    by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
