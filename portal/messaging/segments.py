"""How many parts an SMS takes, exactly as the network packs it (GSM 03.38 / 3GPP TS 23.038)."""

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

# The basic table in code order. The escape character itself (0x1B) cannot be sent.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_GSM = _BASIC | _EXTENDED

# ZWNJ (U+200C) and ZWJ (U+200D) are letters of Persian spelling and emoji: they stay.
_INVISIBLE = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
)


@dataclass(frozen=True, slots=True)
class LinePlan:
    """Capacity of one part on a line: septets for GSM-7, UTF-16 units for UCS-2.

    `single` is a message of one part, `multi` each part of a longer one. Some lines take
    66 UCS-2 units a part, so this is a property of the line.
    """

    gsm_single: int = 160
    gsm_multi: int = 153
    ucs2_single: int = 70
    ucs2_multi: int = 67

    def __post_init__(self) -> None:
        # A part must hold at least one two-unit character, or packing would never end.
        if min(self.gsm_single, self.gsm_multi, self.ucs2_single, self.ucs2_multi) < 2:
            raise ValueError("a part holds at least two units")
        if self.gsm_multi > self.gsm_single or self.ucs2_multi > self.ucs2_single:
            raise ValueError("a part of a longer message holds no more than a single one")

    @classmethod
    def with_part(cls, units: int) -> "LinePlan":
        """The plan of a line on which one part takes so many UCS-2 units (70 as a rule)."""
        return cls(ucs2_single=units, ucs2_multi=min(67, units))


DEFAULT_PLAN = LinePlan()


@dataclass(frozen=True, slots=True)
class Segments:
    """The cost of a text. `units` are septets (GSM-7) or UTF-16 units (UCS-2).

    `first_non_gsm` is the character that made the message UCS-2, `first_non_gsm_at` its place.
    An empty text has no segments: gateways refuse it.
    """

    encoding: Encoding
    units: int
    segments: int
    units_left_in_last: int
    first_non_gsm: str | None = None
    first_non_gsm_at: int | None = None


def clean(text: str) -> str:
    """The text without bidi controls and byte order marks, which cost units and show nothing."""
    return text.translate(_INVISIBLE)


def count(text: str, *, chars_per_part: LinePlan = DEFAULT_PLAN) -> Segments:
    """Segments of `text` exactly as given (not cleaned)."""
    at = next((i for i, char in enumerate(text) if char not in _GSM), None)
    encoding: Encoding
    if at is None:
        encoding, first = "GSM-7", None
        single, multi = chars_per_part.gsm_single, chars_per_part.gsm_multi
        wide = [i for i, char in enumerate(text) if char in _EXTENDED]
    else:
        encoding, first = "UCS-2", text[at]
        single, multi = chars_per_part.ucs2_single, chars_per_part.ucs2_multi
        wide = [i for i, char in enumerate(text) if ord(char) > 0xFFFF]
    units = len(text) + len(wide)
    if units <= single:
        return Segments(encoding, units, 1 if text else 0, single - units, first, at)
    padding = _padding(wide, multi)
    parts = -(-(units + padding) // multi)
    return Segments(encoding, units, parts, parts * multi - units - padding, first, at)


def _padding(wide: list[int], capacity: int) -> int:
    """Units left unused at the ends of parts: a two-unit character is never split.

    `wide` holds the positions of the two-unit characters. A wide character that would begin on
    the last unit of a part pushes itself, and all after it, one unit further.
    """
    padding = 0
    for already_wide, position in enumerate(wide):
        if (position + already_wide + padding) % capacity == capacity - 1:
            padding += 1
    return padding
