"""The pages of campaigns, used as officers use them."""

import html
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.db import db
from portal.messaging.models import Message
from surveys.campaigns.models import Campaign
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.surveys import make_survey, mayor
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import (
    TEXTS,
    launch,
    make_draft,
    messages,
    set_messages,
    state_of,
)

LIST = "/staff/campaigns/"


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",)))
    client.get("/en/")
    return client


@pytest.fixture
def analyst(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("analyst",)))
    client.get("/en/")
    return client


def token(client: FlaskClient, url: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(url).text)
    assert found, url
    return found[1]


def post(client: FlaskClient, url: str, page: str | None = None, **data: object):  # type: ignore[no-untyped-def]
    return client.post(url, data={"csrf_token": token(client, page or LIST), **data})


def shown(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_from_survey_to_launch_without_script(officer: FlaskClient, app: Flask) -> None:
    make_contact(language="fa", tags=["بازار"])
    make_contact(language="ar", tags=["بازار"])
    make_contact(language="en")
    version = make_survey("MAYOR-1405")
    step = post(officer, "/staff/campaigns/new", name="من شهردارم", survey_id=version.survey_id)
    assert step.status_code == 302
    people = step.headers["Location"]
    assert "3" in shown(officer.get(people).text)
    again = post(officer, people, tags="بازار", action="recount")
    assert again.status_code == 200
    assert "People who would get the SMS 2" in shown(again.text)
    assert re.search(r'value="بازار" checked', again.text)
    step = post(officer, people, tags="بازار")
    texts = step.headers["Location"]
    assert "{link}" in officer.get(texts).text, "a first text is offered"
    again = post(officer, texts, texts, text_fa="سلام", text_ar=TEXTS["ar"], action="recount")
    assert again.status_code == 200
    assert "Write {link}" in shown(again.text)
    step = post(officer, texts, texts, text_fa=TEXTS["fa"], text_ar=TEXTS["ar"])
    assert step.status_code == 302
    page = officer.get(step.headers["Location"]).text
    assert "Recipients: 2, one SMS each. SMS parts to be paid for: 2." in shown(page)
    action = re.search(r'action="([^"]+/launch)"', page)
    assert action
    done = post(officer, action[1], step.headers["Location"], expected=2)
    assert done.status_code == 302
    assert "Launched. People invited: 2." in officer.get(done.headers["Location"]).text
    assert len(messages()) == 2


def test_a_double_click_launches_once_and_says_so(officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    url = f"{LIST}{campaign_id}/launch"
    data = {"csrf_token": token(officer, f"{LIST}{campaign_id}/review"), "expected": 1}
    for _ in range(2):
        assert officer.post(url, data=data).headers["Location"] == f"{LIST}{campaign_id}"
    assert len(messages()) == 1
    assert "This campaign was launched already." in officer.get(f"{LIST}{campaign_id}").text


def test_people_who_came_meanwhile_are_confirmed_first(officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    url = f"{LIST}{campaign_id}/launch"
    data = {"csrf_token": token(officer, f"{LIST}{campaign_id}/review"), "expected": 1}
    make_contact()
    answer = officer.post(url, data=data)
    assert answer.headers["Location"] == f"{LIST}{campaign_id}/review"
    page = officer.get(answer.headers["Location"]).text
    assert "The people have changed since you looked." in page
    assert 'name="expected" value="2"' in page


def test_errors_keep_what_was_typed(officer: FlaskClient) -> None:
    version = make_survey()
    answer = post(
        officer,
        "/staff/campaigns/new",
        name="",
        survey_id=version.survey_id,
        closes_on="31/31/2026",
    )
    assert answer.status_code == 422
    assert 'value="31/31/2026"' in answer.text
    assert "Write a name." in answer.text
    make_contact(language="en")
    campaign_id = make_draft()
    url = f"{LIST}{campaign_id}/texts"
    answer = post(officer, url, url, text_fa="متن بی‌پیوند", text_en="")
    assert answer.status_code == 422
    assert "متن بی‌پیوند" in answer.text
    assert "there are people in your audience who read English" in answer.text
    assert "SMS in Persian: Write {link} where" in shown(answer.text)


def test_the_closing_day_is_of_the_reader_s_calendar(officer: FlaskClient, app: Flask) -> None:
    version = make_survey()
    officer.get("/fa/")
    step = post(
        officer, f"{LIST}new", f"{LIST}new", name="x", survey_id=version.survey_id,
        closes_on="۱۴۴۹/۱۲/۱۰",
    )  # fmt: skip
    assert step.status_code == 302
    campaign_id = int(step.headers["Location"].split("/")[-2])
    with app.app_context():
        closes = db.session.get_one(Campaign, campaign_id).closes_at
    assert closes is not None
    assert closes.isoformat() == "2071-02-28T20:30:00+00:00", "the end of the day in Tehran"
    for code, shown_day in {"fa": "۱۴۴۹/۱۲/۱۰", "ar": "٢٨/٢/٢٠٧١", "en": "2071-02-28"}.items():
        officer.get(f"/{code}/")
        assert f'value="{shown_day}"' in officer.get(f"{LIST}{campaign_id}/survey").text


def test_the_count_and_the_price_come_live(officer: FlaskClient) -> None:
    make_contact(language="en")
    make_contact(language="fa")
    campaign_id = make_draft()
    page = f"{LIST}{campaign_id}/audience"
    assert "htmx.min.js" in officer.get(page).text
    part = post(officer, f"{page}/count", page, languages="en")
    assert "<html" not in part.text
    assert "People who would get the SMS 1" in shown(part.text)
    part = post(officer, f"{LIST}{campaign_id}/cost/text/en", page, text_en="Hello {link}")
    assert "<html" not in part.text
    assert "1 part " in shown(part.text)
    assert "http://localhost/s/TEST0000000" in part.text
    assert messages() == []


def test_words_of_others_are_escaped(officer: FlaskClient) -> None:
    make_contact(language="en", tags=["<script>alert(1)</script>"])
    campaign_id = make_draft({"en": "<b>{link}"}, name="<i>name</i>")
    for step in ("survey", "audience", "texts", "review", ""):
        page = officer.get(f"{LIST}{campaign_id}/{step}".rstrip("/")).text
        assert "<script>alert" not in page
        assert "<i>name" not in page
        assert "<b>http" not in page


def test_a_survey_that_lacks_a_language_of_the_audience_is_pointed_out(
    officer: FlaskClient,
) -> None:
    make_contact(language="ar")
    make_contact(language="en")
    campaign_id = make_draft(survey=make_survey(form=replace(mayor(), languages=("fa",))))
    page = shown(officer.get(f"{LIST}{campaign_id}/review").text)
    assert "The survey has no questions in Arabic" in page
    assert "The survey has no questions in English" in page
    assert "The survey has no questions in Persian" not in page


def test_a_test_sms_goes_to_one_phone(officer: FlaskClient) -> None:
    campaign_id = make_draft()
    page = f"{LIST}{campaign_id}/review"
    bad = post(officer, f"{LIST}{campaign_id}/test", page, language="fa", phone="02188776655")
    assert bad.status_code == 422
    assert 'value="02188776655"' in bad.text
    good = post(officer, f"{LIST}{campaign_id}/test", page, language="fa", phone="۰۹۱۲۱۲۳۴۵۶۷")
    assert good.status_code == 302
    (message,) = messages()
    assert message.e164 == "+989121234567"
    assert "TEST0000000" in message.body


def test_the_campaign_page_acts(officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    page = f"{LIST}{campaign_id}"
    assert 'hx-get="' in officer.get(page).text
    assert "<noscript><meta http-equiv" in officer.get(page).text
    post(officer, f"{page}/pause", page)
    assert state_of(campaign_id) == "paused"
    post(officer, f"{page}/resume", page)
    assert state_of(campaign_id) == "launched"
    set_messages("delivered")
    assert "Reached and not answered yet: 1." in shown(officer.get(page).text)
    post(officer, f"{page}/remind", page, wave=0)
    post(officer, f"{page}/remind", page, wave=0)
    assert len(messages()) == 2
    assert "This reminder was sent already." in officer.get(page).text
    bad = post(officer, f"{page}/closing", page, closes_on="yesterday")
    assert bad.status_code == 302
    post(officer, f"{page}/close", page)
    assert state_of(campaign_id) == "closed"
    closed = officer.get(page).text
    assert "hx-get" not in closed
    assert "http-equiv" not in closed


def test_progress_says_numbers_and_why_sending_stopped(officer: FlaskClient, app: Flask) -> None:
    from portal.messaging import services as messaging

    for _ in range(4):
        make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    first, second, *_rest = messages()
    set_messages("delivered", Message.id == first.id)
    set_messages("failed", Message.id == second.id)
    with app.app_context():
        campaign = db.session.get_one(Campaign, campaign_id)
        messaging.pause_batch(campaign.batch_id or 0, "kavenegar:420")
        db.session.commit()
    page = officer.get(f"{LIST}{campaign_id}/progress").text
    assert "<html" not in page
    assert "Delivered 1 1 of 4 (25%)" in shown(page)
    assert "The gateway does not allow links in the text" in page


def test_what_may_not_be_done_any_more_leads_to_the_campaign(officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    for step in ("survey", "audience", "texts", "review"):
        answer = officer.get(f"{LIST}{campaign_id}/{step}")
        assert answer.headers["Location"] == f"{LIST}{campaign_id}"
    assert officer.get(f"{LIST}999999").status_code == 404


def test_an_analyst_looks_and_launches_nothing(analyst: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    assert analyst.get(LIST).status_code == 200
    assert analyst.get(f"{LIST}{campaign_id}").status_code == 200
    assert analyst.get(f"{LIST}{campaign_id}/review").status_code == 403
    assert post(analyst, f"{LIST}{campaign_id}/launch", expected=1).status_code == 403
    assert messages() == []


def test_a_long_list_takes_no_more_queries(officer: FlaskClient) -> None:
    version = make_survey()

    def more(number: int) -> None:
        from tests.factories.messages import make_batch
        from tests.factories.surveys import make_campaign, make_invitation

        for _ in range(number):
            make_invitation(make_campaign(version, batch_id=make_batch().id))

    more(2)
    with count_queries() as few:
        officer.get(LIST)
    more(48)
    with count_queries() as many:
        page = officer.get(LIST)
    assert many.count == few.count <= 8, many.statements
    assert page.text.count("<tr") == 26
    older = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert older
    assert officer.get(html.unescape(older[1])).text.count("<tr") == 26
