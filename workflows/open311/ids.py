"""The service_request_id of a case: neither its tracking code nor its row number.

A keyed permutation of the row number (a Feistel network of six rounds with HMAC-SHA256 over 40
bits), printed as 13 digits. Nothing is stored, and nobody without the key can tell how many cases
there are, or find the next one. The key is the one of personal links (LINK_KEY).
"""

import hmac
from typing import Final

from flask import current_app

_HALF: Final = 20
_MASK: Final = (1 << _HALF) - 1
_ROUNDS: Final = range(6)
_DIGITS: Final = 13
MOST: Final = 1 << (2 * _HALF)


def _mixed(key: bytes, turn: int, half: int) -> int:
    made = hmac.digest(key, f"open311:{turn}:{half}".encode(), "sha256")
    return int.from_bytes(made[:4], "big") & _MASK


def _key() -> bytes:
    key: bytes = current_app.extensions["pasokh_settings"].key_for_links()
    return key


def public_id(case_id: int) -> str:
    if not 0 <= case_id < MOST:
        raise ValueError(f"{case_id} is no number of a case")
    key, left, right = _key(), case_id >> _HALF, case_id & _MASK
    for turn in _ROUNDS:
        left, right = right, left ^ _mixed(key, turn, right)
    return f"{left << _HALF | right:0{_DIGITS}d}"


def case_id(typed: str) -> int | None:
    """None for what is no service_request_id."""
    if len(typed) != _DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    number = int(typed)
    if number >= MOST:
        return None
    key, left, right = _key(), number >> _HALF, number & _MASK
    for turn in reversed(_ROUNDS):
        left, right = right ^ _mixed(key, turn, left), left
    return left << _HALF | right
