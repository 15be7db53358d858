"""Choosing the ways on the draft, and launching with them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import db
from surveys.campaigns import launching
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.ways import reading, services
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.contacts import make_contact
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import invitations, launch, make_draft, messages

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def officer(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(("communications",), language="en"))
    return client


def save(officer: FlaskClient, campaign_id: int, **fields: str) -> int:
    page = f"/staff/campaigns/{campaign_id}/ways"
    data = {"csrf_token": csrf_token(officer, page), **fields}
    return officer.post(page, data=data).status_code


def test_an_open_link_is_chosen_kept_and_written_down(app: Flask, officer: FlaskClient) -> None:
    draft = make_draft()
    assert save(officer, draft, invites_by_sms="y", open_kind="verified") == 302
    with app.app_context():
        code = reading.of(draft).open_code
    assert code
    page = officer.get(f"/staff/campaigns/{draft}/ways").text
    assert f"localhost/o/{code}" in page
    assert save(officer, draft, invites_by_sms="y", open_kind="") == 302
    assert save(officer, draft, invites_by_sms="y", open_kind="unverified") == 302
    with app.app_context():
        assert reading.of(draft).open_code == code, "it may be printed"
        actions = db.session.scalars(select(AuditEntry.action)).all()
        assert actions.count("campaign.ways_changed") == 3


def test_a_poster_alone_needs_no_sms(app: Flask, officer: FlaskClient) -> None:
    make_contact()
    draft = make_draft(texts={})
    assert save(officer, draft, open_kind="verified") == 302
    assert "Launch" in officer.get(f"/staff/campaigns/{draft}/review").text
    assert launch(draft) == 0
    assert messages() == [] == invitations()
    assert officer.get(f"/staff/campaigns/{draft}").status_code == 200


def test_ways_are_fixed_with_the_launch(app: Flask, officer: FlaskClient) -> None:
    make_contact()
    draft = make_draft()
    launch(draft)
    with app.app_context(), pytest.raises(CampaignError) as refused:
        services.choose(draft, invites_by_sms=True, open_kind="verified", takes_replies=False)
    assert refused.value.code == "not_draft"


def test_the_script_can_change_while_it_runs(app: Flask, officer: FlaskClient) -> None:
    make_contact()
    draft = make_draft()
    launch(draft)
    page = f"/staff/campaigns/{draft}/ways"
    data = {"csrf_token": csrf_token(officer, page), "script_fa": "سلام، از شهرداری"}
    assert officer.post(f"{page}/script", data=data).status_code == 302
    assert "سلام، از شهرداری" in officer.get(page).text


def test_replies_need_an_sms(officer: FlaskClient) -> None:
    draft = make_draft()
    assert save(officer, draft, takes_replies="y", open_kind="") == 422


def test_without_ways_a_campaign_is_as_before(app: Flask) -> None:
    make_contact()
    draft = make_draft()
    with app.app_context():
        plan = launching.plan(campaigns.locked(draft))
        assert (plan.recipients, plan.problems) == (1, ())


def test_the_page_asks_the_database_little(app: Flask, officer: FlaskClient) -> None:
    draft = make_draft()
    save(officer, draft, invites_by_sms="y", open_kind="unverified")
    with count_queries() as queries:
        officer.get(f"/staff/campaigns/{draft}/ways")
    assert queries.count <= 8, queries.statements
