"""Spreadsheets as people really save them: read as they were meant, or told what is wrong."""

import datetime as dt
import io
import time
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from portal.i18n import use_language
from surveys.questionnaires.xlsform import Reading, read

from .forms import codes

HEAD = ["type", "name", "label"]
LISTS = ["list_name", "name", "label"]
Rows = Sequence[Sequence[Any]]


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def xlsx(
    survey: Rows, choices: Rows = (), change: Callable[[Any], object] | None = None
) -> Reading:
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in survey:
        book["survey"].append(row)
    if choices:
        sheet = book.create_sheet("choices")
        for row in choices:
            sheet.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return read(out.getvalue(), "form.xlsx")


def messages(reading: Reading) -> list[str]:
    return [str(problem.message) for problem in reading.problems]


def test_cells_merged_downwards_count_in_each_row() -> None:
    def merge(book: Any) -> None:
        book["survey"].merge_cells("A3:A4")
        book["survey"].merge_cells("C1:D1")
        book["choices"].merge_cells("A2:A3")

    reading = xlsx(
        [HEAD, ["text", "a", "A"], ["select_one l", "b", "B"], [None, "c", "C"]],
        [LISTS, ["l", "x", "X"], [None, "y", "Y"]],
        merge,
    )
    assert codes(reading, "warning") == ["merged_cells", "merged_cells"]
    assert reading.questionnaire is not None
    last = reading.questionnaire.by_name["c"]
    assert (last.type, [choice.name for choice in last.choices]) == ("select_one", ["x", "y"])


def test_invisible_marks_and_wide_spaces_around_names_are_no_part_of_them() -> None:
    reading = xlsx(
        [
            ["type\u00a0", "\u200fname", "label", "\u202brelevant\u202c"],
            ["select_one\u00a0l\u200f", "\u200ea\u200c", "A\u00a0b", None],
            ["text\u200f", "b\u2069", "B", "\u200f${a}\u00a0= 'x'"],
        ],
        [["list\u00a0name", "name", "label"], ["l\u200f", "\u200fx", "X"]],
    )
    assert codes(reading) == []
    assert reading.questionnaire is not None
    assert [question.name for question in reading.questionnaire.questions] == ["a", "b"]
    assert reading.questionnaire.by_name["a"].choices[0].name == "x"
    assert reading.questionnaire.by_name["a"].label == {"en": "A\u00a0b"}


def test_thousands_of_cleared_rows_and_columns_are_nothing() -> None:
    def format_far(book: Any) -> None:
        sheet = book["survey"]
        sheet.cell(39_000, 1).font = Font(bold=True)
        sheet.cell(1, 4_000).font = Font(bold=True)
        for number in range(10, 22_000):
            sheet.cell(number, 1).value = " "

    began = time.monotonic()
    reading = xlsx([HEAD, ["text", "a", "A"]], change=format_far)
    assert reading.problems == ()
    assert time.monotonic() - began < 20


def test_a_question_below_twenty_thousand_rows_is_told_of() -> None:
    reading = xlsx([HEAD, ["text", "a", "A"]], change=lambda b: b["survey"].cell(20_500, 1, "text"))
    (problem,) = reading.problems
    assert (problem.code, problem.row) == ("too_many_rows", 20_500)


def test_sheets_that_are_hidden_or_for_the_author_change_nothing() -> None:
    def add(book: Any) -> None:
        old = book.create_sheet("survey (2)")
        old.append(HEAD)
        old.append(["text", "old", "Old"])
        old.sheet_state = "hidden"
        book.create_sheet("Notes").append(["Ask Zahra"])
        book["survey"].sheet_state = "hidden"

    reading = xlsx([HEAD, ["text", "a", "A"]], change=add)
    assert reading.problems == ()
    assert reading.questionnaire is not None
    assert list(reading.questionnaire.by_name) == ["a"]


def test_dates_times_and_numbers_in_cells_are_what_they_look_like() -> None:
    reading = xlsx(
        [
            [*HEAD, "default"],
            ["date", "d", "D", dt.date(2026, 3, 1)],
            ["time", "t", "T", dt.time(9, 30)],
            ["select_one l", "s", "S", 2.0],
        ],
        [LISTS, ["l", 1.0, 10], ["l", 2.0, 20.5]],
    )
    assert codes(reading) == []
    assert reading.questionnaire is not None
    found = reading.questionnaire.by_name
    assert [found[name].default for name in "dts"] == ["2026-03-01", "09:30:00", "2"]
    assert [(x.name, x.label["en"]) for x in found["s"].choices] == [("1", "10"), ("2", "20.5")]


def test_columns_that_differ_in_case_only_are_named_both() -> None:
    reading = xlsx(
        [["type", "name", "label::English (en)", "Label::english (EN)"], ["text", "a", "A", "B"]]
    )
    assert codes(reading) == ["duplicate_column"]
    assert "“label::English (en)” and “Label::english (EN)” mean the same" in messages(reading)[0]


def test_a_formula_that_came_to_nothing_is_told_of() -> None:
    reading = xlsx([HEAD, ["text", "a", "#N/A"], ["text", "b", "#REF!"]])
    assert codes(reading, "warning") == ["text_lost", "text_lost"]


@pytest.mark.parametrize("mark", ["’", "“", "„"])
def test_quotation_marks_of_a_word_processor_are_named(mark: str) -> None:
    reading = xlsx(
        [[*HEAD, "relevant"], ["text", "a", "A"], ["text", "b", "B", f"${{a}} = {mark}x"]]
    )
    assert codes(reading) == ["expression_syntax"]
    assert "straight quotes" in messages(reading)[0]


TABLE = "type,name,label::Persian (fa)\r\ntext,a,سلام پرسش\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace("ی", "ي").encode("windows-1256"),
        TABLE.replace("\r\n", "\r").encode(),
        TABLE.replace(",", ";").encode("utf-8-sig"),
        ("sep=;\r\n" + TABLE.replace(",", ";")).encode("utf-8-sig"),
        ('\ufeff"type","name","label"\r\n"text","a","سلام پرسش"\r\n').encode(),
    ],
    ids=["bom", "utf-16", "windows-1256", "old-mac", "semicolons", "sep", "quoted"],
)
def test_a_csv_of_any_program(data: bytes) -> None:
    reading = read(data, "form.csv")
    assert reading.questionnaire is not None, messages(reading)
    assert reading.questionnaire.by_name["a"].label == {"fa": "سلام پرسش"}
