"""Workbooks, SPSS files and codebooks are read back by other programs' libraries."""

import datetime as dt
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pyreadstat
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.analysis import sav
from surveys.analysis.columns import STORAGE, Column
from surveys.questionnaires.schema import QUESTION_TYPES
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.analysis.answers import FORM, add, make_answers

NS = {"d": "ddi:codebook:2_5"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LONG = "خیابان هفده شهریور " * 60


def read_sav(path: Path) -> tuple[dict[str, list[Any]], Any]:
    return pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")


@pytest.fixture
def survey(app: Flask) -> None:
    form = questionnaire(
        [*FORM.pages[0].questions, question("grade", "select_one", "1 2 10")],
        list(FORM.pages[1].questions),
    )
    _version, campaign = make_answers(
        [
            {"way": "bus", "wishes": ["park", "bench"], "grade": "10", "age": 34, "metres": 2.5,
             "idea": LONG, "sum": 3.0},
            {},
            {"way": "walk", "wishes": [], "age": -7, "idea": "=1+1"},
        ],
        make_survey("BUDGET-1405", form),
    )  # fmt: skip
    add(campaign, [{"way": "car"}], is_test=True)
    add(campaign, [{"way": "car"}], state="draft")


def export(runner: FlaskCliRunner, tmp_path: Path, kind: str, *more: str) -> Path:
    path = tmp_path / f"out.{kind}"
    done = runner.invoke(
        args=["surveys", "export", "BUDGET-1405", "--format", kind, "-o", str(path), *more]
    )
    assert done.exit_code == 0, done.output
    return path


def test_spss(survey: None, runner: FlaskCliRunner, tmp_path: Path) -> None:
    found, meta = read_sav(export(runner, tmp_path, "sav", "--lang", "fa"))
    assert meta.number_rows == 3
    assert meta.file_label == "Poll فا"
    del found["response_id"]
    assert all(isinstance(each, dt.datetime) for each in found.pop("submitted_at"))
    assert found == {
        "version": [1, 1, 1], "language": ["fa"] * 3, "mode": ["link"] * 3,
        "verification": [""] * 3, "wishes": ["park bench", "", ""],
        "way": ["bus", "", "walk"],
        "wishes_park": [1, None, 0], "wishes_lamp": [0, None, 0], "wishes_bench": [1, None, 0],
        "grade": [10, None, None], "age": [34, None, -7], "metres": [2.5, None, None],
        # The format has no blanks at the end of a text.
        "idea": [LONG.rstrip(), "", "=1+1"], "sum": ["3", "", ""],
    }  # fmt: skip
    labels = dict(zip(meta.column_names, meta.column_labels, strict=True))
    assert labels["way"] == "way فا"
    assert labels["wishes_park"] == "wishes فا: park فا"
    assert meta.variable_value_labels["way"] == {
        "bus": "bus فا", "walk": "walk فا", "car": "car فا",
    }  # fmt: skip
    assert meta.variable_value_labels["grade"] == {1: "1 فا", 2: "2 فا", 10: "10 فا"}
    assert meta.mr_sets["set_wishes"] == {
        "type": "D", "is_dichotomy": True, "counted_value": 1, "label": "wishes فا",
        "variable_list": ["wishes_park", "wishes_lamp", "wishes_bench"],
    }  # fmt: skip
    assert set(meta.missing_ranges) >= {"way", "sum"}


def test_excel(survey: None, runner: FlaskCliRunner, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export(runner, tmp_path, "xlsx"))
    header, *rows = book["answers"].iter_rows(values_only=True)
    assert len(rows) == 3
    first = dict(zip(header, rows[0], strict=True))
    assert first["way"] == "bus"
    assert first["wishes/park"] == 1
    assert first["idea"] == LONG
    cell = book["answers"].cell(4, header.index("idea") + 1)
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    said = [row for row in book["choices"].iter_rows(values_only=True) if row[0] == "way"]
    assert said[0] == ("way", "bus", "bus فا", "bus عر", "bus en")
    labelled = openpyxl.load_workbook(export(runner, tmp_path, "xlsx", "--lang", "ar"))
    assert labelled["answers"].cell(2, header.index("way") + 1).value == "bus عر"


def test_codebook(survey: None, runner: FlaskCliRunner, tmp_path: Path) -> None:
    root = ElementTree.parse(export(runner, tmp_path, "ddi")).getroot()
    assert root.tag == "{ddi:codebook:2_5}codeBook"
    # The order of the parts is fixed by the schema.
    assert [each.tag.split("}")[1] for each in root] == [
        "docDscr", "stdyDscr", "fileDscr", "dataDscr",
    ]  # fmt: skip
    assert root.findtext(".//d:stdyDscr/d:citation/d:titlStmt/d:titl", namespaces=NS)
    assert root.findtext(".//d:caseQnty", namespaces=NS) == "3"
    variables = root.findall("d:dataDscr/d:var", NS)
    assert root.findtext(".//d:varQnty", namespaces=NS) == str(len(variables))
    assert len({each.get("ID") for each in variables}) == len(variables)
    assert {each.get("files") for each in variables} == {root.find("d:fileDscr", NS).get("ID")}
    order = ["location", "labl", "qstn", "catgry", "varFormat"]
    for each in variables:
        places = [order.index(part.tag.split("}")[1]) for part in each]
        assert places == sorted(places)
        assert each.get("intrvl") in ("contin", "discrete")
    way = next(each for each in variables if each.get("name") == "way")
    assert {each.get(LANG): each.text for each in way.findall("d:qstn/d:qstnLit", NS)} == {
        "fa": "way فا", "ar": "way عر", "en": "way en",
    }  # fmt: skip
    assert [
        (each.findtext("d:catValu", namespaces=NS), each.findtext("d:catStat", namespaces=NS))
        for each in way.findall("d:catgry", NS)
    ] == [("bus", "1"), ("walk", "1"), ("car", "0")]


def test_names_that_spss_does_not_take(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    form = questionnaire(
        [question(name) for name in ("a-b", "a_b", "A_B", "with", "x" * 80, "language")]
    )
    version = make_survey("BUDGET-1405", form)
    add(make_campaign(version), [{"a-b": "۱", "A_B": "2", "language": "تاتی"}])
    found, _meta = read_sav(export(runner, tmp_path, "sav"))
    names = list(found)[6:]
    assert names == ["a_b", "a_b_2", "A_B_3", "v_with", "x" * 64, "answer_language"]
    assert [found[name] for name in names] == [["۱"], [""], ["2"], [""], [""], ["تاتی"]]


def test_a_survey_without_answers(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    make_answers([], make_survey("BUDGET-1405", FORM))
    assert read_sav(export(runner, tmp_path, "sav"))[1].number_rows == 0
    sheet = openpyxl.load_workbook(export(runner, tmp_path, "xlsx"))["answers"]
    assert sheet.max_row == 1


SECONDS = st.integers(0, 86_399)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1))  # noqa: DTZ001 - SPSS knows no zones
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=400)
rows_of_texts = st.lists(st.tuples(texts, st.floats(allow_nan=False), texts), max_size=6)


@settings(max_examples=50, deadline=None)
@given(rows_of_texts)
def test_every_value_comes_back(rows: list[tuple[str, float, str]]) -> None:
    rows = [
        (first.rstrip(" ")[:60], number, (last * 3).rstrip(" ")) for first, number, last in rows
    ]
    rows = [row for row in rows if abs(row[1]) < 1e300]
    widest = max((len(row[2].encode()) for row in rows), default=1)
    fields = [
        sav.Field("first", "string", width=250),
        sav.Field("number", "number", measure="scale"),
        sav.Field("last", "string", width=max(widest, 1)),
    ]
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    content = b"".join(sav.pieces(fields, rows, cases=len(rows), label="", created=moment))
    found, _meta = pyreadstat.read_sav(io.BytesIO(content), output_format="dict")
    assert list(zip(found["first"], found["number"], found["last"], strict=True)) == rows


@settings(max_examples=50, deadline=None)
@given(st.dates(min_value=dt.date(1900, 1, 1)), SECONDS, MOMENTS)
def test_dates_come_back(day: dt.date, second: int, moment: dt.datetime) -> None:
    time = dt.time(second // 3600, second // 60 % 60, second % 60)
    moment = moment.replace(microsecond=0)
    answers = [day.isoformat(), time.isoformat(), moment.isoformat()]
    storages = ("date", "time", "datetime")
    values = [
        Column(each, each, each).value(raw) for each, raw in zip(storages, answers, strict=True)
    ]
    assert values == [day, time, moment]
    fields = [sav.Field(each, each) for each in storages]
    content = b"".join(
        sav.pieces(fields, [[*map(sav.seconds, values)]], cases=1, label="", created=moment)
    )
    found, _meta = pyreadstat.read_sav(io.BytesIO(content), output_format="dict")
    assert [found[each][0] for each in storages] == values


def test_every_question_type_has_its_row() -> None:
    assert set(QUESTION_TYPES) - {"note"} <= set(STORAGE)
