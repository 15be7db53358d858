"""What an SMS says to «31 or 33?»: yes or no, and the words behind the number."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from portal.text import ascii_digits, fold, strip_controls

ACCEPT: Final = "31"
OBJECT: Final = "33"
MOST_WORDS: Final = 2_000


@dataclass(frozen=True)
class Reply:
    """What an SMS says: yes or no, and the words behind the number."""

    verdict: Literal["accept", "object"]
    words: str


_REPLY = re.compile(r"[\W_]*(31|33)(?![0-9])(?:[\W_]*)(.*)", re.DOTALL)
_EITHER = re.compile(r"(?<![0-9])(?:31|33)(?![0-9])")


def read(text: str) -> Reply | None:
    """31 or 33 in digits of any script, with or without words; None for anything else."""
    plain = strip_controls(text[:MOST_WORDS]).strip()
    found = _REPLY.fullmatch(fold(ascii_digits(plain)))
    if found is None:
        return None
    number = found[1]
    other = OBJECT if number == ACCEPT else ACCEPT
    if other in _EITHER.findall(found[2]):
        # «31 or 33?» is a question, not an answer.
        return None
    # The words as they were typed: the folding was for finding the number.
    words = re.sub(r"^[\W_]*\d{2}[\W_]*", "", plain).strip()
    return Reply("accept" if number == ACCEPT else "object", words)
