"""Messages from a CSV file. Commits every few hundred rows; each row stands for itself.

Columns: channel, text, language, phone, name, category (code or name), neighbourhood, place,
received_at (ISO 8601; without a zone the city's), urgency; latitude, longitude; district (a
unit's code), network, link, reach, author, programme, aired_at (workflows.cases.channels);
`answer:KEY` for each question of the row's category (options by their words, several with |, dates
as in ISO 8601). Only `text` must be there. Nobody is written to, and the clocks run from the time
of receipt.
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.i18n import InputError, LazyText, _l, timezone
from portal.phones import PhoneError, parse_mobile
from portal.places import parse_coordinate
from portal.text import ascii_digits, search_key
from workflows.cases import channels, intake, tables
from workflows.cases.models import Case, Category
from workflows.cases.moves import InputRefused
from workflows.cases.questions import asking, services

BATCH = 200
ANSWER = "answer:"
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Rejected:
    """Row 0 is the file itself."""

    row: int
    reason: LazyText


@dataclass
class Result:
    imported: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def import_file(path: Path) -> Result:
    """Store the good rows; the others are listed with their reason."""
    result = Result()
    categories = _categories()
    try:
        for number, row in tables.read(path, ("text",)):
            try:
                _store(row, categories)
                result.imported += 1
            except (InputRefused, PhoneError) as refused:
                result.rejected.append(Rejected(number, refused.message))
            if result.imported and result.imported % BATCH == 0:
                db.session.commit()
    except tables.FileRefused as refused:
        result.rejected.append(Rejected(0, refused.message))
    db.session.commit()
    return result


def _store(row: dict[str, str], categories: dict[str, int]) -> None:
    received_at = _moment(row.get("received_at", ""))
    channel = row.get("channel") or "file"
    phone = parse_mobile(row["phone"]).e164 if row.get("phone") else None
    wanted = row.get("category", "")
    category_id = categories.get(search_key(wanted)) if wanted else None
    if wanted and category_id is None:
        raise InputRefused("category", _l("There is no such category."))
    if received_at is not None and _is_there(channel, row["text"], phone, received_at):
        raise InputRefused("text", _l("This message is there already."))
    answers = _answers(row, category_id)
    # A row that fails half-way leaves nothing behind.
    with db.session.begin_nested():
        case = intake.receive(
            channel=channel,
            text=row["text"],
            language=row.get("language") or "fa",
            e164=phone,
            citizen_name=row.get("name", ""),
            category_id=category_id,
            place=row.get("place", ""),
            neighbourhood=row.get("neighbourhood", ""),
            urgency=row.get("urgency") or None,
            received_at=received_at,
            details=channels.read(channel, row),
            notify=False,
            **_point(row),
        )
        asking.store(case.id, answers, by=None)


def _answers(row: dict[str, str], category_id: int | None) -> dict[int, Any]:
    """question id -> value; a question that must be answered and is not refuses the row."""
    typed = {
        name.removeprefix(ANSWER): cell for name, cell in row.items() if name.startswith(ANSWER)
    }
    if not typed:
        # A file from a time or a place without questions.
        return {}
    questions = services.current(category_id) if category_id is not None else ()
    unknown = sorted(
        key for key, cell in typed.items() if cell and key not in {one.key for one in questions}
    )
    if unknown:
        raise InputRefused(
            "answer", _l("The category has no question %(names)s.", names=", ".join(unknown)[:80])
        )
    found: dict[int, Any] = {}
    for question in questions:
        try:
            found[question.id] = asking.from_file(question, typed.get(question.key, ""))
        except InputRefused as refused:
            raise InputRefused(
                "answer",
                _l("%(name)s: %(why)s", name=ANSWER + question.key, why=refused.message),
            ) from None
    return found


def _point(row: dict[str, str]) -> dict[str, Any]:
    north, east = row.get("latitude", ""), row.get("longitude", "")
    if bool(north) != bool(east):
        raise InputRefused("latitude", _l("Write both latitude and longitude, or neither."))
    if not north:
        return {"latitude": None, "longitude": None}
    try:
        return {"latitude": parse_coordinate(north, 90), "longitude": parse_coordinate(east, 180)}
    except InputError as error:
        raise InputRefused("latitude", error.message) from None


def _categories() -> dict[str, int]:
    """Codes and names in every language, folded -> id."""
    found: dict[str, int] = {}
    for category in db.session.scalars(select(Category).order_by(Category.id.desc())):
        for name in (*category.names.values(), category.code):
            found[search_key(name)] = category.id
    return found


def _moment(typed: str) -> dt.datetime | None:
    if not typed:
        return None
    try:
        moment = dt.datetime.fromisoformat(ascii_digits(typed))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone())
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InputRefused(
            "received_at", _l("Write the time as in ISO 8601, in the Gregorian calendar.")
        ) from None
    if not EARLIEST <= moment <= clock.now():
        raise InputRefused("received_at", _l("The time lies in the future or too far back."))
    return moment


def _is_there(channel: str, text: str, e164: str | None, received_at: dt.datetime) -> bool:
    return (
        db.session.scalar(
            select(Case.id)
            .where(
                Case.received_at == received_at,
                Case.channel == channel,
                Case.text == text,
                Case.e164.is_not_distinct_from(e164),
            )
            .limit(1)
        )
        is not None
    )
