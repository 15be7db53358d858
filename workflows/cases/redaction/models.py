"""What was hidden and what was redacted: that, where, why and by whom; never what it said."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

KINDS = ("passage", "name", "phone", "photo", "proof", "file")
REASONS = ("third_party", "own_wish", "insult", "court", "security", "mistake")


class CaseHide(Base):
    """One text that the citizen's page leaves out, until `shown_at`; `event_id` empty: the
    answer itself."""

    __tablename__ = "case_hides"
    __table_args__ = (
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        Index("ix_case_hides_case", "case_id", postgresql_where=text("shown_at IS NULL")),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("case_events.id"))
    reason: Mapped[str]
    hidden_at: Mapped[Created]
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    shown_at: Mapped[dt.datetime | None]
    shown_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class CaseRedaction(Base):
    """One redaction. Rows that never change let themselves be redacted only in the transaction
    that writes such a row (the trigger pasokh_redactable)."""

    __tablename__ = "case_redactions"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        Index("ix_case_redactions_case", "case_id", "id"),
        Index("ix_case_redactions_open", "id", postgresql_where=text("scrubbed_at IS NULL")),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[Created]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    places: Mapped[dict[str, Any]]
    """table.column -> how many passages were taken out."""
    xid: Mapped[int]
    """The transaction: its dead rows can go when no older snapshot is left."""
    scrubbed_at: Mapped[dt.datetime | None]
    """When the dead rows and the samples of the planner were removed from the database's files."""
    large: Mapped[dict[str, Any]]
    """Tables too large to be rewritten by day -> bytes; `flask redactions scrub` rewrites them."""
