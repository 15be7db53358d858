"""A packet with a redacted passage: new data under a new digest, its files drawn anew.

What the members see says that words were removed, and when. The earlier digest is kept nowhere:
whoever has the rest of the packet could try guesses against it.
"""

import hashlib

from sqlalchemy import String, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.audit import queries as audits
from portal.audit.models import AuditEntry
from portal.db import db
from portal.i18n import LANGUAGES, _l
from portal.packet import in_every_language
from workflows.cases.redaction.passage import Passage
from workflows.packets import snapshots
from workflows.packets.models import Packet, PacketFile, PacketSnapshot
from workflows.packets.services import RENDERERS

NOTE = _l("Words removed afterwards")


def holding(passage: Passage) -> dict[int, int]:
    """packet id -> how many places of its data."""
    may_hold = or_(
        *(cast(PacketSnapshot.data, String).ilike(pattern) for pattern in passage.patterns())
    )
    found = {}
    for row in db.session.scalars(select(PacketSnapshot).where(may_hold)):
        _data, number = passage.out_of(row.data)
        if number:
            found[row.packet_id] = number
    return found


def clean(passage: Passage, reason: str) -> dict[int, int]:
    found = holding(passage)
    for packet_id, number in found.items():
        snapshot = db.session.get_one(PacketSnapshot, packet_id)
        data, _number = passage.out_of(snapshot.data)
        earlier = data.get("redactions", [])
        data["redactions"] = [*earlier, {"at": clock.now().isoformat(), "places": number}]
        data["words"]["redacted"] = in_every_language(NOTE)
        digest = hashlib.sha256(snapshots.canonical(data)).hexdigest()
        db.session.execute(
            update(PacketSnapshot)
            .where(PacketSnapshot.packet_id == packet_id)
            .values(data=data, digest=digest)
            .execution_options(synchronize_session=False)
        )
        db.session.expire(snapshot)
        db.session.execute(
            delete(PacketFile)
            .where(PacketFile.packet_id == packet_id)
            .execution_options(synchronize_session=False)
        )
        for entry_id in db.session.scalars(
            select(AuditEntry.id).where(
                AuditEntry.subject_type == "packet",
                AuditEntry.subject_id == str(packet_id),
                AuditEntry.action.in_(("packet.compiled", "packet.redacted")),
            )
        ).all():
            audits.erase_payload(entry_id, f"redaction: {reason}")
        audit.record("packet.redacted", "packet", packet_id, digest=digest, places=number)
    return found


def undrawn(limit: int = 5) -> list[int]:
    """Ready packets whose files were taken away."""
    whole = len(LANGUAGES) * len(RENDERERS)
    files = select(func.count()).where(PacketFile.packet_id == Packet.id).scalar_subquery()
    rows = (
        select(Packet.id)
        .join(PacketSnapshot, PacketSnapshot.packet_id == Packet.id)
        .where(Packet.state == "ready", files < whole)
        .order_by(Packet.id)
        .limit(limit)
    )
    return list(db.session.scalars(rows))


def draw(packet_id: int) -> int:
    """Draw what is missing; returns how many. The caller commits."""
    made = 0
    for language in LANGUAGES:
        for kind, render in RENDERERS.items():
            if db.session.get(PacketFile, (packet_id, language, kind)) is not None:
                continue
            content = render(snapshots.read(packet_id), language)
            db.session.execute(
                insert(PacketFile)
                .values(
                    packet_id=packet_id,
                    language=language,
                    format=kind,
                    content=content,
                    digest=hashlib.sha256(content).hexdigest(),
                    made_at=clock.now(),
                )
                .on_conflict_do_nothing()
            )
            made += 1
    return made
