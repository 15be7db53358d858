"""Numbers that are being checked, and marks of browsers on unverified links."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class OpenChallenge(Base):
    """One code sent to one number. The code itself is derived from the id and never stored; old
    rows are deleted by a periodic job."""

    __tablename__ = "open_challenges"
    __table_args__ = (
        Index("ix_open_challenges_number", "e164", "created_at"),
        Index("ix_open_challenges_campaign", "campaign_id", "created_at"),
    )

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    e164: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(2))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Of the random token in the address of the page that asks for the code."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Wrong codes so far."""
    created_at: Mapped[Created]
    used_at: Mapped[dt.datetime | None]


class OpenVisit(Base):
    """By which browser an unverified invitation was made: a keyed digest that means nothing
    outside its campaign. Equal ones may be one person, or a family, or an internet café."""

    __tablename__ = "open_visits"
    __table_args__ = (Index("ix_open_visits_mark", "campaign_id", "mark"),)

    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    mark: Mapped[bytes] = mapped_column(LargeBinary)
