"""An open link that proves nothing, and says so wherever its results stand."""

import csv
import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerMinute
from sqlalchemy import select

from portal.db import db
from portal.formats import local
from portal.packet import Period
from surveys.analysis import channels
from surveys.analysis.packet import campaigns as packet_section
from surveys.campaigns.models import Campaign, Invitation
from surveys.openlinks import services, views
from tests.factories.accounts import csrf_token, make_user, sign_in
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
LABELS = {"fa": "غیرقابل‌تأیید", "ar": "غير قابل للتحقق", "en": "Unverifiable"}


@pytest.fixture
def campaign(app: Flask) -> Campaign:
    form = questionnaire([question("way", "select_one", "bus walk")])
    return make_campaign(make_survey(form=form))


@pytest.fixture
def address(campaign: Campaign) -> str:
    return f"/o/{make_ways(campaign, open_kind='unverified').open_code}"


def begin(app: Flask, address: str, **headers: str) -> str:
    answer = app.test_client(use_cookies=False).post(f"{address}/begin", headers=headers)
    found = re.search(r"/s/([^?]+)", answer.headers.get("Location", ""))
    assert found, answer.text
    return found[1]


def answer(app: Flask, token: str) -> None:
    phone = Phone(app, token)
    phone.open()
    phone.send(way="bus")


@pytest.mark.parametrize("lang", LABELS)
def test_the_first_page_says_it(client: FlaskClient, address: str, lang: str) -> None:
    page = client.get(f"{address}?lang={lang}")
    assert LABELS[lang] in page.text
    assert 'name="phone"' not in page.text


def test_everybody_who_begins_has_an_invitation_of_his_own(app: Flask, address: str) -> None:
    tokens = [begin(app, address) for _ in range(3)]
    for token in tokens:
        answer(app, token)
    assert len(set(tokens)) == 3 == len(stored(app))
    with app.app_context():
        found = db.session.scalars(select(Invitation)).all()
        assert {(each.channel, each.contact_id, each.state) for each in found} == {
            ("open", None, "answered")
        }


def test_repeated_browsers_are_marked_and_cannot_be_joined_across_campaigns(
    app: Flask, campaign: Campaign, address: str
) -> None:
    for browser in ("one", "one", "one", "two"):
        begin(app, address, **{"User-Agent": browser})
    other = make_campaign(make_survey())
    begin(app, f"/o/{make_ways(other, open_kind='unverified').open_code}", **{"User-Agent": "one"})
    with app.app_context():
        assert services.look_repeated(campaign.id) == 2
        assert services.look_repeated(other.id) == 0
        marks = db.session.scalars(select(services.OpenVisit.mark)).all()
        assert len(set(marks)) == 3


def test_a_flood_is_slowed_down(app: Flask, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "A_MINUTE", RateLimitItemPerMinute(2))
    statuses = [app.test_client().post(f"{address}/begin").status_code for _ in range(3)]
    assert statuses == [303, 303, 429]


def test_the_results_and_the_export_say_it(
    app: Flask, client: FlaskClient, campaign: Campaign, address: str
) -> None:
    answer(app, begin(app, address))
    _invitation, token = make_invitation(campaign)
    answer(app, token)
    with app.app_context():
        code = db.session.get_one(Campaign, campaign.id).version.survey.code
    for lang, label in LABELS.items():
        reader = app.test_client()
        sign_in(reader, make_user(("communications",), language=lang))
        page = reader.get(f"/staff/results/{code}?lang={lang}").text
        assert label in page
    assert "1 of 2" in page
    sign_in(client, make_user(("communications",)))
    token = csrf_token(client, f"/staff/results/{code}")
    file = client.post(f"/staff/results/{code}/export.csv", data={"csrf_token": token})
    rows = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert [row["verification"] for row in rows] == ["unverifiable", ""]


def test_the_council_is_told(app: Flask, campaign: Campaign, address: str) -> None:
    with app.app_context():
        launched = db.session.get_one(Campaign, campaign.id).launched_at
        assert launched is not None
        day = local(launched).date()
        found = packet_section(Period(day, day))
    told = json.dumps(found, ensure_ascii=False)
    assert LABELS["fa"] in told and LABELS["ar"] in told


def test_a_checked_link_is_not_called_unverifiable(app: Flask, campaign: Campaign) -> None:
    make_ways(campaign, open_kind="verified")
    with app.app_context():
        assert not channels.of([campaign.id]).is_unverified
