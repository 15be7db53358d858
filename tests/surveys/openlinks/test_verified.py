"""An open link that proves a number: a poster, a code by SMS, one person one answer."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.contacts import audience, bank
from portal.contacts.audience import AudienceFilter
from portal.contacts.models import ConsentRecord, Contact
from portal.db import db
from portal.messaging import services as messaging
from portal.messaging.models import Message
from surveys.campaigns.models import Campaign, Invitation
from surveys.openlinks import jobs, services
from surveys.openlinks.models import OpenChallenge
from tests.factories.contacts import make_contact, number
from tests.factories.surveys import (
    make_campaign,
    make_invitation,
    make_survey,
    make_ways,
    question,
    questionnaire,
)
from tests.surveys.responses.phone import Phone, stored

pytestmark = pytest.mark.usefixtures("app")
FORM = questionnaire([question("way", "select_one", "bus walk")])


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    return make_campaign(make_survey(form=FORM))


@pytest.fixture
def address(campaign: Campaign) -> str:
    return f"/o/{make_ways(campaign, open_kind='verified').open_code}"


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """Cookies are refused, as in-app browsers do."""
    return app.test_client(use_cookies=False)


def last_code(app: Flask, e164: str) -> str:
    """The digits in the last SMS to a number, as its phone shows them."""
    with app.app_context():
        message = db.session.scalars(
            select(Message).where(Message.e164 == e164).order_by(Message.id.desc()).limit(1)
        ).one()
        assert "{code}" in message.body, "the table must not hold the code"
        assert message.asked_for, "a stop of the line does not hold it back"
        found = re.search(r"\b([0-9]{6})\b", messaging.text_of(message))
        assert found
        return found[1]


def ask(browser: FlaskClient, address: str, e164: str, lang: str = "fa") -> TestResponse:
    return browser.post(f"{address}?lang={lang}", data={"phone": e164})


def token_in(answer: TestResponse) -> str:
    found = re.search(r"/s/([^?]+)", answer.headers["Location"])
    assert answer.status_code == 303 and found, answer.text
    return found[1]


def invitations(app: Flask) -> list[Invitation]:
    with app.app_context():
        return list(db.session.scalars(select(Invitation).order_by(Invitation.id)))


def test_from_the_poster_to_an_answer(app: Flask, browser: FlaskClient, address: str) -> None:
    page = browser.get(f"{address}?lang=en")
    assert "Set-Cookie" not in page.headers and "<script" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    e164 = number()
    asked = ask(browser, address, e164.replace("+98", "0"), "en")
    assert asked.status_code == 303
    where = asked.headers["Location"]
    page = browser.get(where)
    assert e164 not in page.text and e164[-4:] in page.text
    assert "Set-Cookie" not in page.headers
    code = last_code(app, e164)
    persian = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    phone = Phone(
        app, token_in(browser.post(where, data={"code": f" {persian[:3]} {persian[3:]}"}))
    )
    phone.open()
    phone.send(way="bus")
    assert [(r.state, r.answers, r.mode) for r in stored(app)] == [
        ("complete", {"way": "bus"}, "link")
    ]
    (invitation,) = invitations(app)
    assert (invitation.channel, invitation.state, invitation.language) == (
        "verified",
        "answered",
        "en",
    )


def test_the_same_number_gets_the_same_invitation(
    app: Flask, browser: FlaskClient, campaign: Campaign, address: str
) -> None:
    person = make_contact()
    _invitation, token = make_invitation(campaign, person)
    tokens = set()
    for _ in range(2):
        where = ask(browser, address, person.e164).headers["Location"]
        tokens.add(token_in(browser.post(where, data={"code": last_code(app, person.e164)})))
    assert tokens == {token}
    (only,) = invitations(app)
    assert only.channel == "sms", "he was invited by SMS before"


def test_who_answered_cannot_answer_again(app: Flask, browser: FlaskClient, address: str) -> None:
    e164 = number()
    for _ in range(2):
        where = ask(browser, address, e164, "en").headers["Location"]
        phone = Phone(app, token_in(browser.post(where, data={"code": last_code(app, e164)})))
        phone.open("?lang=en")
        if 'id="survey"' in phone.page.text:
            phone.send(way="bus")
    assert "already answered" in phone.page.text
    assert len(stored(app)) == 1


def test_two_presses_at_once_make_one_invitation(
    app: Flask, browser: FlaskClient, address: str
) -> None:
    e164 = number()
    where = ask(browser, address, e164).headers["Location"]
    code = last_code(app, e164)

    def press(_n: int) -> str:
        return token_in(app.test_client().post(where, data={"code": code}))

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(press, range(6)))) == 1
    assert len(invitations(app)) == 1


def test_a_wrong_code_is_counted_and_five_end_it(
    app: Flask, browser: FlaskClient, address: str
) -> None:
    e164 = number()
    where = ask(browser, address, e164, "en").headers["Location"]
    code = last_code(app, e164)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        answer = browser.post(where, data={"code": wrong})
        assert answer.status_code == 422 and "not the code" in answer.text
    spent = browser.post(where, data={"code": code})
    assert spent.status_code == 422 and "no longer valid" in spent.text
    assert invitations(app) == []


def test_a_code_is_good_for_ten_minutes(app: Flask, browser: FlaskClient, address: str) -> None:
    e164 = number()
    where = ask(browser, address, e164, "en").headers["Location"]
    code = last_code(app, e164)
    with clock.freeze(clock.now() + services.LIFE + dt.timedelta(seconds=1)):
        assert "no longer valid" in browser.post(where, data={"code": code}).text
    assert invitations(app) == []


def test_one_number_gets_few_codes_whoever_asks(
    app: Flask, browser: FlaskClient, address: str
) -> None:
    e164 = number()
    statuses = [ask(browser, address, e164, "en").status_code for _ in range(services.HOURLY + 1)]
    assert statuses == [303] * services.HOURLY + [429]
    kept = ask(browser, address, e164, "en")
    assert e164 in kept.text, "what was typed stays"
    assert ask(browser, address, number()).status_code == 303
    with app.app_context():
        sent = db.session.scalars(select(Message).where(Message.e164 == e164)).all()
    assert len(sent) == services.HOURLY


def test_requests_at_once_do_not_pass_the_limit(app: Flask, address: str) -> None:
    e164 = number()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _n: ask(app.test_client(), address, e164), range(8)))
    with app.app_context():
        assert len(db.session.scalars(select(OpenChallenge)).all()) == services.HOURLY


def test_a_campaign_has_a_limit_of_its_own(
    app: Flask, browser: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CAMPAIGN_MINUTE", 2)
    statuses = [ask(browser, address, number(), "en").status_code for _ in range(3)]
    assert statuses == [303, 303, 429]


def test_a_network_that_floods_is_slowed_down(
    app: Flask, browser: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits import RateLimitItemPerMinute

    from surveys.openlinks import views

    monkeypatch.setattr(views, "A_MINUTE", RateLimitItemPerMinute(2))
    statuses = [ask(browser, address, number()).status_code for _ in range(3)]
    assert statuses == [303, 303, 429]


def test_the_number_of_a_respondent_is_in_no_audience_until_somebody_brings_it(
    app: Flask, browser: FlaskClient, campaign: Campaign, address: str
) -> None:
    e164 = number()
    where = ask(browser, address, e164).headers["Location"]
    browser.post(where, data={"code": last_code(app, e164)})
    with app.app_context():
        contact = db.session.scalars(select(Contact).where(Contact.e164 == e164)).one()
        record = db.session.scalars(select(ConsentRecord)).one()
        assert contact.only_answered
        assert (record.decision, record.channel, record.line) == (
            "given",
            "link",
            f"survey:{campaign.id}",
        )
        assert audience.count(AudienceFilter()).total == 0
        assert audience.choices().languages == []
        same = bank.create(
            e164, name="زهرا", language="fa", neighbourhood="", tags=[], source="officer"
        )
        db.session.commit()
        assert same == contact.id
        assert audience.count(AudienceFilter()).total == 1


def test_a_form_of_another_site_is_refused(browser: FlaskClient, address: str) -> None:
    answer = browser.post(
        address, data={"phone": number()}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("typed", ["", "12", "02188887777", "<script>"])
def test_what_is_no_mobile_number_is_said_and_kept(
    browser: FlaskClient, address: str, typed: str
) -> None:
    answer = browser.post(address, data={"phone": typed})
    assert answer.status_code == 422 and 'class="error-summary"' in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"state": "closed"}, 410),
        ({"state": "cancelled"}, 410),
        ({"state": "draft"}, 404),
        ({"closes_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, 410),
        ({"opens_at": dt.datetime(2090, 1, 1, tzinfo=dt.UTC)}, 404),
        ({"state": "paused"}, 200),
    ],
)
def test_a_link_that_takes_nobody_says_so(
    browser: FlaskClient, fields: dict[str, Any], status: int
) -> None:
    campaign = make_campaign(make_survey(form=FORM), **fields)
    address = f"/o/{make_ways(campaign, open_kind='verified').open_code}"
    assert browser.get(address).status_code == status
    assert ask(browser, address, number()).status_code == (303 if status == 200 else status)


def test_unknown_codes_and_tickets(browser: FlaskClient, address: str) -> None:
    assert browser.get("/o/ZZZZZZ").status_code == 404
    assert browser.get(address.lower().replace("/o/", "/o/")).status_code == 200
    assert browser.get(f"{address}/no-such-ticket").status_code == 303
    assert browser.post(f"{address}/no-such-ticket", data={"code": "1"}).status_code == 303
    assert browser.post(f"{address}/begin").status_code == 404


def test_another_code_ends_no_earlier_limit(app: Flask, browser: FlaskClient, address: str) -> None:
    e164 = number()
    where = ask(browser, address, e164, "en").headers["Location"]
    again = browser.post(where, data={"again": "1"})
    assert again.status_code == 303
    new = again.headers["Location"]
    assert "A new code is on its way" in browser.get(new).text
    assert token_in(browser.post(new, data={"code": last_code(app, e164)}))
    for _ in range(services.HOURLY - 2):
        browser.post(where, data={"again": "1"})
    assert browser.post(where, data={"again": "1"}).status_code == 429


def test_numbers_that_asked_are_forgotten(app: Flask, browser: FlaskClient, address: str) -> None:
    ask(browser, address, number())
    with app.app_context():
        jobs.forget_challenges()
        assert len(db.session.scalars(select(OpenChallenge)).all()) == 1
    with clock.freeze(clock.now() + services.KEPT + dt.timedelta(minutes=1)), app.app_context():
        jobs.forget_challenges()
        assert db.session.scalars(select(OpenChallenge)).all() == []
