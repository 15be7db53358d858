"""How each unit writes: numbering, signatory, emblem, address. Nothing commits."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select

from portal import audit, photos
from portal.db import db
from portal.i18n import _l, pick
from portal.units.models import Unit
from portal.units.services import escalation_chain
from workflows.cases.moves import InputRefused
from workflows.letters.models import NUMBERINGS, Letterhead

EMBLEM_SIDE: Final = 360
"""Pixels; printed two centimetres high it is sharp enough."""
PREFIX_LOCK: Final = 0x4C657474
"""Of two units that choose what stands before their numbers at the same time ("Lett")."""
CHANGEABLE: Final = (
    "numbering",
    "prefix",
    "calendar",
    "reply_days",
    "signatory_name",
    "signatory_position",
    "address",
)


def of(unit_id: int) -> Letterhead:
    """The unit's letterhead; one with the defaults, in no session, where it has none."""
    found = db.session.get(Letterhead, unit_id)
    return found or Letterhead(
        unit_id=unit_id,
        numbering="own",
        prefix="",
        calendar="tehran-office",
        reply_days=10,
        signatory_name={},
        signatory_position={},
        address={},
        emblem=None,
    )


def emblem_of(unit_id: int) -> bytes | None:
    """The unit's own, else that of the nearest unit above."""
    chain = [unit_id, *escalation_chain(unit_id)]
    rows = db.session.execute(
        select(Letterhead.unit_id, Letterhead.emblem).where(
            Letterhead.unit_id.in_(chain), Letterhead.emblem.is_not(None)
        )
    )
    found: dict[int, bytes] = {row.unit_id: row.emblem for row in rows if row.emblem is not None}
    return next((found[one] for one in chain if one in found), None)


def unit_name(unit_id: int, language: str | None = None) -> str:
    """In the language of the letter, else of the reader."""
    return pick(db.session.scalar(select(Unit.names).where(Unit.id == unit_id)), language)


def change(unit_id: int, values: Mapping[str, Any], emblem: bytes | None, *, drop: bool) -> None:
    """Store a unit's letterhead. `emblem`: a picture as it was sent, drawn anew here.

    Raises LookupError, InputRefused.
    """
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise LookupError(f"No unit {unit_id}")
    if values["numbering"] not in NUMBERINGS:
        raise InputRefused("numbering", _l("Choose how letters are numbered."))
    _refuse_shared(unit_id, str(values["prefix"]) or unit.code)
    row = db.session.get(Letterhead, unit_id, with_for_update=True) or Letterhead(unit_id=unit_id)
    for name in CHANGEABLE:
        setattr(row, name, values[name])
    if emblem:
        try:
            row.emblem = photos.read(emblem, EMBLEM_SIDE).data
        except photos.PhotoError:
            raise InputRefused("emblem", _l("This is not a picture that can be used.")) from None
    elif drop:
        row.emblem = None
    db.session.add(row)
    db.session.flush()
    audit.record(
        "letterhead.changed",
        "letterhead",
        unit_id,
        **{name: values[name] for name in CHANGEABLE},
        emblem=row.emblem is not None,
    )


def _refuse_shared(unit_id: int, prefix: str) -> None:
    """Two units that print the same before their numbers would both have a letter of one number."""
    db.session.execute(select(func.pg_advisory_xact_lock(PREFIX_LOCK)))
    # What another unit prints: its own prefix, else its code; `-in` stands on incoming letters.
    printed = func.coalesce(func.nullif(Letterhead.prefix, ""), Unit.code)
    other = db.session.scalar(
        select(Unit.id)
        .outerjoin(Letterhead, Letterhead.unit_id == Unit.id)
        .where(
            Unit.id != unit_id,
            printed.in_((prefix, f"{prefix}-in", prefix.removesuffix("-in"))),
        )
        .limit(1)
    )
    if other is not None:
        raise InputRefused("prefix", _l("Another unit has this before its numbers."))
