"""Telephone interviews by operators."""

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created


class PhoneEntry(Base):
    """One operator answering for one invitation. Who typed is known here; what was typed is in
    the response, which in an anonymous campaign leads to no invitation."""

    __tablename__ = "phone_entries"

    id: Mapped[BigId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[Created]
    ended_at: Mapped[dt.datetime | None]
    """When the answers were sent off; empty: not finished."""
