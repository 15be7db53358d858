"""Complete responses as CSV, row by row from a server-side cursor.

Columns: response_id, version, language, submitted_at (ISO 8601, UTC), mode (link, sms, phone,
interview, paper), verification ("unverifiable" or empty), then one for each question
by its name; questions of older versions follow those of the newest. A select_multiple has the
chosen names joined by spaces, as XLSForm stores them, and behind it one column `name/choice` per
choice: 1, 0, or empty where the question was not answered. A rank has the names in the order
given and behind it the place of each choice; a geopoint `latitude longitude` and behind it both
apart. In which order randomised choices were shown stands in `name_order`. A question of a repeat
has one column for each round that anybody filled, `REPEAT_1_NAME`, `REPEAT_2_NAME` …, all of one
round together. A question whose name others have too has the groups before it that tell them
apart, `contact/name`. Dates are ISO 8601 in the Gregorian calendar; a photo is its file's name. A
question whose column would be called like another, such as one of the six first, is written
`answer//NAME`.

A spreadsheet would run a cell that begins with = + - @, a tab or a line end as a formula: such a
cell, unless it is a plain number, is written with an apostrophe before it.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine, case, func, select

from portal.db import db
from surveys.analysis import channels
from surveys.analysis.variables import Variable, variables
from surveys.campaigns.models import Invitation
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from surveys.ways.models import CampaignWays

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


@dataclass(frozen=True)
class Column:
    """One question in one round (0 outside repeats), with the columns behind it, which are called
    `title/…`."""

    variable: Variable
    round: int = 0

    title: str = ""

    @property
    def behind(self) -> list[str]:
        if self.variable.type == "geopoint":
            return ["latitude", "longitude"]
        if self.variable.kind in {"multiple", "rank"}:
            return [choice.name for choice in self.variable.choices]
        return []

    def cells(self, answers: Mapping[str, Any]) -> list[str]:
        value = self.value(answers)
        cells = [safe(_cell(value))]
        match self.variable.kind:
            case "multiple":
                cells += _marks(value, self.behind)
            case "rank":
                cells += _places(value, self.behind)
            case _ if self.variable.type == "geopoint":
                cells += [*str(value or "").split(), "", ""][:2]
        return cells

    def value(self, answers: Mapping[str, Any]) -> Any:
        """The answer to this question in this round; None where there is none."""
        if not self.round:
            return answers.get(self.variable.name)
        rows = answers.get(self.variable.repeat)
        row = rows[self.round - 1] if isinstance(rows, list) and len(rows) >= self.round else None
        return row.get(self.variable.name) if isinstance(row, Mapping) else None


class Table:
    """The columns of one survey's export, and how a response fills them.

    `rounds`: of each repeat, how many rounds anybody has filled.
    """

    def __init__(self, found: Iterable[Variable], rounds: Mapping[str, int] | None = None) -> None:
        self.columns: list[Column] = []
        # A question whose kind changed between versions is two variables and one column.
        known = list({(each.repeat, each.name): each for each in reversed(list(found))}.values())
        of_repeats: dict[str, list[Variable]] = {}
        for variable in reversed(known):
            of_repeats.setdefault(variable.repeat, []).append(variable)
            if not variable.repeat:
                self.columns.append(Column(variable))
            elif len(of_repeats[variable.repeat]) == 1:
                self.columns.append(Column(variable, -1))
        for repeat, variables_there in of_repeats.items():
            place = next(
                (
                    n
                    for n, column in enumerate(self.columns)
                    if repeat and column.round == -1 and column.variable.repeat == repeat
                ),
                None,
            )
            if place is not None:
                self.columns[place : place + 1] = [
                    Column(variable, number)
                    for number in range(1, (rounds or {}).get(repeat, 0) + 1)
                    for variable in variables_there
                ]

        self.columns = _titled(self.columns)

    def header(self) -> list[str]:
        cells = list(FIXED)
        for column in self.columns:
            cells.append(column.title)
            cells += [f"{column.title}/{name}" for name in column.behind]
        return [safe(cell) for cell in cells]

    def row(self, found: Any) -> list[str]:
        """`found`: a row of `lines`'s query."""
        moment = found.submitted_at
        iso = moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else ""
        cells = [
            *(str(found.id), str(found.number), found.language, iso.replace("+00:00", "Z")),
            *(found.mode, found.verification),
        ]
        for column in self.columns:
            cells += column.cells(found.answers)
        return cells


def _titled(columns: Iterable[Column]) -> list[Column]:
    """With names that no two columns have, those behind them too: what would be the second of its
    name gets `//` before it, which no other has, however the questions are called."""
    taken = set(FIXED)
    found: list[Column] = []
    # Names of rounds are made up by us: they give way to those that stand in the questionnaire.
    for column in sorted(columns, key=lambda column: bool(column.round)):
        variable = column.variable
        title = variable.name
        if column.round:
            name = variable.name.removeprefix(f"{variable.repeat}/")
            title = f"{variable.repeat}_{column.round}_{name}"
        behind = [f"/{name}" for name in dict.fromkeys(column.behind)]
        while taken & {title + end for end in ("", *behind)}:
            title = f"answer//{title}"
        taken |= {title + end for end in ("", *behind)}
        found.append(replace(column, title=title))
    titles = {
        (column.variable.repeat, column.variable.name, column.round): column for column in found
    }
    return [titles[each.variable.repeat, each.variable.name, each.round] for each in columns]


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


def _places(value: Any, choices: Sequence[str]) -> list[str]:
    if not isinstance(value, list):
        return [""] * len(choices)
    return [str(value.index(choice) + 1) if choice in value else "" for choice in choices]


def table(survey_id: int) -> Table:
    """The columns of a survey. Read them before `lines`, which has a connection of its own."""
    found = variables(survey_id)
    return Table(found, rounds(survey_id, found))


def rounds(survey_id: int, found: Iterable[Variable]) -> dict[str, int]:
    """Of each repeat of these variables, how many rounds anybody has filled."""
    repeats = sorted({variable.repeat for variable in found if variable.repeat})
    return {repeat: _rounds(survey_id, repeat) for repeat in repeats}


def _rounds(survey_id: int, repeat: str) -> int:
    rows = Response.answers[repeat]
    is_list = func.jsonb_typeof(rows) == "array"
    longest = func.max(case((is_list, func.jsonb_array_length(rows)), else_=0))
    query = (
        select(longest)
        .select_from(Response)
        .join(SurveyVersion, SurveyVersion.id == Response.version_id)
        .where(
            SurveyVersion.survey_id == survey_id,
            Response.state == "complete",
            Response.is_test.is_(False),
        )
    )
    return db.session.scalar(query) or 0


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
        .where(
            SurveyVersion.survey_id == survey_id,
            Response.state == "complete",
            Response.is_test.is_(False),
        )
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
