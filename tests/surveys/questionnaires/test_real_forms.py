"""Questionnaires that others wrote: each is read, or all its problems are listed where they are.

That the list is complete and its places are right is shown by following it: when the rows that
the errors name are taken out, again and again, the form becomes one that can be used.
"""

import functools
import io
import random
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.i18n import use_language
from surveys.questionnaires.export_xlsform import export
from surveys.questionnaires.limesurvey import is_limesurvey
from surveys.questionnaires.workbook import Row, Sheet
from surveys.questionnaires.xlsform import Reading, read

from .limesurvey.files import G, Q, Sub, lss
from .real_forms import FORMS, REAL, household, mended, mended_limesurvey, read_sheets, sheets_of

RTL = {"fa", "fa-AF", "ar", "ps", "he"}
pytestmark = pytest.mark.skipif(
    not FORMS, reason=f"SKIPPED LOUDLY: no real questionnaires in {REAL}"
)


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def check_places(reading: Reading, sheets: dict[str, Sheet]) -> None:
    """Every problem stands at a row and a column that exist."""
    by_title = {sheet.title: sheet for sheet in sheets.values()}
    for problem in reading.problems:
        assert str(problem.message)
        if problem.sheet is None or problem.code == "missing_sheet":
            continue
        sheet = by_title[problem.sheet]
        assert problem.row is None or problem.row in {row.number for row in sheet.rows}
        # A column that is missing is named as it would be headed.
        known = set(sheet.rows[0].cells) | {
            "name", "type", "label", "list_name", "default", "calculation", "parameters", "hint",
            "constraint_message", "required_message", "guidance_hint",
        }  # fmt: skip
        assert problem.column is None or problem.column in known, problem


def test_there_are_ten_of_which_three_run_from_right_to_left() -> None:
    assert len(FORMS) >= 10
    languages = [set(read(path.read_bytes(), path.name).languages) for path in FORMS]
    assert sum(bool(found & RTL) for found in languages) >= 3
    assert sum(len(found) > 1 for found in languages) >= 5


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_each_is_read_or_its_problems_are_listed(path: Path) -> None:
    data = path.read_bytes()
    reading = read(data, path.name)
    errors = [problem for problem in reading.problems if problem.severity == "error"]
    assert reading.ok == (not errors)
    if is_limesurvey(data):
        tables = {block.tag: block for block in ET.fromstring(data)}
        for problem in reading.problems:
            if problem.row is not None:
                assert problem.row <= len(tables[problem.sheet].find("rows"))
        return
    check_places(reading, sheets_of(data))


SPREADSHEETS = [path for path in FORMS if path.suffix != ".lss" and "household" not in path.name]


@pytest.mark.parametrize("path", [*SPREADSHEETS, None], ids=lambda p: p.name if p else "household")
def test_following_the_list_of_problems_leads_to_a_form_that_comes_back_from_export(
    path: Path | None,
) -> None:
    sheets = sheets_of(path.read_bytes()) if path else household()
    form = mended(sheets).questionnaire
    assert form is not None
    again = read(export(form), "x.xlsx")
    assert again.questionnaire is not None, [
        (p.row, str(p.message)) for p in again.problems if p.severity == "error"
    ][:5]
    assert again.questionnaire.to_json() == form.to_json()


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.suffix == ".lss"], ids=lambda path: path.name
)
def test_a_limesurvey_without_the_questions_its_problems_name_is_imported(path: Path) -> None:
    reading = mended_limesurvey(path)
    form = reading.questionnaire
    assert form is not None
    assert len(form.questions) > 100
    again = read(export(form), "x.xlsx").questionnaire
    assert again is not None
    assert again.to_json() == form.to_json()


SMALL = [path for path in SPREADSHEETS if path.stat().st_size < 30_000]


@functools.cache
def small_sheets(number: int) -> dict[str, Sheet]:
    return sheets_of(SMALL[number % len(SMALL)].read_bytes())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.integers(0, 10_000))
def test_a_form_damaged_anyhow_is_never_an_exception(chance: random.Random, number: int) -> None:
    sheets = damaged(small_sheets(number % len(SMALL)), chance)
    reading = read_sheets(sheets)
    assert reading.ok == all(problem.severity == "warning" for problem in reading.problems)
    assert all(str(problem.message) for problem in reading.problems)
    if reading.questionnaire is not None:
        again = read(export(reading.questionnaire), "x.xlsx").questionnaire
        assert again is not None
        assert again.to_json() == reading.questionnaire.to_json()


def damaged(sheets: dict[str, Sheet], chance: random.Random) -> dict[str, Sheet]:
    tables = {name: [list(row.cells) for row in sheet.rows] for name, sheet in sheets.items()}
    for _ in range(chance.randint(1, 6)):
        table = tables[chance.choice(sorted(tables))]
        if not table:
            continue
        row = chance.choice(table)
        match chance.randrange(6):
            case 0 if row:
                row[chance.randrange(len(row))] = ""
            case 1 if table[0]:
                table[0][chance.randrange(len(table[0]))] = chance.choice(["", "x", "name", "type"])
            case 2:
                table[chance.randrange(len(table))] = row
            case 3:
                table.remove(row)
            case 4 if row:
                row[chance.randrange(len(row))] = chance.choice(["????", "${x", "a b", "end group"])
            case 5 if row:
                row.insert(0, "")
    return {
        name: Sheet(
            sheets[name].title,
            tuple(Row(n, tuple(row)) for n, row in enumerate(table, start=1) if any(row)),
        )
        for name, table in tables.items()
    }


FIELDS = ["type", "title", "relevance", "parent_qid", "qid", "gid", "code", "scale_id", "value"]
SURVEY = lss(
    [
        G(
            "g",
            [
                Q("a", "L", answers=[("A1", "x"), ("A2", "y")], relevance="1"),
                Q("m", "M", subs=[Sub("s1"), Sub("s2")], attributes={"max_answers": "1"}),
                Q("f", "F", subs=[Sub("s1")], answers=[("1", "x")], relevance='m_s1 == "Y"'),
                Q("g", ";", subs=[Sub("r"), Sub("c", scale=1)], attributes={"array_filter": "m"}),
            ],
        )
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_a_limesurvey_damaged_anyhow_is_never_an_exception(chance: random.Random) -> None:
    root = ET.parse(io.BytesIO(SURVEY)).getroot()
    for _ in range(chance.randint(1, 5)):
        rows = [row for block in root if (rows := block.find("rows")) is not None for row in rows]
        cell = chance.choice([cell for row in rows for cell in row])
        if chance.random() < 0.3:
            block = chance.choice([b for b in root if b.find("rows") is not None])
            if len(block.find("rows")):
                block.find("rows").remove(block.find("rows")[0])
        else:
            cell.text = chance.choice(["", "0", "101", "Y", "F", "-1", "((", "{x}", "a", "١"])
    reading = read(ET.tostring(root), "x.lss")
    assert reading.ok == all(problem.severity == "warning" for problem in reading.problems)
