"""One table says how each question type is kept in the files that are downloaded.

A new question type needs one row in STORAGE. Every format (CSV has its own, older module) takes
the typed values that `Column.value` makes: int, float, str, date, time, datetime or None.
"""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from surveys.analysis.variables import Variable
from surveys.questionnaires.schema import Choice, Texts

Storage = Literal["code", "mark", "integer", "decimal", "text", "date", "time", "datetime"]
Value = int | float | str | dt.date | dt.time | dt.datetime | None

STORAGE: Final[dict[str, Storage]] = {
    "select_one": "code",
    "select_multiple": "mark",
    "rank": "text",
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
    "acknowledge": "text",
    "calculate": "text",
    "hidden": "text",
    "repeat": "text",
}
"""Question type -> how its answer is kept; a type that is not here is kept as text."""


@dataclass(frozen=True)
class Column:
    """One column of a file. `name` is unique in it; `source` is the key of the answer."""

    name: str
    storage: Storage
    source: str
    label: Texts = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    choice: Choice | None = None
    """Of a mark: the choice that was ticked or not."""
    is_first: bool = False
    """Of the response itself, not of an answer."""

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
)
"""Columns of the response itself; `source` is the name in the query of `rows`."""


def columns(found: Sequence[Variable]) -> list[Column]:
    """All columns: first those of the response, then each question in order; a question of
    several choices has one mark for each. A name that is taken gets `answer//` before it."""
    made = list(FIRST)
    taken = {column.name for column in made}
    sources: set[str] = set()
    for variable in found:
        if variable.name in sources:
            # Its kind changed between versions; the newest kind names the column.
            continue
        sources.add(variable.name)
        name = f"answer//{variable.name}" if variable.name in taken else variable.name
        storage = STORAGE.get(variable.type, "text")
        if storage != "mark":
            made.append(
                Column(name, storage, variable.name, variable.label, tuple(variable.choices))
            )
            continue
        made += [
            Column(
                f"{name}/{choice.name}",
                "mark",
                variable.name,
                variable.label,
                tuple(variable.choices),
                choice,
            )
            for choice in variable.choices
        ]
    return made


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
