"""The whole way through a survey, as a person with a phone walks it."""

import re

import pytest
from flask import Flask

from surveys.questionnaires.schema import Questionnaire
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone, states, stored


def open_link(app: Flask, q: Questionnaire | None = None, language: str = "fa") -> Phone:
    campaign = make_campaign(make_survey(form=q)) if q else None
    phone = Phone(app, make_invitation(campaign, language=language)[1])
    assert phone.open().status_code == 200, phone.page.text
    return phone


@pytest.mark.parametrize(
    ("language", "direction", "title"),
    [("fa", "rtl", "من شهردارم"), ("ar", "rtl", "أنا رئيس البلدية"), ("en", "ltr", "I am Mayor")],
)
def test_a_citizen_answers_to_the_end(
    app: Flask, language: str, direction: str, title: str
) -> None:
    phone = open_link(app, language=language)
    assert f'<html lang="{language}" dir="{direction}">' in phone.page.text
    assert title in phone.page.text
    assert phone.shows("project")
    assert not phone.shows("project_other")
    assert phone.send(project="park", priorities=["safety", "green"]).status_code == 303
    assert phone.shows("satisfaction")
    assert phone.send(satisfaction="neutral").status_code == 303
    assert phone.shows("age")
    assert phone.send(age="30_44", household="۴", idea="درخت بیشتر، نه آسفالت").status_code == 303
    assert phone.page.status_code == 200
    assert "<form" not in phone.page.text
    (response,) = stored(app)
    assert response.state == "complete"
    assert response.language == language
    assert response.submitted_at is not None
    assert response.answers == {
        "project": "park",
        "priorities": ["safety", "green"],
        "satisfaction": "neutral",
        "age": "30_44",
        "household": 4,
        "idea": "درخت بیشتر، نه آسفالت",
    }
    assert states(app) == ["answered"]


def test_the_first_page_says_who_asks_how_long_it_takes_and_what_becomes_of_the_answers(
    app: Flask,
) -> None:
    text = open_link(app, language="en").page.text
    assert re.search(r"asks for your opinion", text)
    assert "It takes about 2 minutes." in text
    assert "confidential" in text
    assert "Page 1 of 3" in text
    assert "(required)" in text


def test_the_link_goes_on_where_another_device_stopped(app: Flask) -> None:
    first = open_link(app)
    first.send(project="park", priorities=["safety"])
    other = Phone(app, first.token.lower())
    other.open()
    assert other.fields["project"] == ["park"]
    assert other.fields["priorities"] == ["safety"]
    (resume,) = re.findall(r'<a class="btn btn--block" href="([^"]+)"', other.page.text)
    other.page = other.client.get(resume)
    assert other.shows("satisfaction")
    other.send("back")
    assert other.fields["project"] == ["park"]
    assert states(app) == ["started"]
    assert [r.state for r in stored(app)] == ["draft"]


def test_the_language_can_change_in_the_middle_and_typed_answers_stay(app: Flask) -> None:
    phone = open_link(app)
    answer = phone.send("lang:ar", project="library")
    assert answer.status_code == 303
    assert '<html lang="ar"' in phone.page.text
    assert phone.shows("project")
    assert phone.fields["project"] == ["library"]
    phone.send(priorities=["safety"])
    assert '<html lang="ar"' in phone.page.text
    assert phone.shows("satisfaction")
    again = Phone(app, phone.token)
    again.open()
    assert '<html lang="ar"' in again.page.text
    assert '<html lang="en"' in again.open("?lang=en").text


def test_a_wrong_answer_is_not_lost_by_a_change_of_language(app: Flask) -> None:
    phone = open_link(app, form([question("age", "integer"), question("why")]))
    answer = phone.send("lang:en", age="twelve", why="because")
    assert answer.status_code == 422
    assert '<html lang="en"' in phone.page.text
    assert phone.fields["age"] == ["twelve"]
    assert stored(app)[0].answers == {"why": "because"}


def test_mistakes_are_listed_at_the_top_and_said_at_the_field(app: Flask) -> None:
    phone = open_link(app, language="en")
    everything = ["safety", "cleanliness", "green", "transport"]
    assert phone.send(priorities=everything).status_code == 422
    text = phone.page.text
    assert re.search(r"<title>Error: ", text)
    summary = re.search(r'id="error-summary".*?</div>', text, re.S)
    assert summary
    assert 'href="#q-project-0"' in summary[0]
    assert 'href="#q-priorities-0"' in summary[0]
    assert 'id="q-project-error"' in text
    assert "Choose one of the projects." in text
    assert "Choose up to three." in text
    assert phone.fields["priorities"] == everything
    assert phone.send(project="park", priorities=["safety"]).status_code == 303


def test_boxes_that_were_unticked_are_shown_unticked_beside_the_error(app: Flask) -> None:
    phone = open_link(app, language="en")
    phone.send(project="park", priorities=["safety"])
    phone.send("back")
    assert phone.send(priorities=[]).status_code == 422
    assert "priorities" not in phone.fields


@pytest.mark.parametrize("typed", ["21", "۲۱", "٢١"])
def test_a_constraint_understands_persian_and_arabic_digits(app: Flask, typed: str) -> None:
    q = form(
        [
            question(
                "household",
                "integer",
                constraint=". >= 1 and . <= 20",
                constraint_message={"fa": "از ۱ تا ۲۰", "en": "From 1 to 20"},
            )
        ]
    )
    phone = open_link(app, q)
    assert phone.send(household=typed).status_code == 422
    assert "از ۱ تا ۲۰" in phone.page.text
    assert phone.fields["household"] == [typed]
    assert phone.send(household="۲۰").status_code == 303
    assert stored(app)[0].answers == {"household": 20}


RELEVANT = form(
    [question("pet", "select_one", "yes no", required=True)],
    [question("kind", "select_one", "cat dog", required=True, relevant="${pet} = 'yes'")],
    [question("name", relevant="${kind} = 'cat'"), question("end")],
)


def test_a_page_without_a_question_for_this_person_is_left_out(app: Flask) -> None:
    phone = open_link(app, RELEVANT, language="en")
    phone.send(pet="no")
    assert phone.shows("end")
    assert not phone.shows("name")
    assert "Page 2 of 2" in phone.page.text
    phone.send("back")
    assert phone.shows("pet")


def test_answers_that_no_longer_apply_are_dropped_at_the_end(app: Flask) -> None:
    phone = open_link(app, RELEVANT)
    phone.send(pet="yes")
    phone.send(kind="cat")
    phone.send("back", name="Simba")
    phone.send("back")
    phone.send(pet="no")
    phone.send(end="x")
    assert stored(app)[0].answers == {"pet": "no", "end": "x"}


def test_an_answer_that_brings_a_question_onto_the_page_shows_it_before_going_on(
    app: Flask,
) -> None:
    phone = open_link(app, language="en")
    answer = phone.send(project="other", priorities=["safety"])
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("#q-project_other")
    assert phone.shows("project_other")
    assert "error-summary" not in phone.page.text
    assert phone.send().status_code == 422
    phone.send(project_other="A bridge")
    assert phone.shows("satisfaction")
    assert stored(app)[0].answers["project_other"] == "A bridge"


def test_nobody_finishes_past_a_required_question(app: Flask) -> None:
    phone = open_link(app, RELEVANT, language="en")
    phone.open("?p=3")
    assert phone.send(end="skipped ahead").status_code == 422
    assert phone.shows("pet")
    assert "Choose one answer." in phone.page.text
    assert stored(app)[0].state == "draft"
    phone.send(pet="no")
    phone.send()
    assert stored(app)[0].answers == {"pet": "no", "end": "skipped ahead"}


def test_leaving_a_question_out_of_the_form_does_not_leave_it_out(app: Flask) -> None:
    phone = open_link(app, RELEVANT)
    forged = {**phone.fields, ".shown": "", ".go": "next"}
    location = phone.client.post(phone.action, data=forged).headers["Location"]
    assert "p=1" in location
    assert stored(app)[0].state == "draft"


def test_answers_and_labels_are_text_never_markup(app: Flask) -> None:
    evil = '<script>alert(1)</script>"><b>'
    q = form(
        [
            question("who", label={"fa": f"{evil}\nسطر دوم"}),
            question("pick", "select_one", "a", hint={"fa": evil}),
        ],
        [question("echo", "note", label={"fa": "سلام ${who}"})],
    )
    phone = open_link(app, q)
    assert "<script>" not in phone.page.text
    assert "<br>سطر دوم" in phone.page.text
    phone.send(who=evil)
    assert "<script>" not in phone.page.text
    assert "سلام" in phone.page.text
    assert "&lt;script&gt;" in phone.page.text


def test_a_text_missing_in_the_readers_language_says_which_language_it_is_in(app: Flask) -> None:
    q = form([question("only", label={"fa": "فقط فارسی"})], title={"fa": "نظرسنجی"})
    phone = open_link(app, q, language="en")
    assert '<span lang="fa" dir="rtl">فقط فارسی</span>' in phone.page.text


def test_a_choice_can_be_taken_back(app: Flask) -> None:
    phone = open_link(app, form([question("a", "select_one", "x y")], [question("b")]))
    phone.send(a="x")
    phone.send("back")
    phone.send(a="")
    assert stored(app)[0].answers == {}


def test_one_tap_chooses_and_a_person_confirms(app: Flask) -> None:
    token = make_invitation(language="en")[1]
    phone = Phone(app, token)
    phone.open("/library")
    assert phone.fields["project"] == ["library"]
    assert "“Library and community centre” is chosen" in phone.page.text
    assert stored(app) == []
    phone.send(priorities=["green"])
    assert stored(app)[0].answers["project"] == "library"


def test_one_tap_on_an_answer_that_is_not_there_is_the_plain_first_page(app: Flask) -> None:
    phone = Phone(app, make_invitation()[1])
    assert phone.open("/%3Cb%3Enothing").status_code == 200
    assert "project" not in phone.fields
    assert "nothing" not in phone.page.text.split("<main")[1].split("<form")[0]


def test_a_version_that_was_begun_is_finished_though_a_new_one_is_published(app: Flask) -> None:
    old = make_survey("TWICE", form([question("old")], [question("end")]))
    phone = Phone(app, make_invitation(make_campaign(old))[1])
    phone.open()
    phone.send(old="1")
    make_survey("TWICE", form([question("new")]))
    phone.open("?p=2")
    assert phone.shows("end")
    phone.send()
    assert stored(app)[0].version_id == old.id
