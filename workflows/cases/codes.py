"""Tracking codes: ten characters of Crockford's base 32, random, so that none leads to another."""

import secrets

from flask import current_app
from sqlalchemy import select

from portal.db import db
from portal.links import ALPHABET
from workflows.cases.models import Case

LENGTH = 10
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new() -> str:
    """A code (50 random bits) that no case has."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if db.session.scalar(select(Case.id).where(Case.code == code)) is None:
            return code


def normalise(typed: str) -> str | None:
    """What a person typed as a code, or None: lower case, hyphens, O for 0, I and L for 1."""
    from portal.text import ascii_digits

    if len(typed) > 40:
        return None
    code = ascii_digits(typed).strip().upper().translate(_LOOKALIKES)
    return code if len(code) == LENGTH and all(char in ALPHABET for char in code) else None


def url(code: str) -> str:
    """The public address of the tracking page."""
    return f"{current_app.extensions['pasokh_settings'].public_url}/t/{code}"
