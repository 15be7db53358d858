"""Batches of numbered forms, and what was keyed from them."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created


class PaperBatch(Base):
    """Forms that came in together, e.g. of one polling place."""

    __tablename__ = "paper_batches"
    __table_args__ = (Index("ix_paper_batches_campaign", "campaign_id", "id"),)

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    label: Mapped[str]
    one_keyer: Mapped[bool] = mapped_column(default=False)
    """Whether one person may key a form both times; else the second keying is somebody else's."""
    created_at: Mapped[Created]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class PaperForm(Base):
    """One sheet. Counts once both keyings agree or a person has decided every difference."""

    __tablename__ = "paper_forms"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        CheckConstraint(
            "state IN ('waiting', 'keyed', 'differs', 'counted', 'void')", name="state"
        ),
        Index("ix_paper_forms_batch", "batch_id", "state", "number"),
    )

    id: Mapped[BigId]
    batch_id: Mapped[int] = mapped_column(ForeignKey("paper_batches.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    number: Mapped[int]
    """Printed on the sheet; a number stands once in a campaign."""
    state: Mapped[str] = mapped_column(default="waiting")
    """waiting; keyed once; differs between both keyings; counted; void (empty or spoilt)."""
    state_at: Mapped[Created]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"))
    """Made when it counts."""
    batch: Mapped[PaperBatch] = relationship()


class PaperKeying(Base):
    """What one person read on a form. Erased of its answers when an anonymous form counts."""

    __tablename__ = "paper_keyings"
    __table_args__ = (
        UniqueConstraint("form_id", "turn"),
        CheckConstraint("turn IN (1, 2)", name="turn"),
    )

    id: Mapped[BigId]
    form_id: Mapped[int] = mapped_column(ForeignKey("paper_forms.id"))
    turn: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    language: Mapped[str] = mapped_column(String(2))
    answers: Mapped[dict[str, Any]]
    keyed_at: Mapped[dt.datetime]
