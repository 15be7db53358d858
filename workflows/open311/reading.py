"""Cases as service requests: what is listed, and how much of each. Reads only.

Listed are cases that came by Open311 and cases of public categories. Of each everybody sees
service, unit, state and times; the text, the place and the answer only as a person released them.
An application that may read its own requests sees those three of its own from the beginning. Names,
numbers, addresses of e-mail and photos are never given out.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, literal_column, or_, select

from portal import clock
from portal.db import db
from portal.i18n import pick
from portal.units import services as units
from workflows.cases.models import Case, CaseClock, Category
from workflows.cases.redaction import hiding
from workflows.cases.stages import OUTCOME_NAMES, STAGE_NAMES
from workflows.open311 import ids
from workflows.open311.models import Open311Key, Open311Request, Open311Service
from workflows.open311.writing import date

STATUSES: Final = ("open", "closed")
LONGEST: Final = dt.timedelta(days=90)
MOST: Final = 1_000
DEEPEST: Final = 10_000
"""How far pages lead: what lies behind is asked for with other dates."""
MOST_IDS: Final = 200


@dataclass(frozen=True)
class Wanted:
    """`ids` overrides everything else; `start` and `end` are of the receipt, both included."""

    start: dt.datetime
    end: dt.datetime
    ids: tuple[str, ...] | None = None
    services: tuple[str, ...] = ()
    statuses: tuple[str, ...] = STATUSES
    page: int = 1
    size: int = MOST


def requests(wanted: Wanted, reader: Open311Key | None) -> tuple[list[dict[str, Any]], bool]:
    """Requests as they are printed, the newest first, and whether there are more; 4 queries."""
    statement = (
        select(Case, Category.code, Category.names, Open311Request)
        .outerjoin(Category, Category.id == Case.category_id)
        .outerjoin(Open311Request, Open311Request.case_id == Case.id)
        .where(*_listed())
        .order_by(Case.received_at.desc(), Case.id.desc())
    )
    if wanted.ids is not None:
        found = [case_id for one in wanted.ids if (case_id := ids.case_id(one)) is not None]
        statement = statement.where(Case.id.in_(found))
    else:
        statement = statement.where(Case.received_at.between(wanted.start, wanted.end))
        if wanted.services:
            statement = statement.where(Category.code.in_(wanted.services))
        if set(wanted.statuses) != set(STATUSES):
            closed = Case.stage == "closed"
            statement = statement.where(closed if "closed" in wanted.statuses else ~closed)
        statement = statement.offset((wanted.page - 1) * wanted.size)
    rows = db.session.execute(statement.limit(wanted.size + 1)).all()
    more, rows = len(rows) > wanted.size, rows[: wanted.size]
    return _printed(rows, reader), more


def one(service_request_id: str, reader: Open311Key | None) -> dict[str, Any] | None:
    now = clock.now()  # The id alone decides.
    found, _more = requests(Wanted(now, now, ids=(service_request_id,)), reader)
    return found[0] if found else None


def _listed() -> list[ColumnElement[bool]]:
    # Written out: the planner takes the partial index for a constant only.
    came_by_open311 = Case.channel == literal_column("'open311'")
    public = db.session.scalars(
        select(Open311Service.category_id).where(Open311Service.public)
    ).all()
    return [
        or_(came_by_open311, Case.category_id.in_(public)) if public else came_by_open311,
        func.coalesce(Open311Request.withheld, False).is_(False),
    ]


def _printed(
    rows: Sequence[Row[Case, str, dict[str, str], Open311Request]],
    reader: Open311Key | None,
) -> list[dict[str, Any]]:
    cases = [row[0] for row in rows]
    names = units.names(sorted({case.unit_id for case in cases if case.unit_id is not None}))
    own = {
        case.id
        for case, _code, _names, published in rows
        if reader and reader.reads_own and published and published.key_id == reader.id
    }
    unseen = hiding.no_answer(own) if own else set()
    due = _due([case.id for case in cases if case.stage != "closed"])
    return [
        _request(
            case,
            published,
            own=case.id in own,
            is_hidden=case.id in unseen,
            service_code=code,
            service_name=pick(texts) if texts else None,
            unit=names.get(case.unit_id or 0),
            due=due.get(case.id),
        )
        for case, code, texts, published in rows
    ]


def _due(case_ids: list[int]) -> dict[int, dt.datetime]:
    """When the settlement of each open case is due."""
    rows = db.session.execute(
        select(CaseClock.case_id, CaseClock.due_at).where(
            CaseClock.case_id.in_(case_ids),
            CaseClock.kind == "resolution",
            CaseClock.stopped_at.is_(None),
        )
    )
    return {row.case_id: row.due_at for row in rows}


def _request(
    case: Case, published: Open311Request | None, *, own: bool, is_hidden: bool, **known: Any
) -> dict[str, Any]:
    released = published is not None and published.released_at is not None
    description = case.text if own else published.description if published and released else ""
    with_place = own or bool(published and released and published.with_place)
    return {
        "service_request_id": ids.public_id(case.id),
        "status": "closed" if case.stage == "closed" else "open",
        "status_notes": _notes(case, published if released else None, own=own and not is_hidden),
        "service_name": known["service_name"],
        # A case can lose its category; the field may not be missing.
        "service_code": known["service_code"] or "other",
        "description": description or None,
        "agency_responsible": known["unit"],
        "service_notice": None,
        "requested_datetime": date(case.received_at),
        "updated_datetime": date(_updated(case, published)),
        "expected_datetime": date(known["due"]),
        "address": (case.place or None) if with_place else None,
        "address_id": (published.address_id or None) if published and with_place else None,
        "zipcode": None,
        "lat": case.latitude if with_place else None,
        "long": case.longitude if with_place else None,
        "media_url": None,
    }


def _notes(case: Case, published: Open311Request | None, *, own: bool) -> str:
    """The city's answer where it may be given out, else the outcome or the stage by name."""
    if case.outcome is None:
        return str(STAGE_NAMES.get(case.stage, case.stage))
    name = str(OUTCOME_NAMES[case.outcome])
    if own:
        answer = case.outcome_text
    elif published is not None and published.answer_round == case.reopened:
        answer = published.answer
    else:
        answer = ""
    return f"{name}: {answer}" if answer else name


def _updated(case: Case, published: Open311Request | None) -> dt.datetime:
    moments = (case.received_at, case.stage_at, case.closed_at)
    released = published.released_at if published else None
    return max(moment for moment in (*moments, released) if moment is not None)
