"""A running campaign goes over to a new version; whoever began finishes what they began."""

import html
import re

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


SAME = question("town")
BEFORE = form([question("way", "select_one", "bus walk"), SAME, question("gone")], [question("z")])
AFTER = form([question("new")], [question("way", "select_one", "walk bus car"), SAME])


def test_two_tabs_with_two_versions_lose_nothing_and_mix_nothing(app: Flask) -> None:
    first = make_survey("TABS", BEFORE)
    campaign = make_campaign(first)
    token = make_invitation(campaign, language="en")[1]
    old_tab, new_tab = Phone(app, token), Phone(app, token)
    old_tab.open()
    second = make_survey("TABS", AFTER)
    switch(app, campaign)
    new_tab.open()
    new_tab.send(new="mine")
    answer = old_tab.send(way="bus", town="Rey", gone="a long thought")
    (response,) = stored(app)
    assert response.version_id == second.id
    assert response.answers == {"new": "mine", "town": "Rey"}, "what is the same is taken"
    assert answer.status_code == 409
    text = html.unescape(re.sub("<[^>]+>|[\u2066-\u2069]", "", old_tab.page.text))
    assert "This survey was changed meanwhile" in text
    assert "way en: bus en" in text
    assert "gone en: a long thought" in text
    assert "town en: Rey" not in text
    assert old_tab.shows("way")
    assert not old_tab.shows("gone")
    assert old_tab.fields["town"] == ["Rey"]
    old_tab.send(way="car")
    (response,) = stored(app)
    assert response.state == "complete"
    assert response.answers == {"new": "mine", "town": "Rey", "way": "car"}


def test_the_older_tab_sent_first_keeps_its_version(app: Flask) -> None:
    first = make_survey("TABS", BEFORE)
    campaign = make_campaign(first)
    token = make_invitation(campaign, language="en")[1]
    old_tab, new_tab = Phone(app, token), Phone(app, token)
    old_tab.open()
    make_survey("TABS", AFTER)
    switch(app, campaign)
    new_tab.open()
    old_tab.send(way="bus", town="Rey")
    assert new_tab.send(new="mine").status_code == 409
    assert "mine" in new_tab.page.text
    assert new_tab.fields[".version"] == ["1"]
    new_tab.open("?p=2")
    assert new_tab.fields[".version"] == ["1"], "the form names the version it was made from"
    new_tab.send(z="end")
    (response,) = stored(app)
    assert (response.state, response.version_id) == ("complete", first.id)
    assert response.answers == {"way": "bus", "town": "Rey", "z": "end"}


def test_an_anonymous_tab_answers_the_version_it_began(app: Flask) -> None:
    """Nothing is stored meanwhile, so two tabs do not meet before the end of one."""
    first = make_survey("TABS", BEFORE)
    campaign = make_campaign(first, secrecy="anonymous")
    token = make_invitation(campaign, language="en")[1]
    old_tab, new_tab = Phone(app, token), Phone(app, token)
    old_tab.open()
    make_survey("TABS", AFTER)
    switch(app, campaign)
    new_tab.open()
    new_tab.send(new="mine")
    assert old_tab.send(way="bus", gone="x").status_code == 200
    assert old_tab.shows("z")
    assert new_tab.shows("way")
    assert 'value="car"' in new_tab.page.text


@pytest.mark.parametrize("state", ["draft", "closed", "cancelled"])
def test_only_a_running_campaign_is_switched(app: Flask, state: str) -> None:
    campaign = make_campaign(make_survey("TWICE", OLD), state=state)
    make_survey("TWICE", NEW)
    with app.app_context(), pytest.raises(CampaignError):
        services.switch_version(campaign.id, 2)
