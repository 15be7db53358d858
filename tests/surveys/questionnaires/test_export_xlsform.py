"""Questionnaires as workbooks: what is read back is what was written."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal.i18n import use_language
from surveys.questionnaires.export_xlsform import export
from surveys.questionnaires.packages import Package
from surveys.questionnaires.problems import ProblemList
from surveys.questionnaires.schema import Choice, Page, Question, Questionnaire
from surveys.questionnaires.workbook import Row, Sheet
from surveys.questionnaires.xlsform import _Reader, read
from tests.factories.accounts import make_user, sign_in
from tests.factories.surveys import MAYOR, make_survey, mayor

from .forms import questionnaire


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def again(form: Questionnaire) -> Questionnaire:
    result = read(export(form), "x.xlsx")
    assert result.questionnaire is not None, [
        (p.row, str(p.message)) for p in result.problems if p.severity == "error"
    ]
    return result.questionnaire


def same(form: Questionnaire) -> None:
    assert again(form).to_json() == form.to_json()


def test_the_demonstration_poll_comes_back_the_same() -> None:
    same(mayor())


FORM = """
type | name | label::فارسی (fa) | label::العربية (ar) | hint::fa | relevant | constraint | \
appearance | parameters | choice_filter | default | required | repeat_count | guidance_hint::fa
text | loose | بیرون | خارج | | | | | | | | | |
begin group | g | گروه | مجموعة | | ${loose} != '' | | | | | | | |
range | scale | چند؟ | كم؟ | راهنما | | | | start=0 end=1 step=0.1 | | | | | بیشتر
rank fruit | order | ترتیب | ترتيب | | | | | randomize=true seed=42 | | | yes | |
begin group | table | جدول | جدول | | | | table-list | | | | | |
select_one fruit | r1 | یک | واحد | | | | | | | | | |
select_one fruit | r2 | دو | اثنان | | ${r1} = 'a' | | | | | | | |
end group | | | | | | | | | | | | |
begin group | inner | درون | داخل | | ${r1} = 'b' | | field-list | | | | | |
select_one fruit | head | | | | | | label | | | | | |
select_multiple fruit | h1 | الف | أ | | | | list-nolabel | | | | | |
date | day | کی؟ | متى؟ | | ${h1} != '' | . <= today() | | | | | ${r1} = 'a' | |
end group | | | | | | | | | | | | |
select_one city or_other | place | کجا؟ | أين؟ | | | | | | kind = ${r1} | | | |
end group | | | | | | | | | | | | |
begin group | outer | | | | ${r2} != '' | | | | | | | |
begin repeat | people | نفر | شخص | | ${r1} != '' | | | | | | | ${scale} + 1 |
text | who | نام | اسم | | | | | | | | | |
begin group | more | بیشتر | المزيد | | ${who} != '' | | field-list | | | | | |
integer | age | سن | العمر | | | . > 0 | | | | 7 | | |
end group | | | | | | | | | | | | |
image | face | عکس | صورة | | | | | | | | | |
end repeat | | | | | | | | | | | | |
end group | | | | | | | | | | | | |
calculate | c | | | | | | | | | | | |
hidden | h | | | | | | | | | x | | |
geopoint | spot | جا | مكان | | | | | | | | | |
""".replace("calculate | c | | | | | | | | | | | |\n", "")
CHOICES = """
list_name | name | label::fa | label::ar | kind
fruit | a | سیب | تفاح | x
fruit | b | به | سفرجل | y
city | t | تهران | طهران | a
city | q | قم | قم | b
"""


def test_a_form_of_every_kind_comes_back_the_same() -> None:
    form = questionnaire(FORM, CHOICES, "form_title::fa | version\nعنوان | ۳")
    assert form.repeats
    assert {question.matrix for question in form.questions} == {"", "table", "head"}
    assert form.by_name["place_other"].relevant
    same(form)


WORDS = st.text(
    alphabet=st.sampled_from(list("ابپ=+-@'\"<&>_xX0041 \n{}$|")), min_size=1, max_size=12
).map(str.strip)
LABELS = WORDS.filter(lambda text: text and "${" not in text and text != "NO_LABEL")
CELLS = {
    "type": st.sampled_from([
        "text", "integer", "note", "date", "select_one l", "select_multiple l", "select_one m",
        "select_one l or_other", "rank m", "range", "begin group", "begin group", "end group",
        "begin repeat", "end repeat", "geopoint", "hidden",
    ]),
    "relevant": st.sampled_from(["", "", "true()", "1 = 1", "today() > '2020-01-01'"]),
    "constraint": st.sampled_from(["", "string-length(.) < 9"]),
    "appearance": st.sampled_from(
        ["", "", "field-list", "table-list", "minimal", "label", "list-nolabel", "w1 field-list"]
    ),
    "required": st.sampled_from(["", "yes", "1 = 1"]),
    "read_only": st.sampled_from(["", "", "yes"]),
    "parameters": st.sampled_from(["", "randomize=true", "start=0 end=5 step=0.5"]),
    "label::fa": st.just("") | LABELS,
    "label::Dialect B": st.just("") | LABELS,
    "hint::en": st.just("") | WORDS,
}  # fmt: skip


@st.composite
def forms(draw) -> dict[str, Sheet]:
    """A random spreadsheet whose groups are closed."""
    header = ["type", "name", *list(CELLS)[1:]]
    rows, open_groups = [tuple(header)], []
    for number in range(draw(st.integers(1, 12))):
        cells = {key: draw(cell) for key, cell in CELLS.items()}
        kind, _, container = cells["type"].partition(" ")
        if kind == "begin":
            if container == "repeat" and "repeat" in open_groups:
                continue
            open_groups.append(container)
        elif kind == "end":
            if not open_groups or open_groups[-1] != container:
                continue
            open_groups.pop()
        elif not cells["label::fa"]:
            cells["label::fa"] = "؟"
        name = f"n{number}" if kind != "end" else ""
        rows.append((cells["type"], name, *list(cells.values())[1:]))
    rows += [(f"end {container}", *[""] * len(header[1:])) for container in reversed(open_groups)]
    choices = [("list_name", "name", "label::fa", "label::ar")]
    for name in "lm":
        for choice in range(draw(st.integers(1, 3))):
            choices.append((name, f"c{choice}", draw(LABELS), draw(st.just("") | LABELS)))
    about = [("form_title::fa", "default_language"), (draw(LABELS), "fa")]
    return {
        name: Sheet(name, tuple(Row(n, cells) for n, cells in enumerate(table, start=1)))
        for name, table in (("survey", rows), ("choices", choices), ("settings", about))
    }


def test_a_table_on_a_page_without_a_group_stays_on_its_page() -> None:
    same(
        questionnaire(
            """
            type | name | appearance | label::fa
            select_one l | head | label | ؟
            select_one l | row | list-nolabel | ؟
            text | after | | ؟
            """,
            "list_name | name | label::fa\nl | c0 | 0",
        )
    )


def test_languages_of_which_little_is_left_keep_their_order() -> None:
    same(
        questionnaire(
            """
            type | name | label::fa | label::Dialect B | hint::en
            begin group | empty | | 0 |
            end group | | | |
            select_one l or_other | one | ؟ | | 0
            """,
            "list_name | name | label::fa\nl | c0 | 0",
        )
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(forms())
def test_whatever_can_be_read_comes_back_the_same(sheets: dict[str, Sheet]) -> None:
    reading = _Reader(Package(sheets, "x.xlsx"), ProblemList()).read()
    if reading.questionnaire is not None:
        same(reading.questionnaire)


def test_no_cell_is_a_formula_and_the_sheet_runs_with_its_language() -> None:
    label = '=HYPERLINK("http://x")'
    choices = (Choice("a", {"fa": "+1"}),)
    form = Questionnaire(
        {"fa": "@x"},
        ("fa",),
        "fa",
        (Page("page_1", questions=(Question("q", "select_one", {"fa": label}, choices=choices),)),),
    )
    book = load_workbook(BytesIO(export(form)))
    for sheet in book.worksheets:
        assert sheet.sheet_view.rightToLeft
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    cell = book["survey"]["C2"]
    assert (cell.value, cell.data_type) == (label, "s")
    same(form)


def test_the_command_writes_the_newest_version(
    runner: FlaskCliRunner, app: Flask, tmp_path: Path
) -> None:
    runner.invoke(args=["surveys", "import", str(MAYOR), "--code", "MAYOR"])
    out = tmp_path / "out.xlsx"
    arguments = ["surveys", "export", "mayor", "--format", "xlsform", "-o", str(out)]
    assert runner.invoke(args=arguments).exit_code == 0
    assert read(out.read_bytes(), out.name).questionnaire == mayor()
    result = runner.invoke(args=["surveys", "import", str(out), "--code", "MAYOR", "--json"])
    assert '"is_new": false' in result.stdout
    arguments[2] = "NONE"
    assert runner.invoke(args=arguments).exit_code == 1


def test_each_version_can_be_downloaded_by_those_who_may_read(app: Flask) -> None:
    make_survey("MAYOR")
    address = "/staff/surveys/MAYOR/versions/1/xlsform"
    for role, status in (("analyst", 200), ("council_member", 403)):
        client = app.test_client()
        sign_in(client, make_user(roles=(role,)))
        answer = client.get(address)
        assert answer.status_code == status
        if status == 200:
            assert read(answer.data, "x").questionnaire == mayor()
            assert 'filename="MAYOR-1.xlsx"' in answer.headers["Content-Disposition"]
            assert address in client.get("/staff/surveys/MAYOR").text
            assert client.get(address.replace("/1/", "/9/")).status_code == 404
    assert app.test_client().get(address).status_code == 302
