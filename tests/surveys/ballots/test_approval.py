"""The opening of a vote for many people needs a second person too."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.contacts import consent
from portal.contacts.models import Contact
from portal.db import db
from portal.messaging import approvals
from portal.messaging.models import Message, MessageBatch
from surveys.ballots.models import BallotScheme
from tests.factories.accounts import make_user, sign_in
from tests.factories.ballots import TEXTS, Made, make_scheme
from tests.factories.contacts import make_contact
from tests.surveys.campaigns.test_pages import shown, token


@pytest.fixture(autouse=True)
def _two_are_few(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(app.extensions["pasokh_settings"], approval_above=2)
    monkeypatch.setitem(app.extensions, "pasokh_settings", settings)


@pytest.fixture
def made(app: Flask) -> Made:
    found = make_scheme()
    for _ in range(3):
        make_contact(neighbourhood=found.name)
    return found


def officer(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=("communications",)))
    client.get("/en/")
    return client


def press(client: FlaskClient, made: Made, action: str, **data: object) -> str:
    page = f"/staff/ballots/{made.scheme_id}"
    done = client.post(
        f"{page}/{action}", data={"csrf_token": token(client, f"{page}/open"), **data}
    )
    return shown(client.get(done.headers["Location"]).text)


def ask(client: FlaskClient, made: Made) -> str:
    texts = {f"sms_{code}": words for code, words in TEXTS.items()}
    return press(client, made, "open", until="2099-01-01", expected=3, go="open", **texts)


def sent(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Message)).all())


def test_a_second_person_opens_it_with_what_was_wished(app: Flask, made: Made) -> None:
    first, second = officer(app), officer(app)
    assert "Another person with the right to approve must agree" in ask(first, made)
    assert sent(app) == 0
    press(first, made, "open/approve", expected=3)
    assert sent(app) == 0, "whoever launches cannot approve"
    page = shown(second.get(f"/staff/ballots/{made.scheme_id}").text)
    assert "Vote for your neighbourhood:" in page, "the second person reads the SMS"
    assert "Approved. SMS on their way: 3." in press(second, made, "open/approve", expected=3)
    with app.app_context():
        batch = db.session.scalars(select(MessageBatch)).one()
        scheme = db.session.get_one(BallotScheme, made.scheme_id)
        assert batch.launched_by and batch.approved_by
        assert batch.launched_by != batch.approved_by
        assert (scheme.state, scheme.texts) == ("voting", TEXTS)
        assert all(version for version in db.session.scalars(select(Message.template_version_id)))


def test_declined_or_taken_back_it_stays_closed(app: Flask, made: Made) -> None:
    first, second = officer(app), officer(app)
    ask(first, made)
    assert "Too early" in press(second, made, "open/decline", reason="Too early")
    ask(first, made)
    press(first, made, "open/withdraw")
    press(second, made, "open/approve", expected=3)
    assert sent(app) == 0


def test_invitations_to_propose_need_one_too(app: Flask, made: Made) -> None:
    first, second = officer(app), officer(app)
    texts = {f"sms_{code}": words for code, words in TEXTS.items()}
    page = press(first, made, "invite", expected=3, go="send", **texts)
    assert "Another person with the right to approve must agree" in page
    assert sent(app) == 0
    assert "Invitation to propose" in shown(second.get(f"/staff/ballots/{made.scheme_id}").text)
    assert "SMS on their way: 3." in press(second, made, "open/approve", expected=3)
    with app.app_context():
        batch = db.session.scalars(select(MessageBatch)).one()
        assert batch.launched_by and batch.approved_by
        assert db.session.get_one(BallotScheme, made.scheme_id).state == "proposals"


def test_a_scheme_has_one_wish_at_a_time(app: Flask, made: Made) -> None:
    first = officer(app)
    texts = {f"sms_{code}": words for code, words in TEXTS.items()}
    press(first, made, "invite", expected=3, go="send", **texts)
    done = first.post(
        f"/staff/ballots/{made.scheme_id}/open",
        data={
            "csrf_token": token(first, f"/staff/ballots/{made.scheme_id}/open"),
            "until": "2099-01-01",
            "expected": 3,
            "go": "open",
            **texts,
        },
    )
    assert done.status_code == 422
    assert "It waits for the approval" in shown(done.text)


def test_an_approval_of_few_in_the_end_is_used_up(app: Flask, made: Made) -> None:
    first, second = officer(app), officer(app)
    texts = {f"sms_{code}": words for code, words in TEXTS.items()}
    press(first, made, "invite", expected=3, go="send", **texts)
    with app.app_context():
        number = db.session.scalars(select(Contact.e164).limit(1)).one()
        consent.opt_out(number, line=None, channel="staff", evidence="x")
        db.session.commit()
    assert "SMS on their way: 2." in press(second, made, "open/approve", expected=2)
    with app.app_context():
        assert approvals.standing("ballot_scheme", made.scheme_id) is None
        consent.rejoin(number, line=None, channel="staff", evidence="x")
        db.session.commit()
    assert "Another person with the right to approve must agree" in ask(first, made)
