"""Every page that takes no answer is kind, in the reader's language; mistakes read well."""

import datetime as dt
import html
import re

import pytest
from flask import Flask

from portal import clock
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.responses.phone import Phone, states, stored

VOTE = form([question("vote", "select_one", "a b", required=True)])
PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def page_of(app: Flask, why: str, language: str) -> tuple[int, str]:
    """Status and main part of the page, as text."""
    fields: dict[str, object] = {
        "not begun": {"state": "draft"},
        "closed": {"state": "closed"},
        "cancelled": {"state": "cancelled"},
        "expired": {"closes_at": PAST},
    }.get(why, {})
    token = make_invitation(make_campaign(make_survey(form=VOTE), **fields), language=language)[1]
    phone = Phone(app, token)
    phone.open()
    if why in {"answered", "thanks"}:
        phone.send(vote="a")
    if why == "answered":
        phone.open()
    if why == "unknown":
        phone.page = phone.client.get(f"/s/00000000000?lang={language}")
    assert f'<html lang="{language}"' in phone.page.text
    main = re.split("<main[^>]*>", phone.page.text)[1].split("</main>")[0]
    assert "<form" not in main
    return phone.page.status_code, html.unescape(re.sub(r"<[^>]+>", " ", main))


@pytest.mark.parametrize(
    ("why", "status"),
    [
        ("not begun", 404),
        ("closed", 410),
        ("cancelled", 410),
        ("expired", 410),
        ("answered", 200),
        ("thanks", 200),
        ("unknown", 404),
    ],
)
def test_every_end_has_its_own_words_in_three_languages(app: Flask, why: str, status: int) -> None:
    found = {language: page_of(app, why, language) for language in ("fa", "ar", "en")}
    assert {code for code, _text in found.values()} == {status}
    texts = [text for _code, text in found.values()]
    assert len(set(texts)) == 3, "a language without words of its own"
    assert re.search("[پچژگکی]", found["fa"][1])
    assert not re.search("[a-z]{4}", found["ar"][1] + found["fa"][1])


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("چرا؟", "چرا؟ پاسختان را بنویسید."),
        ("Why?", "Why? پاسختان را بنویسید."),
        ("نام:", "نام: پاسختان را بنویسید."),
        ("نام", "نام: پاسختان را بنویسید."),
    ],
)
def test_the_summary_of_mistakes_sets_no_colon_after_a_question_mark(
    app: Flask, label: str, expected: str
) -> None:
    q = form([question("why", required=True, label={"fa": label})])
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=q)))[1])
    phone.open()
    phone.send()
    summary = re.search(r'<a href="#q-why">(.*?)</a>', phone.page.text)
    assert summary
    assert html.unescape(summary[1]) == expected


def test_a_form_that_lay_open_for_weeks_is_taken(app: Flask) -> None:
    """There is no session that could expire and no code in the form that could."""
    campaign = make_campaign(make_survey(form=VOTE))
    phone = Phone(app, make_invitation(campaign)[1])
    with clock.freeze():
        phone.open()
        clock.shift(days=40)
        assert phone.send(vote="b").status_code == 303
    assert stored(app)[0].answers == {"vote": "b"}


def test_arabic_letters_and_digits_are_taken_as_they_are_typed(app: Flask) -> None:
    q = form([question("name"), question("age", "integer"), question("area", "decimal")])
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=q)), language="ar")[1])
    phone.open()
    phone.send(name="علي كاظمي ٣", age="٤٢", area="١٢٫٥")
    assert stored(app)[0].answers == {"name": "علي كاظمي ٣", "age": 42, "area": 12.5}


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_robot_that_follows_a_one_tap_link_votes_for_nobody(app: Flask, method: str) -> None:
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=VOTE)))[1])
    for _ in range(3):
        assert getattr(phone.client, method)(f"/s/{phone.token}/a").status_code == 200
    assert stored(app) == []
    assert states(app) == ["open"]
    assert phone.client.post(f"/s/{phone.token}/a").status_code == 405


def test_a_change_of_language_keeps_what_was_typed_but_not_sent(app: Flask) -> None:
    q = form([question("a", required=True), question("b", "select_multiple", "x y z")])
    phone = Phone(app, make_invitation(make_campaign(make_survey(form=q)), language="fa")[1])
    phone.open()
    for language in ("ar", "en", "fa"):
        phone.send(f"lang:{language}", b=["x", "z"])
        assert f'<html lang="{language}"' in phone.page.text
        assert phone.fields["b"] == ["x", "z"]
        assert "error-summary" not in phone.page.text, "nobody is told off for changing a language"
