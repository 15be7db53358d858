"""How likely two messages are about one matter, and why. docs/same-matter.md has the figures."""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

from workflows.cases.matter import words

THRESHOLD: Final = 0.55
"""From here on it is suggested; chosen on the labelled pairs of tests/workflows/cases/matter."""
NEAR_M: Final = 40.0
FAR_M: Final = 400.0
"""Up to NEAR_M a place is the same, beyond FAR_M it is another one; between, linear. Two people
in front of one hole are told apart by 30 m of error of a telephone in a narrow street."""
APART_M: Final = 600.0
"""So far apart it is never the same matter, whatever the words say."""
OLD_DAYS: Final = 30.0
_EARTH_M: Final = 6_371_000.0
HOOD_ALONE: Final = 0.4
LEAST_TRIGRAMS: Final = 12
LEAST_WORDS: Final = 3
"""Without any place fewer words say too little: «قطعی آب» is everywhere."""
_OTHER_NUMBER: Final = 0.2
"""What remains of the likeness of two places with different numbers (lane 12 and lane 14)."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a message."""

    text: str
    place: str = ""
    neighbourhood: str = ""
    latitude: float | None = None
    longitude: float | None = None
    category_id: int | None = None
    received_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` from 0 to 1. `metres`: between the points, None where one has none. The others are
    the reasons that people are told."""

    score: float
    metres: float | None = None
    same_place: bool = False
    same_words: bool = False
    same_category: bool = False
    same_day: bool = False

    @property
    def is_suggested(self) -> bool:
        return self.score >= THRESHOLD


def compare(one: Matter, other: Matter) -> Likeness:
    """Weights: words .45, place .40, category .10, time .05; where no place is known on one of
    the sides words .75, category .15, time .10 and the words must be much alike."""
    metres = distance(one, other)
    if metres is not None and metres > APART_M:
        return Likeness(0.0, metres)
    alike = _texts(one, other)
    place = _places(one, other, metres)
    known = one.category_id is not None and other.category_id is not None
    same_category = known and one.category_id == other.category_id
    category = 1.0 if same_category else 0.0 if known else 0.5
    days = _days(one, other)
    time = max(0.0, 1.0 - days / OLD_DAYS) if days is not None else 0.5
    if place is None:
        score = 0.75 * alike + 0.15 * category + 0.10 * time
        if alike < 0.45 or min(map(len, map(words.content, (one.text, other.text)))) < LEAST_WORDS:
            score = min(score, THRESHOLD - 0.01)
    else:
        score = 0.45 * alike + 0.40 * place + 0.10 * category + 0.05 * time
        if place < 0.25 or (alike < 0.2 and not same_category):
            # Another place, or another thing at the same place.
            score = min(score, THRESHOLD - 0.01)
    return Likeness(
        score=round(score, 3),
        metres=metres,
        same_place=place is not None and place >= 0.6,
        same_words=alike >= 0.45,
        same_category=same_category,
        same_day=days is not None and days < 1.0,
    )


def distance(one: Matter, other: Matter) -> float | None:
    """Metres on the sphere (haversine, mean radius 6,371 km); None without two points."""
    if None in {one.latitude, one.longitude, other.latitude, other.longitude}:
        return None
    lat1, lat2 = math.radians(one.latitude or 0.0), math.radians(other.latitude or 0.0)
    half_lon = math.radians((other.longitude or 0.0) - (one.longitude or 0.0)) / 2
    inner = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    )
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(inner)))


def _texts(one: Matter, other: Matter) -> float:
    """Cosine of the sets of trigrams, or nearly the share of a short text in a long one.

    What both say of the place is left out: that is weighed as a place.
    """
    where1, where2 = _address(one), _address(other)
    place = (where1.names | where1.hood) & (where2.names | where2.hood)
    first, second = _trigrams(one.text, place), _trigrams(other.text, place)
    smaller = min(len(first), len(second))
    if not smaller:
        return 0.0
    common = len(first & second)
    cosine = common / math.sqrt(len(first) * len(second))
    return max(cosine, 0.85 * common / smaller) if smaller >= LEAST_TRIGRAMS else cosine


def _trigrams(text: str, without: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for word in words.content(text) - without:
        found |= words.trigrams(word)
    return found


def _address(one: Matter) -> words.Address:
    return words.address(one.text, one.place, one.neighbourhood)


def _places(one: Matter, other: Matter, metres: float | None) -> float | None:
    """From 0 to 1; None where one of them says nothing of a place."""
    by_address = _addresses(one, other)
    if metres is None:
        return by_address
    by_point = min(1.0, max(0.0, (FAR_M - metres) / (FAR_M - NEAR_M)))
    return max(by_point, 0.5 * (by_point + by_address)) if by_address else by_point


def _addresses(one: Matter, other: Matter) -> float | None:
    first, second = _address(one), _address(other)
    if not (first.names or first.hood) or not (second.names or second.hood):
        return None
    share = 0.0
    if first.names and second.names:
        # What one calls the address the other may have put into the sentence.
        said1 = first.names | words.content(one.text)
        said2 = second.names | words.content(other.text)
        share = max(
            len(first.names & second.names) / math.sqrt(len(first.names) * len(second.names)),
            len(first.names & said2) / len(first.names) if len(first.names) > 1 else 0.0,
            len(second.names & said1) / len(second.names) if len(second.names) > 1 else 0.0,
            1.0 if first.names <= said2 or second.names <= said1 else 0.0,
        )
    elif first.names | second.names:
        said = (words.content(one.text) | first.hood, words.content(other.text) | second.hood)
        share = 0.5 if first.names <= said[1] and second.names <= said[0] else 0.0
    if first.hood & second.hood:
        # The neighbourhood alone is large.
        share = max(share, HOOD_ALONE)
    if first.numbers and second.numbers and not first.numbers & second.numbers:
        share *= _OTHER_NUMBER
    return share


def _days(one: Matter, other: Matter) -> float | None:
    if one.received_at is None or other.received_at is None:
        return None
    return abs((one.received_at - other.received_at).total_seconds()) / 86_400
