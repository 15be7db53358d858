"""Questions of one name in different groups: told apart by the groups around them, everywhere."""

import csv
import io
import random

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal.i18n import use_language
from surveys.analysis import export as csv_export
from surveys.questionnaires.export_xlsform import export
from surveys.questionnaires.xlsform import read
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.editor.pages import begin, definition, send, staff
from tests.surveys.responses.phone import Phone, stored
from tests.surveys.walk import assert_agrees, walk

from .forms import codes, markdown, questionnaire, reading

FORM = """type | name | label | relevant | calculation | repeat_count
text | name | Your name | | |
begin group | contact | Contact | | |
text | name | Who answers for ${/name}? | | |
begin group | home | | | |
text | street | Street of ${contact/name} | ../../name != '' | |
end group | | | | |
end group | | | | |
begin group | office | Office | | |
text | name | Name at the office | /data/contact/name != '' | |
text | street | Street there | | |
end group | | | | |
begin repeat | person | Person | | | 2
text | name | Their name | | |
integer | age | Age of ${person/name} | | |
end repeat | | | | |
calculate | all | | | concat(${home/street}, string-length(/data/name), sum(${age})) |"""
NAMES = [
    "name", "contact/name", "home/street", "office/name", "office/street", "person/name",
    "age", "all",
]  # fmt: skip


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def test_each_gets_as_many_groups_before_its_name_as_it_takes() -> None:
    form = questionnaire(FORM)
    assert [question.name for question in form.questions] == NAMES
    assert form.by_name["home/street"].relevant == "${contact/name} != ''"
    assert form.by_name["office/name"].relevant == "${contact/name} != ''"
    assert form.by_name["contact/name"].label["en"] == "Who answers for ${name}?"
    assert form.by_name["all"].calculation == (
        "concat(${home/street}, string-length(${name}), sum(${age}))"
    )


def test_it_comes_back_from_a_spreadsheet_whose_expressions_other_tools_understand() -> None:
    form = questionnaire(FORM)
    data = export(form)
    again = read(data, "x.xlsx").questionnaire
    assert again is not None
    assert again.to_json() == form.to_json()
    rows = list(load_workbook(io.BytesIO(data))["survey"].iter_rows(values_only=True))
    cells = {str(cell) for row in rows[1:] for cell in row[:-1] if cell}
    assert "/data/contact/name != ''" in cells
    assert not any("${home/street}" in cell for cell in cells)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("${name} != ''", "/data/name, /data/contact/name, /data/office/name, /data/person/name"),
        ("${street} != ''", "/data/contact/home/street, /data/office/street"),
    ],
)
def test_a_reference_to_several_names_them(cell: str, said: str) -> None:
    found = reading(f"{FORM}\ntext | last | Last | {cell} | |")
    (problem,) = [each for each in found.problems if each.severity == "error"]
    assert (problem.code, problem.row, problem.column) == ("unknown_reference", 19, "relevant")
    assert said in str(problem.message)
    assert found.questionnaire is None


def test_a_text_that_mentions_several_is_told_how_to_write_it() -> None:
    found = reading(f"{FORM}\ntext | last | Dear ${{name}} | | |")
    (problem,) = [each for each in found.problems if each.severity == "error"]
    assert "${/name}, ${contact/name}" in str(problem.message)


def test_two_of_one_name_in_the_same_group_are_an_error_still() -> None:
    found = reading(
        """type | name | label
        begin group | a | A
        text | x | X
        text | x | X
        end group | |
        begin repeat | x | X
        text | y | Y
        end repeat | |
        text | x | X"""
    )
    assert codes(found) == ["duplicate_name", "duplicate_name"]
    assert [p.row for p in found.problems if p.severity == "error"] == [5, 10]


def test_tables_of_equal_rows_in_two_groups_stay_tables() -> None:
    survey = """type | name | label | appearance
begin group | places | Places | field-list
begin group | park | Park | table-list
select_one yn | clean | Clean? |
select_one yn | light | Light? |
end group | | |
begin group | road | Road | table-list
select_one yn | clean | Clean? |
select_one yn | light | Light? |
end group | | |
end group | | |
"""
    choices = "list_name | name | label\nyn | y | Yes\nyn | n | No"
    form = questionnaire(survey, choices)
    rows = [(question.name, question.matrix) for question in form.questions if question.matrix]
    assert rows == [
        ("park/clean", "park"), ("park/light", "park"), ("road/clean", "road"),
        ("road/light", "road"),
    ]  # fmt: skip
    again = read(export(form), "x.xlsx").questionnaire
    assert again is not None
    assert again.to_json() == form.to_json()


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_nesting_gives_distinct_names_and_comes_back(chance: random.Random) -> None:
    lines = ["type | name | label | relevant"]
    used: set[tuple[str, ...]] = set()

    def level(path: tuple[str, ...]) -> None:
        for name in chance.sample("abc", chance.randint(1, 3)):
            if len(path) < 3 and chance.random() < 0.5:
                lines.append(f"begin group | {name} | | ")
                level((*path, name))
                lines.append("end group | | |")
            else:
                mention = chance.choice(sorted(used)) if used and chance.random() < 0.5 else ()
                condition = f"/data/{'/'.join(mention)} = 'x'" if mention else ""
                lines.append(f"text | {name} | {name} | {condition}")
                used.add((*path, name))

    level(())
    result = read(markdown("\n".join(lines)), "x.md")
    form = result.questionnaire
    if form is None:
        # A group and a question beside it of one name, or nothing asked at all.
        assert {"duplicate_name", "no_questions"} >= set(codes(result))
        return
    names = [question.name for question in form.questions]
    assert len(set(names)) == len(names) == len(used)
    again = read(export(form), "x.xlsx")
    assert again.questionnaire is not None, [str(p.message) for p in again.problems]
    # `a` beside `b/a` beside `a/b/a`: which page is whose may need one group more.
    assert len(again.questionnaire.questions) == len(names)
    if not ambiguous_ends(used):
        assert again.questionnaire.to_json() == form.to_json()


def ambiguous_ends(paths: set[tuple[str, ...]]) -> bool:
    """Whether a whole path, but for a name alone, is the end of another."""
    return any(
        one != other and len(one) > 1 and other[-len(one) :] == one
        for one in paths
        for other in paths
    )


def test_they_are_answered_exported_and_shown_to_editors(app: Flask) -> None:
    form = questionnaire(FORM)
    version = make_survey(code="NAMES", form=form)
    _invitation, token = make_invitation(make_campaign(version), language="en")
    walker = walk(Phone(app, token), form, "en", 11)
    (response,) = stored(app)
    assert response.state == "complete"
    assert_agrees(form, response.answers, walker)
    with app.app_context():
        table = csv_export.table(version.survey_id)
        (line,) = csv.DictReader(io.StringIO("".join(csv_export.lines(version.survey_id, table))))
    assert list(line)[6:] == [
        "name", "contact/name", "home/street", "office/name", "office/street", "person_1_name",
        "person_1_age", "person_2_name", "person_2_age", "all",
    ]  # fmt: skip
    assert line["contact/name"] == (response.answers.get("contact/name") or "")
    client = staff(app)
    draft = begin(client, "NAMES")
    address = f"{draft}/questions/contact/name"
    assert send(client, address, **{"label-en": "Who?"}).status_code == 303
    assert definition(app)["pages"][1]["questions"][0]["label"]["en"] == "Who?"
    refused = send(client, f"{draft}/pages/contact/new", name="a/b", **{"label-en": "?"})
    assert refused.status_code == 422
    assert client.get("/staff/results/NAMES/texts/contact/name").status_code == 200


PEOPLE = """type | name | label | calculation | repeat_count
text | name | Your name | |
begin repeat | person | Person | | 2
text | name | Their name | |
integer | age | Age | |
end repeat | | | |
begin repeat | child | Child | | 2
integer | age | Age | |
end repeat | | | |"""


@pytest.mark.parametrize(
    ("calculation", "name"),
    [
        ("count(/data/person[age > 3])", "age"),
        ("join(' ', ${person}[age > 3]/name)", "name"),
        ("sum(${person}/age)", "age"),
    ],
)
def test_in_brackets_no_path_helps_so_a_new_name_is_asked_for(calculation: str, name: str) -> None:
    found = reading(f"{PEOPLE}\ncalculate | x | | {calculation} |")
    said = [str(problem.message) for problem in found.problems if problem.severity == "error"]
    (message,) = [text for text in said if f"“{name}”" in text]
    assert "Rename the one in the repeat" in message
    assert "/data" not in message
    person = "text | their | Their name | |\ninteger | years | Age"
    renamed = PEOPLE.replace("text | name | Their name | |\ninteger | age | Age", person, 1)
    followed = calculation.replace("age", "years").replace("/name", "/their")
    assert questionnaire(f"{renamed}\ncalculate | x | | {followed} |")
