"""One table says how each question type is kept in the files that are downloaded.

A new question type needs one row in STORAGE. Every format (CSV has its own, older module) takes
the typed values that `Column.value` makes: int, float, str, date, time, datetime or None.
"""

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from surveys.analysis import export
from surveys.analysis.export import Column as Asked
from surveys.analysis.export import Table
from surveys.analysis.variables import Variable, variables
from surveys.questionnaires.schema import Choice, Texts

Storage = Literal[
    "code", "mark", "place", "degrees", "integer", "decimal", "text", "date", "time", "datetime"
]
Value = int | float | str | dt.date | dt.time | dt.datetime | None

STORAGE: Final[dict[str, Storage]] = {
    "select_one": "code",
    "select_multiple": "mark",
    "rank": "text",
    "order": "text",
    "integer": "integer",
    "decimal": "decimal",
    "range": "decimal",
    "text": "text",
    "date": "date",
    "today": "date",
    "time": "time",
    "dateTime": "datetime",
    "start": "datetime",
    "end": "datetime",
    "geopoint": "text",
    "image": "text",
    "barcode": "text",
    "acknowledge": "code",
    "calculate": "text",
    "hidden": "text",
    "repeat": "text",
}
"""Question type -> how its answer is kept; a type that is not here is kept as text."""


@dataclass(frozen=True)
class Column:
    """One column of a file; `source` is the key of the answer."""

    name: str
    storage: Storage
    source: str
    label: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choice: Choice | None = None
    """Of a mark or a place: the choice that was ticked or ranked."""
    repeat: str = ""
    """The repeat that the answer lies in, in its round `round`."""
    round: int = 0
    axis: int = 0
    """Of degrees: 0 the latitude, 1 the longitude."""
    is_first: bool = False
    """Of the response itself, not of an answer."""

    def of(self, answers: Mapping[str, Any]) -> Value:
        """The value of this column in the answers of a response."""
        if not self.round:
            return self.value(answers.get(self.source))
        rows = answers.get(self.repeat)
        row = rows[self.round - 1] if isinstance(rows, list) and len(rows) >= self.round else None
        return self.value(row.get(self.source)) if isinstance(row, Mapping) else None

    def value(self, raw: Any) -> Value:
        """The answer as this column keeps it. What cannot be understood as a number or a date is
        None in such a column: the server took no such answer, an older version may have."""
        if raw is None:
            return None
        match self.storage:
            case "mark":
                if not isinstance(raw, list) or self.choice is None:
                    return None
                return int(self.choice.name in raw)
            case "place":
                if not isinstance(raw, list) or self.choice is None:
                    return None
                return raw.index(self.choice.name) + 1 if self.choice.name in raw else None
            case "degrees":
                parts = str(raw).split()
                return _number(parts[self.axis]) if len(parts) > self.axis else None
            case "integer" | "decimal":
                return _number(raw)
            case "date" | "time" | "datetime":
                return _moment(raw, self.storage)
            case _:
                return text(raw)


FIRST: Final[tuple[Column, ...]] = (
    Column("response_id", "integer", "id", is_first=True),
    Column("version", "integer", "number", is_first=True),
    Column("language", "text", "language", is_first=True),
    Column("submitted_at", "datetime", "submitted_at", is_first=True),
    Column("mode", "text", "mode", is_first=True),
    Column("verification", "text", "verification", is_first=True),
)
"""Columns of the response itself; `source` is the name in the query of `rows`."""


def columns(found: Sequence[Variable], rounds: Mapping[str, int] | None = None) -> list[Column]:
    """All columns, those of the CSV file under the same names: first those of the response, then
    each question in order. Behind a question of several choices comes a mark for each, behind a
    rank the place of each choice, behind a geopoint its latitude and longitude; a question of a
    repeat stands once for each round. `rounds`: see `export.rounds`."""
    made = list(FIRST)
    for asked in Table(found, rounds).columns:
        made += _of(asked)
    return made


def of_survey(survey_id: int) -> list[Column]:
    """The columns of a survey as it is now."""
    found = variables(survey_id)
    return columns(found, export.rounds(survey_id, found))


def _of(asked: Asked) -> Iterator[Column]:
    variable = asked.variable
    storage = STORAGE.get(variable.type, "text")
    whole = Column(
        asked.title,
        "text" if storage == "mark" else storage,
        variable.name,
        variable.label,
        tuple(variable.choices),
        repeat=variable.repeat,
        round=asked.round,
    )
    yield whole
    if variable.type == "geopoint":
        for axis, name in enumerate(asked.behind):
            yield replace(whole, name=f"{whole.name}/{name}", storage="degrees", axis=axis)
    elif variable.kind in {"multiple", "rank"}:
        kind: Storage = "mark" if variable.kind == "multiple" else "place"
        for choice in variable.choices:
            yield replace(whole, name=f"{whole.name}/{choice.name}", storage=kind, choice=choice)


def text(raw: Any) -> str:
    """An answer as text: lists by spaces as XLSForm has them, rounds of a repeat as JSON."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return str(int(raw))
    if isinstance(raw, list):
        if any(isinstance(each, Mapping) for each in raw):
            return json.dumps(raw, ensure_ascii=False)
        return " ".join(str(each) for each in raw)
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    return str(raw)


def _number(raw: Any) -> int | float | None:
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int | float):
        return raw if math.isfinite(raw) else None
    try:
        found = float(str(raw))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _moment(raw: Any, storage: Storage) -> Value:
    if isinstance(raw, dt.datetime):
        return raw
    try:
        if storage == "date":
            return dt.date.fromisoformat(str(raw))
        if storage == "time":
            return dt.time.fromisoformat(str(raw))
        return dt.datetime.fromisoformat(str(raw))
    except ValueError:
        return None
