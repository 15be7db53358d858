"""The Kavenegar adapter against the simulator, and against servers that misbehave."""

import contextlib
import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from portal import clock
from portal.messaging.gateways import create, parts
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
    Delivery,
    DeliveryState,
    Gateway,
    GatewayError,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.kavenegar import KINDS, PER_MESSAGE, STATES, Kavenegar
from portal.messaging.simulator.testing import RunningSimulator

KEY = "4B6F756C64-secret/3D"[:17]
BAD = "+982188776655"  # a landline: Kavenegar answers 411 for the whole call


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    return create("kavenegar", {**simulator.settings, **more})


def sent(local_ids: list[int]) -> list[Sent]:
    return [Sent(each, "+989120000000", "", None, clock.now()) for each in local_ids]


def batch(count: int, *, text: str | None = None, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, BAD if n in bad else f"+98912{n:07d}", text or f"متن {n}")
        for n in range(count)
    ]


@pytest.mark.parametrize(("text", "method"), [("سلام", "sms/send"), (None, "sms/sendarray")])
def test_outcomes_are_in_the_order_of_the_batch(
    simulator: RunningSimulator, text: str | None, method: str
) -> None:
    gateway = gateway_of(simulator)
    messages = [*batch(200, text=text)]
    messages[7] = Outgoing(7, "+4915112345678", text or "hello")
    outcomes = gateway.send(messages)
    stored = {str(m["messageid"]): m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        assert outcome.status == "accepted"
        row = stored[outcome.gateway_id]
        assert row["receptor"] == message.to
        assert row["localid"] == message.local_id
        assert row["message"] == message.text
        assert row["cost"] == outcome.cost_rial
    assert simulator.ledger()["calls"]["by_method"] == {method: 1}


def test_a_sender_of_its_own(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    gateway.send(
        [
            Outgoing(1, "+989121234567", "x", sender="30001370"),
            Outgoing(2, "+989121234567", "x"),
        ]
    )
    assert [m["sender"] for m in simulator.messages()] == ["30001370", "10004346"]


def test_personal_texts_without_a_line_are_a_matter_of_configuration(
    simulator: RunningSimulator,
) -> None:
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, line="").send(batch(2))
    assert caught.value.kind == "config"
    assert simulator.ledger()["calls"]["total"] == 0


def test_sending_again_sends_nothing_twice(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    assert gateway.send(batch(50)) == gateway.send(batch(50))
    ledger = simulator.ledger()
    assert (ledger["accepted"], ledger["duplicates"]) == (50, 50)


@pytest.mark.parametrize("bad", [(0,), (3, 77, 78, 199), tuple(range(20))])
@pytest.mark.parametrize("text", [None, "سلام"])
def test_only_the_bad_receptors_are_refused(
    simulator: RunningSimulator, bad: tuple[int, ...], text: str | None
) -> None:
    count = max(bad) + 1
    outcomes = gateway_of(simulator).send(batch(count, text=text, bad=bad))
    assert len(outcomes) == count
    for n, outcome in enumerate(outcomes):
        if n in bad:
            assert outcome == Refused("411", "permanent", "دریافت کننده نامعتبر است")
        else:
            assert isinstance(outcome, Accepted)
    ledger = simulator.ledger()
    assert (ledger["accepted"], ledger["duplicates"]) == (count - len(bad), 0)


def test_only_the_too_long_text_is_refused(simulator: RunningSimulator) -> None:
    messages = batch(9)
    messages[4] = Outgoing(5, "+989121234567", "م" * 901)
    outcomes = gateway_of(simulator).send(messages)
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Refused)]
    assert refused == [4]
    assert simulator.ledger()["accepted"] == 8


def test_a_text_too_long_for_all_is_refused_in_one_call(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(batch(100, text="م" * 901))
    assert {type(outcome) for outcome in outcomes} == {Refused}
    assert simulator.ledger()["calls"]["total"] == 1


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x"),
        ]
    )
    assert [o.code for o in outcomes if isinstance(o, Refused)] == ["411", "413", "422"]
    assert isinstance(outcomes[3], Accepted)


def test_a_batch_we_should_not_have_made(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for wrong in (batch(201), batch(1) * 2, [Outgoing(0, "+989121234567", "x")]):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []


DOCUMENTED = {
    "stop_gateway": [401, 403],
    "ambiguous": [402],
    "retry": [409],
    "rate_limited": [429, 451],
    "pause": [418],
    "stop_campaign": [420],
    "config": [407, 412, 416, 424, 426, 427, 432, 501, 607],
    "bug": [400, 404, 405, 406, 414, 415, 417, 419, 428, 431, 604, *range(800, 814)],
}


PERMANENT = [411, 413, 422]
# Permanent in the documents too, but about what we never send (a date, a call, a template): such
# an answer is a defect of ours, and nobody's message is given up for it.
NEVER_OURS = [417, 428, 431]
EVERY_CODE = {
    *range(400, 408), 409, *range(411, 421), 422, 424, 426, 427, 428, 429, 431, 432, 451, 501,
    604, 607, *range(800, 814),
}  # fmt: skip
EVERY_STATE = {
    1: "accepted", 2: "accepted", 4: "at_operator", 5: "at_operator", 6: "failed",
    10: "delivered", 11: "undelivered", 13: "cancelled", 14: "blocked", 100: "unknown",
}  # fmt: skip
REFUNDED = {13, 14}


def test_every_documented_code_is_known() -> None:
    assert set(KINDS) | PER_MESSAGE == EVERY_CODE
    assert set(PERMANENT) == PER_MESSAGE
    assert set(NEVER_OURS) <= set(DOCUMENTED["bug"])
    assert set(STATES) == set(EVERY_STATE)


@pytest.mark.parametrize(("code", "state"), EVERY_STATE.items())
def test_each_documented_state(code: int, state: str) -> None:
    entry = {"messageid": 5, "localid": "1", "status": code, "cost": 120}
    cost = 0 if code in REFUNDED else 120
    expected = Delivery("5", cast("DeliveryState", state), cost)
    raw = http_answer(200, OK % json.dumps([entry]).encode())
    with serving(lambda _: raw) as url:
        gateway = Kavenegar(KEY, base_url=url)
        assert gateway.deliveries(["5"]) == [expected]
        assert gateway.find(sent([1])) == {1: expected}
        (outcome,) = gateway.send(batch(1))
    assert outcome == Accepted("5", expected.state, cost)
    assert gateway.parse_status_callback({}, entry) == [expected]


def test_each_return_code_has_its_kind(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    assert {code for codes in DOCUMENTED.values() for code in codes} == set(KINDS)
    for kind, codes in DOCUMENTED.items():
        for code in codes:
            simulator.behaviour(force_code=code, force_times=2)
            with pytest.raises(GatewayError) as caught:
                gateway.send(batch(3))
            assert (caught.value.kind, caught.value.code) == (kind, str(code))
            with pytest.raises(GatewayError) as caught:
                gateway.deliveries(["1"])
            assert caught.value.kind == ("retry" if kind == "ambiguous" else kind)
    assert simulator.ledger()["accepted"] == 0
    assert [o for o in gateway.send(batch(3)) if not isinstance(o, Accepted)] == []


@pytest.mark.parametrize("code", PERMANENT)
def test_codes_about_one_message_refuse_it(simulator: RunningSimulator, code: int) -> None:
    simulator.behaviour(force_code=code, force_times=1)
    (outcome,) = gateway_of(simulator).send(batch(1))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.kind) == (str(code), "permanent")


def test_a_server_error_may_have_accepted(simulator: RunningSimulator) -> None:
    simulator.behaviour(force_code=500, force_times=1)
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator).send(batch(3))
    assert (caught.value.kind, caught.value.code) == ("ambiguous", "http-500")


def test_a_busy_server_is_only_asked_again_itself(simulator: RunningSimulator) -> None:
    simulator.behaviour(force_code=409)
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator).send(batch(3))
    assert caught.value.same_gateway_only


@pytest.mark.parametrize(
    ("code", "kind"), [(451, "rate_limited"), (418, "pause"), (402, "ambiguous")]
)
def test_an_error_amid_bisecting_spares_what_was_accepted(code: int, kind: str) -> None:
    """Calls: 8 bad → 4 accepted → 4 bad → 2 in error."""

    def body(call: int) -> bytes:
        if call == 2:
            entries = ",".join(
                f'{{"messageid":{n + 1},"status":1,"receptor":"0912000000{n}","cost":5}}'
                for n in range(4)
            )
            return f'{{"return":{{"status":200,"message":"ok"}},"entries":[{entries}]}}'.encode()
        status = 411 if call in {1, 3} else code
        return f'{{"return":{{"status":{status},"message":"no"}},"entries":null}}'.encode()

    with serving(lambda call: http_answer(200, body(call))) as url:
        outcomes = Kavenegar(KEY, base_url=url, sender="1000").send(batch(8, bad=(7,)))
    assert [type(outcome) for outcome in outcomes[:4]] == [Accepted] * 4
    for outcome in outcomes[4:]:
        if kind == "ambiguous":
            assert isinstance(outcome, Unknown)
        else:
            assert isinstance(outcome, Deferred)
            assert outcome.error.kind == kind


def test_looking_for_the_ones_to_blame_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call takes ten seconds here: 8 bad → 4 bad → 2 bad → the rest later."""
    seconds = iter(range(0, 1000, 10))
    monkeypatch.setattr(parts, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    raw = http_answer(200, b'{"return":{"status":411,"message":"no"},"entries":null}')
    calls: list[int] = []
    with serving(lambda call: calls.append(call) or raw) as url:  # type: ignore[func-returns-value]
        outcomes = Kavenegar(KEY, base_url=url, sender="1000").send(batch(8))
    assert len(calls) < 5
    assert len(outcomes) == 8
    assert {type(outcome) for outcome in outcomes} == {Deferred}


@pytest.mark.parametrize("mode", ["hang", "drop"])
def test_accepted_but_unanswered_is_found_by_local_id(
    simulator: RunningSimulator, mode: str
) -> None:
    gateway = gateway_of(simulator, read_timeout="0.5")
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30)
    with pytest.raises(GatewayError) as caught:
        gateway.send(batch(20))
    assert caught.value.kind == "ambiguous"
    found = gateway.find(sent([*range(1000, 1020), 5]))
    assert found.pop(5) is None
    assert sorted(found) == list(range(1000, 1020))
    stored = {m["localid"]: str(m["messageid"]) for m in simulator.messages()}
    for local_id, delivery in found.items():
        assert delivery is not None
        assert delivery.gateway_id == stored[local_id]
    assert simulator.ledger()["accepted"] == 20


def test_nobody_listening_is_surely_not_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/v1", "http://nowhere.invalid/v1"):
        with pytest.raises(GatewayError) as caught:
            Kavenegar(KEY, base_url=url, sender="1000").send(batch(2))
        assert (caught.value.kind, caught.value.code) == ("retry", "connect")


def http_answer(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n"
    return head.encode() + b"\r\n" + body


@contextlib.contextmanager
def serving(answer: Callable[[int], bytes]) -> Iterator[str]:
    """A server that sends raw bytes; `answer` gets the number of the call, from 1."""
    server = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        call = 0
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                call += 1
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                connection.sendall(answer(call))

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


OK = b'{"return":{"status":200,"message":"ok"},"entries":%s}'


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (http_answer(200, b""), "ambiguous"),
        (http_answer(200, b"<html>captive portal</html>"), "ambiguous"),
        (http_answer(200, b"[1, 2"), "ambiguous"),
        (http_answer(200, b"[" * 100_000), "ambiguous"),
        (http_answer(200, b'{"return": null}'), "ambiguous"),
        (http_answer(200, b'{"return": {"status": true}}'), "ambiguous"),
        (http_answer(200, b'{"return": {"status": 999}}'), "ambiguous"),
        (http_answer(200, OK % b"[]"), "ambiguous"),
        (http_answer(200, OK % b"null"), "ambiguous"),
        (http_answer(200, OK % b'"none"'), "ambiguous"),
        (http_answer(302, b"", "Location: http://127.0.0.1:1/\r\n"), "ambiguous"),
        (http_answer(500, b'{"return": {"status": 200}, "entries": []}'), "ambiguous"),
        (http_answer(503, b'{"return": {"status": 409, "message": "x"}}'), "ambiguous"),
        (http_answer(502, b'{"return": {"status": 411, "message": "x"}}'), "ambiguous"),
        (http_answer(501, b'{"return": {"status": 501, "message": "x"}}'), "config"),
        (http_answer(200, b'{"return": {"status": 418, "message": "x"}}'), "pause"),
        (http_answer(429, b"slow down", "Retry-After: 7\r\n"), "rate_limited"),
        (http_answer(200, b"0" * 5_000_000), "ambiguous"),
        (b"", "ambiguous"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", "ambiguous"),
        (b"SSH-2.0-OpenSSH\r\n", "ambiguous"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "ambiguous"),
    ],
)
def test_odd_answers(raw: bytes, kind: str) -> None:
    with serving(lambda _: raw) as url:
        gateway = Kavenegar(KEY, base_url=url, sender="1000", read_timeout=5)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(2))
        assert caught.value.kind == kind
        assert caught.value.retry_after == (7 if kind == "rate_limited" else None)
        if raw.endswith(b'"entries":[]}'):
            assert gateway.find(sent([1])) == {1: None}
            return
        with pytest.raises(GatewayError) as caught:  # never "it is not there"
            gateway.find(sent([1]))
        assert caught.value.kind == ("retry" if kind == "ambiguous" else kind)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('{"messageid": 5, "status": 4, "cost": 120}', Accepted("5", "at_operator", 120)),
        ('{"messageid": "5", "status": "14"}', Accepted("5", "blocked", 0)),
        ('{"messageid": 5, "status": 6, "cost": 1.0}', Accepted("5", "failed", 1)),
        ('{"messageid": 0, "status": 1}', Unknown),
        ('{"messageid": 5, "status": 77}', Unknown),
        ('{"messageid": null, "status": 1}', Unknown),
        ('{"messageid": 5, "status": 1, "receptor": "09350000000"}', Unknown),
        ("7", Unknown),
    ],
)
def test_one_record(entry: str, expected: object) -> None:
    with serving(lambda _: http_answer(200, OK % f"[{entry}]".encode())) as url:
        (outcome,) = Kavenegar(KEY, base_url=url).send(batch(1))
    assert outcome == expected or (expected is Unknown and isinstance(outcome, Unknown))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('{"messageid": 5, "localid": "1", "status": 10}', Delivery("5", "delivered")),
        ('{"messageid": 5, "localid": 1, "status": 100}', Delivery("5", "unknown")),
        ('{"messageid": 5, "localid": "1", "status": 77}', Delivery("5", "unknown")),
        ('{"messageid": 0, "localid": "1", "status": 100}', None),
        ('{"messageid": 5, "localid": "2", "status": 10}', None),
    ],
)
def test_one_answer_about_a_local_id(entry: str, expected: Delivery | None) -> None:
    with serving(lambda _: http_answer(200, OK % f"[{entry}]".encode())) as url:
        assert Kavenegar(KEY, base_url=url).find(sent([1])) == {1: expected}


def test_deliveries_ask_for_500_at_most(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    ids = [
        outcome.gateway_id
        for start in range(0, 600, 200)
        for outcome in gateway.send(
            [Outgoing(n + 1, f"+98912{n:07d}", "x") for n in range(start, start + 200)]
        )
        if isinstance(outcome, Accepted)
    ]
    found = gateway.deliveries([*ids, "12345"])
    assert [d.gateway_id for d in found] == [*ids, "12345"]
    assert found[-1] == Delivery("12345", "unknown")
    assert simulator.ledger()["calls"]["by_method"]["sms/status"] == 2
    assert gateway.deliveries([]) == []


def test_credit(simulator: RunningSimulator) -> None:
    simulator.behaviour(credit_rial=50_000)
    gateway = gateway_of(simulator)
    gateway.send(batch(1))
    assert gateway.credit_rial() == 50_000 - simulator.ledger()["cost"]


# The key


def visible(error: BaseException) -> str:
    """Everything a log could show of an exception, local variables included."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    return "\n".join([*report.format(), *map(repr, chain), *map(str, chain)])


def test_the_key_is_never_seen(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an application quietens it
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    settings: list[dict[str, str]] = [
        {**simulator.settings, "read_timeout": "0.3"},
        {**simulator.settings, "url": f"http://127.0.0.1:{closed}"},
        {**simulator.settings, "url": "http://nowhere.invalid"},
        {**simulator.settings, "url": "http://[bad"},
        {**simulator.settings, "proxy": f"http://127.0.0.1:{closed}"},
    ]
    simulator.behaviour(timeout_rate=1, hang_seconds=30)
    key = simulator.api_key
    for given in settings:
        gateway = create("kavenegar", given)
        assert key not in repr(gateway)
        assert key not in repr(vars(gateway))
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(2))
        shown = visible(caught.value)
        assert "GatewayError" in shown
        # what this test itself holds is not what is tested
        frames = shown.replace(repr(settings), "").replace(repr(given), "")
        assert caught.value.__context__ is None
        assert key not in str(caught.value)
        assert key not in repr(caught.value)
        assert f"/{key}/" not in frames
    gateway = gateway_of(simulator)
    gateway.credit_rial()
    assert "/v1/[hidden]/account/info.json" in caplog.text
    assert key not in caplog.text


def test_a_key_echoed_by_the_gateway_is_hidden(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an application quietens it
    key = "0123456789ABCDEF+="
    raw = b'{"return":{"status":403,"message":"no key 0123456789ABCDEF+= here"}}'
    with serving(lambda _: http_answer(403, raw)) as url, pytest.raises(GatewayError) as caught:
        Kavenegar(key, base_url=url).send(batch(1))
    assert caught.value.message == "no key [hidden] here"
    assert "0123456789ABCDEF" not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"api_key": "a/b-secret-key"},
        {"api_key": "secret-key", "url": "api.kavenegar.com"},
        {"api_key": "secret-key", "read_timeout": "0"},
        {"api_key": "secret-key", "sneder": "1000"},
    ],
)
def test_wrong_settings_are_named_without_their_values(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"kavenegar|timeout") as caught:
        create("kavenegar", settings)
    assert "secret-key" not in str(caught.value)


# What Kavenegar pushes


@pytest.mark.parametrize(
    ("form", "json", "expected"),
    [
        ({"messageid": "85463238", "status": "10"}, None, [Delivery("85463238", "delivered")]),
        ({}, {"messageid": 5, "status": 14}, [Delivery("5", "blocked", 0)]),
        (
            {},
            [{"messageid": 5, "status": 11}, {"messageid": 6, "status": 100}],
            [Delivery("5", "undelivered"), Delivery("6", "unknown")],
        ),
        ({"messageid": "x", "status": "10"}, None, []),
        ({"messageid": "5", "status": "12345678901234567890123"}, None, []),
        ({"messageid": "۵", "status": "10"}, None, []),
        ({"messageid": "5", "status": "3"}, None, []),
        ({}, "text", []),
        ({}, None, []),
    ],
)
def test_pushed_states(form: dict[str, str], json: object, expected: list[Delivery]) -> None:
    assert Kavenegar(KEY).parse_status_callback(form, json) == expected


def test_pushed_inbound() -> None:
    gateway = Kavenegar(KEY)
    now = datetime(2026, 3, 21, 12, tzinfo=UTC)
    sent = now - timedelta(minutes=1)
    form = {
        "messageid": "510000001",
        "from": "09121234567",
        "to": "10004346",
        "message": "۳۱",
        "date": str(int(sent.timestamp())),
    }
    with clock.freeze(now):
        (message,) = gateway.parse_inbound(form, None)
        assert (message.gateway_id, message.sender) == ("510000001", "+989121234567")
        assert (message.line, message.text, message.received_at) == ("10004346", "۳۱", sent)
        other = {"id": 9, "sender": "00989121234567", "receptor": "1000", "message": ""}
        (message,) = gateway.parse_inbound({}, other)
        assert (message.gateway_id, message.sender) == ("9", "+989121234567")
        assert (message.text, message.received_at) == ("", now)
        for date in ("-5", "0", "99999999999", "soon"):
            (message,) = gateway.parse_inbound({**form, "date": date}, None)
            assert message.received_at == now
    for missing in ("from", "to", "message"):
        assert gateway.parse_inbound({k: v for k, v in form.items() if k != missing}, None) == []
    assert gateway.parse_inbound({}, [None, 5, "x"]) == []
