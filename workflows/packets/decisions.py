"""A decision of the council becomes a case with an owner and a due time. Nothing commits."""

import datetime as dt

from sqlalchemy import select

from portal import audit
from portal.db import db
from portal.i18n import InputError, _l, today
from portal.packet import Period
from portal.text import strip_controls
from workflows.cases import intake
from workflows.packets.models import Packet, PacketDecision
from workflows.packets.services import MOST_TEXT


def decide(
    packet_id: int,
    *,
    text: str,
    unit_id: int,
    due_on: dt.date,
    user_id: int,
    author: str,
    language: str,
) -> PacketDecision:
    """Write the decision down and open its case, due at the end of that day.

    Raises InputError, LookupError, workflows.cases.moves.InputRefused.
    """
    packet = db.session.get(Packet, packet_id, with_for_update=True)
    if packet is None or packet.state != "ready":
        raise LookupError(f"No packet {packet_id} to decide upon")
    if due_on < today():
        raise InputError(_l("The day has passed."))
    words = strip_controls(text).strip()[:MOST_TEXT]
    same = select(PacketDecision.id).filter_by(
        packet_id=packet_id, user_id=user_id, text=words, unit_id=unit_id, due_on=due_on
    )
    if db.session.scalar(select(same.exists())):
        raise InputError(_l("This decision has been passed on already."))
    decision = PacketDecision(
        packet_id=packet_id,
        user_id=user_id,
        author=author,
        text=words,
        unit_id=unit_id,
        due_on=due_on,
    )
    db.session.add(decision)
    db.session.flush()
    case = intake.receive(
        channel="council",
        text=words,
        language=language,
        unit_id=unit_id,
        registered_by=user_id,
        origin_type="decision",
        origin_id=decision.id,
        due_at=Period(due_on, due_on).until,
        notify=False,
    )
    decision.case_id = case.id
    audit.record(
        "packet.decided",
        "packet",
        packet_id,
        decision=decision.id,
        case=case.code,
        unit=unit_id,
        due_on=due_on.isoformat(),
    )
    return decision
