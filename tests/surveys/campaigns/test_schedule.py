"""Launches and reminders at planned moments: once, and to nobody who answered."""

import contextlib
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal import clock, links
from portal.audit.models import AuditEntry
from portal.db import db
from surveys.campaigns import schedule, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.jobs import close_due, launch_due, remind_due
from surveys.campaigns.models import Campaign, PlannedReminder
from surveys.quotas import services as quotas
from surveys.responses import services as responses
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.queries import count_queries
from tests.surveys.campaigns.drafts import (
    invitations,
    launch,
    make_draft,
    messages,
    set_messages,
    state_of,
)
from tests.surveys.campaigns.test_pages import post, shown
from tests.surveys.responses.phone import Phone

HOUR = dt.timedelta(hours=1)


def at_once(app: Flask, job: object, times: int = 6) -> None:
    def run(_: int) -> None:
        with app.app_context():
            try:
                job()  # type: ignore[operator]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(run, range(times)))


def planned_states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(PlannedReminder.state).order_by(PlannedReminder.id)))


def test_a_planned_launch_happens_once_at_its_moment(app: Flask, context: Flask) -> None:
    for _ in range(3):
        make_contact()
    campaign_id = make_draft()
    with clock.freeze():
        schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=None)
        db.session.commit()
        launch_due()
        assert state_of(campaign_id) == "draft"
        clock.shift(HOUR)
        at_once(app, launch_due)
    assert state_of(campaign_id) == "launched"
    assert len(messages()) == len(invitations()) == 3


def test_what_is_planned_cannot_change_until_the_plan_is_taken_back(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=None)
    db.session.commit()
    with pytest.raises(CampaignError) as refused:
        services.change_texts(campaign_id, {}, {})
    assert refused.value.code == "planned"
    db.session.rollback()
    assert schedule.unplan_launch(campaign_id)
    assert not schedule.unplan_launch(campaign_id)
    services.change_texts(campaign_id, {"fa": "{link}"}, {})


def test_a_planned_launch_that_is_refused_leaves_a_free_draft_and_a_note(context: Flask) -> None:
    who = make_contact()
    campaign_id = make_draft()
    with clock.freeze():
        schedule.plan_launch(campaign_id, clock.now() + HOUR, user_id=None)
        db.session.commit()
        db.session.delete(db.session.get_one(type(who), who.id))
        db.session.commit()
        clock.shift(HOUR)
        launch_due()
    campaign = db.session.get_one(Campaign, campaign_id)
    assert (campaign.state, campaign.launch_at) == ("draft", None)
    assert campaign.launch_failed_at is not None
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert "campaign.launch_failed" in actions
    assert messages() == []


@pytest.mark.parametrize("minutes", [-1, 0, 60 * 24 * 3])
def test_a_moment_that_makes_no_sense_is_refused(context: Flask, minutes: int) -> None:
    make_contact()
    closes = clock.now() + dt.timedelta(days=2)
    campaign_id = make_draft(closes_at=closes)
    moment = clock.now() + dt.timedelta(minutes=minutes)
    for plan in (schedule.plan_launch, schedule.plan_reminder):
        with pytest.raises(CampaignError) as refused:
            plan(campaign_id, moment, user_id=None)  # type: ignore[operator]
        assert refused.value.code == "past"
        db.session.rollback()


def _reminded(campaign_id: int) -> list[int]:
    """Invitations to which a reminder still goes."""
    first = db.session.get_one(Campaign, campaign_id).batch_id
    return [
        m.link_id
        for m in messages()
        if m.batch_id != first and m.state != "cancelled" and m.link_id is not None
    ]


def test_a_planned_reminder_goes_once_to_those_who_did_not_answer(
    app: Flask, context: Flask
) -> None:
    for _ in range(4):
        make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    set_messages("delivered")
    done, *rest = invitations()
    Phone(app, links.token_for("survey", done.id))
    db.session.execute(update(type(done)).where(type(done).id == done.id).values(state="screened"))
    db.session.commit()
    with clock.freeze():
        schedule.plan_reminder(campaign_id, clock.now() + HOUR, user_id=None)
        db.session.commit()
        remind_due()
        assert _reminded(campaign_id) == []
        clock.shift(HOUR)
        at_once(app, remind_due)
        remind_due()
    assert _reminded(campaign_id) == [each.id for each in rest]
    assert planned_states() == ["sent"]


def test_who_answers_while_reminders_are_made_gets_none(app: Flask, context: Flask) -> None:
    for _ in range(24):
        make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    set_messages("delivered")
    people = [each.id for each in invitations()]
    with clock.freeze():
        schedule.plan_reminder(campaign_id, clock.now() + HOUR, user_id=None)
        db.session.commit()
        clock.shift(HOUR)

        def answer(who: int) -> None:
            with app.app_context():
                try:
                    link = responses.lock(links.token_for("survey", who))
                    assert link is not None
                    assert responses.complete(link, {"project": "park"}, "fa") == "done"
                    db.session.commit()
                finally:
                    db.session.remove()

        def remind(_: int) -> None:
            with app.app_context():
                try:
                    remind_due()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(10) as pool:
            jobs = [pool.submit(answer, who) for who in people[:6]]
            jobs += [pool.submit(remind, n) for n in range(2)]
            jobs += [pool.submit(answer, who) for who in people[6:18]]
            for job in jobs:
                job.result()
    waiting = {each.id for each in invitations() if each.state != "answered"}
    assert waiting == set(people[18:])
    assert set(_reminded(campaign_id)) == waiting


def test_reminders_wait_for_a_paused_campaign_and_die_with_a_closed_one(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    set_messages("delivered")
    with clock.freeze():
        for hours in (1, 2):
            schedule.plan_reminder(campaign_id, clock.now() + hours * HOUR, user_id=None)
        services.pause(campaign_id)
        db.session.commit()
        clock.shift(HOUR)
        remind_due()
        assert planned_states() == ["planned", "planned"]
        services.resume(campaign_id)
        db.session.commit()
        remind_due()
        assert planned_states() == ["sent", "planned"]
        services.close(campaign_id)
        db.session.commit()
        clock.shift(HOUR)
        remind_due()
    assert planned_states() == ["sent", "over"]


def test_a_survey_opens_and_closes_by_itself(app: Flask, context: Flask) -> None:
    make_contact(language="en")
    with clock.freeze("2026-05-05T08:30:00+00:00"):
        campaign_id = make_draft(
            opens_at=dt.datetime(2026, 5, 7, 20, 30, tzinfo=dt.UTC),
            closes_at=dt.datetime(2026, 5, 9, 20, 30, tzinfo=dt.UTC),
        )
        launch(campaign_id)
        phone = Phone(app, links.token_for("survey", invitations()[0].id))
        assert phone.open().status_code == 404
        assert "opens on 8 May 2026" in phone.page.text
        assert "۱۸ اردیبهشت ۱۴۰۵" in phone.open("?lang=fa").text
        refused = phone.client.post(f"/s/{phone.token}", data={"project": "park"})
        assert refused.status_code == 303
        clock.shift(days=3)
        assert phone.open().status_code == 200
        assert phone.send(project="park", priorities="safety").status_code == 303
        clock.shift(days=2)
        assert phone.open().status_code == 410
        close_due()
    assert state_of(campaign_id) == "closed"
    assert "campaign.closed" in db.session.scalars(select(AuditEntry.action)).all()


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",)))
    client.get("/en/")
    return client


def test_plans_and_quotas_on_the_page(app: Flask, officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft()
    page = f"/staff/campaigns/{campaign_id}/plan"
    wrong = post(
        officer,
        f"{page}/quotas",
        page,
        name=["زنان", ""],
        condition=["${nobody} = 1", "${age} ="],
        maximum=["۲۵", "many"],
    )
    assert wrong.status_code == 422
    assert "There is no question “nobody”" in shown(wrong.text)
    assert 'value="${age} ="' in wrong.text
    assert 'value="many"' in wrong.text
    good = post(
        officer,
        f"{page}/quotas",
        page,
        name=["زنان", ""],
        condition=["${age} = '30_44'", ""],
        maximum=["۲۵", ""],
    )
    assert good.status_code == 302
    assert (
        post(
            officer, f"{page}/launch", page, **{"launch-day": "x", "launch-hour": "25:00"}
        ).status_code
        == 422
    )
    moment = {"day": "2030/05/01", "hour": "۰۹:۳۰"}
    for what in ("reminder", "launch"):
        url = f"{page}/{'reminders' if what == 'reminder' else what}"
        done = post(officer, url, page, **{f"{what}-{key}": text for key, text in moment.items()})
        assert done.status_code == 302, shown(done.text)
    text = shown(officer.get(page).text)
    assert "It launches by itself at 1 May 2030" in text
    assert "زنان ${age} = '30_44' 0 25" in text
    with app.app_context():
        planned = db.session.scalars(select(PlannedReminder)).one().id
    post(officer, f"{page}/launch/undo", page)
    post(officer, f"{page}/reminders/{planned}/undo", page)
    text = shown(officer.get(page).text)
    assert "None is planned." in text
    assert "It launches by itself" not in text


def test_the_review_shows_quotas_and_reminders_before_the_launch(
    app: Flask, officer: FlaskClient
) -> None:
    make_contact()
    campaign_id = make_draft()
    page = f"/staff/campaigns/{campaign_id}"
    text = shown(officer.get(f"{page}/review").text)
    assert "There is no quota." in text
    assert "None is planned." in text
    with app.app_context():
        wish = quotas.Wish("زنان", "${age} = '30_44'", 25)
        quotas.replace(db.session.get_one(Campaign, campaign_id), [wish])
        at = dt.datetime(2030, 5, 1, 6, tzinfo=dt.UTC)
        schedule.plan_reminder(campaign_id, at, user_id=None)
        db.session.commit()
    text = shown(officer.get(f"{page}/review").text)
    assert "زنان ${age} = '30_44' 25" in text
    assert "1 May 2030" in text
    assert "There is no quota." not in text


def test_the_plan_page_asks_the_same_number_of_questions_however_much_is_planned(
    app: Flask, officer: FlaskClient
) -> None:
    campaign_id = make_draft()
    page = f"/staff/campaigns/{campaign_id}/plan"

    def fill(number: int) -> None:
        with app.app_context():
            wishes = [quotas.Wish(f"g{n}", "${age} = '30_44'", 25) for n in range(number)]
            quotas.replace(db.session.get_one(Campaign, campaign_id), wishes)
            for n in range(number):
                at = dt.datetime(2030, 5, 1 + number, n, tzinfo=dt.UTC)
                with contextlib.suppress(CampaignError):  # ten are the most
                    schedule.plan_reminder(campaign_id, at, user_id=None)
            db.session.commit()

    fill(1)
    officer.get(page)
    with count_queries() as few:
        officer.get(page)
    fill(quotas.MOST)
    with count_queries() as many:
        text = officer.get(page).text
    assert "g19" in text
    assert text.count("/undo") == schedule.MOST_REMINDERS
    assert many.count == few.count, many.statements
    assert many.count <= 10, many.statements
