"""The Twilio adapter against the simulator, and against servers that misbehave."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask

from portal import clock
from portal.db import db
from portal.messaging import gateway_words
from portal.messaging.gateways import create
from portal.messaging.gateways.base import (
    Accepted,
    Callback,
    Deferred,
    Delivery,
    Gateway,
    GatewayError,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.twilio import Twilio
from portal.messaging.gateways.twilio_records import (
    BLOCKED,
    ENDS,
    KINDS,
    PER_MESSAGE,
    STATES,
    signature,
)
from portal.messaging.models import InboundMessage
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.messaging.simulator.twilio import ACCOUNT
from tests.portal.messaging.failing import failing
from tests.portal.messaging.raw_server import http_answer, odd_answers, serving, visible

TOKEN = "0123456789abcdef0123456789abcdef"
LINE = "+15005550006"
LANDLINE = "+982188776655"
SID = f"SM{'a' * 32}"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path, api_key=TOKEN, dialect="twilio", delivery_seconds=0.2, seed=7
    ) as running:
        yield running


def settings_of(simulator: RunningSimulator) -> dict[str, str]:
    return {
        "url": simulator.url,
        "account_sid": ACCOUNT,
        "auth_token": simulator.api_key,
        "line": LINE,
    }


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    return create("twilio", {**settings_of(simulator), **more})


def at(url: str, **more: Any) -> Twilio:
    return Twilio(ACCOUNT, TOKEN, base_url=url, **{"sender": LINE, **more})


def batch(count: int, *, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, LANDLINE if n in bad else f"+98912{n:07d}", f"متن {n}")
        for n in range(count)
    ]


def sent(messages: list[Outgoing]) -> list[Sent]:
    return [Sent(m.local_id, m.to, m.text, m.sender, clock.now()) for m in messages]


def refusal(code: int, status: int = 400) -> bytes:
    return http_answer(status, json.dumps({"code": code, "message": "no"}).encode())


# Sending


def test_outcomes_are_in_the_order_of_the_batch(simulator: RunningSimulator) -> None:
    messages = batch(20)
    messages[7] = Outgoing(7, "+4915112345678", "hello")
    outcomes = gateway_of(simulator).send(messages)
    stored = {f"SM{m['messageid']:032x}": m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        assert (outcome.status, outcome.cost_rial) == ("accepted", None)
        row = stored[outcome.gateway_id]
        assert (row["receptor"], row["message"]) == (message.to, message.text)
        assert row["sender"] == LINE
    assert simulator.ledger()["calls"]["by_method"] == {"Messages.json": 20}


def test_the_line_the_service_and_the_address_for_reports_are_named() -> None:
    asked: list[dict[str, list[str]]] = []

    def answer(_call: int, _line: str, body: bytes) -> bytes:
        asked.append(parse_qs(body.decode()))
        return http_answer(201, json.dumps({"sid": SID, "status": "queued"}).encode())

    service = f"MG{'b' * 32}"
    with serving(answer) as url:
        at(url, service=service, status_callback="https://x.example/hook").send(batch(1))
        at(url, sender=None, service=service).send(batch(1))
        with pytest.raises(GatewayError) as caught:
            at(url, sender=None).send(batch(1))
    assert (caught.value.kind, caught.value.code) == ("config", "sender")
    assert asked[0]["From"] == [LINE]
    assert asked[0]["MessagingServiceSid"] == [service]
    assert asked[0]["StatusCallback"] == ["https://x.example/hook"]
    assert "From" not in asked[1]
    assert "StatusCallback" not in asked[1]


def test_one_who_is_refused_does_not_stop_the_others(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(batch(6, bad=(0, 3)))
    for n, outcome in enumerate(outcomes):
        if n in {0, 3}:
            assert isinstance(outcome, Refused)
            assert (outcome.code, outcome.kind) == ("21614", "permanent")
        else:
            assert isinstance(outcome, Accepted)
    assert simulator.ledger()["accepted"] == 4


def test_who_said_stop_at_twilio_is_blocked_and_may_come_back(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    (first,) = gateway.send(batch(1))
    assert isinstance(first, Accepted)
    simulator.reply("+989120000000", " Stop ")
    (outcome,) = gateway.send(batch(1))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.kind) == ("21610", "blocked")
    simulator.reply("+989120000000", "START")
    (outcome,) = gateway.send(batch(1))
    assert isinstance(outcome, Accepted)


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x" * 1601),
            Outgoing(5, "+989121234567", "x" * 1600),
        ]
    )
    codes = [o.code for o in outcomes if isinstance(o, Refused)]
    assert codes == ["21211", "21602", "half", "21617"]
    assert isinstance(outcomes[4], Accepted)
    assert simulator.ledger()["calls"]["total"] == 1


def test_a_batch_we_should_not_have_made(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for wrong in (batch(51), batch(1) * 2):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []


# Codes

DOCUMENTED: dict[str, list[int]] = {
    "stop_gateway": [20003, 30002],
    "config": [20404, 21603, 21606, 21608, 21609, 21703, 21705, 30010],
    "rate_limited": [14107, 20429, 21611],
    "retry": [30001],
    "ambiguous": [30410],
    "bug": [30009],
}
PERMANENT = [21211, 21408, 21602, 21612, 21614, 21617, 30003, 30005, 30006, 30007, 30008]


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in DOCUMENTED.items() for code in codes]
)
def test_a_code_that_speaks_for_all(simulator: RunningSimulator, code: int, kind: str) -> None:
    simulator.behaviour(force_code=code, force_times=1)
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator).send(batch(1))
    assert (caught.value.kind, caught.value.code) == (kind, str(code))
    assert simulator.ledger()["accepted"] == 0


@pytest.mark.parametrize("code", [*PERMANENT, 21610, 30004])
def test_a_code_about_one_message(simulator: RunningSimulator, code: int) -> None:
    simulator.behaviour(force_code=code, force_times=1)
    outcomes = gateway_of(simulator).send(batch(2))
    assert isinstance(outcomes[0], Refused)
    kind = "blocked" if code in {21610, 30004} else "permanent"
    assert (outcomes[0].code, outcomes[0].kind) == (str(code), kind)
    assert isinstance(outcomes[1], Accepted)


def test_every_code_is_tried_and_has_its_words() -> None:
    assert {code for codes in DOCUMENTED.values() for code in codes} == set(KINDS)
    assert set(PERMANENT) == PER_MESSAGE
    assert {21610, 30004} == BLOCKED
    for code in {*KINDS, *PER_MESSAGE, *BLOCKED} - {30009}:
        assert gateway_words.of("twilio", str(code)), code


def test_a_code_nobody_wrote_down_is_about_the_message() -> None:
    with serving(lambda *_: refusal(21999)) as url:
        (outcome,) = at(url).send(batch(1))
    assert outcome == Refused("21999", "permanent", "no")


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (refusal(12345, 401), "stop_gateway", "12345"),
        (http_answer(403, b"<html>"), "stop_gateway", "20003"),
        (http_answer(429, b"<html>", "Retry-After: 7\r\n"), "rate_limited", "20429"),
        (http_answer(404, b"<html>"), "ambiguous", "http-404"),
        (refusal(21211, 500), "ambiguous", "http-500"),
        (refusal(20003, 503), "ambiguous", "http-503"),
    ],
)
def test_what_the_http_status_adds(raw: bytes, kind: str, code: str) -> None:
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(2 if kind != "ambiguous" else 1))
    assert (caught.value.kind, caught.value.code) == (kind, code)
    assert caught.value.retry_after == (7 if code == "20429" else None)


@pytest.mark.parametrize(
    ("code", "kind"), [(20429, "rate_limited"), (20003, "stop_gateway"), (500, "ambiguous")]
)
def test_an_error_in_the_middle_spares_what_was_accepted(code: int, kind: str) -> None:
    def answer(call: int, _line: str, _body: bytes) -> bytes:
        if call == 3:
            return http_answer(500, b"<html>") if code == 500 else refusal(code, 429)
        return http_answer(201, json.dumps({"sid": f"SM{call:032x}", "status": "queued"}).encode())

    calls = 0

    def counted(call: int, line: str, body: bytes) -> bytes:
        nonlocal calls
        calls = call
        return answer(call, line, body)

    with serving(counted) as url:
        outcomes = at(url).send(batch(6))
    assert calls == 3, "the rest is not even tried"
    assert [type(outcome) for outcome in outcomes[:2]] == [Accepted] * 2
    if kind == "ambiguous":
        assert isinstance(outcomes[2], Unknown)
    else:
        assert isinstance(outcomes[2], Deferred)
        assert outcomes[2].error.kind == kind
    for outcome in outcomes[3:]:
        assert isinstance(outcome, Deferred)
        assert outcome.error.kind != "ambiguous"


@pytest.mark.parametrize("name", odd_answers())
def test_odd_answers_are_never_an_acceptance_and_never_a_refusal(name: str) -> None:
    raw = odd_answers()[name]
    with serving(lambda *_: raw) as url:
        gateway = at(url, read_timeout=5)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(1))
        assert caught.value.kind == "ambiguous"
        for ask in (
            lambda: gateway.find(sent(batch(1))),
            lambda: gateway.inbox(""),
            lambda: gateway.deliveries([SID]) if name != "another document" else gateway.inbox(""),
        ):
            with pytest.raises(GatewayError) as caught:  # never "it is not there"
                ask()
            assert caught.value.kind == "retry"


def test_accepted_without_an_identifier_may_have_been_accepted() -> None:
    for sid in (None, 5, "", "SM/../x", "SM1"):
        raw = http_answer(201, json.dumps({"sid": sid, "status": "queued"}).encode())
        with serving(lambda *_, raw=raw: raw) as url, pytest.raises(GatewayError) as caught:  # type: ignore[misc]
            at(url).send(batch(1))
        assert caught.value.kind == "ambiguous"


def test_nobody_listening_is_surely_not_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(GatewayError) as caught:
        at(f"http://127.0.0.1:{port}").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("retry", "connect")


# Lost answers


@pytest.mark.parametrize("mode", ["hang", "drop"])
def test_accepted_but_unanswered_is_found(simulator: RunningSimulator, mode: str) -> None:
    gateway = gateway_of(simulator, read_timeout="1")
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30)
    messages = batch(4)
    outcomes = gateway.send(messages)
    assert isinstance(outcomes[0], Unknown)
    assert all(isinstance(outcome, Deferred) for outcome in outcomes[1:])
    found = gateway.find(sent(messages))
    assert found.pop(1000) in {
        Delivery(f"SM{simulator.messages()[0]['messageid']:032x}", state)  # type: ignore[arg-type]
        for state in ("accepted", "at_operator", "delivered")
    }
    assert found == {1001: None, 1002: None, 1003: None}


def test_two_alike_get_a_row_each_and_only_their_own(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    twins = [Outgoing(n, "+989121234567", "همان متن") for n in (1, 2)]
    gateway.send(twins)
    other_line = Outgoing(3, "+989121234567", "همان متن", sender="+15005550001")
    other_text = Outgoing(4, "+989121234567", "متن دیگر")
    found = gateway.find(sent([*twins, other_line, other_text]))
    first, second = found[1], found[2]
    assert first is not None
    assert second is not None
    assert first.gateway_id != second.gateway_id
    assert found[3] is None
    assert found[4] is None
    # With one row less accounted for, the gateway may have changed the text: nobody can say.
    assert gateway.find(sent([twins[0], other_text])).get(4, "cannot say") == "cannot say"


def test_an_old_message_with_that_text_is_not_taken_for_the_lost_one(
    simulator: RunningSimulator,
) -> None:
    gateway = gateway_of(simulator)
    (message,) = batch(1)
    gateway.send([message])
    later = Sent(9, message.to, message.text, None, clock.now() + timedelta(hours=3))
    assert gateway.find([later]) == {9: None}


def listing(count: int, following: str | None, body: str = "x") -> bytes:
    rows = [
        {
            "sid": f"SM{n:032x}",
            "to": "+989120000000",
            "from": LINE,
            "body": body,
            "direction": "outbound-api",
            "status": "sent",
            "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
        }
        for n in range(count)
    ]
    return http_answer(200, json.dumps({"messages": rows, "next_page_uri": following}).encode())


def test_pages_cut_short_never_prove_that_it_is_not_there() -> None:
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1&PageToken=PA1"
    asked: list[str] = []

    def endless(_call: int, line: str, _body: bytes) -> bytes:
        asked.append(line)
        return listing(2, following)

    with serving(endless) as url:
        assert at(url).find(sent(batch(1))) == {}
    assert len(asked) == 20
    assert "PageToken=PA1" in asked[1]
    assert all(line.startswith(f"GET /2010-04-01/Accounts/{ACCOUNT}/") for line in asked)
    with serving(lambda *_: listing(2, None)) as url:
        assert at(url).find(sent(batch(1))) == {1000: None}
    broken = json.dumps({"messages": [{"sid": SID, "direction": "outbound-api"}]}).encode()
    with serving(lambda *_: http_answer(200, broken)) as url:
        assert at(url).find(sent(batch(1))) == {}


def test_what_was_found_before_an_error_is_kept() -> None:
    def answer(call: int, _line: str, _body: bytes) -> bytes:
        return listing(0, None) if call == 1 else refusal(20429, 429)

    with serving(answer) as url:
        assert at(url).find(sent(batch(3))) == {1000: None}
        with pytest.raises(GatewayError) as caught:
            at(url).find(sent(batch(3)))
    assert caught.value.kind == "rate_limited"


# States


# error_code of a message that ended undelivered or failed, as documented
EVERY_END = {
    21610: "blocked", 30003: "undelivered", 30004: "blocked", 30005: "undelivered",
    30006: "undelivered", 30007: "failed", 30008: "unknown", 30410: "undelivered",
}  # fmt: skip
# The codes of the collected documents; the others are known besides.
EVERY_CODE = {
    14107, 20003, 20429, 21211, 21408, 21602, 21606, 21608, 21610, 21611, 21612, 21614, 21617,
    *range(30001, 30011), 30410,
}  # fmt: skip
EVERY_STATUS = {
    "accepted", "scheduled", "queued", "sending", "sent", "delivered", "undelivered", "failed",
    "read", "partially_delivered", "canceled",
}  # fmt: skip


def test_every_documented_code_and_status_is_known() -> None:
    assert {*KINDS, *PER_MESSAGE, *BLOCKED} >= EVERY_CODE
    assert set(STATES) == EVERY_STATUS  # receiving and received are of messages that arrive
    assert set(ENDS) == set(EVERY_END)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("accepted", None, "accepted"),
        ("scheduled", None, "accepted"),
        ("queued", None, "accepted"),
        ("sending", None, "accepted"),
        ("sent", None, "at_operator"),
        ("delivered", None, "delivered"),
        ("read", None, "delivered"),
        ("partially_delivered", None, "undelivered"),
        ("undelivered", None, "undelivered"),
        ("failed", "30002", "failed"),
        ("canceled", None, "cancelled"),
        ("delivered", "30008", "delivered"),
        *(("undelivered", str(code), state) for code, state in EVERY_END.items()),
        *(("failed", str(code), state) for code, state in EVERY_END.items()),
    ],
)
def test_a_pushed_state(status: str, code: str | None, state: str) -> None:
    form = {"MessageSid": SID, "MessageStatus": status, "ErrorCode": code or ""}
    found = Twilio(ACCOUNT, TOKEN).parse_status_callback(form, None)
    assert found == [Delivery(SID, state)]  # type: ignore[arg-type]


def test_what_is_no_report_is_none() -> None:
    gateway = Twilio(ACCOUNT, TOKEN)
    for form in ({}, {"MessageSid": SID}, {"MessageSid": "x", "MessageStatus": "sent"},
                 {"MessageSid": SID, "MessageStatus": "received"}):  # fmt: skip
        assert gateway.parse_status_callback(form, None) == []


def test_deliveries_ask_for_each(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    simulator.behaviour(delivery_seconds=3600)
    ids = [o.gateway_id for o in gateway.send(batch(3)) if isinstance(o, Accepted)]
    unknown = f"SM{'f' * 32}"
    assert gateway.deliveries([*ids, unknown, "../x"]) == [
        *(Delivery(each, "accepted") for each in ids),
        Delivery(unknown, "unknown"),
    ]
    assert gateway.deliveries([]) == []


def test_states_known_already_survive_an_error() -> None:
    def answer(call: int, _line: str, _body: bytes) -> bytes:
        if call == 1:
            return http_answer(200, json.dumps({"sid": SID, "status": "delivered"}).encode())
        return refusal(20429, 429)

    with serving(answer) as url:
        gateway = at(url)
        assert gateway.deliveries([SID, SID]) == [Delivery(SID, "delivered")]
        with pytest.raises(GatewayError) as caught:
            gateway.deliveries([SID])
    assert caught.value.kind == "rate_limited"


# What arrives


def test_inbound_is_read_and_pulled_alike(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    form = {"MessageSid": SID, "From": "+989121234567", "To": LINE, "Body": "۳۱"}
    (message,) = gateway.parse_inbound(form, None)
    assert (message.gateway_id, message.sender) == (SID, "+989121234567")
    assert (message.line, message.text) == (LINE, "۳۱")
    for missing in form:
        assert gateway.parse_inbound({k: v for k, v in form.items() if k != missing}, None) == []
    gateway.send(batch(2))
    number = simulator.reply("+989120000001", "چراغ کوچه خاموش است")["messageid"]
    box = gateway.inbox("")
    assert box is not None
    ((pulled, raw),) = box.messages
    assert (pulled.gateway_id, pulled.text) == (f"SM{number:032x}", "چراغ کوچه خاموش است")
    assert raw["direction"] == "inbound"
    again = gateway.inbox(box.cursor)
    assert again is not None
    assert [each.gateway_id for each, _ in again.messages] == [pulled.gateway_id]
    assert gateway_of(simulator, line="", service=f"MG{'0' * 32}").inbox("") is None


# Signatures

URL = "https://city.example/hooks/sms/twilio/SECRET/inbound"
FORM = {"MessageSid": SID, "From": "+989121234567", "To": LINE, "Body": "لغو ۱۱"}


def test_a_signature_is_that_of_the_documents() -> None:
    """The example of Twilio's documentation of webhook security."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


@pytest.mark.parametrize("port", ["", ":443"])
def test_a_signed_callback_is_accepted(port: str) -> None:
    given = signature(TOKEN, URL.replace("example", f"example{port}"), FORM)
    gateway = Twilio(ACCOUNT, TOKEN)
    assert gateway.accepts(Callback(URL, FORM, {"X-Twilio-Signature": given}))
    assert gateway.accepts(Callback(URL, FORM, {"x-twilio-signature": given}))
    for wrong in (
        Callback(URL, {**FORM, "Body": "12"}, {"X-Twilio-Signature": given}),
        Callback(URL + "x", FORM, {"X-Twilio-Signature": given}),
        Callback(URL, FORM, {"X-Twilio-Signature": given[:-2] + "A="}),
        Callback(URL, FORM, {"X-Twilio-Signature": "ü"}),
        Callback(URL, FORM, {}),
    ):
        assert not gateway.accepts(wrong)
    assert not Twilio(ACCOUNT, "another").accepts(
        Callback(URL, FORM, {"X-Twilio-Signature": given})
    )


def test_fields_of_the_address_are_signed_once() -> None:
    url = URL + "?Body=hello&From=%2B1"
    given = {"X-Twilio-Signature": signature(TOKEN, url, {"To": LINE})}
    form = {"Body": "hello", "From": "+1", "To": LINE}
    assert Twilio(ACCOUNT, TOKEN).accepts(Callback(url, form, given))


def test_a_hook_without_the_signature_changes_nothing(
    make_app: Callable[..., Flask], app: Flask
) -> None:
    secret = "a-secret-of-22-characters-or-more"
    made = make_app(
        public_url="https://city.example",
        sms_gateway="twilio",
        sms_line=LINE,
        sms_hook_secret=secret,
        gateway_options={"twilio": {"account_sid": ACCOUNT, "auth_token": TOKEN}},
    )
    path = f"/hooks/sms/twilio/{secret}/inbound"
    good = {"X-Twilio-Signature": signature(TOKEN, f"https://city.example{path}", FORM)}
    with made.app_context():
        client = made.test_client()
        for headers in ({}, {"X-Twilio-Signature": signature("another", path, FORM)}):
            assert client.post(path, data=FORM, headers=headers).status_code == 403
        assert client.post(path, data={**FORM, "Body": "12"}, headers=good).status_code == 403
        assert db.session.query(InboundMessage).count() == 0
        answer = client.post(path, data=FORM, headers=good)
        assert answer.status_code == 200
        # A plain text would be sent to the citizen as an SMS.
        assert (answer.mimetype, answer.text) == ("text/xml", "<Response/>")
        assert db.session.query(InboundMessage).count() == 1


def test_reports_are_asked_for_at_the_portals_own_address(
    make_app: Callable[..., Flask], app: Flask
) -> None:
    from portal.messaging import account

    secret = "a-secret-of-22-characters-or-more"
    options = {"account_sid": ACCOUNT, "auth_token": TOKEN}
    asked: list[str] = []

    def answer(_call: int, _line: str, body: bytes) -> bytes:
        asked.extend(parse_qs(body.decode()).get("StatusCallback", ["none"]))
        return http_answer(201, json.dumps({"sid": SID, "status": "queued"}).encode())

    with serving(answer) as url:
        for more in ({}, {"status_callback": "https://other.example/x"}):
            made = make_app(
                public_url="https://city.example",
                sms_gateway="twilio",
                sms_line=LINE,
                sms_hook_secret=secret,
                gateway_options={"twilio": {**options, "url": url, **more}},
            )
            with made.app_context():
                account.accounts()[0].gateway.send(batch(1))
    own = f"https://city.example/hooks/sms/twilio/{secret}/status"
    assert asked == [own, "https://other.example/x"]


# Settings and secrets

ENCODED = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_sid": "AC1"},
        {"account_sid": ""},
        {"auth_token": ""},
        {"auth_token": "a token of mine"},
        {"service": "MG1"},
        {"url": "api.twilio.com"},
        {"read_timeout": "0"},
        {"tokne": "x"},
    ],
)
def test_wrong_settings_are_named_without_their_values(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"twilio|timeout") as caught:
        create("twilio", {"account_sid": ACCOUNT, "auth_token": TOKEN, **wrong})
    assert TOKEN not in str(caught.value)
    assert "a token of mine" not in str(caught.value)


def test_the_token_is_never_seen(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    for gateway, error in failing(simulator, gateway_of, batch(1), caplog):
        assert TOKEN not in repr(gateway)
        assert TOKEN not in repr(vars(gateway))
        shown = visible(error)
        assert "GatewayError" in shown
        assert error.__context__ is None
        assert TOKEN not in shown.replace(repr(simulator.api_key), "")
        assert ENCODED not in shown
    assert TOKEN not in caplog.text
    assert ENCODED not in caplog.text
    raw = http_answer(401, json.dumps({"code": 20003, "message": f"no {TOKEN}"}).encode())
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(1))
    assert caught.value.message == "no [hidden]"
