"""The file that comes out is read back."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.db import db
from surveys.analysis import export
from surveys.analysis.columns import of_survey
from surveys.responses.models import Response
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.analysis.answers import FORM, add, make_answers
from tests.surveys.questionnaires.forms import questionnaire as form_of

pytestmark = pytest.mark.usefixtures("app")


def read(survey_id: int, **options: Any) -> list[dict[str, str]]:
    text = "".join(export.lines(survey_id, export.table(survey_id), **options))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_row_for_each_complete_response(context: Flask) -> None:
    version, campaign = make_answers(
        [
            {"way": "bus", "wishes": ["park", "bench"], "age": 34, "metres": 2.5, "idea": "نور",
             "sum": 3.0},
            {},
        ]
    )  # fmt: skip
    add(campaign, [{"way": "car"}], state="draft")
    first, second = read(version.survey_id)
    assert list(first) == [
        "response_id", "version", "language", "submitted_at", "mode", "verification", "way",
        "wishes", "wishes/park", "wishes/lamp", "wishes/bench", "age", "metres", "idea", "sum",
    ]  # fmt: skip
    assert first["submitted_at"].endswith("Z")
    del first["response_id"], first["submitted_at"], second["response_id"], second["submitted_at"]
    assert first == {
        "version": "1", "language": "fa", "mode": "link", "verification": "", "way": "bus",
        "wishes": "park bench", "wishes/park": "1",
        "wishes/lamp": "0", "wishes/bench": "1", "age": "34", "metres": "2.5", "idea": "نور",
        "sum": "3",
    }  # fmt: skip
    assert set(second.values()) == {"1", "fa", "link", ""}


@pytest.fixture
def survey(context: Flask) -> tuple[Any, Any]:
    return make_answers([])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1),
        max_size=8,
    )
)
def test_what_was_written_is_read_back(survey: tuple[Any, Any], texts: list[str]) -> None:
    version, campaign = survey
    db.session.execute(db.delete(Response))
    db.session.commit()
    add(campaign, [{"idea": text} for text in texts])
    found = [row["idea"] for row in read(version.survey_id)]
    assert found == [export.safe(text) for text in texts]
    assert [cell.removeprefix("'") if cell != text else cell
            for cell, text in zip(found, texts, strict=True)] == texts  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert export.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+98912", "-2.5", "12", "سلام", "", "a=1"])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert export.safe(text) == text


def test_versions_share_their_columns(context: Flask) -> None:
    old = make_survey(
        "X-1", questionnaire([question("a"), question("gone", "select_multiple", "x")])
    )
    add(make_campaign(old), [{"a": "1", "gone": ["x"]}])
    new = make_survey("X-1", questionnaire([question("b"), question("a")]))
    add(make_campaign(new), [{"a": "2", "b": "3"}])
    rows = read(new.survey_id)
    assert list(rows[0])[6:] == ["b", "a", "gone", "gone/x"]
    assert [list(row.values())[6:] for row in rows] == [["", "1", "x", "1"], ["3", "2", "", ""]]
    assert [row["version"] for row in rows] == ["1", "2"]


def test_a_question_named_like_a_first_column(context: Flask) -> None:
    version = make_survey(form=questionnaire([question("language"), question("version")]))
    add(make_campaign(version), [{"language": "تاتی", "version": "2"}])
    (row,) = read(version.survey_id)
    assert (row["language"], row["answer//language"]) == ("fa", "تاتی")
    assert (row["version"], row["answer//version"]) == ("1", "2")


def test_rows_come_in_batches(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    version, _campaign = make_answers([{"age": n} for n in range(5)])
    pieces = list(export.lines(version.survey_id, export.table(version.survey_id)))
    assert [piece.count("\r\n") for piece in pieces] == [1, 2, 2, 1]


def test_the_command(runner: FlaskCliRunner, tmp_path: Path) -> None:
    make_answers([{"idea": "=1+1"}], make_survey("BUDGET-1405", FORM))
    file = tmp_path / "out.csv"
    done = runner.invoke(
        args=["surveys", "export", "budget-۱۴۰۵", "--format", "csv", "-o", str(file)]
    )
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))
    assert row["idea"] == "'=1+1"
    assert list(tmp_path.iterdir()) == [file]
    runner.invoke(args=["surveys", "export", "BUDGET-1405", "-o", str(file), "--bom"])
    assert file.read_bytes().startswith(b"\xef\xbb\xbfresponse_id,")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["BUDGET-1405", "--format", "pdf", "-o", "x.pdf"], 2, "Supported: csv"),
        (["BUDGET-1405"], 2, "--output"),
        (["NOBODY", "-o", "x.csv"], 1, "no survey"),
        (["چیزی نیست", "-o", "x.csv"], 1, "no survey"),
        (["BUDGET-1405", "-o", "/no/such/folder/x.csv"], 2, "cannot be written"),
    ],
)
def test_the_command_refuses(
    runner: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    make_answers([], make_survey("BUDGET-1405", FORM))
    done = runner.invoke(args=["surveys", "export", *arguments])
    assert done.exit_code == code
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_no_two_columns_have_one_name(context: Flask) -> None:
    form = form_of(
        """type | name | label
        begin repeat | person | P
        text | age | A
        end repeat | |
        text | person_1_age | B
        text | mode | M
        begin group | g |
        select_multiple l | a | Several
        end group | |
        begin group | a |
        text | x | X
        end group | |
        begin group | b |
        text | x | X
        end group | |""",
        "list_name | name | label\nl | x | X\nl | y | Y",
    )
    answers = {
        "person": [{"age": "1"}, {"age": "2"}],
        "person_1_age": "3",
        "mode": "4",
        "a": ["x"],
        "a/x": "5",
        "b/x": "6",
    }
    version, _campaign = make_answers([answers], make_survey(form=form))
    table = export.table(version.survey_id)
    assert len(table.header()) == len(set(table.header()))
    (line,) = read(version.survey_id)
    assert line["person_1_age"] == "3"
    assert (line["answer//person_1_age"], line["person_2_age"]) == ("1", "2")
    assert (line["mode"], line["answer//mode"]) == ("link", "4")
    assert (line["a/x"], line["answer//a/x"], line["b/x"]) == ("1", "5", "6")
    # The other formats have the same columns.
    assert [each.name for each in of_survey(version.survey_id)] == table.header()
