"""The responses of a survey as an SPSS file, labels in one language.

A question of several choices becomes marks (1 ticked, 0 not) in a multiple response set. Choices
whose names are all whole numbers are numbers, others are texts; both carry their labels. What was
not answered is missing: system-missing for numbers, the blank, declared missing, for texts.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from portal.i18n import pick
from surveys.analysis import sav
from surveys.analysis.columns import Column, Value
from surveys.analysis.rows import snapshot

_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")
_NOT_IN_NAMES: Final = re.compile(r"[^\w.]+")
_RESERVED: Final = frozenset(
    {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
)
"""Words of SPSS's own language."""
_FIRST_WIDTHS: Final = {"language": 2, "mode": 20, "verification": 20}


@dataclass(frozen=True)
class Plan:
    """What can be read before the download begins, in the session of the request."""

    survey_id: int
    title: str
    columns: tuple[Column, ...]
    created: dt.datetime
    lang: str
    yes: str
    no: str
    notes: tuple[str, ...] = ()


def pieces(engine: Engine, plan: Plan, campaign_id: int | None = None) -> Iterator[bytes]:
    """The file in pieces. Memory does not grow with the number of responses."""
    with snapshot(engine, plan.survey_id, campaign_id) as source:
        columns = plan.columns
        widths = source.widths([each for each in columns if not each.is_first and _is_text(each)])
        called = names(columns)
        fields = [
            _field(
                column,
                name,
                plan,
                (_FIRST_WIDTHS if column.is_first else widths).get(column.name, 0),
            )
            for column, name in zip(columns, called, strict=True)
        ]
        numbers = [
            place
            for place, (column, field) in enumerate(zip(columns, fields, strict=True))
            if column.storage == "code" and field.kind == "number"
        ]
        yield from sav.pieces(
            fields,
            (_plain(row, numbers) for row in source.rows(columns)),
            cases=source.count(),
            label=plan.title,
            created=plan.created,
            sets=_sets(columns, called, plan.lang),
            notes=plan.notes,
        )


def _is_text(column: Column) -> bool:
    return column.storage in ("text", "code")


def _is_numeric_code(column: Column) -> bool:
    return bool(column.choices) and all(_WHOLE.fullmatch(each.name) for each in column.choices)


def _plain(row: list[Value], numbers: Sequence[int]) -> list[sav.Value]:
    plain: list[sav.Value] = [
        value if value is None or isinstance(value, int | float | str) else sav.seconds(value)
        for value in row
    ]
    for place in numbers:
        value = plain[place]
        if isinstance(value, str):
            plain[place] = int(value) if _WHOLE.fullmatch(value) else None
    return plain


def _field(column: Column, name: str, plan: Plan, widest: int) -> sav.Field:
    label = pick(column.label, plan.lang)
    match column.storage:
        case "mark":
            choice = column.choice
            said = (pick(choice.label, plan.lang) or choice.name) if choice else ""
            return sav.Field(
                name,
                "number",
                f"{label}: {said}" if label else said,
                display=1,
                labels=((0, plan.no), (1, plan.yes)),
            )
        case "code" if _is_numeric_code(column):
            labels: tuple[tuple[sav.Value, str], ...] = tuple(
                (int(each.name), pick(each.label, plan.lang)) for each in column.choices
            )
            return sav.Field(name, "number", label, labels=labels)
        case "code":
            longest = max((len(each.name.encode()) for each in column.choices), default=1)
            return sav.Field(
                name,
                "string",
                label,
                width=min(max(longest, widest, 1), 255),
                labels=tuple(
                    (each.name, pick(each.label, plan.lang) or each.name) for each in column.choices
                ),
                blank_is_missing=True,
            )
        case "place":
            choice = column.choice
            said = (pick(choice.label, plan.lang) or choice.name) if choice else ""
            return sav.Field(name, "number", f"{label}: {said}" if label else said, display=5)
        case "degrees":
            return sav.Field(name, "number", label, display=14, decimals=7, measure="scale")
        case "integer":
            return sav.Field(name, "number", label, display=10, measure="scale")
        case "decimal":
            return sav.Field(name, "number", label, display=12, decimals=2, measure="scale")
        case "date":
            return sav.Field(name, "date", label, display=10, measure="scale")
        case "time":
            return sav.Field(name, "time", label, display=8, measure="scale")
        case "datetime":
            return sav.Field(name, "datetime", label, display=20, measure="scale")
        case "text":
            width = min(max(widest, 1), sav.MOST_BYTES)
            return sav.Field(name, "string", label, width=width, blank_is_missing=True)


def names(columns: Sequence[Column]) -> list[str]:
    """Names that SPSS takes: letters, digits, `_`, `.`, at most 64 bytes, unlike in any case."""
    taken: set[str] = set()
    return [_free(column.name.replace("answer//", "answer_"), taken) for column in columns]


def _free(wanted: str, taken: set[str]) -> str:
    base = _NOT_IN_NAMES.sub("_", wanted).rstrip(".") or "v"
    if not base[0].isalpha() or base.upper() in _RESERVED:
        base = f"v_{base}"
    number = 1
    while True:
        tail = "" if number == 1 else f"_{number}"
        cut = base.encode()[: 64 - len(tail)].decode("utf-8", "ignore").rstrip(".")
        name = cut + tail
        if name.casefold() not in taken:
            taken.add(name.casefold())
            return name
        number += 1


def _sets(columns: Sequence[Column], names: Sequence[str], lang: str) -> list[sav.ChoiceSet]:
    marks: dict[tuple[str, int], list[tuple[Column, str]]] = {}
    for column, name in zip(columns, names, strict=True):
        if column.storage == "mark":
            marks.setdefault((column.source, column.round), []).append((column, name))
    taken: set[str] = set()
    return [
        sav.ChoiceSet(
            _free(f"set_{source}_{round}"[:40] if round else f"set_{source}"[:40], taken),
            pick(found[0][0].label, lang),
            tuple(name for _column, name in found),
        )
        for (source, round), found in marks.items()
        # A set of one is refused by SPSS.
        if len(found) > 1
    ]
