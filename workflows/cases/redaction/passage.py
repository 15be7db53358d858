"""Finding a passage however it was spelt, spaced or cut, and blackening it.

Compared are letters and digits alone, folded: ي/ی, ك/ک, hamzas and digits of three scripts meet,
blanks, half-spaces, line ends and punctuation do not count. An SMS or a packet may hold the
beginning of a passage before «…», a long SMS may have been cut in two: those count as well.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

MASK: Final = "▒▒▒"
LEAST: Final = 3
"""Letters and digits of a passage: fewer would blacken half the table."""
SHORT: Final = 6
"""Below so many a passage must stand alone, not inside another word."""
LEAST_CUT: Final = 8
"""So much of the beginning before «…», or of either end at the edge of a text, is the passage."""
_FOLDED: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ڪ": "ک", "ە": "ه", "ہ": "ه", "ة": "ه", "ھ": "ه", "ٱ": "ا"}
)
_ELLIPSIS: Final = ("…", "...")


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """The letters and digits that a character stands for."""
    found = []
    for part in unicodedata.normalize("NFKD", char).casefold().translate(_FOLDED):
        category = unicodedata.category(part)
        if category == "Nd":
            found.append(str(unicodedata.digit(part)))
        elif category[0] in "LN" and part not in "ءـ":
            found.append(part)
    return "".join(found)


def canonical(text: str) -> tuple[str, list[int]]:
    """The compared characters, and where each stands in the text."""
    found: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        for part in _plain(char):
            found.append(part)
            places.append(at)
    return "".join(found), places


@dataclass(frozen=True)
class Passage:
    """What is to go. Not to be stored and not to be logged: it has no useful repr."""

    key: str
    first: str
    longest: str
    """Words of it for a search by LIKE."""

    def __repr__(self) -> str:
        return "<Passage>"

    @classmethod
    def of(cls, text: str) -> "Passage":
        """Raises ValueError where it holds too little."""
        key, _places = canonical(text)
        if len(key) < LEAST:
            raise ValueError("Too short")
        words = [word for word in text.split() if canonical(word)[0]]
        usable = [word for word in words if len(word) >= LEAST] or [text.strip()]
        return cls(key, usable[0], max(usable, key=len))

    def patterns(self) -> list[str]:
        """For ILIKE: rows that may hold it. Letters with several spellings are left open."""
        return list(dict.fromkeys(f"%{_open(word)}%" for word in (self.first, self.longest)))

    def in_bytes(self, content: bytes) -> bool:
        return self.find(content.decode("utf-8", errors="ignore")) != []

    def find(self, text: str, *, cut: bool = True) -> list[tuple[int, int]]:
        """(begin, end) of each place, in order, without overlaps."""
        plain, places = canonical(text)
        spans: list[tuple[int, int]] = []
        at = plain.find(self.key)
        while at >= 0:
            begin, end = places[at], places[at + len(self.key) - 1] + 1
            if len(self.key) >= SHORT or _alone(text, begin, end):
                spans.append((begin, end))
                at = plain.find(self.key, at + len(self.key))
            else:
                at = plain.find(self.key, at + 1)
        if cut and len(self.key) > LEAST_CUT:
            spans += self._cut(text, plain, places)
        return _merged(spans)

    def _cut(self, text: str, plain: str, places: list[int]) -> list[tuple[int, int]]:
        """Its beginning before «…» or at the end of the text, its end at the start of the text."""
        found: list[tuple[int, int]] = []
        ends = {len(plain)}
        for mark in _ELLIPSIS:
            at = text.find(mark)
            while at >= 0:
                ends.add(sum(1 for place in places if place < at))
                at = text.find(mark, at + len(mark))
        for end in ends:
            for length in range(min(len(self.key) - 1, end), LEAST_CUT - 1, -1):
                if plain.endswith(self.key[:length], 0, end):
                    found.append((places[end - length], places[end - 1] + 1))
                    break
        for length in range(min(len(self.key) - 1, len(plain)), LEAST_CUT - 1, -1):
            if plain.startswith(self.key[-length:]):
                found.append((places[0], places[length - 1] + 1))
                break
        return found

    def out_of(self, value: Any, *, cut: bool = True) -> tuple[Any, int]:
        """A text, or anything of JSON, without it; how often it was there. Keys are left."""
        if isinstance(value, str):
            spans = self.find(value, cut=cut)
            for begin, end in reversed(spans):
                value = value[:begin] + MASK + value[end:]
            return value, len(spans)
        if isinstance(value, list):
            pairs = [self.out_of(one, cut=cut) for one in value]
            return [one for one, _n in pairs], sum(n for _one, n in pairs)
        if isinstance(value, dict):
            done = {key: self.out_of(one, cut=cut) for key, one in value.items()}
            return {key: one for key, (one, _n) in done.items()}, sum(n for _o, n in done.values())
        return value, 0


def _alone(text: str, begin: int, end: int) -> bool:
    before = text[begin - 1 : begin]
    return not (before and _plain(before)) and not (text[end : end + 1] and _plain(text[end]))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _open(word: str) -> str:
    """The word for LIKE: `_` for a letter with several forms, `%` for what may be left out."""
    out = []
    for char in word:
        if char in "ییيىکكڪهةەہھ" or char.isdecimal():
            out.append("_")
        elif char.isalpha() and char not in "ءآأإؤئۀٱا":
            out.append(char)
        else:
            out.append("%")
    return "".join(out)
