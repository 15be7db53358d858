"""Complete responses as CSV, row by row from a server-side cursor.

Columns: response_id, version, language, submitted_at (ISO 8601, UTC), mode (link, sms, phone,
interview, paper), verification ("unverifiable" or empty), then one for each question
by its name; questions of older versions follow those of the newest. A select_multiple has the
chosen names joined by spaces, as XLSForm stores them, and behind it one column `name/choice` per
choice: 1, 0, or empty where the question was not answered. A question named like one of the six
first columns is written `answer//NAME`.

A spreadsheet would run a cell that begins with = + - @, a tab or a line end as a formula: such a
cell, unless it is a plain number, is written with an apostrophe before it.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, select

from portal.db import db
from surveys.analysis import channels
from surveys.analysis.variables import Variable, variables
from surveys.campaigns.models import Invitation
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from surveys.ways.models import CampaignWays

FORMATS: Final = ("csv",)
FIXED: Final = ("response_id", "version", "language", "submitted_at", "mode", "verification")
BOM: Final = "\ufeff"
BATCH: Final = 1000

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if cell.startswith(_DANGEROUS) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


class Table:
    """The columns of one survey's export, and how a response fills them."""

    def __init__(self, found: Iterable[Variable]) -> None:
        self.names: list[str] = []
        self.choices: dict[str, list[str]] = {}
        for variable in found:
            if variable.name not in self.names:
                self.names.append(variable.name)
            if variable.kind == "multiple":
                self.choices[variable.name] = [choice.name for choice in variable.choices]

    def header(self) -> list[str]:
        cells = list(FIXED)
        for name in self.names:
            column = f"answer//{name}" if name in FIXED else name
            cells.append(column)
            cells += [f"{column}/{choice}" for choice in self.choices.get(name, ())]
        return [safe(cell) for cell in cells]

    def row(self, found: Any) -> list[str]:
        """`found`: a row of `lines`'s query."""
        moment = found.submitted_at
        iso = moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else ""
        cells = [
            *(str(found.id), str(found.number), found.language, iso.replace("+00:00", "Z")),
            *(found.mode, found.verification),
        ]
        answers: Mapping[str, Any] = found.answers
        for name in self.names:
            value = answers.get(name)
            cells.append(safe(_cell(value)))
            if name in self.choices:
                cells += _marks(value, self.choices[name])
        return cells


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _marks(value: Any, choices: Sequence[str]) -> list[str]:
    if not isinstance(value, list):
        return [""] * len(choices)
    return ["1" if choice in value else "0" for choice in choices]


def table(survey_id: int) -> Table:
    """The columns of a survey. Read them before `lines`, which has a connection of its own."""
    return Table(variables(survey_id))


def lines(
    survey_id: int, columns: Table, *, campaign_id: int | None = None, bom: bool = False
) -> Iterator[str]:
    """The text of the file in pieces: first the header, then BATCH rows at a time."""
    query = (
        select(
            Response.id,
            SurveyVersion.number,
            Response.language,
            Response.submitted_at,
            Response.answers,
            Response.mode,
            channels.verification().label("verification"),
        )
        .outerjoin(Invitation, Invitation.id == Response.invitation_id)
        .outerjoin(CampaignWays, CampaignWays.campaign_id == Response.campaign_id)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .where(SurveyVersion.survey_id == survey_id, Response.state == "complete")
        .order_by(Response.id)
    )
    if campaign_id is not None:
        query = query.where(Response.campaign_id == campaign_id)
    return _pieces(db.engine, query, columns, BOM if bom else "")


def _pieces(engine: Engine, query: Any, columns: Table, mark: str) -> Iterator[str]:
    # Neither session nor application: a download goes on after the request that began it.
    yield mark + _written([columns.header()])
    with engine.connect() as connection:
        found = connection.execution_options(yield_per=BATCH).execute(query)
        for part in found.partitions():
            yield _written(columns.row(row) for row in part)


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
