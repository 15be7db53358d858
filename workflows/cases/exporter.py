"""Cases as CSV: UTF-8 with its mark, streamed, nothing in it a formula."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import audit
from portal.db import db
from portal.units.models import Unit
from workflows.cases.models import Case
from workflows.cases.questions import showing
from workflows.cases.tables import harmless

COLUMNS = (
    "code",
    "channel",
    "category",
    "urgency",
    "stage",
    "outcome",
    "confirmation",
    "unit",
    "language",
    "name",
    "phone",
    "neighbourhood",
    "place",
    "text",
    "outcome_text",
    "received_at",
    "first_action_at",
    "done_at",
    "closed_at",
    "next_due_at",
    "reopened",
    "latitude",
    "longitude",
    "details",
    "answers",
)
_CHUNK = 1 << 15
_ROWS = 500


def export() -> Iterator[str]:
    """Pieces of the file, oldest case first, in constant memory; times are ISO 8601 in UTC.

    That somebody took the file is written down by `record`, which the caller commits first.
    """
    units = dict(db.session.execute(select(Unit.id, Unit.code)).all())
    buffer = io.StringIO()
    out = csv.writer(buffer)
    buffer.write("\ufeff")
    out.writerow(COLUMNS)
    rows = db.session.scalars(
        select(Case)
        .options(joinedload(Case.category))
        .order_by(Case.id)
        .execution_options(yield_per=_ROWS)
    )
    for part in rows.partitions(_ROWS):
        answers = showing.for_export([case.id for case in part])
        for case in part:
            cells = [*_cells(case, units), *_more(case, answers.get(case.id))]
            out.writerow([harmless(cell) for cell in cells])
            # A long export must not keep every case in the session.
            db.session.expunge(case)
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def record() -> None:
    """The audit row of an export."""
    audit.record("case.exported", "case", "all", filter="")


def _cells(case: Case, units: dict[int, str]) -> list[str]:
    return [
        case.code,
        case.channel,
        case.category.code if case.category else "",
        case.urgency or "",
        case.stage,
        case.outcome or "",
        case.confirmation or "",
        units.get(case.unit_id or 0, ""),
        case.language,
        case.citizen_name,
        # A number is no formula, but its plus makes a spreadsheet take it for one.
        (case.e164 or "").removeprefix("+"),
        case.neighbourhood,
        case.place,
        case.text,
        case.outcome_text,
        *(
            _time(moment)
            for moment in (
                case.received_at,
                case.first_action_at,
                case.done_at,
                case.closed_at,
                case.next_due_at,
            )
        ),
        str(case.reopened),
    ]


def _more(case: Case, answers: dict[str, Any] | None) -> list[str]:
    """The point, and as JSON what the channel added and what was answered."""
    return [
        "" if case.latitude is None else str(case.latitude),
        "" if case.longitude is None else str(case.longitude),
        json.dumps(case.details, ensure_ascii=False, sort_keys=True) if case.details else "",
        json.dumps(answers, ensure_ascii=False) if answers else "",
    ]


def _time(moment: dt.datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
