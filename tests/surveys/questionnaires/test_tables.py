"""Expressions that look into lists, files and the rounds of a repeat."""

import io
import zipfile

import pytest

from portal.i18n import use_language
from surveys.questionnaires.export_xlsform import export
from surveys.questionnaires.flow import State
from surveys.questionnaires.in_page import page_logic
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read

from .forms import codes, markdown, questionnaire, reading


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


SURVEY = """
type | name | label::English (en) | label::فارسی (fa) | calculation
select_one district | where | Where? | کجا؟ |
integer | area | Area | مساحت |
calculate | people | | | instance('district')/root/item[name = ${where}]/people
calculate | mayor | | | pulldata('mayors.csv', 'label', 'name', ${where})
calculate | dense | | | count(instance('district')/root/item[people > ${area}])
"""
CHOICES = """
list_name | name | label::English (en) | label::فارسی (fa) | people
district | d1 | One | یک | 120
district | d2 | Two | دو | 90
mayors | d2 | Ms Two | خانم دو |
mayors | d1 | Ms One | |
"""


def test_what_instance_and_pulldata_find() -> None:
    form = questionnaire(SURVEY, CHOICES)
    state = State(form, {"where": "d2", "area": 100})
    found = [state.value(name) for name in ("people", "mayor", "dense")]
    assert found == ["90", "Ms Two", 1]
    assert State(form, {"where": "d9"}).value("people") is None


def test_lists_that_are_only_looked_into_survive_storage_and_export() -> None:
    form = questionnaire(SURVEY, CHOICES)
    assert set(form.tables) == {"district", "mayors"}
    assert Questionnaire.from_json(form.to_json()) == form
    again = read(export(form), "x.xlsx").questionnaire
    assert again is not None and again.to_json() == form.to_json()
    assert State(again, {"where": "d1"}).value("people") == "120"


def test_what_was_stored_before_there_were_tables_is_read() -> None:
    data = questionnaire("type | name | label\ntext | a | A").to_json()
    assert "tables" not in data
    assert Questionnaire.from_json(data).tables == {}


SECRET = CHOICES.replace("| people\n", "| people | budget\n").replace("| 120", "| 120 | 777")
SHOWN = SURVEY + "note | said | ${people} live there, says ${mayor} | | \n"


def sent(survey: str) -> str:
    form = questionnaire(survey, SECRET)
    (page,) = form.pages
    logic = page_logic(form, page, {}, "en")
    assert logic is not None
    return str(logic.json)


def test_the_page_gets_only_the_columns_that_expressions_look_at() -> None:
    data = sent(SHOWN)
    assert "120" in data
    assert "777" not in data


def test_a_column_that_is_worked_out_may_be_any() -> None:
    worked_out = "calculate | any | | | pulldata('district', ${where}, 'name', ${where})\n"
    assert "777" in sent(SHOWN + worked_out + "note | more | ${any} | | \n")


def test_a_list_that_is_missing_is_named() -> None:
    result = reading(SURVEY, CHOICES.replace("mayors |", "others |"))
    assert codes(result) == ["unknown_list"]


def test_a_file_that_comes_along_is_looked_into() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("form.md", markdown(SURVEY.replace("label', 'name'", "who', 'code'"),
                                             CHOICES.replace("mayors |", "district |")
                                             .replace("d2 | Ms", "d3 | Ms")
                                             .replace("d1 | Ms", "d4 | Ms")))  # fmt: skip
        archive.writestr("mayors.csv", "code,who\nd1,Ada\nd2,\n")
    result = read(packed.getvalue(), "form.zip")
    form = result.questionnaire
    assert form is not None, [str(problem.message) for problem in result.problems]
    assert State(form, {"where": "d1"}).value("mayor") == "Ada"
    assert State(form, {"where": "d2"}).value("mayor") is None
    again = read(export(form), "x.xlsx").questionnaire
    assert again is not None and again.to_json() == form.to_json()


REPEAT = """
type | name | label | calculation | relevant
integer | limit | Limit | |
begin repeat | child | Child | |
text | name | Name | |
integer | age | Age | |
calculate | older | | count(${child}[age > 10]) |
calculate | first | | indexed-repeat(${age}, ${child}, 1) + sum(${child}[position() = 1]/age) |
end repeat | | | |
calculate | minors | | count(${child}[age < ${limit}]) |
calculate | named | | join(' ', ${child}[age >= ${limit}]/name) |
calculate | last | | ${child}[last()]/name |
"""


def test_conditions_on_the_rounds_of_a_repeat() -> None:
    rows = [{"name": "Ali", "age": 7}, {"name": "Sara", "age": 21}, {"name": "Mina"}]
    state = State(questionnaire(REPEAT), {"limit": 18, "child": rows})
    outside = {name: state.value(name) for name in ("minors", "named", "last")}
    assert outside == {"minors": 1, "named": "Sara", "last": "Mina"}
    assert [state.value("older", number) for number in (1, 2, 3)] == [1, 1, 1]
    assert [state.value("first", number) for number in (1, 2, 3)] == [14, 14, 14]
