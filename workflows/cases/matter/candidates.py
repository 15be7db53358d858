"""Open cases that may be about the matter of a message: few, found by index, then compared.

Each way in is one short walk of a partial index over open cases alone, so the cost does not grow
with what is closed; what the ways find together is compared in Python
(workflows.cases.matter.likeness).
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, text, true, union
from sqlalchemy.sql.expression import CTE

from portal import clock
from portal.db import db
from portal.text import ZWNJ, fold
from workflows.cases.matter import words
from workflows.cases.matter.likeness import FAR_M, Likeness, Matter, compare
from workflows.cases.models import Case, CaseWords

EACH: Final = 30
"""The newest that each way brings."""
NEAR: Final = 60
"""The newest around a point."""
BY_WORDS: Final = 40
SHOWN: Final = 5
LEAST_TEXT: Final = 8
"""Characters of a message below which nothing is looked for."""
_METRES_A_DEGREE: Final = 111_195.0
_OPEN: Final = Case.stage != "closed"


@dataclass(frozen=True)
class Suggestion:
    case: Case
    likeness: Likeness


def like(matter: Matter, *, but: tuple[int, ...] = (), limit: int = SHOWN) -> list[Suggestion]:
    """The open cases that are most likely the same matter, the likeliest first."""
    if len(matter.text.strip()) < LEAST_TEXT:
        return []
    ids = {*_by_index(matter), *_by_words(matter)} - set(but)
    if not ids:
        return []
    rows = db.session.execute(
        select(
            Case.id,
            func.left(Case.text, words.MOST_READ),
            Case.place,
            Case.neighbourhood,
            Case.latitude,
            Case.longitude,
            Case.category_id,
            Case.received_at,
        ).where(Case.id.in_(ids), _OPEN)
    )
    found: list[tuple[Likeness, int]] = []
    for row in rows:
        likeness = compare(matter, Matter(*row[1:]))
        if likeness.is_suggested:
            found.append((likeness, row.id))
    found.sort(key=lambda each: (-each[0].score, -each[1]))
    best = found[:limit]
    cases = {
        case.id: case
        for case in db.session.scalars(select(Case).where(Case.id.in_([one for _l, one in best])))
    }
    return [Suggestion(cases[one], likeness) for likeness, one in best]


def matter_of(case: Case) -> Matter:
    return Matter(
        case.text,
        case.place,
        case.neighbourhood,
        case.latitude,
        case.longitude,
        case.category_id,
        case.received_at,
    )


def typed(**fields: Any) -> Matter:
    """Of what is just being typed: it comes now."""
    return Matter(**fields, received_at=clock.now())


def _by_index(matter: Matter) -> list[int]:
    ways: list[Select[Any]] = []
    if matter.latitude is not None and matter.longitude is not None:
        ways.append(_way(_around(matter.latitude, matter.longitude), NEAR))
    spelt = spellings(matter.neighbourhood)
    for name in spelt:
        # One spelling at a time: of several the index gives no common order by time.
        here = (Case.neighbourhood == name) & (Case.neighbourhood != "")
        if matter.category_id is not None:
            ways.append(_way(here & (Case.category_id == matter.category_id)))
        ways.append(_way(here))
    if matter.category_id is not None:
        ways.append(_way(Case.category_id == matter.category_id))
    # What the whole city is calling about just now.
    ways.append(_way(true()))
    return list(db.session.scalars(union(*(select(way.c.id) for way in map(_cte, ways)))))


def _cte(way: Select[Any]) -> CTE:
    return way.cte()


def _way(condition: ColumnElement[bool], most: int = EACH) -> Select[Any]:
    return select(Case.id).where(_OPEN, condition).order_by(Case.received_at.desc()).limit(most)


def _around(latitude: float, longitude: float) -> ColumnElement[bool]:
    high = FAR_M / _METRES_A_DEGREE
    wide = high / max(0.1, math.cos(math.radians(latitude)))
    return Case.latitude.between(latitude - high, latitude + high) & Case.longitude.between(
        longitude - wide, longitude + wide
    )


def _by_words(matter: Matter) -> list[int]:
    """Cases that hold the name of the same street, or the two longest words of the message."""
    street = words.rare(matter.place, 1)
    wanted = list(dict.fromkeys(street + words.rare(matter.text, 3)))
    if not wanted:
        return []
    ways = [street] if street else []
    ways += [list(pair) for pair in pairwise(wanted)][:2]
    found: list[int] = []
    # The planner cannot know how many cases a word is in. Left alone it may read the whole table
    # for seconds; by the index of trigrams it is milliseconds always.
    _by_trigrams_only(True)
    for way in ways:
        found += db.session.scalars(
            select(CaseWords.case_id)
            .where(CaseWords.is_open, *(CaseWords.words.like(f"%{word}%") for word in way))
            .limit(BY_WORDS)
        )
    _by_trigrams_only(False)
    return found


def _by_trigrams_only(only: bool) -> None:
    db.session.execute(
        text("SELECT set_config('enable_seqscan', :on, true)"), {"on": "off" if only else "on"}
    )


def spellings(name: str) -> list[str]:
    """How a neighbourhood may have been written: with a blank, a joiner or neither."""
    plain = " ".join(fold(name).replace(ZWNJ, " ").split())
    if not plain:
        return []
    return list(
        dict.fromkeys([name.strip(), plain, plain.replace(" ", ZWNJ), plain.replace(" ", "")])
    )
