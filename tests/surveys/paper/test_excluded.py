"""Whoever decides is told what of a sheet will not be stored, and in which language all is said."""

import html
import re
from dataclasses import replace

import pytest
from flask import Flask

from portal import clock
from portal.i18n import use_language
from surveys.paper import blanks, excluded
from surveys.questionnaires.schema import Choice, Page, Questionnaire, Repeat
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire, texts
from tests.surveys.paper.office import Office, errors_in, sheet_of
from tests.surveys.responses.phone import stored

pytestmark = pytest.mark.usefixtures("app")
TOWNS = (
    Choice("x", texts("x"), {"p": "one"}),
    Choice("y", texts("y"), {"p": "two"}),
    Choice("z", texts("z"), {"p": "one"}),
)
FORM = questionnaire(
    [
        question("way", "select_one", "bus walk"),
        question("line", "integer", relevant="${way} = 'bus'"),
        question("idea"),
        question("age", "integer", constraint=". < 120"),
    ]
)


@pytest.fixture
def office(app: Flask) -> Office:
    return Office(app)


def left_out(text: str) -> str:
    found = re.search(r'id="left-out".*?</div>', text, re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def told_in(text: str) -> str:
    found = re.search(r'name="\.told" value="([^"]*)"', text)
    assert found
    return found[1]


def test_what_is_excluded_and_why(context: Flask) -> None:
    towns = question("town", "select_one", choice_filter="p = ${province}")
    seen = question("seen", "select_multiple", choice_filter="p = ${province}")
    form = questionnaire(
        [
            question("province", "select_one", "one two three"),
            replace(towns, choices=TOWNS),
            replace(seen, choices=TOWNS),
            question("double", "calculate", calculation="concat(${province}, 'x')"),
            question("why", relevant="${double} = 'onex'"),
        ]
    )
    blank = blanks.of(form)

    def found(**entry: object) -> dict[str, tuple[object, bool, tuple[str, ...]]]:
        lost = excluded.of(form, blank, entry, "fa", clock.now())
        return {key: (each.value, each.is_asked, each.because) for key, each in lost.items()}

    assert found(province="one", town="x", seen=["x", "z"], why="a") == {}
    assert found(province="one", town="y", seen=["x", "y"]) == {
        "town": ("y", True, ("province",)),
        "seen": (["y"], True, ("province",)),
    }
    assert found(province="two", why="a") == {"why": ("a", False, ("province",))}
    assert found(province="three", town="y")["town"][0] == "y"
    assert found(town="y")["town"] == ("y", True, ("province",))


def test_rounds_that_the_count_leaves_out(context: Flask) -> None:
    home = Questionnaire(
        title=texts("Home"),
        languages=("fa", "ar", "en"),
        default_language="fa",
        pages=(
            Page("intro", texts("Intro"), questions=(question("rooms", "integer"),)),
            Page("member", texts("Member"), questions=(question("name"),), repeat="people"),
        ),
        repeats=(Repeat("people", texts("People"), count="${rooms}"),),
    )
    entry = {"rooms": 1, "name@1": "a", "name@2": "b"}
    lost = excluded.of(home, blanks.of(home), entry, "fa", clock.now())
    assert {key: each.because for key, each in lost.items()} == {"name@2": ("rooms",)}


def test_who_decides_knows_what_both_typed_and_will_not_be_stored(
    app: Flask, office: Office
) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.one.type(sheet, way="walk", line="7", idea="نور")
    office.two.type(sheet, way="walk", line="7", idea="نوز")
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    said = left_out(page)
    assert "line فا" in said and "7" in said and "not asked, because of" in said
    assert "way فا" in said
    assert told_in(page) == "line"
    done = office.manager.decide(sheet, {"idea": "first"}, **{".told": told_in(page)})
    assert done.status_code == 303
    assert stored(app)[0].answers == {"way": "walk", "idea": "نور"}


def test_a_decision_that_excludes_an_answer_is_said_before_it_is_stored(
    app: Flask, office: Office
) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.one.type(sheet, way="walk", line="7")
    office.two.type(sheet, way="bus", line="7")
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    assert left_out(page) == "", "nothing is certain yet"
    asked = office.manager.decide(sheet, {"way": "first"}, **{".told": told_in(page)})
    assert asked.status_code == 422
    assert "line فا" in left_out(asked.text) and "Nothing is stored yet" in left_out(asked.text)
    assert re.search(r'name="\.d:way" value="first" checked', asked.text)
    assert stored(app) == [] and sheet_of(app, sheet).state == "differs"
    done = office.manager.decide(sheet, {"way": "first"}, **{".told": told_in(asked.text)})
    assert done.status_code == 303
    assert stored(app)[0].answers == {"way": "walk"}


def test_a_decision_that_keeps_everything_asks_nothing(app: Flask, office: Office) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.one.type(sheet, way="walk", line="7")
    office.two.type(sheet, way="bus", line="7")
    assert office.manager.decide(sheet, {"way": "second"}).status_code == 303
    assert stored(app)[0].answers == {"way": "bus", "line": 7}


def test_where_both_typed_the_same_the_second_one_is_told(app: Flask, office: Office) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.both(sheet, way="walk", line="7", idea="نور")
    assert stored(app)[0].answers == {"way": "walk", "idea": "نور"}
    told = office.two.client.get("/staff/paper/").text
    assert "the answer to question 2" in told
    (other,) = office.print(make_campaign(make_survey(form=FORM)))
    office.both(other, way="bus", line="7")
    assert "Not stored" not in office.two.client.get("/staff/paper/").text


def marks(text: str) -> set[tuple[str, str]]:
    """(language, text) of the errors beside their fields."""
    found = re.findall(
        r'<span class="error"[^>]*>.*?</span> <span lang="(\w+)" dir="\w+">([^<]*)<', text, re.S
    )
    return {(lang, html.unescape(said)) for lang, said in found}


def test_questions_speak_as_the_sheet_and_errors_to_the_reader(office: Office) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    wrong = office.one.type(sheet, way="bus", age="سی")
    assert marks(wrong.text) == {("en", "Type a whole number, e.g. 12.")}
    assert '<span lang="fa" dir="rtl">۴. age فا:</span>' in wrong.text, "the label in the summary"
    with_words = wrong.text.partition('<div lang="fa" dir="rtl">')[2].partition('"actions"')[0]
    assert "بدون پاسخ" in with_words
    assert "No answer" not in with_words
    button = wrong.text.partition("Keep this entry")[0]
    assert button.count("<div") > button.count("</div"), "the button is outside of the questions"


def test_errors_of_decisions_speak_to_the_reader_too(office: Office) -> None:
    (sheet,) = office.print(make_campaign(make_survey(form=FORM)))
    office.both(sheet, way="bus", age="340")
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    own = '<span lang="en" dir="ltr">This answer does not fit the question.'
    assert own in page.partition("it cannot be right:")[2]
    undecided = office.manager.decide(sheet, {})
    assert {lang for lang, _text in marks(undecided.text)} == {"en"}
    wrong = office.manager.decide(sheet, {"age": "other"}, age="x")
    assert marks(wrong.text) == {("en", "Type a whole number, e.g. 12.")}
    assert "age فا" in errors_in(wrong)


def test_where_the_questionnaire_is_not_in_the_readers_language_errors_are_in_its_own(
    office: Office,
) -> None:
    age = question("age", "integer", constraint=". < 120", constraint_message={"fa": "کمتر از ۱۲۰"})
    form = replace(questionnaire([age]), languages=("fa",))
    (sheet,) = office.print(make_campaign(make_survey(form=form)))
    wrong = office.one.type(sheet, age="x")
    with use_language("fa"):
        assert {lang for lang, _text in marks(wrong.text)} == {"fa"}
    assert "Type a whole" not in wrong.text
    office.both(sheet, age="340")
    page = office.manager.client.get(f"/staff/paper/sheets/{sheet}/differences").text
    assert '<span lang="fa" dir="rtl">کمتر از ۱۲۰</span>' in page
