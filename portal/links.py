"""Personal links: short tokens that only the server can make, stored as a digest.

A token is 55 bits of HMAC-SHA256 over (purpose, id) in Crockford's base 32: eleven characters,
case-free, easy to retype. It is never stored: the SMS is rendered with it at the moment of
sending, and the table holds its SHA-256, so a stolen dump opens no link.
"""

import hashlib
import hmac

from flask import current_app

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_LENGTH = 11
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def token_for(purpose: str, row_id: int, key: bytes | None = None) -> str:
    """The token of one row; `key` only where no application is at hand."""
    key = key if key is not None else current_app.extensions["pasokh_settings"].key_for_links()
    digest = hmac.digest(key, f"{purpose}:{row_id}".encode(), "sha256")
    number = int.from_bytes(digest[:7], "big") >> 1
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(50, -5, -5))


def normalise(text: str) -> str | None:
    """What a person typed as a token, or None: lower case, O for 0, I and L for 1 are forgiven."""
    if len(text) > 40:
        return None
    token = text.strip().upper().translate(_LOOKALIKES)
    if len(token) == TOKEN_LENGTH and all(letter in ALPHABET for letter in token):
        return token
    return None


def digest(token: str) -> bytes:
    """How a token is stored and looked up."""
    return hashlib.sha256(token.encode()).digest()


def url_for_token(purpose: str, token: str) -> str:
    """The public address of a token, built on PUBLIC_URL (a job has no request)."""
    settings = current_app.extensions["pasokh_settings"]
    prefix = current_app.extensions["pasokh_link_prefixes"][purpose]
    return f"{settings.public_url}{prefix}{token}"


def personal_url(purpose: str, row_id: int) -> str:
    return url_for_token(purpose, token_for(purpose, row_id))


CODE_LENGTH = 6


def code_for(purpose: str, row_id: int) -> str:
    """The digits that prove a number, for the SMS of one row; derived, so stored nowhere."""
    key = current_app.extensions["pasokh_settings"].key_for_links()
    digest = hmac.digest(key, f"code:{purpose}:{row_id}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_LENGTH:0{CODE_LENGTH}d}"
