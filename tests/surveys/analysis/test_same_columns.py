"""CSV, workbook, SPSS file and codebook of the form with every type: the same columns, in the same
order, with the same values."""

import csv
import datetime as dt
import io
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pyreadstat
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from surveys.analysis import sav_export
from surveys.analysis.columns import of_survey
from surveys.questionnaires.xlsform import read
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.responses.phone import Phone
from tests.surveys.walk import walk

FORM_FILE = Path(__file__).parents[1] / "questionnaires" / "every_type.md"


@pytest.fixture(scope="module")
def seeds() -> list[tuple[str, int]]:
    return [("fa", 3), ("en", 4), ("ar", 5), ("fa", 6)]


def same(written: str, value: Any) -> bool:
    """Whether a cell of the CSV says what another format holds."""
    if value is None or value == "":
        return written == ""
    written = written.removeprefix("'")
    match value:
        case bool():
            return written == str(int(value))
        case int() | float():
            try:
                return math.isclose(float(written), value, abs_tol=1e-9)
            except ValueError:
                return False
        case dt.datetime():
            try:
                moment = dt.datetime.fromisoformat(written)
            except ValueError:
                return False
            if moment.tzinfo:
                moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
            # A workbook counts in days and halves a millisecond.
            return abs(moment - value.replace(tzinfo=None)) < dt.timedelta(seconds=1)
        case dt.date():
            return written == value.isoformat()
        case dt.time():
            return dt.time.fromisoformat(written) == value
        case _:
            # SPSS keeps no blanks at the end.
            return written.rstrip() == str(value).rstrip()


def test_every_format_has_every_column_and_value(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, seeds: list[tuple[str, int]]
) -> None:
    form = read(FORM_FILE.read_bytes(), FORM_FILE.name).questionnaire
    assert form is not None
    version = make_survey("EVERY-TYPE", form)
    campaign = make_campaign(version)
    for lang, seed in seeds:
        walk(Phone(app, make_invitation(campaign, language=lang)[1]), form, lang, seed)
    paths = {}
    for kind in ("csv", "xlsx", "sav", "ddi"):
        paths[kind] = tmp_path / f"out.{kind}"
        done = runner.invoke(
            args=["surveys", "export", "EVERY-TYPE", "--format", kind, "-o", str(paths[kind])]
        )
        assert done.exit_code == 0, done.output
    header, *rows = csv.reader(io.StringIO(paths["csv"].read_text(encoding="utf-8"), newline=""))
    assert len(rows) == len(seeds)
    assert {"mode", "verification"} <= set(header)
    assert any(name.endswith("/latitude") for name in header)
    assert any("_2_" in name for name in header), "nobody filled a second round: take other seeds"

    book = openpyxl.load_workbook(paths["xlsx"])
    first, *lines = book["answers"].iter_rows(values_only=True)
    assert list(first) == header
    wrong = [
        (name, written, value)
        for row, line in zip(rows, lines, strict=True)
        for name, written, value in zip(header, row, line, strict=True)
        if not same(written, value)
    ]
    assert wrong == []

    found, meta = pyreadstat.read_sav(str(paths["sav"]), user_missing=True, output_format="dict")
    with app.app_context():
        columns = of_survey(version.survey_id)
    assert [column.name for column in columns] == header
    assert meta.column_names == sav_export.names(columns)
    wrong = [
        (name, row[place], value)
        for place, name in enumerate(meta.column_names)
        for row, value in zip(rows, found[name], strict=True)
        if not same(row[place], value)
    ]
    assert wrong == []

    described = ElementTree.parse(paths["ddi"]).getroot().iter("{ddi:codebook:2_5}var")
    assert [each.get("name") for each in described] == header
