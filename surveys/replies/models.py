"""What was said to somebody who replies to a poll: each thing once."""

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class PollReply(Base):
    """Of one invitation to a poll that takes replies."""

    __tablename__ = "poll_replies"

    invitation_id: Mapped[int] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True
    )
    helped_at: Mapped[dt.datetime | None]
    """When the person was told how to answer."""
    repeated_at: Mapped[dt.datetime | None]
    """When the person was told that the first answer counts."""
