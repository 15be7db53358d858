"""Special messages: the ways on which one is pursued, and what council members are asked for."""

import datetime as dt

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

STATES = ("open", "done")
WAYS = ("unit", "social", "letter")
"""The special follow-up unit, reflection on social networks, an official letter."""
WAY_STATES = ("open", "ended", "dropped")
"""dropped: given up, with a reason."""
REFERRAL_STATES = ("open", "reported", "withdrawn")


class SpecialCase(Base):
    """A case that is pursued beyond its ordinary course."""

    __tablename__ = "special_cases"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_with_a_time"),
        Index("ix_special_cases_state", "state", "id"),
        Index(
            "ix_special_cases_open", "next_due_at", "id", postgresql_where=text("state = 'open'")
        ),
    )

    id: Mapped[BigId]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    why: Mapped[str]
    marked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    marked_at: Mapped[Created]
    state: Mapped[str] = mapped_column(default="open")
    done_at: Mapped[dt.datetime | None]
    next_due_at: Mapped[dt.datetime | None]
    """Of what is open, the first due time."""


class SpecialWay(Base):
    """One of the three ways; a way may be taken more than once, one after the other."""

    __tablename__ = "special_ways"
    __table_args__ = (
        CheckConstraint(f"kind IN {WAYS}", name="kind"),
        CheckConstraint(f"state IN {WAY_STATES}", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_with_a_time"),
        CheckConstraint("reach >= 0", name="reach"),
        Index("ix_special_ways_special", "special_id", "id"),
        # One of a kind at a time.
        Index(
            "uq_special_ways_open",
            "special_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_special_ways_due",
            "due_at",
            "id",
            postgresql_where=text("state = 'open' AND overdue_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    special_id: Mapped[int] = mapped_column(ForeignKey("special_cases.id"))
    kind: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    due_at: Mapped[dt.datetime]
    task: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    outcome: Mapped[str] = mapped_column(default="")
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[Created]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[dt.datetime | None]
    overdue_at: Mapped[dt.datetime | None]
    """When it was noted that the due time had passed."""
    # Social networks.
    network: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(default="")
    """Of the post, or of the letter in the city's secretariat."""
    reach: Mapped[int | None]
    """Views, as the network counts them."""
    reply: Mapped[str] = mapped_column(default="")
    """What the city answered there."""
    replied_on: Mapped[dt.date | None] = mapped_column(Date)
    # The official letter: what is wanted, and what became of it.
    addressee: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    external_number: Mapped[str] = mapped_column(default="")
    external_date: Mapped[dt.date | None] = mapped_column(Date)


class Referral(Base):
    """A council member is asked by letter to step in; facilitates, and reports back."""

    __tablename__ = "council_referrals"
    __table_args__ = (
        CheckConstraint(f"state IN {REFERRAL_STATES}", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_with_a_time"),
        Index("ix_council_referrals_special", "special_id", "id"),
        Index("ix_council_referrals_member", "member_id", "state", "due_at", "id"),
        Index(
            "uq_council_referrals_open",
            "special_id",
            "member_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_council_referrals_due",
            "due_at",
            "id",
            postgresql_where=text("state = 'open' AND overdue_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    special_id: Mapped[int] = mapped_column(ForeignKey("special_cases.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    letter_number: Mapped[str] = mapped_column(default="")
    letter_date: Mapped[dt.date | None] = mapped_column(Date)
    request: Mapped[str]
    """What the member is asked to do."""
    due_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(default="open")
    report: Mapped[str] = mapped_column(default="")
    proposal: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[Created]
    ended_at: Mapped[dt.datetime | None]
    overdue_at: Mapped[dt.datetime | None]
