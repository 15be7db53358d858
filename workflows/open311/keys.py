"""Keys of applications: made, shown once, revoked. Nothing commits."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from workflows.cases import moves
from workflows.cases.moves import InputRefused
from workflows.open311.models import Open311Key

PAGE: Final = 50
MOST_A_MINUTE: Final = 600


def create(name: str, *, contact: str, per_minute: int, reads_own: bool) -> tuple[Open311Key, str]:
    """The row and the key itself, which is kept nowhere. Raises InputRefused."""
    if not 1 <= per_minute <= MOST_A_MINUTE:
        raise InputRefused("per_minute", _l("Write a number from 1 to 600."))
    key = secrets.token_urlsafe(20)
    row = Open311Key(
        name=moves.clean(name, "name", 120, required=True),
        contact=moves.clean(contact, "contact", 200),
        digest=_digest(key),
        hint=key[:4],
        per_minute=per_minute,
        reads_own=reads_own,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("open311.key_issued", "open311_key", row.id, name=row.name, per_minute=per_minute)
    return row, key


def revoke(key_id: int) -> None:
    """It opens nothing from now on. Raises LookupError."""
    row = db.session.get(Open311Key, key_id, with_for_update=True)
    if row is None:
        raise LookupError(f"No key {key_id}")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        audit.record("open311.key_revoked", "open311_key", key_id, name=row.name)
    db.session.flush()


def find(key: str) -> Open311Key | None:
    """The application of a key that holds."""
    if not key or len(key) > 100:
        return None
    return db.session.scalars(
        select(Open311Key).where(Open311Key.digest == _digest(key), Open311Key.revoked_at.is_(None))
    ).first()


def page(older_than: int | None = None) -> tuple[Sequence[Open311Key], bool]:
    """The newest first, and whether there are more."""
    statement = select(Open311Key).order_by(Open311Key.id.desc()).limit(PAGE + 1)
    if older_than is not None:
        statement = statement.where(Open311Key.id < older_than)
    rows = db.session.scalars(statement).all()
    return rows[:PAGE], len(rows) > PAGE


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
