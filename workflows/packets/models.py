"""Packets, their frozen data, the files made of it, and what the members say and decide."""

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, BigId, Created

STATES = ("waiting", "running", "ready", "failed")
FORMATS = ("pdf", "xlsx")


class Packet(Base):
    """One run over a period. While it runs no other can be asked for the same period."""

    __tablename__ = "packets"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("first_day <= last_day", name="period"),
        Index(
            "uq_packets_running_period",
            "first_day",
            "last_day",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_packets_ready", "ready_at", postgresql_where=text("state = 'ready'")),
    )

    id: Mapped[BigId]
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    """Days of the city, both included."""
    edition: Mapped[int] = mapped_column(default=1)
    """Counts the packets of one period; a later one does not replace an earlier one."""
    state: Mapped[str] = mapped_column(default="waiting")
    requested_at: Mapped[Created]
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lease_until: Mapped[dt.datetime | None]
    """Until then the run belongs to one worker; afterwards any may take it over."""
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    """Why the last attempt failed, for the operator."""
    ready_at: Mapped[dt.datetime | None]


class PacketSnapshot(Base):
    """The data. A trigger refuses every change; whoever reads it checks the digest."""

    __tablename__ = "packet_snapshots"

    packet_id: Mapped[int] = mapped_column(ForeignKey("packets.id"), primary_key=True)
    data: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 (hex) of the data as canonical JSON: sorted keys, no spaces, UTF-8."""
    made_at: Mapped[Created]


class PacketFile(Base):
    """A file drawn from the snapshot. The same trigger guards it."""

    __tablename__ = "packet_files"
    __table_args__ = (CheckConstraint(f"format IN {FORMATS}", name="format"),)

    packet_id: Mapped[int] = mapped_column(ForeignKey("packets.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Created]


class PacketReading(Base):
    """Who has said that he has read it."""

    __tablename__ = "packet_readings"

    packet_id: Mapped[int] = mapped_column(ForeignKey("packets.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[Created]


class PacketComment(Base):
    """What a member says of a packet. Rows never change."""

    __tablename__ = "packet_comments"
    __table_args__ = (Index("ix_packet_comments_packet", "packet_id", "id"),)

    id: Mapped[BigId]
    packet_id: Mapped[int] = mapped_column(ForeignKey("packets.id"))
    at: Mapped[Created]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str]
    """The name at that moment."""
    text: Mapped[str]


class PacketDecision(Base):
    """What the council decided on a packet; its case is where the work is followed."""

    __tablename__ = "packet_decisions"
    __table_args__ = (Index("ix_packet_decisions_packet", "packet_id", "id"),)

    id: Mapped[BigId]
    packet_id: Mapped[int] = mapped_column(ForeignKey("packets.id"))
    at: Mapped[Created]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[str]
    text: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    due_on: Mapped[dt.date]
    """The day by whose end it is due."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), unique=True)
    """Empty only while its transaction is still open."""
