"""One answer as a sealed envelope (NaCl's crypto_box_seal: X25519, XSalsa20-Poly1305).

All envelopes of a questionnaire have one size, that of the longest answers it can bring, so that
the length of an envelope, which lies beside the invitation in one transaction, tells nothing.
Only where the longest answers would exceed LARGEST_FLOOR, and somebody really writes more than
that, the envelope doubles, and then again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nacl.public import PrivateKey, PublicKey, SealedBox

from surveys.questionnaires.answers import MAX_DIGITS, MAX_TEXT
from surveys.questionnaires.schema import Question, Questionnaire

SMALLEST: Final = 1024
LARGEST_FLOOR: Final = 64 * 1024
_LENGTH: Final = 4
_UTF8: Final = 4
"""Bytes of a letter at most."""
_CALCULATED: Final = 512
_FRAME: Final = 200
"""Bytes around the answers: language, mode, brackets."""


@dataclass(frozen=True)
class Contents:
    """What is in an envelope; `is_empty`: of somebody whose group was full, to be thrown away."""

    answers: Mapping[str, Any]
    language: str
    mode: str
    is_empty: bool = False


def size_for(q: Questionnaire) -> int:
    """Bytes that every padded answer to a questionnaire fills at least, a power of two."""
    return _class_of(min(LARGEST_FLOOR, _FRAME + sum(_longest(x) for x in q.questions)))


def seal(public: bytes, contents: Contents, size: int) -> bytes:
    """Pad to `size` (or its next double) and encrypt; nobody without the private key reads it."""
    body = json.dumps(
        {
            "a": dict(contents.answers),
            "l": contents.language,
            "m": contents.mode,
            "e": contents.is_empty,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    whole = len(body).to_bytes(_LENGTH, "big") + body
    padded = whole.ljust(max(size, _class_of(len(whole))), b"\0")
    return SealedBox(PublicKey(public)).encrypt(padded)


def unseal(private: PrivateKey, ciphertext: bytes) -> Contents:
    """Raises nacl.exceptions.CryptoError for what this key did not seal, or what was changed."""
    padded = SealedBox(private).decrypt(ciphertext)
    length = int.from_bytes(padded[:_LENGTH], "big")
    found = json.loads(padded[_LENGTH : _LENGTH + length])
    return Contents(found["a"], found["l"], found["m"], bool(found["e"]))


def _class_of(size: int) -> int:
    return max(SMALLEST, 1 << (size - 1).bit_length())


def _longest(question: Question) -> int:
    around = len(question.name.encode()) + 8
    names = [len(choice.name.encode()) + 3 for choice in question.choices]
    match question.type:
        case "note":
            return 0
        case "select_one":
            return around + max(names, default=0)
        case "select_multiple":
            return around + sum(names)
        case "integer" | "decimal":
            return around + MAX_DIGITS + 8
        case "calculate" | "hidden":
            return around + _CALCULATED
        case _:
            return around + _UTF8 * MAX_TEXT
