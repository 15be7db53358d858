"""What gateways call, and what becomes of an SMS that arrived."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock, outbox, plugin
from portal.contacts import consent
from portal.db import db
from portal.messaging import inbound, services
from portal.messaging.gateways.base import Inbound
from portal.messaging.inbound import InboundHandler
from portal.messaging.models import InboundMessage, Message
from tests.factories.messages import LINE, FakeGateway, make_inbound, make_message, use_gateways

SECRET = "a-secret-of-22-characters-or-more"
NUMBER = "+989121234567"


@pytest.fixture
def hooked(make_app: Callable[..., Flask], clean_tables: None) -> Iterator[Flask]:
    """An application with a gateway whose callbacks are open."""
    app = make_app(sms_hook_secret=SECRET, sms_line=LINE)
    use_gateways(app, FakeGateway())
    with app.app_context():
        yield app


@pytest.fixture
def calls(hooked: Flask) -> FlaskClient:
    return hooked.test_client()


def _path(kind: str, secret: str = SECRET, gateway: str = "fake") -> str:
    return f"/hooks/sms/{gateway}/{secret}/{kind}"


def _state(message: Message) -> str:
    db.session.rollback()
    return db.session.get_one(Message, message.id).state


def _arrived() -> list[InboundMessage]:
    db.session.rollback()
    return list(db.session.scalars(select(InboundMessage).order_by(InboundMessage.id)))


@pytest.mark.parametrize(
    "send",
    [
        lambda c, f: c.get(_path("status"), query_string=f),
        lambda c, f: c.post(_path("status"), data=f),
        lambda c, f: c.post(_path("status"), json=f),
        lambda c, f: c.post(_path("status"), query_string=f),
    ],
    ids=["query", "form", "json", "post query"],
)
def test_a_report_moves_a_message_forward_and_never_back(
    calls: FlaskClient, send: Callable[[FlaskClient, dict[str, str]], Any]
) -> None:
    message = make_message(state="accepted", gateway="fake", gateway_id="77")
    for state, then in [("at_operator", "at_operator"), ("accepted", "at_operator"),
                        ("delivered", "delivered"), ("undelivered", "delivered")]:  # fmt: skip
        assert send(calls, {"id": "77", "state": state}).status_code == 200
        assert _state(message) == then


def test_an_unknown_id_or_nonsense_is_answered_200(calls: FlaskClient) -> None:
    assert calls.post(_path("status"), data={"id": "1", "state": "delivered"}).status_code == 200
    assert calls.post(_path("status"), data=b"\xff{", content_type="text/x").status_code == 200


def test_head_changes_nothing(calls: FlaskClient) -> None:
    message = make_message(state="accepted", gateway="fake", gateway_id="77")
    query = {"id": "77", "state": "delivered", "text": "11", "from": NUMBER, "to": LINE}
    assert calls.head(_path("status"), query_string=query).status_code == 200
    assert calls.head(_path("inbound"), query_string=query).status_code == 200
    assert _state(message) == "accepted"
    assert _arrived() == []


@pytest.mark.parametrize("kind", ["status", "inbound"])
def test_a_wrong_secret_or_gateway_finds_nothing(calls: FlaskClient, kind: str) -> None:
    assert calls.post(_path(kind, secret="wrong")).status_code == 404
    assert calls.post(_path(kind, gateway="other")).status_code == 404


def test_an_sms_is_stored_once_and_handled(calls: FlaskClient) -> None:
    waiting = make_message(e164=NUMBER)
    sms = {"id": "5", "from": NUMBER, "to": "+98" + LINE, "text": "لغو۱۱"}
    for _ in range(2):
        assert calls.post(_path("inbound"), data=sms).status_code == 200
    outbox.sweep()
    (stored,) = _arrived()
    assert (stored.raw, stored.line, stored.handled_by) == (sms, LINE, "opt_out")
    assert _state(waiting) == "suppressed"
    assert consent.is_opted_out(NUMBER, LINE)
    assert not consent.is_opted_out(NUMBER, "30001")
    assert len(consent.history(NUMBER)) == 1


def test_a_stop_waits_for_no_worker_and_a_message_does(calls: FlaskClient) -> None:
    """They may all be sending the very campaign."""
    waiting = make_message(e164=NUMBER)
    for text in ("چراغ خاموش است", "لغو۱۱"):
        calls.post(_path("inbound"), data={"from": NUMBER, "to": LINE, "text": text})
    assert [each.handled_by for each in _arrived()] == [None, "opt_out"]
    assert _state(waiting) == "suppressed"
    calls.post(_path("inbound"), data={"from": NUMBER, "to": LINE, "text": "12"})
    assert not consent.is_opted_out(NUMBER, LINE)


def test_a_stop_that_cannot_be_obeyed_at_once_is_kept_and_obeyed_later(
    calls: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = make_message(e164=NUMBER)
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": "لغو۱۱"}
    with db.engine.connect() as other:
        # Somebody holds the row for longer than a gateway waits for its answer.
        other.execute(select(Message.id).with_for_update())
        monkeypatch.setattr(inbound, "AT_ONCE", "50ms")
        assert calls.post(_path("inbound"), data=sms).status_code == 200
    (stored,) = _arrived()
    assert stored.handled_at is None
    outbox.sweep()
    assert _arrived()[0].handled_by == "opt_out"
    assert _state(waiting) == "suppressed"


def test_without_an_id_the_same_text_in_the_same_minute_is_one(calls: FlaskClient) -> None:
    sms = {"from": NUMBER, "to": LINE, "text": "چراغ خاموش است"}
    with clock.freeze("2026-03-01T10:00:05+00:00"):
        calls.post(_path("inbound"), data=sms)
        clock.shift(seconds=30)
        calls.post(_path("inbound"), data=sms)
        assert len(_arrived()) == 1
        clock.shift(minutes=1)
        calls.post(_path("inbound"), data=sms)
    assert len(_arrived()) == 2


def test_what_cannot_be_read_or_stored_as_it_is_is_kept(calls: FlaskClient) -> None:
    assert calls.post(_path("inbound"), data={"body": "a\x00b"}).status_code == 200
    assert (
        calls.post(
            _path("inbound"), json={"from": "BANK", "to": LINE, "text": "x\x00\ud800y"}
        ).status_code
        == 200
    )
    unreadable, sms = _arrived()
    assert (unreadable.handled_by, unreadable.raw) == ("unreadable", {"body": "ab"})
    assert (sms.text, sms.e164) == ("x?y", None)


def test_twelve_takes_messages_again(hooked: Flask) -> None:
    consent.opt_out(NUMBER, line=LINE, channel="sms", evidence="11")
    inbound.handle({"id": make_inbound("۱۲").id})
    db.session.commit()
    assert not consent.is_opted_out(NUMBER, LINE)
    assert _arrived()[0].handled_by == "rejoin"


def test_a_stop_that_is_handled_late_does_not_undo_a_later_rejoin(hooked: Flask) -> None:
    consent.opt_out(NUMBER, line=LINE, channel="sms", evidence="11")
    stop, rejoin = make_inbound("11").id, make_inbound("12").id
    inbound.handle({"id": rejoin})
    inbound.handle({"id": stop})
    assert not consent.is_opted_out(NUMBER, LINE)
    inbound.handle({"id": make_inbound("11").id})
    assert consent.is_opted_out(NUMBER, LINE)


def test_the_newest_word_counts_though_the_gateway_delivers_it_first(hooked: Flask) -> None:
    stop = make_inbound("11", received_at=clock.now())
    late = make_inbound("12", received_at=stop.received_at - dt.timedelta(seconds=10))
    for message in (stop, late):
        inbound.handle({"id": message.id})
    db.session.commit()
    assert consent.is_opted_out(NUMBER, LINE)


def test_of_a_stop_and_a_rejoin_at_once_the_newest_counts(hooked: Flask) -> None:
    ids = [make_inbound("11").id, make_inbound("12").id]
    db.session.rollback()
    inside = threading.Barrier(2, timeout=10)

    def handle(inbound_id: int) -> None:
        with hooked.app_context():
            inside.wait()
            inbound.handle({"id": inbound_id})
            db.session.commit()

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(handle, ids))
        assert not consent.is_opted_out(NUMBER, LINE)
        ids = [make_inbound("11").id, make_inbound("12").id]
        db.session.rollback()


def test_an_order_on_a_line_that_is_not_ours_counts_for_all(hooked: Flask) -> None:
    inbound.handle({"id": make_inbound("11", line="99999").id})
    db.session.commit()
    assert consent.is_opted_out(NUMBER, LINE)


def test_a_sender_without_a_number_orders_nothing(hooked: Flask) -> None:
    inbound.handle({"id": make_inbound("11", e164=None).id})
    db.session.commit()
    assert _arrived()[0].handled_by is None
    assert _arrived()[0].handled_at is not None


def test_handlers_are_asked_in_order_until_one_takes_it(
    hooked: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def handler(name: str, order: int, takes: bool) -> InboundHandler:
        def handle(_message: InboundMessage, normalised: str) -> bool:
            asked.append((name, normalised))
            return takes

        return InboundHandler(name, order, handle)

    brought = plugin.Plugin(
        "x",
        inbound_handlers=(
            handler("late", 30, True), handler("answer", 10, False), handler("case", 20, True)
        ),
    )  # fmt: skip
    monkeypatch.setitem(
        hooked.extensions, "pasokh_plugins", (*hooked.extensions["pasokh_plugins"], brought)
    )
    for _ in range(2):  # the outbox may deliver twice
        inbound.handle({"id": (_arrived() or [make_inbound(" ۳۱ ")])[0].id})
        db.session.commit()
    assert asked == [("answer", "31"), ("case", "31")]
    assert _arrived()[0].handled_by == "case"


POISON = {
    "emoji": "🚧🚧🙏",
    "10 kB": "چاله " * 2500,
    "NUL": "a\x00b\x00",
    "half a character": "سلام \ud83d",
    "nothing": "",
    "controls": "\u202e\u2066\ufeff\x1b[31m",
    "combining": "ا" + "\u064b" * 5000,
    "digits of everywhere": "①⑪¹¹Ⅺ১১",
}


@pytest.mark.parametrize("text", POISON.values(), ids=POISON)
def test_a_poisonous_text_is_stored_and_handled(calls: FlaskClient, text: str) -> None:
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": text}
    assert calls.post(_path("inbound"), json=sms).status_code == 200
    outbox.sweep()
    (stored,) = _arrived()
    assert stored.handled_at is not None
    assert set(stored.raw) == {"json"}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "5\x00"},
        {"id": "\ud83d"},
        {"id": "7" * 9000},
        {"from": "\x00"},
        {"from": "BANK\ud83d"},
        {"to": "\ud83d\x00"},
        {"text": "لغو\x00۱۱"},
    ],
)
def test_poison_in_any_field_is_stored_once(calls: FlaskClient, changes: dict[str, str]) -> None:
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": "سلام", **changes}
    for _ in range(2):
        assert calls.post(_path("inbound"), json=sms).status_code == 200
    assert len(_arrived()) == 1


def test_json_in_another_encoding_is_read_as_far_as_it_can_be(calls: FlaskClient) -> None:
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": "11 \xff"}
    text = json.dumps(sms, ensure_ascii=False)
    body = text.encode("latin-1")
    assert (
        calls.post(_path("inbound"), data=body, content_type="application/json").status_code == 200
    )
    (stored,) = _arrived()
    assert (stored.e164, stored.text) == (NUMBER, "11 \ufffd")
    assert stored.handled_by == "opt_out"


@pytest.mark.parametrize("body", [b'{"from": "+98912', b"\xff\xfe<sms/>", b"[" * 5000])
def test_a_body_that_nobody_can_read_is_kept(calls: FlaskClient, body: bytes) -> None:
    answer = calls.post(_path("inbound"), data=body, content_type="application/json")
    assert answer.status_code == 200
    (stored,) = _arrived()
    assert stored.handled_by == "unreadable"
    assert stored.raw["body"] == body.decode("utf-8", "replace")


def test_query_and_document_are_kept_both(calls: FlaskClient) -> None:
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": "چراغ خاموش است"}
    calls.post(_path("inbound"), json=sms, query_string={"route": "7"})
    (stored,) = _arrived()
    assert stored.raw["route"] == "7"
    assert json.loads(stored.raw["json"]) == sms


@pytest.mark.parametrize("sender", [LINE, "+98" + LINE, "0098" + LINE, "98" + LINE])
def test_our_own_line_is_nobody(calls: FlaskClient, sender: str) -> None:
    sms = {"id": "5", "from": sender, "to": LINE, "text": "لغو۱۱"}
    calls.post(_path("inbound"), data=sms)
    outbox.sweep()
    (stored,) = _arrived()
    assert (stored.e164, stored.handled_by) == (None, None)


@pytest.mark.usefixtures("hooked")
@pytest.mark.parametrize("sender", ["+98700717", "+982188776655", "+983000505", "+98" + LINE])
def test_no_automatic_answer_to_what_is_no_mobile_number(sender: str) -> None:
    sms = make_inbound("موجودی شما", sender)
    assert services.reply_automatically(sms.id, "پیام شما دریافت شد") is None


def test_what_a_fast_clock_says_is_not_newer_than_what_comes_later(calls: FlaskClient) -> None:
    soon = clock.now() + dt.timedelta(hours=3)

    def parse(_self: object, form: dict[str, str], _json: object) -> list[Inbound]:
        return [Inbound(form["id"], form["from"], form["to"], form["text"], soon)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeGateway, "parse_inbound", parse)
        calls.post(_path("inbound"), data={"id": "1", "from": NUMBER, "to": LINE, "text": "12"})
    calls.post(_path("inbound"), data={"id": "2", "from": NUMBER, "to": LINE, "text": "11"})
    assert consent.is_opted_out(NUMBER, LINE)


def test_a_rejoin_that_comes_late_does_not_lift_what_was_said_since_then(hooked: Flask) -> None:
    earlier = clock.now() - dt.timedelta(minutes=5)
    consent.opt_out(NUMBER, line=None, channel="staff", evidence="on the telephone")
    inbound.handle({"id": make_inbound("12", received_at=earlier).id})
    assert consent.is_opted_out(NUMBER, LINE)
    inbound.handle({"id": make_inbound("12").id})
    assert not consent.is_opted_out(NUMBER, LINE)


def test_json_that_is_sent_as_a_form_is_read(calls: FlaskClient) -> None:
    sms = {"id": "5", "from": NUMBER, "to": LINE, "text": "چراغ کوچه خاموش است و تاریک " * 20}
    kind = "application/x-www-form-urlencoded"
    calls.post(_path("inbound"), data=json.dumps(sms), content_type=kind)
    (stored,) = _arrived()
    assert (stored.e164, stored.text) == (NUMBER, sms["text"])
