"""What makes a questionnaire one for the network only, and what goes to the phone."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from surveys.interviews import bundle, offline
from surveys.questionnaires.schema import Choice, Page, Question, Repeat
from tests.factories.surveys import make_campaign, make_survey, question, questionnaire
from tests.surveys.interviews.phone import Interviewer

PET = question("pet", "select_one", "yes no")


def named(*questions: Question, **fields: Any) -> dict[str, str]:
    """name → the reason in English, of questions that come after one on a page of its own."""
    form = questionnaire([PET], list(questions), **fields)
    return {each.name: str(each.reason) for each in offline.obstacles(form)}


@pytest.mark.parametrize(
    "fine",
    [
        question("a", relevant="${pet} = 'yes'"),
        question("a", "select_one", "x y", relevant="${pet} = 'yes'", matrix="m"),
        question("a", "geopoint", relevant="${pet} = 'yes'"),
        question("a", "select_one", "yes no", choice_filter="name = ${pet}"),
        question("a", "integer", constraint=". < 5 and ${pet} = 'yes'"),
        question("a", required="${pet} = 'yes'"),
        question("a", label={"fa": "${pet}؟"}),
        question("a", "date", appearance="month-year"),
        question("a", "rank", "x y"),
        question("a", "select_one", "x y", default="x"),
        question("a", "note", relevant="today() > '2026-01-01'"),
    ],
)
def test_without_a_network(app: Flask, fine: Question) -> None:
    with app.test_request_context():
        assert named(fine) == {}


@pytest.mark.parametrize(
    ("hard", "reason"),
    [
        (question("a", "image"), offline.PHOTO),
        (question("a", "select_one", "x y", randomize=True), offline.CHANCE),
        (question("a", default_expression="${pet}"), offline.PROPOSED),
        (question("a", read_only="${pet} = 'yes'"), offline.LOCKED),
        (question("a", relevant="digest(${pet}, 'MD5') = 'x'"), offline.CONDITION),
        (question("a", "rank", "x y", choice_filter="name = ${pet}"), offline.CHOICES),
        (question("a", constraint="digest(., 'MD5') = 'x'"), offline.CHECK),
        (question("a", "geopoint", constraint=". != '0 0'"), offline.CHECK),
        (question("a", required="digest(${pet}, 'MD5') = 'x'"), offline.CHECK),
        (Question("a", "select_one", choices=(Choice("x", {"fa": "${pet}"}),)), offline.QUOTES),
    ],
)
def test_only_with_a_network(app: Flask, hard: Question, reason: Any) -> None:
    with app.test_request_context():
        assert named(hard) == {"a": str(reason)}


def test_a_date_that_is_quoted_and_a_heading(app: Flask) -> None:
    quoting = question("b", label={"fa": "${a}؟"})
    form = questionnaire([question("a", "date")], [quoting])
    heading = Page("p9", {"fa": "${a}"}, questions=(question("c"),))
    form = replace(form, pages=(*form.pages, heading))
    with app.test_request_context():
        found = {each.name: each.reason for each in offline.obstacles(form)}
    assert found == {"b": offline.QUOTES, "p9": offline.QUOTES}


def test_rounds(app: Flask) -> None:
    form = questionnaire([PET])
    again = Page("r", questions=(question("child"),), repeat="children")
    repeat = Repeat("children", {"fa": "بچه‌ها"})
    form = replace(form, pages=(*form.pages, again), repeats=(repeat,))
    with app.test_request_context():
        (found,) = offline.obstacles(form)
        assert (found.name, found.text, found.reason) == ("children", "بچه‌ها", offline.ROUNDS)


def test_the_page_names_the_questions(app: Flask) -> None:
    campaign = make_campaign(make_survey(form=questionnaire([question("photo", "image"), PET])))
    phone = Interviewer(app, campaign)
    page = phone.client.get(f"/staff/interviews/campaigns/{campaign.id}").text
    assert "Only with a network" in page
    assert "photo en" in page
    assert "A photo is asked for." in page
    assert "pet en" not in page
    assert "interviews-start" not in page
    address = f"/staff/interviews/campaigns/{campaign.id}/questionnaire.json"
    assert phone.client.get(address).status_code == 404


def test_everything_that_may_be_asked_goes_to_the_phone(app: Flask) -> None:
    form = questionnaire(
        [PET, question("never", relevant="1 = 2")],
        [
            question("name", relevant="${pet} = 'yes'"),
            question("row", "select_one", "x y", matrix="m", relevant="${pet} = 'yes'"),
        ],
    )
    with app.test_request_context():
        found = bundle.of(form, 7)
    assert found["version"] == 7
    assert list(found["languages"]) == ["fa", "ar", "en"]
    english = found["languages"]["en"]
    assert english["dir"] == "ltr"
    assert '<template id="t-name">' in english["html"], "the script moves it in"
    assert '<template id="t-row">' not in english["html"], "the script hides it"
    assert 'id="q-row"' in english["html"]
    assert 'id="q-never"' not in english["html"]
    assert "<script" not in english["html"]
    assert " style=" not in english["html"]
    assert [each["n"] for each in english["questions"]] == ["pet", "never", "name", "row"]
    assert english["logic"]["questions"]
