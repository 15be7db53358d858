"""What a phone sent in."""

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

KEPT, FULL = "kept", "full"


class Interview(Base):
    """One interview that arrived. Its answers are in the response of the invitation.

    The clock of a phone may be wrong: what it said is kept as it said it. By the clock of the
    server the interview ended at `arrived_at - (device_sent_at - device_ended_at)`.
    """

    __tablename__ = "interviews"
    __table_args__ = (
        CheckConstraint("state IN ('kept', 'full')", name="state"),
        Index("ix_interviews_campaign", "campaign_id", "user_id"),
    )

    id: Mapped[BigId]
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    """Made by the phone: the same interview sent twice has the same one."""
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("survey_versions.id"))
    """The one that was on the phone; the campaign may ask another by now."""
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[str]
    """full: the group of the person was full, nothing of the answers was kept."""
    device_started_at: Mapped[dt.datetime]
    device_ended_at: Mapped[dt.datetime]
    device_sent_at: Mapped[dt.datetime]
    arrived_at: Mapped[Created]
