"""Launches to many people that a second person must agree to."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

STATES: Final = ("waiting", "approved", "declined", "withdrawn", "used")


class LaunchApproval(Base):
    """One wish to launch something to many people, and what a second person said."""

    __tablename__ = "launch_approvals"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("decided_by <> requested_by", name="second_person"),
        # One open wish about a thing at a time.
        Index(
            "uq_launch_approvals_open",
            "subject_type",
            "subject_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'approved')"),
        ),
        Index("ix_launch_approvals_subject", "subject_type", "subject_id", "id"),
    )

    id: Mapped[BigId]
    subject_type: Mapped[str]
    """What is to be launched, as in the audit trail, e.g. campaign."""
    subject_id: Mapped[int]
    state: Mapped[str] = mapped_column(default="waiting")
    """used: it was launched; withdrawn: taken back by whoever wanted to launch."""
    recipients: Mapped[int]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the launch is to be made with, where the thing itself does not hold it."""
    requested_at: Mapped[Created]
    requested_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was declined."""
