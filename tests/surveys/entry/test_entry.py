"""An operator answers for a citizen on the telephone."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.audit.models import AuditEntry, AuditPayload
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, Invitation
from surveys.entry import services as entry
from surveys.entry.models import PhoneEntry
from surveys.sampling.models import CampaignSample
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.contacts import make_contact, number
from tests.factories.surveys import (
    make_campaign,
    make_invitation,
    make_survey,
    make_ways,
    question,
    questionnaire,
)
from tests.queries import count_queries
from tests.surveys.responses.phone import Phone, stored

pytestmark = pytest.mark.usefixtures("app")
FORM = questionnaire([question("way", "select_one", "bus walk", required=True)], [question("idea")])


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    return make_campaign(make_survey(form=FORM))


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(("operator",), language="en"))
    return client


def begin(operator: FlaskClient, campaign: Campaign, **fields: str) -> TestResponse:
    page = f"/staff/entry/campaigns/{campaign.id}"
    data = {"csrf_token": csrf_token(operator, page), "language": "ar", **fields}
    return operator.post(page, data=data)


def send(operator: FlaskClient, where: str, **answers: str) -> TestResponse:
    """Fill in the page at `where` and press its button."""
    page = operator.get(where).text
    action = re.search(r'<form id="survey"[^>]*action="([^"]+)"', page)
    assert action, page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return operator.post(html.unescape(action[1]), data={**hidden, ".go": "next", **answers})


def test_a_whole_conversation(app: Flask, operator: FlaskClient, campaign: Campaign) -> None:
    make_ways(campaign, call_script={"ar": "السلام عليكم، معكم البلدية"})
    person = make_contact()
    make_invitation(campaign, person)
    begun = begin(operator, campaign, phone=person.e164.replace("+98", "0"))
    where = begun.headers["Location"]
    page = operator.get(where).text
    assert "السلام عليكم" in page and 'dir="rtl"' in page and "bus عر" in page
    assert "Sign out" in page, "the frame stays in the operator's language"
    second = send(operator, where, way="bus")
    assert second.status_code == 303
    done = send(operator, second.headers["Location"], idea="نور")
    assert done.status_code == 303 and f"campaigns/{campaign.id}" in done.headers["Location"]
    (response,) = stored(app)
    assert (response.state, response.mode, response.language, response.answers) == (
        "complete",
        "phone",
        "ar",
        {"way": "bus", "idea": "نور"},
    )
    with app.app_context():
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions[-2:] == ["entry.begun", "entry.completed"]
        kept = str(db.session.scalars(select(AuditPayload.body)).all())
        assert "نور" not in kept, "what was answered is nobody's business"
        assert db.session.scalars(select(PhoneEntry)).one().ended_at is not None


def test_an_error_stays_on_the_page_and_keeps_what_was_typed(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    where = begin(operator, campaign, walk_in="1").headers["Location"]
    answer = send(operator, where)
    assert answer.status_code == 422 and "error-summary" in answer.text
    assert stored(app)[0].state == "draft"


def test_who_answered_by_link_is_not_asked_again(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    person = make_contact()
    _invitation, token = make_invitation(campaign, person)
    phone = Phone(app, token)
    phone.open()
    phone.send(way="walk")
    phone.send(idea="")
    refused = begin(operator, campaign, phone=person.e164)
    assert refused.status_code == 422 and "answered already" in refused.text
    assert len(stored(app)) == 1


def test_an_answer_by_link_in_the_middle_of_the_call_wins(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    person = make_contact()
    _invitation, token = make_invitation(campaign, person)
    where = begin(operator, campaign, phone=person.e164).headers["Location"]
    page = operator.get(where).text
    phone = Phone(app, token)
    phone.open()
    phone.send(way="walk")
    phone.send(idea="")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    late = operator.post(where.split("?")[0] + "?p=1", data={**hidden, "way": "bus"})
    assert late.status_code == 303
    assert "Nothing more can be typed" in operator.get(late.headers["Location"]).text
    (response,) = stored(app)
    assert (response.answers, response.mode) == ({"way": "walk"}, "link")


def test_somebody_who_was_not_invited_and_somebody_without_a_number(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    e164 = number()
    assert begin(operator, campaign, phone=e164).status_code == 303
    assert begin(operator, campaign, walk_in="1").status_code == 303
    with app.app_context():
        found = db.session.scalars(select(Invitation).order_by(Invitation.id)).all()
        assert [each.channel for each in found] == ["phone", "phone"]
        assert [each.contact_id is None for each in found] == [False, True]
        assert db.session.scalars(select(Contact)).one().only_answered


def test_a_random_sample_takes_only_those_who_were_drawn(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    with app.app_context():
        db.session.add(CampaignSample(campaign_id=campaign.id, plan={}, seed="seed", strata=[]))
        db.session.commit()
    person = make_contact()
    make_invitation(campaign, person)
    assert begin(operator, campaign, phone=number()).status_code == 422
    assert begin(operator, campaign, walk_in="1").status_code == 422
    assert begin(operator, campaign, phone=person.e164).status_code == 303


def test_an_entry_belongs_to_its_operator(
    app: Flask, operator: FlaskClient, campaign: Campaign
) -> None:
    where = begin(operator, campaign, walk_in="1").headers["Location"]
    other = app.test_client()
    sign_in(other, make_user(("operator",)))
    assert other.get(where).status_code == 404


@pytest.mark.parametrize("typed", ["", "123", "02188887777"])
def test_a_number_that_is_none_is_said(
    operator: FlaskClient, campaign: Campaign, typed: str
) -> None:
    answer = begin(operator, campaign, phone=typed)
    assert answer.status_code == 422 and "error-summary" in answer.text


def test_the_list_asks_as_often_for_many_campaigns(operator: FlaskClient) -> None:
    counts = []
    for _ in range(2):
        for _each in range(3):
            make_campaign(make_survey(form=FORM))
        with count_queries() as queries:
            operator.get("/staff/entry/")
        counts.append(queries.count)
    assert counts[0] == counts[1]


def test_an_anonymous_survey_is_not_typed_by_somebody_who_hears_it(
    app: Flask, operator: FlaskClient
) -> None:
    campaign = make_campaign(make_survey(form=FORM), secrecy="anonymous")
    assert campaign.name not in operator.get("/staff/entry/").text
    page = operator.get(f"/staff/entry/campaigns/{campaign.id}").text
    assert "This survey is anonymous" in page
    with app.app_context(), pytest.raises(CampaignError, match="secret"):
        entry.begin(campaign.id, None, language="fa", user_id=1)
