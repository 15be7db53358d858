"""The staff pages of messages."""

import datetime as dt
import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.i18n import use_language
from portal.messaging import account, labels
from portal.messaging.gateways.kavenegar import KINDS, PER_MESSAGE
from portal.messaging.models import STATES, MessageBatch
from portal.messaging.template_models import MessageTemplateVersion
from tests.factories.accounts import csrf_token, make_user, sign_in
from tests.factories.messages import FakeGateway, make_batch, make_inbound, make_message
from tests.queries import count_queries


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    sign_in(client, make_user(roles=("communications",), language="en"))
    return client


def _post(client: FlaskClient, url: str, page: str) -> str:
    token = csrf_token(client, page)
    return client.post(url, data={"csrf_token": token}, follow_redirects=True).text


def test_the_list_shows_batches_and_its_queries_do_not_grow(
    app: Flask, staff: FlaskClient, gateway: FakeGateway
) -> None:
    def load() -> tuple[str, int]:
        with count_queries() as queries:
            response = staff.get("/staff/messages/?lang=en")
        assert response.status_code == 200
        return response.text, queries.count

    batch = make_batch(label="Budget poll")
    make_message(batch_id=batch.id, state="delivered")
    page, few = load()
    assert "Budget poll" in page
    assert "Finished" in page
    for _ in range(20):
        make_message(batch_id=make_batch().id)
    assert load()[1] == few <= 8


def test_a_batch_page_explains_errors_and_its_buttons_work(
    app: Flask, staff: FlaskClient, gateway: FakeGateway
) -> None:
    batch = make_batch()
    for reason in ("kavenegar:411", "kavenegar:411", "kavenegar:999"):
        make_message(batch_id=batch.id, state="failed", reason=reason)
    make_message(batch_id=batch.id)
    url = f"/staff/messages/batches/{batch.id}"
    page = staff.get(f"{url}?lang=en").text
    assert "The number is not valid" in page
    assert "kavenegar:999" in page

    def state() -> str:
        with app.app_context():
            return db.session.get_one(MessageBatch, batch.id).state

    _post(staff, f"{url}/pause", url)
    assert state() == "paused"
    assert "Paused by a member of staff" in staff.get(url).text
    _post(staff, f"{url}/resume", url)
    assert state() == "running"
    _post(staff, f"{url}/cancel", url)
    assert state() == "cancelled"
    assert staff.post(f"{url}/pause").status_code == 400, "no CSRF token"
    assert staff.get("/staff/messages/batches/999999").status_code == 404


def test_a_stopped_gateway_is_seen_and_started_again(
    app: Flask, staff: FlaskClient, gateway: FakeGateway
) -> None:
    with app.app_context():
        account.pause("fake", "fake:certificate")
        db.session.commit()
    page = staff.get("/staff/messages/?lang=en").text
    assert "The gateway fake was stopped" in page
    assert "certificate is not trusted" in page
    _post(staff, "/staff/messages/gateways/fake/resume", "/staff/messages/")
    with app.app_context():
        assert account.standing("fake").open


def test_the_inbox_escapes_what_strangers_write(app: Flask, staff: FlaskClient) -> None:
    make_inbound("<script>alert(1)</script>")
    make_inbound("11", handled_by="opt_out")
    make_inbound("", e164=None, raw={"from": "<b>BANK"}, handled_by="unreadable")
    page = staff.get("/staff/messages/inbox?lang=en").text
    assert "<script>alert" not in page
    assert "<b>BANK" not in page
    assert "Stopped messages" in page
    assert "Stopped messages" not in staff.get("/staff/messages/inbox?show=open").text


def test_a_number_shows_both_directions_without_its_link(app: Flask, staff: FlaskClient) -> None:
    make_message(e164="+989121234567", body="Vote: {link}", link_purpose="survey", link_id=1)
    make_inbound("the lamp is out")
    with count_queries() as queries:
        page = staff.get("/staff/messages/number?number=۰۹۱۲۱۲۳۴۵۶۷&lang=en").text
    assert "Vote: \u2068[personal link]\u2069" in page
    assert "the lamp is out" in page
    assert queries.count <= 9
    assert staff.get("/staff/messages/number?number=abc").status_code == 422


def test_the_proof_of_a_number_says_everything(app: Flask, staff: FlaskClient) -> None:
    e164 = "+989121234567"
    with app.app_context():
        version = MessageTemplateVersion(texts={"fa": "x"}, origin="frozen", created_at=clock.now())
        db.session.add(version)
        db.session.commit()
        version_id = version.id
    make_message(
        e164=e164,
        body="Your turn",
        state="delivered",
        line="10004346",
        gateway="kavenegar",
        gateway_id="880000001",
        template_version_id=version_id,
        delivered_at=clock.now(),
    )
    make_inbound("لغو۱۱", e164)
    with app.app_context():
        consent.opt_out(e164, line="10004346", channel="sms", evidence="لغو۱۱")
        consent.rejoin(e164, line=None, channel="staff", evidence="on the telephone, 137")
        db.session.commit()
    page = staff.get("/staff/messages/number?number=09121234567&lang=en").text
    for words in (
        "880000001",
        "kavenegar",
        "10004346",
        "fixed at the launch",
        "Delivered",
        "لغو۱۱",
        "on the telephone, 137",
        "Agreed to messages",
        "every line",
        "as recorded on",
    ):
        assert words in page, words


def test_a_number_with_much_to_prove_has_pages(app: Flask, staff: FlaskClient) -> None:
    e164 = "+989121234567"
    begun = clock.now()
    with app.app_context():
        for n in range(130):
            at = begun - dt.timedelta(minutes=n)
            make_message(e164=e164, body=f"number {n}.", created_at=at)
            make_inbound(f"reply {n}.", e164, received_at=at + dt.timedelta(seconds=5))
    seen: list[str] = []
    url: str | None = "/staff/messages/number?number=09121234567&lang=en"
    while url:
        page = staff.get(url).text
        seen += re.findall(r"(?:number|reply) \d+\.", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = html.unescape(found[1]) if found else None
    assert len(seen) == len(set(seen)) == 260


def test_only_communications_may_look(client: FlaskClient, app: Flask) -> None:
    sign_in(client, make_user(roles=("council_member",)))
    assert client.get("/staff/messages/").status_code == 403
    assert client.get("/staff/messages/inbox").status_code == 403


def test_every_state_and_every_known_code_has_words(context: Flask) -> None:
    assert set(labels.STATES) == set(STATES)
    for code in (401, 402, 403, 407, 409, 411, 412, 413, 416, 418, 420, 422, 429, 451, 501):
        found = labels.explain(f"kavenegar:{code}")
        assert code in KINDS or code in PER_MESSAGE
        assert found is not None
        assert not found.text.startswith("Code")
    with use_language("en"):
        unclear = labels.explain("kavenegar:timeout: no answer in time")
    assert unclear is not None
    assert "not sent twice" in unclear.advice
