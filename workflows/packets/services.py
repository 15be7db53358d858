"""Asking for packets, compiling them step by step, and what members do with them.

Nothing commits here; each step of a run can be done again, and is then found done.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from portal import audit, clock
from portal.db import db
from portal.i18n import LANGUAGES, InputError, _l, today
from portal.text import strip_controls
from workflows.packets import pdf, snapshots, xlsx
from workflows.packets.models import Packet, PacketComment, PacketFile, PacketReading

LEASE: Final = dt.timedelta(minutes=6)
"""Longer than the job's timeout."""
MOST_ATTEMPTS: Final = 3
MOST_DAYS: Final = 400
MOST_TEXT: Final = 4000
RENDERERS: Final = {"pdf": pdf.render, "xlsx": xlsx.render}


def check_period(first: dt.date, last: dt.date) -> None:
    """Raises InputError."""
    if first > last:
        raise InputError(_l("The first day comes after the last one."))
    if last > today():
        raise InputError(_l("The period lies in the future."))
    if (last - first).days >= MOST_DAYS:
        raise InputError(_l("A packet covers at most 400 days."))


def request(first: dt.date, last: dt.date, *, by: int | None) -> tuple[Packet, bool]:
    """The packet that will cover these days; whether it is new.

    One that is still being compiled is given back; a finished one gets a further edition.
    Raises InputError.
    """
    check_period(first, last)
    same = (Packet.first_day == first, Packet.last_day == last)
    edition = db.session.scalar(select(func.coalesce(func.max(Packet.edition), 0)).where(*same))
    made = db.session.scalar(
        insert(Packet)
        .values(
            first_day=first,
            last_day=last,
            edition=(edition or 0) + 1,
            state="waiting",
            attempts=0,
            problem="",
            requested_at=clock.now(),
            requested_by=by,
        )
        .on_conflict_do_nothing(
            index_elements=[Packet.first_day, Packet.last_day],
            index_where=Packet.state.in_(("waiting", "running")),
        )
        .returning(Packet.id)
    )
    if made is None:
        running = select(Packet).where(*same, Packet.state.in_(("waiting", "running")))
        return db.session.scalars(running).one(), False
    audit.record(
        "packet.requested", "packet", made, first_day=first.isoformat(), last_day=last.isoformat()
    )
    return db.session.get_one(Packet, made), True


def claim(packet_id: int) -> bool:
    """Take the run for a lease, if it is free. The caller commits at once."""
    now = clock.now()
    packet = db.session.scalars(
        select(Packet)
        .where(
            Packet.id == packet_id,
            Packet.state.in_(("waiting", "running")),
            or_(Packet.lease_until.is_(None), Packet.lease_until <= now),
        )
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if packet is None:
        return False
    if packet.attempts >= MOST_ATTEMPTS:  # the worker was killed each time and could not say why
        _fail(packet, "The worker ended each time.")
        return False
    packet.state, packet.lease_until = "running", now + LEASE
    packet.attempts += 1
    db.session.flush()
    return True


def compile_steps(packet_id: int) -> Iterator[str]:
    """Freeze the data, draw the files, mark it ready; the caller commits after each step."""
    packet = db.session.get_one(Packet, packet_id)
    snapshots.take(packet)
    yield "snapshot"
    for language in LANGUAGES:
        for kind, render in RENDERERS.items():
            if db.session.get(PacketFile, (packet_id, language, kind)) is None:
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
                yield f"{kind} {language}"
    packet = db.session.get_one(Packet, packet_id, with_for_update=True, populate_existing=True)
    if packet.state == "running":
        packet.state, packet.ready_at, packet.lease_until = "ready", clock.now(), None
        packet.problem = ""
        digest = snapshots.read(packet_id).digest
        audit.record("packet.compiled", "packet", packet_id, digest=digest)
    yield "ready"


def give_up(packet_id: int, problem: str) -> None:
    """After an attempt that failed: free for the next one, or failed for good."""
    packet = db.session.get_one(Packet, packet_id, with_for_update=True, populate_existing=True)
    if packet.state != "running":
        return
    problem = strip_controls(problem, keep_newlines=False)[:500]
    if packet.attempts >= MOST_ATTEMPTS:
        _fail(packet, problem)
    else:
        packet.state, packet.problem, packet.lease_until = "waiting", problem, None


def _fail(packet: Packet, problem: str) -> None:
    packet.state, packet.problem, packet.lease_until = "failed", problem, None
    audit.record("packet.failed", "packet", packet.id, problem=problem)


def free() -> list[int]:
    """Runs that no worker holds, for the sweep."""
    return list(
        db.session.scalars(
            select(Packet.id)
            .where(
                Packet.state.in_(("waiting", "running")),
                or_(Packet.lease_until.is_(None), Packet.lease_until <= clock.now()),
            )
            .order_by(Packet.id)
            .limit(20)
        )
    )


def mark_read(packet_id: int, user_id: int) -> None:
    """Once is enough."""
    db.session.execute(
        insert(PacketReading)
        .values(packet_id=packet_id, user_id=user_id, at=clock.now())
        .on_conflict_do_nothing()
    )


def comment(packet_id: int, text: str, *, user_id: int, author: str) -> PacketComment:
    """A member's words."""
    made = PacketComment(
        packet_id=packet_id,
        user_id=user_id,
        author=author,
        text=strip_controls(text).strip()[:MOST_TEXT],
    )
    db.session.add(made)
    db.session.flush()
    audit.record("packet.commented", "packet", packet_id, comment=made.id)
    return made
