"""Numbers of letters: one after the other, without a gap, in each unit's Persian year.

The counter's row stays locked until the transaction ends, so two issues at once wait for each
other, and one that fails gives its number back.
"""

import datetime as dt

import jdatetime
from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from workflows.letters.models import LetterCounter


def persian_year(day: dt.date) -> int:
    return int(jdatetime.date.fromgregorian(date=day).year)


def next_number(unit_id: int, year: int, direction: str) -> int:
    statement = (
        insert(LetterCounter)
        .values(unit_id=unit_id, year=year, direction=direction, last=1)
        .on_conflict_do_update(
            index_elements=["unit_id", "year", "direction"], set_={"last": LetterCounter.last + 1}
        )
        .returning(LetterCounter.last)
    )
    return int(db.session.execute(statement).scalar_one())


def reference(prefix: str, year: int, number: int) -> str:
    """As it is printed, from left to right: prefix/year/number."""
    return f"{prefix}/{year}/{number}" if prefix else f"{year}/{number}"
