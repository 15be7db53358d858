"""Which choices a choice_filter leaves: any expression, with and without or_other."""

import pytest
from flask import Flask

from portal.i18n import use_language
from surveys.questionnaires.export_xlsform import export
from surveys.questionnaires.flow import State
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import read
from tests.factories.surveys import make_campaign, make_invitation, make_survey
from tests.surveys.responses.phone import Phone, stored
from tests.surveys.walk import assert_agrees, walk

from .forms import codes, questionnaire, reading
from .real_forms import REAL

CHOICES = """list_name | name | label | pastel
c | red | Red | no
c | green | Green | no
c | mauve | Mauve | yes"""


@pytest.fixture(autouse=True)
def in_english():
    with use_language("en"):
        yield


def survey(choice_filter: str, kind: str) -> str:
    return f"""type | name | label | choice_filter
integer | n | N |
integer | empty | E |
{kind} | q | Q | {choice_filter}"""


def offered(form: Questionnaire, **answers: object) -> list[str]:
    return [choice.name for choice in State(form, answers).choices(form.by_name["q"])]


@pytest.mark.parametrize("kind", ["select_one c", "select_multiple c or_other", "rank c"])
@pytest.mark.parametrize(
    ("choice_filter", "left"),
    [
        ("pastel = 'yes'", ["mauve"]),
        ("true()", ["red", "green", "mauve"]),
        ("TRUE", ["red", "green", "mauve"]),
        ("false()", []),
        ("'x'", ["red", "green", "mauve"]),
        ("''", []),
        # A number is a place in the list, as XPath has it.
        ("2", ["green"]),
        ("${n}", ["red", "green", "mauve"]),
        ("number(${n})", ["mauve"]),
        ("${n} > 3", []),
        ("${n} = 3", ["red", "green", "mauve"]),
        ("name != 'red'", ["green", "mauve"]),
        # A column that is not there is no node: nothing equals it and nothing differs from it.
        ("pastel = yes", []),
        ("pastel != yes", []),
        ("${empty} = yes", []),
        ("yes", []),
        ("not(yes)", ["red", "green", "mauve"]),
    ],
)
def test_any_expression_filters(choice_filter: str, left: list[str], kind: str) -> None:
    form = questionnaire(survey(choice_filter, kind), CHOICES)
    others = ["other"] if "or_other" in kind else []
    assert offered(form, n=3) == left + others
    again = read(export(form), "x.xlsx").questionnaire
    assert again is not None
    assert again.to_json() == form.to_json()


def test_a_column_that_is_missing_is_told_and_is_no_error() -> None:
    result = reading(survey("pastel = yes", "select_one c"), CHOICES)
    (problem,) = result.problems
    assert (problem.code, problem.severity, problem.row) == ("unknown_column", "warning", 5)
    assert "in quotes if it is a text" in str(problem.message)


def test_a_question_written_like_a_column_is_an_error() -> None:
    result = reading(survey("n > 3", "select_one c"), CHOICES)
    assert codes(result) == ["unknown_column"]
    assert "${n} for a question" in str(result.problems[0].message)


def test_or_other_with_a_filter_is_answered_to_the_end(app: Flask) -> None:
    text = """type | name | label | choice_filter | required
select_one c or_other | q | Q | pastel = yes | yes"""
    form = questionnaire(text, CHOICES)
    campaign = make_campaign(make_survey(form=form))
    _invitation, token = make_invitation(campaign, language="en")
    walker = walk(Phone(app, token), form, "en", 1)
    (response,) = stored(app)
    assert_agrees(form, response.answers, walker)
    assert response.answers["q"] == "other"
    assert response.answers["q_other"]


@pytest.mark.skipif(not REAL.is_dir(), reason=f"SKIPPED LOUDLY: no real questionnaires in {REAL}")
def test_the_form_of_pyxform_with_or_other_and_a_filter_is_read() -> None:
    path = REAL / "pyxform-or_other.xlsx"
    result = read(path.read_bytes(), path.name)
    assert result.ok
    assert codes(result, "warning") == ["unknown_column"]
