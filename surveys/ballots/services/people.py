"""The people of a scheme's neighbourhoods, in the contact bank."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask import current_app
from sqlalchemy import select, text

from portal.contacts import audience
from portal.contacts.models import Contact
from portal.db import db
from portal.text import search_key
from surveys.ballots.models import BallotArea

CHUNK: Final = 5000

Person = tuple[int, str, str, int]
"""Contact id, number, language, area id."""


def sms_line() -> str | None:
    line: str = current_app.extensions["pasokh_settings"].sms_line
    return line or None


def places_of(areas: Sequence[BallotArea]) -> dict[str, int]:
    """Every spelling of a neighbourhood in the contact bank → the ballot it belongs to."""
    known = {search_key(name): area.id for area in areas for name in area.names.values() if name}
    return {
        place: known[key]
        for place, _number in audience.choices().neighbourhoods
        if (key := search_key(place)) in known
    }


def living_in(places: Mapping[str, int]) -> Any:
    """Contacts of these neighbourhoods who may be written to: neither opted out, nor unreachable,
    nor known only from an answer to one survey."""
    return select(Contact).where(
        Contact.neighbourhood.in_(list(places)),
        Contact.only_answered.is_(False),
        ~audience.opted_out(sms_line()),
        audience.reachable(),
    )


def chunks(query: Any, places: Mapping[str, int]) -> Iterator[list[Person]]:
    """The people of a query of contacts, by id, CHUNK at a time."""
    query = query.with_only_columns(
        Contact.id, Contact.e164, Contact.language, Contact.neighbourhood
    )
    last = 0
    while True:
        rows = db.session.execute(
            query.where(Contact.id > last).order_by(Contact.id).limit(CHUNK)
        ).all()
        if not rows:
            return
        yield [(row[0], row[1], row[2], places[row[3]]) for row in rows]
        last = rows[-1][0]


def reserve_ids(table: str, count: int) -> list[int]:
    """Ids of rows to be: the digest of a token is made from the id."""
    statement = text(
        "SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"
    )
    return list(db.session.scalars(statement, {"table": table, "count": count}))
