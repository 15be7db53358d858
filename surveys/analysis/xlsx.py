"""The responses of a survey as an Excel workbook, row by row.

Sheets: answers (as many as the rows need), questions and choices with the labels of all
languages. Every text is written as a text: none is run as a formula or becomes a link.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from sqlalchemy import Engine

from portal.i18n import LANGUAGES
from surveys.analysis.columns import Column, Value
from surveys.analysis.rows import snapshot

MOST_ROWS: Final = 1_048_576
MOST_CHARACTERS: Final = 32_767
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}


def write(
    engine: Engine,
    survey_id: int,
    columns: Sequence[Column],
    path: Path,
    *,
    campaign_id: int | None = None,
    lang: str | None = None,
    notes: Sequence[str] = (),
) -> int:
    """Write the workbook and return the number of responses. With `lang` a choice is written with
    its label in that language, else with its name. Memory does not grow with the responses."""
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        formats = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "hh:mm:ss"}),
            "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        labels = [_labels(column, lang) for column in columns]
        with snapshot(engine, survey_id, campaign_id) as source:
            sheet, line, count = None, MOST_ROWS, 0
            for row in source.rows(columns):
                if sheet is None or line >= MOST_ROWS:
                    sheet, line = _begin(book, columns, count), 1
                for place, value in enumerate(row):
                    _put(sheet, line, place, labels[place].get(value, value), formats)
                line += 1
                count += 1
            if sheet is None:
                _begin(book, columns, 0)
        _questions(book, columns)
        _choices(book, columns)
        if notes:
            about = book.add_worksheet("notes")
            for number, note in enumerate(notes):
                about.write_string(number, 0, note[:MOST_CHARACTERS])
    return count


def _labels(column: Column, lang: str | None) -> dict[Value, Value]:
    if lang is None or column.storage != "code":
        return {}
    return {each.name: each.label[lang] for each in column.choices if each.label.get(lang)}


def _begin(book: Any, columns: Sequence[Column], written: int) -> Any:
    name = f"answers {written // (MOST_ROWS - 1) + 1}" if written else "answers"
    sheet = book.add_worksheet(name)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name[:MOST_CHARACTERS])
    sheet.freeze_panes(1, 1)
    return sheet


def _put(sheet: Any, line: int, place: int, value: Value, formats: dict[str, Any]) -> None:
    match value:
        case None:
            pass
        case str():
            sheet.write_string(line, place, value[:MOST_CHARACTERS])
        case dt.datetime():
            sheet.write_datetime(line, place, _utc(value), formats["datetime"])
        case dt.date():
            # Excel knows no day before 1900.
            if value.year < 1900:
                sheet.write_string(line, place, value.isoformat())
            else:
                sheet.write_datetime(line, place, value, formats["date"])
        case dt.time():
            sheet.write_datetime(line, place, value.replace(tzinfo=None), formats["time"])
        case _:
            sheet.write_number(line, place, value)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _questions(book: Any, columns: Sequence[Column]) -> None:
    sheet = book.add_worksheet("questions")
    _line(sheet, 0, ["column", "kind", *LANGUAGES])
    for number, column in enumerate((each for each in columns if not each.is_first), 1):
        texts = [
            " – ".join(
                filter(
                    None,
                    [
                        column.label.get(code, ""),
                        column.choice.label.get(code, "") if column.choice else "",
                    ],
                )
            )
            for code in LANGUAGES
        ]
        _line(sheet, number, [column.name, column.storage, *texts])


def _choices(book: Any, columns: Sequence[Column]) -> None:
    sheet = book.add_worksheet("choices")
    _line(sheet, 0, ["question", "name", *LANGUAGES])
    number = 0
    done: set[str] = set()
    for column in columns:
        if column.source in done or column.is_first:
            continue
        done.add(column.source)
        for choice in column.choices:
            number += 1
            labels = [choice.label.get(code, "") for code in LANGUAGES]
            _line(sheet, number, [column.source, choice.name, *labels])


def _line(sheet: Any, number: int, texts: Sequence[str]) -> None:
    for place, text in enumerate(texts):
        sheet.write_string(number, place, text[:MOST_CHARACTERS])
