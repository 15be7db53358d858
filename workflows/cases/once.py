"""A form that is sent twice, even at once, makes one case."""

import hashlib
import secrets

from sqlalchemy import select, text

from portal.db import db
from workflows.cases.models import Case


def new_key() -> str:
    """For the hidden field of an empty form."""
    return secrets.token_urlsafe(16)


def digest(key: str | None, *parts: object, files: bytes = b"") -> bytes | None:
    """Equal for the same form sent twice; another one once a word was changed, so that going back
    and writing a second message loses nothing. None where the page's key is missing."""
    key = (key or "")[:64]
    if not key:
        return None
    found = hashlib.sha256(files)
    for part in (key, *parts):
        found.update(b"\0" + str(part or "").encode("utf-8", "replace"))
    return found.digest()


def case_of(key: bytes | None) -> Case | None:
    """The case that this form became before. Held until the commit: the second press waits here
    and then finds the case."""
    if key is None:
        return None
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1137))"), {"key": key.hex()}
    )
    return db.session.scalar(select(Case).where(Case.form_key == key))
