"""The frozen data of a packet: asked of every plugin once, kept with its digest."""

import hashlib
import json
from typing import Any

from flask import current_app

from portal import clock, plugin
from portal.db import db
from portal.i18n import _l
from portal.packet import PacketSection, Period, in_every_language
from workflows.packets.models import Packet, PacketSnapshot

FORMAT = 1
"""Version of the document; raise it when its shape changes."""

WORDS = {
    "packet": _l("Council packet"),
    "period": _l("Period"),
    "from_to": _l("%(first)s to %(last)s"),
    "edition": _l("Edition"),
    "compiled": _l("Compiled"),
    "date_time": _l("%(date)s at %(time)s"),
    "fingerprint": _l("Fingerprint of the data (SHA-256)"),
    "part_of_whole": _l("%(part)s of %(whole)s"),
    "share": _l("Share"),
    "figure": _l("Figure"),
    "value": _l("Value"),
    "contents": _l("Contents"),
    "page": _l("Page"),
}
"""The words of the frame go into the snapshot too: a later translation changes no old packet."""


class DamagedError(Exception):
    """The stored data do not fit their digest."""


def sections() -> list[PacketSection]:
    """Those of all plugins, in order."""
    found = [section for each in plugin.active() for section in each.packet_sections]
    return sorted(found, key=lambda section: (section.order, section.name))


def canonical(data: Any) -> bytes:
    """The bytes that the digest is of."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def take(packet: Packet) -> PacketSnapshot:
    """Build and store the snapshot; what is stored already is given back unchanged."""
    kept = db.session.get(PacketSnapshot, packet.id)
    if kept is not None:
        return kept
    period = Period(packet.first_day, packet.last_day)
    made_at = clock.now()
    data = {
        "format": FORMAT,
        "first_day": packet.first_day.isoformat(),
        "last_day": packet.last_day.isoformat(),
        "edition": packet.edition,
        "compiled_at": made_at.isoformat(),
        "city": dict(current_app.extensions["pasokh_settings"].city_names),
        "words": {name: in_every_language(text) for name, text in WORDS.items()},
        "sections": [_section(section, period) for section in sections()],
    }
    snapshot = PacketSnapshot(
        packet_id=packet.id,
        data=data,
        digest=hashlib.sha256(canonical(data)).hexdigest(),
        made_at=made_at,
    )
    db.session.add(snapshot)
    db.session.flush()
    return snapshot


def _section(section: PacketSection, period: Period) -> dict[str, Any]:
    return {
        "name": section.name,
        "title": in_every_language(section.title),
        "new_page": section.new_page,
        "blocks": section.build(period)["blocks"],
    }


def read(packet_id: int) -> PacketSnapshot:
    """The snapshot, its digest checked. Raises LookupError, DamagedError."""
    snapshot = db.session.get(PacketSnapshot, packet_id)
    if snapshot is None:
        raise LookupError(f"Packet {packet_id} has no data yet")
    if hashlib.sha256(canonical(snapshot.data)).hexdigest() != snapshot.digest:
        raise DamagedError(f"The data of packet {packet_id} do not fit their digest")
    return snapshot
