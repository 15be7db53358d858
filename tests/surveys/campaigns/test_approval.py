"""Two persons for a launch to many people: who may, what may change meanwhile, what remains."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.audit.models import AuditEntry
from portal.db import db
from portal.messaging.approval_models import LaunchApproval
from portal.messaging.models import Message, MessageBatch
from portal.messaging.template_models import MessageTemplateVersion
from surveys.campaigns import launching, schedule, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.jobs import launch_due
from surveys.campaigns.models import Campaign
from surveys.sampling import services as sampling
from surveys.ways import services as ways
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import TEXTS, make_draft, messages, state_of
from tests.surveys.campaigns.test_pages import post, shown

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _two_are_few(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(app.extensions["pasokh_settings"], approval_above=2)
    monkeypatch.setitem(app.extensions, "pasokh_settings", settings)


def signed_in(app: Flask, *roles: str) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=roles))
    client.get("/en/")
    return client


@pytest.fixture
def first(app: Flask) -> FlaskClient:
    return signed_in(app, "communications")


@pytest.fixture
def second(app: Flask) -> FlaskClient:
    return signed_in(app, "communications")


def people(number: int) -> None:
    for _ in range(number):
        make_contact()


def address(campaign_id: int, action: str = "") -> str:
    return f"/staff/campaigns/{campaign_id}" + (f"/{action}" if action else "")


def ask(client: FlaskClient, campaign_id: int, expected: int = 3) -> str:
    done = post(client, address(campaign_id, "launch"), expected=expected)
    assert done.status_code == 302
    return shown(client.get(done.headers["Location"]).text)


def wishes(app: Flask) -> list[LaunchApproval]:
    with app.app_context():
        return list(db.session.scalars(select(LaunchApproval).order_by(LaunchApproval.id)))


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return [
            action
            for action in db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
            if action.startswith("launch.") or action == "campaign.launched"
        ]


def test_few_people_need_nobody_else(app: Flask, first: FlaskClient) -> None:
    people(2)
    campaign_id = make_draft()
    assert "Launched. People invited: 2." in ask(first, campaign_id, 2)
    assert wishes(app) == []


def test_many_wait_for_another_person(app: Flask, first: FlaskClient, second: FlaskClient) -> None:
    people(3)
    campaign_id = make_draft()
    page = ask(first, campaign_id)
    assert "Waiting for approval" in page
    assert "Another person with the right to approve must agree." in page
    assert messages() == []
    assert state_of(campaign_id) == "draft"
    assert "Waiting for approval" in shown(first.get("/staff/campaigns/").text)
    post(first, address(campaign_id, "approve"), expected=3)
    assert messages() == [], "whoever launches cannot approve"
    page = shown(second.get(address(campaign_id)).text)
    assert "Approve the launch to 3 people" in page
    done = post(second, address(campaign_id, "approve"), expected=3)
    assert "Launched. People invited: 3." in shown(second.get(done.headers["Location"]).text)
    assert len(messages()) == 3
    with app.app_context():
        batch = db.session.scalars(select(MessageBatch)).one()
        wish = db.session.scalars(select(LaunchApproval)).one()
        campaign = db.session.get_one(Campaign, campaign_id)
        assert batch.launched_by == campaign.launched_by == wish.requested_by
        assert batch.approved_by == wish.decided_by != wish.requested_by
        assert wish.state == "used"
        version = db.session.scalars(select(MessageTemplateVersion)).one()
        assert (version.origin, version.subject_id, version.texts) == (
            "frozen",
            campaign_id,
            TEXTS,
        )
        assert set(db.session.scalars(select(Message.template_version_id))) == {version.id}
    assert actions(app) == ["launch.approval_requested", "launch.approved", "campaign.launched"]
    again = post(second, address(campaign_id, "approve"), expected=3)
    assert "Nothing waits" in shown(second.get(again.headers["Location"]).text)
    assert len(messages()) == 3


def test_declined_with_a_reason_it_is_a_draft_again(
    app: Flask, first: FlaskClient, second: FlaskClient
) -> None:
    people(3)
    campaign_id = make_draft()
    ask(first, campaign_id)
    empty = post(second, address(campaign_id, "decline"), reason="  ")
    assert "Write the reason" in shown(second.get(empty.headers["Location"]).text)
    post(second, address(campaign_id, "decline"), reason="The text is rude")
    page = shown(first.get(address(campaign_id, "review")).text)
    assert "declined by a second person" in page
    assert "The text is rude" in page
    with app.app_context():
        services.change_texts(campaign_id, TEXTS, {})
        db.session.commit()
    assert "Waiting for approval" in ask(first, campaign_id)
    assert [wish.state for wish in wishes(app)] == ["declined", "waiting"]


def test_nothing_changes_while_it_waits(app: Flask, first: FlaskClient) -> None:
    people(3)
    campaign_id = make_draft()
    ask(first, campaign_id)
    with app.app_context():
        for change in (
            lambda: services.change_texts(campaign_id, {}, {}),
            lambda: schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=1),
            lambda: ways.choose(
                campaign_id, invites_by_sms=True, open_kind=None, takes_replies=False
            ),
            lambda: sampling.set_plan(campaign_id, None),
        ):
            with pytest.raises(CampaignError, match="waiting"):
                change()
            db.session.rollback()
    post(first, address(campaign_id, "withdraw"))
    with app.app_context():
        services.change_texts(campaign_id, TEXTS, {})
        db.session.rollback()
    assert [wish.state for wish in wishes(app)] == ["withdrawn"]


def test_the_second_person_agrees_to_a_number(
    app: Flask, first: FlaskClient, second: FlaskClient
) -> None:
    people(3)
    campaign_id = make_draft()
    ask(first, campaign_id)
    people(1)
    post(second, address(campaign_id, "approve"), expected=3)
    assert messages() == [], "there are four now"
    post(second, address(campaign_id, "approve"), expected=4)
    assert len(messages()) == 4
    assert wishes(app)[0].recipients == 4


def test_a_service_call_without_a_person_is_refused(app: Flask) -> None:
    people(3)
    campaign_id = make_draft()
    with app.app_context(), pytest.raises(CampaignError, match="approval"):
        launching.launch(campaign_id, user_id=None)
    assert messages() == []


def test_a_planned_launch_is_approved_beforehand(
    app: Flask, first: FlaskClient, second: FlaskClient
) -> None:
    people(3)
    campaign_id, user = make_draft(), make_user(roles=("communications",))
    with clock.freeze():
        with app.app_context():
            schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=user.id)
            db.session.commit()
        page = shown(second.get(address(campaign_id)).text)
        assert "Waiting for approval" in page
        done = post(second, address(campaign_id, "approve"), expected=3)
        assert "It launches at its planned moment" in shown(
            second.get(done.headers["Location"]).text
        )
        assert messages() == []
        clock.shift(hours=2)
        with app.app_context():
            launch_due()
    assert state_of(campaign_id) == "launched"
    assert wishes(app)[0].state == "used"


@pytest.mark.parametrize("what", ["nobody", "many_more"])
def test_a_planned_launch_without_approval_does_not_happen(
    app: Flask, second: FlaskClient, what: str
) -> None:
    people(3)
    campaign_id, user = make_draft(), make_user(roles=("communications",))
    with clock.freeze():
        with app.app_context():
            schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=user.id)
            db.session.commit()
        if what == "many_more":
            post(second, address(campaign_id, "approve"), expected=3)
            people(1)
        clock.shift(hours=2)
        with app.app_context():
            launch_due()
    assert state_of(campaign_id) == "draft"
    assert messages() == []
    with app.app_context():
        campaign = db.session.get_one(Campaign, campaign_id)
        assert campaign.launch_at is None
        assert campaign.launch_failed_at is not None
    assert wishes(app)[0].state == "withdrawn"


def test_declining_takes_a_plan_back(app: Flask, second: FlaskClient) -> None:
    people(3)
    campaign_id, user = make_draft(), make_user(roles=("communications",))
    with app.app_context():
        schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=user.id)
        db.session.commit()
    post(second, address(campaign_id, "decline"), reason="Not on that day")
    with app.app_context():
        assert db.session.get_one(Campaign, campaign_id).launch_at is None


def test_an_analyst_reads_and_decides_nothing(app: Flask, first: FlaskClient) -> None:
    people(3)
    campaign_id = make_draft()
    ask(first, campaign_id)
    analyst = signed_in(app, "analyst")
    page = analyst.get(address(campaign_id)).text
    assert "Another person" in shown(page)
    assert not re.search(r'action="[^"]+/approve"', page)
    token = {"csrf_token": "x", "expected": 3}
    assert analyst.post(address(campaign_id, "approve"), data=token).status_code in {400, 403}
    assert messages() == []


def test_the_list_asks_as_often_with_wishes_as_without(app: Flask, first: FlaskClient) -> None:
    people(3)

    def load() -> int:
        with count_queries() as queries:
            first.get("/staff/campaigns/")
        return queries.count

    ask(first, make_draft())
    few = load()
    for _ in range(4):
        ask(first, make_draft())
    assert load() == few
