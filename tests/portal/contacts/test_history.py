"""The whole history of a person on one page: complete, in order, paged, for whom it concerns."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.contacts import consent, history
from portal.contacts.history import Before, HistoryItem, HistorySource
from portal.contacts.models import Contact
from portal.db import db
from tests.factories.accounts import make_user, sign_in
from tests.factories.contacts import make_contact
from tests.factories.messages import make_inbound, make_message
from tests.queries import count_queries

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def client_of(app: Flask, *roles: str) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(roles=roles))
    client.get("/en/")
    return client


def fill(app: Flask, contact: Contact, number: int, *, at: dt.datetime = NOW) -> None:
    """Everything at very few moments, the worst case for pages by moment."""
    for n in range(number):
        moment = at - dt.timedelta(minutes=n // 30)
        make_message(e164=contact.e164, body=f"out {n:03d}", created_at=moment)
        make_inbound(f"in {n:03d}", contact.e164, received_at=moment)
    with app.app_context(), clock.freeze(at):
        consent.opt_out(contact.e164, line=None, channel="sms", evidence="stop please")
        db.session.commit()


def test_every_item_stands_on_exactly_one_page(app: Flask) -> None:
    contact, other = make_contact(), make_contact()
    fill(app, contact, 75)
    fill(app, other, 3)
    officer = client_of(app, "communications")
    url = f"/staff/contacts/{contact.id}"
    seen: list[str] = []
    pages = 0
    while url:
        page = officer.get(url).text
        part = page[page.index('id="everything"') :]
        seen += re.findall(r">((?:out|in) \d{3})<", part)
        pages += 1
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert sorted(seen) == sorted(f"{way} {n:03d}" for way in ("out", "in") for n in range(75))
    assert pages == 4


def test_the_page_asks_as_often_for_much_as_for_little(app: Flask) -> None:
    little, much = make_contact(), make_contact()
    fill(app, little, 1)
    fill(app, much, 90)
    officer = client_of(app, "administrator")

    def load(contact: Contact) -> int:
        with count_queries() as queries:
            assert officer.get(f"/staff/contacts/{contact.id}").status_code == 200
        return queries.count

    load(little)
    assert load(little) == load(much) <= 14


def test_a_place_in_an_address_is_read_back_or_ignored() -> None:
    place = Before(NOW, "sent", 7)
    assert Before.read(place.write()) == place
    for nonsense in (None, "", "x", "W10=", "bnVsbA==", "WzEsMiwzXQ==", "é" * 400):
        assert Before.read(nonsense) == Before()


def test_links_are_masked(app: Flask) -> None:
    contact = make_contact()
    make_message(e164=contact.e164, body="Vote: {link} {code}")
    page = client_of(app, "communications").get(f"/staff/contacts/{contact.id}").text
    assert "Vote: \u2068[personal link]\u2069 \u2068[code]\u2069" in page


def test_a_source_is_for_those_who_may(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = make_contact()
    secret = HistorySource(
        "secret", "users.manage", lambda *_: [HistoryItem(NOW, 1, "Note", "for one role")]
    )
    real = history.active

    class Extra:
        contact_history = (secret,)

    monkeypatch.setattr(history, "active", lambda: (*real(), Extra()))
    url = f"/staff/contacts/{contact.id}"
    assert "for one role" in client_of(app, "administrator").get(url).text
    assert "for one role" not in client_of(app, "communications").get(url).text


@pytest.mark.surveys
@pytest.mark.parametrize("secrecy", ["confidential", "anonymous"])
def test_campaigns_tell_no_more_than_their_secrecy_allows(app: Flask, secrecy: str) -> None:
    from sqlalchemy import update

    from surveys.campaigns.models import Invitation
    from tests.surveys.campaigns.drafts import launch, make_draft

    contact = make_contact()
    launch(make_draft(name="Parks", secrecy=secrecy))
    officer = client_of(app, "communications")
    url = f"/staff/contacts/{contact.id}"
    page = officer.get(url).text
    assert "Parks" in page
    assert "Invited, not answered" in page
    with app.app_context(), clock.freeze(NOW):
        db.session.execute(update(Invitation).values(state="started", state_at=clock.now()))
        db.session.commit()
    page = officer.get(url).text
    assert ("Begun, not finished" in page) is (secrecy == "confidential")
    with app.app_context(), clock.freeze(NOW):
        db.session.execute(update(Invitation).values(state="answered", state_at=clock.now()))
        db.session.commit()
    page = officer.get(url).text
    assert "Answered" in page
    assert (NOW.isoformat() in page) is (secrecy == "confidential")


@pytest.mark.workflows
def test_cases_stand_there_for_those_who_read_cases(app: Flask) -> None:
    from tests.factories.cases import make_case

    contact = make_contact()
    case = make_case(e164=contact.e164, text="A lamp is out")
    url = f"/staff/contacts/{contact.id}"
    page = client_of(app, "administrator").get(url).text
    assert case.code in page
    assert "A lamp is out" in page
    assert f"/staff/cases/{case.id}" in page
    # Who handles enquiries of the press reads cases too.
    assert case.code in client_of(app, "communications").get(url).text
