"""The price of a campaign: before the launch, proposals, the budget, and afterwards."""

import dataclasses
import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.contacts.audience import AudienceFilter
from portal.db import db
from portal.i18n import use_language
from portal.messaging import dispatch, prices
from portal.messaging.models import Message, MessageBatch
from portal.messaging.segments import LinePlan
from surveys.campaigns import advice, costing, texts
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.sampling import services as sampling
from surveys.sampling.plans import Plan
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.messages import FakeGateway, account_of, use_gateways
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import launch, make_draft, messages, set_messages

LIST = "/staff/campaigns/"


@pytest.fixture
def gateway(app: Flask):  # type: ignore[no-untyped-def]
    fake = FakeGateway()
    use_gateways(app, fake)
    yield fake
    del app.extensions["pasokh_accounts"]


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",)))
    client.get("/en/")
    return client


def enter_prices(app: Flask, **changed: int | None) -> None:
    table = {
        ("mci", "UCS-2"): 1000,
        ("other", "UCS-2"): 2000,
        ("mci", "GSM-7"): 3000,
        ("other", "GSM-7"): 4000,
    }
    with app.app_context():
        prices.change("fake", {**table, ("other", "UCS-2"): changed.get("other", 2000)})  # type: ignore[arg-type, dict-item]
        db.session.commit()


def token(client: FlaskClient, url: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(url).text)
    assert found, url
    return found[1]


def post(client: FlaskClient, url: str, page: str, **data: object):  # type: ignore[no-untyped-def]
    return client.post(url, data={"csrf_token": token(client, page), **data})


def shown(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def make_people(mci: int, others: int, language: str = "fa") -> None:
    for n in range(mci):
        make_contact(language=language, e164=f"+98912{n:07d}")
    for n in range(others):
        make_contact(language=language, e164=f"+98935{n:07d}")


# Before the launch


def test_the_review_says_the_price_by_operator(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    make_people(3, 2)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    page = f"{LIST}{campaign_id}/review"
    assert "Not all prices are entered, so nobody knows what this costs." in shown(
        officer.get(page).text
    )
    enter_prices(app)
    text = shown(officer.get(page).text)
    assert "Estimated cost: 700 toman." in text  # 3 x 1000 + 2 x 2000 rial
    assert "MCI 3 1 1,000 300" in text
    assert "other operators 2 1 2,000 400" in text


def test_the_forecast_is_what_the_launch_puts_in(app: Flask, gateway: FakeGateway) -> None:
    enter_prices(app)
    make_people(3, 2)
    make_people(0, 0)
    make_contact(language="en", e164="+989120000099")
    campaign_id = make_draft({"fa": "سلام " + "م" * 60 + "\n{link}", "en": "Hi {link}"})
    with app.app_context():
        campaign = db.session.get_one(Campaign, campaign_id)
        found = costing.forecast_of(campaign)
    launch(campaign_id)
    assert found.rial == sum(message.estimate_rial or 0 for message in messages())
    assert found.rial == 3 * 2 * 1000 + 2 * 2 * 2000 + 1000


def test_a_sample_is_priced_by_the_people_it_draws(app: Flask, gateway: FakeGateway) -> None:
    enter_prices(app)
    make_people(12, 8)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    with app.app_context():
        sampling.set_plan(campaign_id, Plan(size=7), "seed-1405")
        db.session.commit()
        campaign = db.session.get_one(Campaign, campaign_id)
        people = costing.recipients(campaign)
        found = costing.forecast_of(campaign)
    assert sum(people["fa"].values()) == 7
    launch(campaign_id)
    assert found.rial == sum(message.estimate_rial or 0 for message in messages())


def test_the_review_asks_no_more_for_more_people(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    enter_prices(app)
    make_people(1, 1)
    campaign_id = make_draft()
    officer.get(f"{LIST}{campaign_id}/review")  # reads the questionnaire once for all

    def load(step: str) -> int:
        with count_queries() as queries:
            assert officer.get(f"{LIST}{campaign_id}/{step}").status_code == 200
        return queries.count

    few = [load(step) for step in ("review", "texts")]
    for n in range(20):
        make_contact(language=("fa", "ar", "en")[n % 3])
    assert [load(step) for step in ("review", "texts")] == few


def test_the_character_that_makes_an_english_text_dear_is_named_with_its_place(
    app: Flask,
) -> None:
    with app.app_context(), use_language("en"):
        found = texts.cost("en", "The mayor’s plan {link}")
    (said,) = [reason for reason in found.reasons if "at place" in reason]
    assert "typographic apostrophe" in said
    assert "U+2019" in said
    assert said.endswith("at place 10.")


def test_lines_that_differ_are_named(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    make_people(1, 0)
    campaign_id = make_draft()
    page = f"{LIST}{campaign_id}/texts"
    with app.app_context():
        spare = texts.cost("fa", "م\n{link}").found.units_left_in_last
    typed = "م" * (spare + 1) + "\n{link}"

    def counted() -> str:
        part = post(officer, f"{LIST}{campaign_id}/cost/text/fa", page, text_fa=typed).text
        return re.sub("[\u2066-\u2069]", "", shown(part))

    short = LinePlan.with_part(66)
    usual, other = account_of(gateway), account_of(FakeGateway(name="other"), line="2000")
    use_gateways(app, usual, other)
    assert "1 part ·" in counted()
    assert "has to send it" not in counted()
    use_gateways(app, usual, dataclasses.replace(other, plan=short))
    assert "1 part ·" in counted()
    assert "Parts if other has to send it, over the line 2000: 2." in counted()
    with app.app_context():
        db.session.get_one(Campaign, campaign_id).texts = {"fa": typed}
        db.session.commit()
    review = re.sub("[\u2066-\u2069]", "", shown(officer.get(f"{LIST}{campaign_id}/review").text))
    assert "over the line 2000" in review
    use_gateways(app, dataclasses.replace(usual, plan=short), other)
    assert "2 parts ·" in counted()
    assert "Parts if other has to send it, over the line 2000: 1." in counted()


# Proposals


def test_a_proposal_is_shown_and_taken_without_script(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    enter_prices(app)
    make_people(1, 0)
    campaign_id = make_draft()
    page = f"{LIST}{campaign_id}/texts"
    typed = "كتاب  😀 خوب\n{link}"
    part = post(officer, f"{LIST}{campaign_id}/cost/text/fa", page, text_fa=typed).text
    assert "<html" not in part
    assert "estimated cost: 100 toman" in shown(part)
    for code in ("spaces", "letters", "decoration"):
        assert f'value="take:text_fa:{code}"' in part
    answer = post(officer, page, page, text_fa=typed, text_en="x", action="take:text_fa:letters")
    assert answer.status_code == 200
    assert "کتاب  😀 خوب\n{link}</textarea>" in html.unescape(answer.text)
    assert 'value="take:text_fa:letters"' not in answer.text
    assert 'value="take:text_fa:decoration"' in answer.text
    with app.app_context():
        kept = db.session.get_one(Campaign, campaign_id).texts["fa"]
    assert "کتاب" not in kept, "nothing is stored before Save"
    again = post(officer, page, page, text_fa=typed, action="take:reminder_fa:letters")
    assert again.status_code == 200
    odd = post(officer, page, page, text_fa="سلام {link}", action="take:secrecy:letters")
    assert odd.status_code in (302, 422), "an unknown field is no proposal"


def test_proposals_reckon_with_link_and_ending(app: Flask) -> None:
    campaign_id = make_draft()
    with app.app_context(), use_language("en"):
        campaign = db.session.get_one(Campaign, campaign_id)
        assert advice.of(campaign, "en", "The mayor’s plan\n{link}") == [], "the ending is Persian"
        spare = texts.cost("fa", "م\n{link}").found.units_left_in_last
        (found,) = advice.of(campaign, "fa", "م" * (spare + 1) + "  م\n{link}")[:1]
        assert found.code == "spaces"
        long = "م" * spare + "  \n{link}"
        assert advice.of(campaign, "fa", long)[0].said.endswith("Saves 1 part.")


# The budget, and afterwards


def test_a_budget_stops_the_campaign_and_raising_it_goes_on(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    enter_prices(app)
    gateway.answer = None
    make_people(0, 5)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    review = f"{LIST}{campaign_id}/review"
    done = post(officer, f"{LIST}{campaign_id}/budget", review, budget="۶۰۰")
    assert done.headers["Location"] == review
    text = shown(officer.get(review).text)
    assert "Budget: 600 toman." in text
    assert "more than the budget" in text
    launch(campaign_id)
    with app.app_context():
        db.session.query(MessageBatch).update({"respects_quiet_hours": False})
        db.session.commit()
        dispatch.run(5)
    assert len(gateway.ledger) == 3
    page = f"{LIST}{campaign_id}"
    text = shown(officer.get(page).text)
    assert "The budget is used up" in text
    # 3 x 2000 rial estimated, 3 x 1500 asked for; what is left does not pay for one more.
    assert "Budget: 600 toman. Spent or on its way to be spent: 450 toman." in text
    assert "-150" in text
    for typed in ("x", "0", "-5"):
        post(officer, f"{page}/budget", page, budget=typed)
    with app.app_context():
        assert db.session.get_one(Campaign, campaign_id).budget_rial == 6000
    post(officer, f"{page}/budget", page, budget="1,000")
    post(officer, f"{page}/resume", page)
    with app.app_context():
        dispatch.run(5)
    assert len(gateway.ledger) == 5


def test_reminders_share_the_budget(app: Flask, officer: FlaskClient, gateway: FakeGateway) -> None:
    enter_prices(app)
    make_people(0, 2)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    post(officer, f"{LIST}{campaign_id}/budget", f"{LIST}{campaign_id}/review", budget="10000")
    launch(campaign_id)
    set_messages("delivered", Message.id > 0)
    post(officer, f"{LIST}{campaign_id}/remind", f"{LIST}{campaign_id}", wave=0)
    with app.app_context():
        first, again = db.session.query(MessageBatch).order_by(MessageBatch.id)
        assert (first.budget_rial, again.budget_rial) == (100_000, None)
        assert again.budget_of == first.id


def test_a_budget_without_prices_cannot_be_launched(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    enter_prices(app, other=None)
    make_people(0, 1)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    post(officer, f"{LIST}{campaign_id}/budget", f"{LIST}{campaign_id}/review", budget="10000")
    with use_language("en"):
        with pytest.raises(CampaignError) as caught:
            launch(campaign_id)
        assert caught.value.code == "wrong"
    review = shown(officer.get(f"{LIST}{campaign_id}/review").text)
    assert "There is a budget, but not all prices are entered." in review
    post(officer, f"{LIST}{campaign_id}/budget", f"{LIST}{campaign_id}/review", budget="")
    launch(campaign_id)


def test_the_campaign_page_asks_no_more_for_more_messages(
    app: Flask, officer: FlaskClient, gateway: FakeGateway
) -> None:
    enter_prices(app)
    make_people(2, 2)
    campaign_id = make_draft({"fa": "سلام\n{link}"})
    launch(campaign_id)

    def load() -> int:
        with count_queries() as queries:
            assert officer.get(f"{LIST}{campaign_id}").status_code == 200
        return queries.count

    few = load()
    make_people(0, 0)
    first, *_rest = messages()
    for state in ("delivered", "failed", "unknown"):
        set_messages(state, Message.id > first.id)
        assert load() <= few + 1, "failures have a reason to explain"


def test_who_may_not_launch_sets_no_budget(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, make_user(roles=("analyst",)))
    campaign_id = make_draft(wanted=AudienceFilter())
    page = client.get(f"{LIST}{campaign_id}").text
    assert "Save the budget" not in page
