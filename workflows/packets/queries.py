"""What the pages show of packets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_security import current_user
from sqlalchemy import func, select

from portal.db import db
from portal.units.models import Unit
from workflows.cases.models import Case
from workflows.packets.models import (
    Packet,
    PacketComment,
    PacketDecision,
    PacketFile,
    PacketReading,
)

PAGE: Final = 25


@dataclass(frozen=True)
class Line:
    """A packet in a list."""

    packet: Packet
    is_read: bool
    comments: int
    decisions: int


@dataclass(frozen=True)
class DecisionLine:
    decision: PacketDecision
    unit: dict[str, str]
    code: str
    stage: str
    outcome: str | None


def page(user_id: int, *, ready_only: bool, before: int | None = None) -> tuple[list[Line], bool]:
    """One page, the newest first; whether older ones follow. One query."""
    comments = select(func.count()).where(PacketComment.packet_id == Packet.id).scalar_subquery()
    decisions = select(func.count()).where(PacketDecision.packet_id == Packet.id).scalar_subquery()
    reading = (
        select(PacketReading.packet_id)
        .where(PacketReading.packet_id == Packet.id, PacketReading.user_id == user_id)
        .exists()
    )
    query = select(Packet, reading, comments, decisions).order_by(Packet.id.desc()).limit(PAGE + 1)
    if ready_only:
        query = query.where(Packet.state == "ready")
    if before is not None:
        query = query.where(Packet.id < before)
    rows = [Line(*row) for row in db.session.execute(query)]
    return rows[:PAGE], len(rows) > PAGE


def ready(packet_id: int) -> Packet | None:
    """The packet, if it can be read."""
    return db.session.scalars(
        select(Packet).where(Packet.id == packet_id, Packet.state == "ready")
    ).one_or_none()


def comments(packet_id: int) -> Sequence[PacketComment]:
    return db.session.scalars(
        select(PacketComment)
        .where(PacketComment.packet_id == packet_id)
        .order_by(PacketComment.id)
        .limit(500)
    ).all()


def decisions(packet_id: int) -> list[DecisionLine]:
    """Of one packet, oldest first."""
    rows = db.session.execute(
        select(PacketDecision, Unit.names, Case.code, Case.stage, Case.outcome)
        .join(Unit, Unit.id == PacketDecision.unit_id)
        .join(Case, Case.id == PacketDecision.case_id)
        .where(PacketDecision.packet_id == packet_id)
        .order_by(PacketDecision.id)
        .limit(200)
    )
    return [DecisionLine(*row) for row in rows]


def readers(packet_id: int) -> int:
    """How many have said that they have read it."""
    return db.session.scalar(select(func.count()).where(PacketReading.packet_id == packet_id)) or 0


def is_read(packet_id: int, user_id: int) -> bool:
    return db.session.get(PacketReading, (packet_id, user_id)) is not None


def file(packet_id: int, language: str, kind: str) -> Any:
    """(content, digest) or None."""
    return db.session.execute(
        select(PacketFile.content, PacketFile.digest).where(
            PacketFile.packet_id == packet_id,
            PacketFile.language == language,
            PacketFile.format == kind,
        )
    ).one_or_none()


def unread() -> int:
    """Ready packets that whoever is signed in has not marked as read, for the dashboard."""
    mine = select(PacketReading.packet_id).where(PacketReading.user_id == current_user.id)
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Packet)
            .where(Packet.state == "ready", Packet.id.not_in(mine))
        )
        or 0
    )
