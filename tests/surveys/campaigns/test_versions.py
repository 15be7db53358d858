"""A running campaign goes over to a new version; whoever began finishes what they began."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.db import db
from surveys.campaigns import services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from tests.factories.accounts import make_user, sign_in
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form
from tests.surveys.campaigns.test_pages import post, shown
from tests.surveys.responses.phone import Phone, stored

OLD = form([question("old")], [question("end")])
NEW = form([question("new")], [question("end")])


def switch(app: Flask, campaign: Campaign, number: int = 2) -> bool:
    with app.app_context():
        done = services.switch_version(campaign.id, number)
        db.session.commit()
        return done


def test_who_began_finishes_the_old_version_and_others_get_the_new(app: Flask) -> None:
    first = make_survey("TWICE", OLD)
    campaign = make_campaign(first)
    begun, looking, later = (Phone(app, make_invitation(campaign)[1]) for _ in range(3))
    begun.open()
    begun.send(old="1")
    looking.open()
    assert looking.shows("old")
    second = make_survey("TWICE", NEW)
    assert later.open().status_code == 200
    assert later.shows("old"), "publishing alone switches nothing"
    assert switch(app, campaign)
    later.open()
    assert later.shows("new")
    assert not later.shows("old")
    begun.open("?p=2")
    begun.send(end="x")
    # The page was open when the campaign was switched: it is still the first page of the old one.
    looking.send(old="2")
    looking.send(end="y")
    later.send(new="3")
    later.send(end="z")
    found = {response.version_id: [] for response in stored(app)}
    for response in stored(app):
        found[response.version_id].append(response.answers)
    assert found[first.id] == [{"old": "1", "end": "x"}, {"old": "2", "end": "y"}]
    assert found[second.id] == [{"new": "3", "end": "z"}]
    assert {response.state for response in stored(app)} == {"complete"}


def test_no_form_can_ask_for_a_version_of_another_survey(app: Flask) -> None:
    first = make_survey("ONE", OLD)
    for number in range(3):
        make_survey("OTHER", form([question(f"x{number}")]))
    phone = Phone(app, make_invitation(make_campaign(first))[1])
    phone.open()
    phone.send(old="1", **{".version": "3"})
    assert stored(app)[0].version_id == first.id


def test_the_switch_is_on_the_campaigns_page_and_in_the_audit_trail(app: Flask) -> None:
    campaign = make_campaign(make_survey("TWICE", OLD))
    officer = app.test_client()
    sign_in(officer, make_user(roles=("communications",)))
    officer.get("/en/")
    page = f"/staff/campaigns/{campaign.id}"
    assert "Switch to version" not in officer.get(page).text
    make_survey("TWICE", NEW)
    text = officer.get(page).text
    assert "Version 2 of the survey is published" in shown(text)
    assert "/staff/surveys/TWICE/changes?old=1&amp;new=2" in text
    assert "Switch to version 2" in text
    answer = post(officer, f"{page}/version", page, number="2")
    assert answer.status_code == 302
    text = shown(officer.get(page).text)
    assert "Whoever has not begun now gets the new version." in text
    assert "Switch to version" not in text
    with app.app_context():
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "campaign.version_switched")
        ).one()
        assert entry.payload.body == {"before": 1, "after": 2}


def test_a_switch_names_the_version_that_was_looked_at(app: Flask) -> None:
    campaign = make_campaign(make_survey("TWICE", OLD))
    for number in range(2):
        make_survey("TWICE", form([question(f"new{number}")]))
    with app.app_context(), pytest.raises(CampaignError, match="outdated"):
        services.switch_version(campaign.id, 2)
    assert switch(app, campaign, 3)
    assert not switch(app, campaign, 3)


@pytest.mark.parametrize("state", ["draft", "closed", "cancelled"])
def test_only_a_running_campaign_is_switched(app: Flask, state: str) -> None:
    campaign = make_campaign(make_survey("TWICE", OLD), state=state)
    make_survey("TWICE", NEW)
    with app.app_context(), pytest.raises(CampaignError):
        services.switch_version(campaign.id, 2)
