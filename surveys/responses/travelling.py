"""Answers of earlier pages of an anonymous survey: they travel in the form, not in the database.

A hidden field holds them, encrypted and signed (XChaCha20-Poly1305) with a key of the server,
bound to one invitation, for 24 hours. So the back button, a second tab, a double click and a
change of language work as ever, and nothing lies anywhere before the last page is sent.
"""

import base64
import datetime as dt
import hmac
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from flask import current_app
from nacl.exceptions import CryptoError
from nacl.secret import Aead

FIELD: Final = ".answers"
LIFE: Final = dt.timedelta(hours=24)
LARGEST: Final = 600_000
"""Characters of the field; a whole form may hold 1 MiB."""


class TooLargeError(ValueError):
    """More was typed than travels in a form."""


def pack(invitation_id: int, version_id: int, answers: Mapping[str, Any], at: dt.datetime) -> str:
    """The hidden field's value: answers so far, and the version they belong to. TooLargeError."""
    plain = json.dumps(
        {"v": version_id, "a": dict(answers), "t": int((at + LIFE).timestamp())},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    sealed = Aead(_key()).encrypt(zlib.compress(plain, 6), _owner(invitation_id))
    text = base64.urlsafe_b64encode(sealed).decode()
    if len(text) > LARGEST:
        raise TooLargeError(len(text))
    return text


def unpack(invitation_id: int, text: str, at: dt.datetime) -> tuple[int, dict[str, Any]] | None:
    """(version id, answers). None: nothing, not ours, of another invitation, or too old."""
    if not text or len(text) > LARGEST:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii"))
        packed = Aead(_key()).decrypt(sealed, _owner(invitation_id))
    except (CryptoError, ValueError):
        return None
    # Only what we packed ourselves comes so far.
    found = json.loads(zlib.decompress(packed))
    return (found["v"], found["a"]) if found["t"] > at.timestamp() else None


def _key() -> bytes:
    secret = current_app.extensions["pasokh_settings"].secret_key
    return hmac.digest(secret.encode(), b"pasokh travelling answers", "sha256")


def _owner(invitation_id: int) -> bytes:
    return f"invitation {invitation_id}".encode()
