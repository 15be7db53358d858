"""Speed, expected end, cost, spreading, and texts that begin from a template."""

import datetime as dt
import html
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from portal import clock
from portal.db import db
from portal.messaging import dispatch, watching
from portal.messaging.models import Message
from surveys.campaigns import figures, services, spread
from surveys.campaigns.errors import CampaignError
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.messages import FakeGateway, use_gateways
from tests.factories.templates import make_template
from tests.surveys.campaigns.drafts import launch, make_draft, messages
from tests.surveys.campaigns.test_pages import post, shown

MORNING = "2025-05-18T06:30:00+00:00"  # 10:00 in Tehran, a Sunday


@pytest.fixture
def officer(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",)))
    client.get("/en/")
    return client


@pytest.fixture
def nights(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(
        app.extensions["pasokh_settings"], quiet_hours="21:00-09:00", closed_days="wait"
    )
    monkeypatch.setitem(app.extensions, "pasokh_settings", settings)


def test_speed_end_and_cost(app: Flask, officer: FlaskClient) -> None:
    for _ in range(10):
        make_contact()
    campaign_id = make_draft()
    with clock.freeze(MORNING):
        launch(campaign_id)
        ids = [message.id for message in messages()]
        with app.app_context():
            db.session.execute(
                update(Message)
                .where(Message.id.in_(ids[:4]))
                .values(
                    state="accepted",
                    accepted_at=clock.now() - dt.timedelta(seconds=2),
                    cost_rial=2502,
                    segments=1,
                )
            )
            db.session.commit()
            found = figures.progress(services.get(campaign_id))  # type: ignore[arg-type]
        assert found.pace.per_second == 2.0
        assert found.pace.ends_at == clock.now() + dt.timedelta(seconds=3)
        assert found.cost_rial == 10_008
        for path in ("", "/progress"):
            page = shown(officer.get(f"/staff/campaigns/{campaign_id}{path}").text)
            assert "Messages a second" in page
            assert "Cost so far in toman 1,001" in page
            assert "Cost: 1,001 toman so far" in page
            assert "Opened" in page
        page = shown(officer.get(f"/staff/campaigns/{campaign_id}?lang=fa").text)
        assert "پیامک در ثانیه ۲ در دقیقهٔ گذشته" in page
        clock.shift(minutes=2)
        with app.app_context():
            still = figures.progress(services.get(campaign_id))  # type: ignore[arg-type]
        assert still.pace == watching.Pace(0.0, None), "nobody can say"


def test_opened_is_counted_once_there_is_something_to_count(context: Flask) -> None:
    from surveys.campaigns.models import Invitation

    expected = 0 if hasattr(Invitation, "opened_at") else None
    assert figures.opened(make_draft()) == expected


def test_a_spread_campaign_goes_out_over_open_hours(
    app: Flask, officer: FlaskClient, nights: None
) -> None:
    for _ in range(4):
        make_contact()
    campaign_id = make_draft()
    url = f"/staff/campaigns/{campaign_id}"
    gateway = FakeGateway()
    use_gateways(app, gateway)
    with clock.freeze(MORNING):
        done = post(officer, f"{url}/spread", hours="۲۲")
        page = shown(officer.get(done.headers["Location"]).text)
        assert "Spread over 22 hours: about 1 a minute, the last at" in page
        launch(campaign_id)
        # 10:00, 15:30, 21:00 → 09:00 of the next day, 14:30: eleven hours a day are open.
        times = [message.not_before for message in messages()]
        local = [at.astimezone(dt.UTC).strftime("%d %H:%M") for at in times if at]
        assert local == ["18 06:30", "18 12:00", "19 05:30", "19 11:00"]
        with app.app_context():
            dispatch.run(5)
            assert len(gateway.ledger) == 1
            clock.shift(hours=5, minutes=30)
            dispatch.run(5)
            assert len(gateway.ledger) == 2
            clock.shift(hours=12)
            dispatch.run(5)
            assert len(gateway.ledger) == 2, "it is night"
            found = figures.progress(services.get(campaign_id))  # type: ignore[arg-type]
            assert found.pace.ends_at is None
            clock.shift(hours=11)
            dispatch.run(5)
            db.session.remove()
    assert len(gateway.ledger) == 4
    del app.extensions["pasokh_accounts"]


@pytest.mark.parametrize("typed", ["0", ""])
def test_a_spread_is_taken_back(app: Flask, officer: FlaskClient, typed: str) -> None:
    campaign_id = make_draft()
    post(officer, f"/staff/campaigns/{campaign_id}/spread", hours="12")
    post(officer, f"/staff/campaigns/{campaign_id}/spread", hours=typed)
    with app.app_context():
        assert services.get(campaign_id).spread_hours is None  # type: ignore[union-attr]


@pytest.mark.parametrize("typed", ["-3", "241", "many", "1.5"])
def test_a_wrong_number_of_hours_is_refused(officer: FlaskClient, typed: str) -> None:
    make_contact()
    campaign_id = make_draft()
    done = post(officer, f"/staff/campaigns/{campaign_id}/spread", hours=typed)
    assert "between 1 and 240" in shown(officer.get(done.headers["Location"]).text)


def test_a_launched_campaign_is_spread_no_more(context: Flask) -> None:
    make_contact()
    campaign_id = make_draft()
    launch(campaign_id)
    with pytest.raises(CampaignError, match="not_draft"):
        spread.change(campaign_id, 3)


def test_a_campaign_begins_from_a_template(officer: FlaskClient) -> None:
    make_contact()
    campaign_id = make_draft(texts={})
    url = f"/staff/campaigns/{campaign_id}/texts"
    assert "Begin from a template" not in officer.get(url).text
    make_template(
        "campaigns.invitation",
        "Spring",
        fa="بهار: {title}\n{link}",
        ar="الربيع: {title}\n{link}",
        en="Spring: {title}\n{link}",
    )
    assert "Begin from a template" in officer.get(url).text
    page = html.unescape(officer.get(f"{url}?template=Spring").text)
    assert "بهار: " in page
    assert "{title}" not in page
    assert "{link}</textarea>" in page
    assert "Spring" in officer.get(f"{url}?template=Nothing").text


def test_unreachable_numbers_are_left_out_unless_wanted(app: Flask, officer: FlaskClient) -> None:
    from portal.contacts.models import Contact

    gone, _here = make_contact(), make_contact()
    with app.app_context():
        db.session.get_one(Contact, gone.id).unreachable_since = clock.now()
        db.session.commit()
    campaign_id = make_draft()
    url = f"/staff/campaigns/{campaign_id}/audience"
    assert "Left out: unreachable 1" in shown(officer.get(url).text)
    post(officer, url, url, include_unreachable="y")
    page = officer.get(url).text
    assert "People who would get the SMS 2" in shown(page)
    assert 'name="include_unreachable" value="y" checked' in page
    assert launch(campaign_id) == 2
