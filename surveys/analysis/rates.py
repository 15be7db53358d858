"""Response rates after AAPOR, Standard Definitions (10th edition, 2023), for SMS polls.

A contact of the bank is one person the city may write to, so nobody is found ineligible (NE = 0)
and e, the share of unknown cases taken as eligible, is 1: RR3 and RR4 equal RR1 and RR2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DISPOSITIONS: Final = {
    "complete": "I",
    "partial": "P",
    "refused": "R",
    "screened": "",
    "delivered": "NC",
    "sent": "U",
    "unknown": "U",
    "undeliverable": "U",
    "waiting": "",
    "not_sent": "",
}
"""Our dispositions -> their group; empty: no case, for no attempt was made, or the group was full
(AAPOR 4.8: quota filled, not eligible)."""


@dataclass(frozen=True)
class Rate:
    """`formula` in the letters of the standard, its numerator and its denominator."""

    name: str
    formula: str
    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def rates(dispositions: Mapping[str, int]) -> list[Rate]:
    """RR1, RR2, RR5, RR6, COOP1, REF1 and CON1."""
    groups = dict.fromkeys(("I", "P", "R", "NC", "U"), 0)
    for name, number in dispositions.items():
        if group := DISPOSITIONS[name]:
            groups[group] += number
    i, p, r, nc, u = (groups[name] for name in ("I", "P", "R", "NC", "U"))
    d = i + p + r + nc
    return [
        Rate("RR1", "I / (I + P + R + NC + U)", i, d + u),
        Rate("RR2", "(I + P) / (I + P + R + NC + U)", i + p, d + u),
        Rate("RR5", "I / (I + P + R + NC)", i, d),
        Rate("RR6", "(I + P) / (I + P + R + NC)", i + p, d),
        Rate("COOP1", "I / (I + P + R)", i, i + p + r),
        Rate("REF1", "R / (I + P + R + NC + U)", r, d + u),
        Rate("CON1", "(I + P + R) / (I + P + R + NC + U)", i + p + r, d + u),
    ]
