"""The generic adapter against the simulator, and against servers that misbehave."""

import json
import logging
import random
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from portal import clock
from portal.messaging import dispatch, gateway_words
from portal.messaging.gateways import catalog, create
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
    Delivery,
    Gateway,
    GatewayError,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.generic import point
from portal.messaging.gateways.parts import not_made
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.messaging.simulator.wiring import WIRING
from tests.portal.messaging.raw_server import http_answer, odd_answers, serving, visible

KEY = "a-generic-key-of-some-length"
LINE = "50001"
BAD = "+982188776655"
options = WIRING["generic"].options


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="generic", delivery_seconds=0.2, seed=7) as running:
        yield running


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    settings = {**options(simulator.url, simulator.api_key), "line": LINE, "batch": "100"}
    return create("generic", {**settings, **more})


def at(url: str, /, **more: str) -> Gateway:
    return create("generic", {**options(url, KEY), "line": LINE, **more})


def batch(count: int, *, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, BAD if n in bad else f"+98912{n:07d}", f"متن {n}") for n in range(count)
    ]


def sent(local_id: int) -> list[Sent]:
    return [Sent(local_id, "+989120000000", "x", None, clock.now())]


def said(http: int, **body: object) -> bytes:
    return http_answer(http, json.dumps(body).encode())


@pytest.mark.parametrize("seed", range(6))
def test_outcomes_are_in_the_order_of_the_batch(simulator: RunningSimulator, seed: int) -> None:
    dice = random.Random(seed)
    blocked = {f"+98912{n:07d}" for n in dice.sample(range(60), 8)}
    for number in blocked:
        simulator.reply(number, "11", LINE)
    messages = batch(60, bad=tuple(dice.sample(range(60), 8)))
    messages[dice.randrange(60)] = Outgoing(7, "+4915112345678", "hello", sender="30001370")
    dice.shuffle(messages)
    outcomes = gateway_of(simulator).send(messages)
    rows = {str(m["messageid"]): m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        if message.to == BAD:
            assert outcome == Refused("422", "permanent", "refused")
        elif message.to in blocked:
            assert outcome == Refused("409", "blocked", "refused")
        else:
            assert isinstance(outcome, Accepted)
            row = rows.pop(outcome.gateway_id)
            assert (row["receptor"], row["message"]) == (message.to, message.text)
            assert row["sender"] == (message.sender or LINE)
    assert not rows


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    outcomes = gateway.send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x"),
        ]
    )
    codes = [o.code for o in outcomes if isinstance(o, Refused)]
    assert codes == ["number", "text", "half"]
    assert all(gateway_words.of("generic", code) for code in codes)
    assert isinstance(outcomes[3], Accepted)
    for wrong in (batch(101), batch(1) * 2):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("09", ["09121234567", "004915112345678"]),
        ("00", ["00989121234567", "004915112345678"]),
        ("e164", ["+989121234567", "+4915112345678"]),
    ],
)
@pytest.mark.parametrize("kind", ["form", "json", "url"])
def test_templates(number: str, expected: list[str], kind: str) -> None:
    seen: list[tuple[str, bytes]] = []

    def reply(_call: int, line: str, body: bytes) -> bytes:
        seen.append((line.split(" ")[1], body))
        return said(200, status="accepted", id=len(seen))

    text = 'سلام & "سلام" {to}=1\n+100%'
    form = "a=b&to={to}&text=<{text}>&i={id}&k={secret}"
    with serving(reply) as url:
        fields = {
            "form": {"url": f"{url}/x/{{line}}", "body": form},
            "url": {"url": f"{url}/x/{{line}}?{form}", "verb": "GET", "body": ""},
            "json": {
                "url": f"{url}/x/{{line}}",
                "body": '{"a": "b", "to": ["{to}"], "text": ["<{text}>"], "i": ["{id}"],'
                ' "k": ["{secret}"]}',
            },
        }[kind]
        outcomes = at(url, number=number, **fields).send(
            [Outgoing(1, "+989121234567", text), Outgoing(2, "+4915112345678", text)]
        )
    assert [o.gateway_id for o in outcomes if isinstance(o, Accepted)] == ["1", "2"]
    for n, (address, body) in enumerate(seen):
        parts = urlsplit(address)
        assert unquote(parts.path) == f"/x/{LINE}"
        given = parse_qs(body.decode() if kind == "form" else parts.query)
        if kind == "json":
            given = {**json.loads(body), "a": ["b"]}
        wanted = {"to": [expected[n]], "text": [f"<{text}>"], "i": [str(n + 1)], "k": [KEY]}
        assert given == {"a": ["b"], **wanted}


def test_connections_are_kept(simulator: RunningSimulator) -> None:
    ports: set[str] = set()
    gateway = gateway_of(simulator)
    gateway.send(batch(30))
    session = gateway._client._session()  # type: ignore[attr-defined]
    pools = session.get_adapter(simulator.url).poolmanager.pools
    for key in pools.keys():  # noqa: SIM118 - no mapping
        ports.add(str(pools[key].num_connections))
    assert ports == {"1"}


# What an answer means

MAPPED = "permanent=12,http-410;blocked=13;retry=14,http-503;rate_limited=15;stop_gateway=16;"
MAPPED += "stop_campaign=17;pause=18;config=19;bug=20;ambiguous=21"


@pytest.mark.parametrize(
    ("http", "code", "kind"),
    [
        (200, 14, "retry"), (400, 14, "retry"), (200, 15, "rate_limited"),
        (200, 16, "stop_gateway"), (422, 17, "stop_campaign"), (200, 18, "pause"),
        (200, 19, "config"), (200, 20, "bug"), (200, 21, "ambiguous"),
        (503, None, "retry"), (500, 14, "retry"),
        (401, None, "stop_gateway"), (403, None, "stop_gateway"), (429, None, "rate_limited"),
        (404, None, "config"), (405, None, "config"), (400, None, "bug"), (422, 99, "bug"),
        (200, 99, "bug"), (200, None, "ambiguous"), (204, None, "ambiguous"),
        (302, None, "ambiguous"), (500, None, "ambiguous"), (500, 99, "ambiguous"),
        (418, "a:b", "bug"),
    ],
)  # fmt: skip
def test_each_code_has_its_kind(http: int, code: object, kind: str) -> None:
    with serving(lambda *_: said(http, status="error", code=code)) as url:
        with pytest.raises(GatewayError) as caught:
            at(url, errors=MAPPED).send(batch(1))
        assert caught.value.kind == kind
        assert ":" not in caught.value.code
        if kind == "ambiguous":
            return
        with pytest.raises(GatewayError) as caught:
            at(url, errors=MAPPED).send(batch(5))
        assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("http", "code", "kind"),
    [(200, 12, "permanent"), (410, None, "permanent"), (400, 13, "blocked")],
)
def test_codes_about_one_message_refuse_it_alone(http: int, code: object, kind: str) -> None:
    def reply(call: int, _line: str, _body: bytes) -> bytes:
        if call == 2:
            return said(http, status="error", code=code)
        return said(201, status="accepted", id=call)

    with serving(reply) as url:
        outcomes = at(url, errors=MAPPED).send(batch(3))
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].kind == kind
    assert [type(outcomes[n]) for n in (0, 2)] == [Accepted, Accepted]


def test_forced_codes_of_the_simulator(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    expected = {
        400: "bug", 401: "stop_gateway", 402: "pause", 403: "stop_campaign", 404: "config",
        429: "rate_limited", 500: "ambiguous", 503: "retry",
    }  # fmt: skip
    for code, kind in expected.items():
        simulator.behaviour(force_code=code, force_times=1)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(1))
        assert caught.value.kind == kind
    for code in (409, 413, 422):
        simulator.behaviour(force_code=code, force_times=1)
        (outcome,) = gateway.send(batch(1))
        assert isinstance(outcome, Refused)
    assert simulator.ledger()["accepted"] == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "accepted", "id": 5}, "5"),
        ({"status": "accepted", "id": "a-5"}, "a-5"),
        ({"status": "accepted", "id": 5.0}, "5"),
        ({"status": "accepted", "id": 0}, None),
        ({"status": "accepted", "id": ""}, None),
        ({"status": "accepted", "id": None}, None),
        ({"status": "accepted", "id": {"x": 1}}, None),
        ({"status": "accepted", "id": "x" * 101}, None),
        ({"status": "accepted"}, None),
    ],
)
def test_an_acceptance_without_an_id_is_unknown(body: dict[str, object], expected: object) -> None:
    with serving(lambda *_: said(200, **body)) as url:
        (outcome,) = at(url).send(batch(1))
    assert outcome == (Accepted(str(expected), "accepted", None) if expected else Unknown("no_id"))


def test_success_by_status_alone_and_our_own_id() -> None:
    more = {"success_pointer": "", "success_value": "", "id_pointer": "", "success_status": "202"}
    with serving(lambda *_: http_answer(202, b"ok")) as url:
        (outcome,) = at(url, **more).send(batch(1))
    assert outcome == Accepted("1000", "accepted", None)
    with serving(lambda *_: http_answer(200, b"ok")) as url, pytest.raises(GatewayError) as caught:
        at(url, **more).send(batch(1))
    assert caught.value.kind == "ambiguous"


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "true"])
def test_success_values_as_json_writes_them(value: object) -> None:
    with serving(lambda *_: said(200, r={"ok": [value]}, id=1)) as url:
        more = {"success_pointer": "/r/ok/0", "success_value": "true, 1"}
        assert isinstance(at(url, **more).send(batch(1))[0], Accepted)


@pytest.mark.parametrize("name", odd_answers())
def test_odd_answers_may_have_accepted(name: str) -> None:
    with serving(lambda *_: odd_answers()[name]) as url:
        gateway = at(url, read_timeout="5")
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(1))
        assert caught.value.kind == "ambiguous"
        outcomes = gateway.send(batch(3))
        assert isinstance(outcomes[0], Unknown)
        assert all(isinstance(o, Deferred) and o.error.kind == "retry" for o in outcomes[1:])
        try:
            assert gateway.find(sent(1)) == {}, "never that it is not there"
        except GatewayError as error:
            assert error.kind == "retry"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(402, status="error", code=402), "pause"),
        (said(401), "stop_gateway"),
        (http_answer(429, b"", "Retry-After: 7\r\n"), "rate_limited"),
        (b"", "ambiguous"),
    ],
)
def test_an_error_stops_and_spares_what_was_accepted(answer: bytes, kind: str) -> None:
    calls: list[int] = []

    def reply(call: int, _line: str, _body: bytes) -> bytes:
        calls.append(call)
        return answer if call == 3 else said(200, status="accepted", id=call)

    with serving(reply) as url:
        outcomes = at(url).send(batch(10))
    assert calls == [1, 2, 3]
    assert [type(outcome) for outcome in outcomes[:2]] == [Accepted, Accepted]
    for n, outcome in enumerate(outcomes[2:]):
        if n == 0 and kind == "ambiguous":
            assert isinstance(outcome, Unknown)
        else:
            assert isinstance(outcome, Deferred)
            assert outcome.error.kind == ("retry" if kind == "ambiguous" else kind)


def test_calls_that_were_not_made_are_no_fault_of_the_gateway() -> None:
    assert not_made().code == dispatch.BUSY


def test_a_slow_gateway_is_not_called_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.messaging.gateways.parts.Calls._is_late", lambda _self: True)
    with serving(lambda call, *_: said(200, status="accepted", id=call)) as url:
        outcomes = at(url).send(batch(3))
    assert [type(outcome) for outcome in outcomes] == [Accepted, Deferred, Deferred]


# What was lost, states, pushes


@pytest.mark.parametrize("mode", ["hang", "drop"])
def test_accepted_but_unanswered_is_found_by_our_id(simulator: RunningSimulator, mode: str) -> None:
    gateway = gateway_of(simulator, read_timeout="0.5")
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30)
    outcomes = gateway.send(batch(5))
    assert [type(outcome) for outcome in outcomes] == [Unknown, *[Deferred] * 4]
    found = gateway.find([*sent(1000), *sent(1001)])
    assert found[1000] is not None
    assert found[1000].gateway_id == str(simulator.messages()[0]["messageid"])
    assert found[1001] is None
    assert gateway_of(simulator, find_url="", find_missing="").find(sent(1000)) == {}
    assert gateway_of(simulator, find_missing="").find(sent(1001)) == {}, "nothing proves that"


def test_states_are_asked_for_one_by_one(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    simulator.behaviour(delivery_seconds=3600)
    ids = [o.gateway_id for o in gateway.send(batch(3)) if isinstance(o, Accepted)]
    assert gateway.deliveries([*ids, "5"]) == [
        *(Delivery(each, "accepted") for each in ids),
        Delivery("5", "unknown"),
    ]
    assert gateway_of(simulator, status_url="").deliveries(ids) == []
    for code, kind in ((429, "rate_limited"), (500, "retry"), (401, "stop_gateway")):
        simulator.behaviour(force_code=code)
        for ask in (gateway.deliveries, lambda _ids: gateway.find(sent(1))):
            with pytest.raises(GatewayError) as caught:
                ask(ids)
            assert caught.value.kind == kind


def test_what_it_pushes() -> None:
    gateway = at("http://127.0.0.1:1")
    assert gateway.parse_status_callback({"id": "5", "state": "DELIVRD"}, None) == [
        Delivery("5", "delivered")
    ]
    pushed = [{"id": 5, "state": "SENT"}, {"id": 6, "state": "?"}, {"state": "SENT"}, 7]
    assert gateway.parse_status_callback({}, pushed) == [Delivery("5", "at_operator")]
    silent = at("http://127.0.0.1:1", callback_id="", callback_state="")
    assert silent.parse_status_callback({"id": "5", "state": "DELIVRD"}, None) == []
    form = {"id": "9", "from": "09121234567", "to": LINE, "text": "۱۱"}
    with clock.freeze() as now:
        (message,) = gateway.parse_inbound(form, None)
    assert (message.gateway_id, message.sender, message.line) == ("9", "+989121234567", LINE)
    assert (message.text, message.received_at) == ("۱۱", now)
    named = at("http://127.0.0.1:1", inbound_from="src", inbound_to="dst", inbound_text="msg")
    given = {"src": 989121234567, "dst": 50001, "msg": "x"}
    (message,) = named.parse_inbound({}, given)
    assert (message.gateway_id, message.sender, message.line) == (None, "+989121234567", LINE)
    assert named.parse_inbound(form, None) == []
    assert gateway.inbox("") is None


@pytest.mark.parametrize(
    ("pushed", "hours_ago"),
    [
        (1_777_870_800, 2), ("1777870800", 2), ("2026-05-04T08:30:00+03:30", 2),
        ("2026-05-04T08:30:00", 0), ("2036-05-04T08:30:00Z", 0), ("soon", 0), (None, 0), (True, 0),
    ],
)  # fmt: skip
def test_the_time_of_a_pushed_sms(pushed: object, hours_ago: int) -> None:
    form = {"from": "09121234567", "to": LINE, "text": "x", "time": pushed}
    with clock.freeze(datetime(2026, 5, 4, 7, tzinfo=UTC)) as now:
        (message,) = at("http://127.0.0.1:1").parse_inbound({}, form)
        (untold,) = at("http://127.0.0.1:1", inbound_time="").parse_inbound({}, form)
    assert message.received_at == now - timedelta(hours=hours_ago)
    assert untold.received_at == now


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/a/0/b", 1), ("/a/1", None), ("/a/x", None), ("/c~1d", 2), ("/e~0f", 3),
        ("/a/0/b/c", None), ("/g", None), ("/a/-1", None), ("/a/٠", None),
    ],
)  # fmt: skip
def test_json_pointers(pointer: str, expected: object) -> None:
    document = {"a": [{"b": 1}], "c/d": 2, "e~f": 3, "g": None}
    assert point(document, pointer) == expected
    assert point("text", pointer) is None


# The settings and the key


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"url": ""}, "GENERIC_URL is required"),
        ({"url": "gateway.example"}, "GENERIC_URL: write it like"),
        ({"url": "http://gateway.example"}, "GENERIC_URL must begin with https://"),
        ({"status_url": "http://g.example/{message_id}"}, "GENERIC_STATUS_URL must begin with"),
        ({"status_url": "http://[bad{message_id}"}, "GENERIC_STATUS_URL: write it like"),
        ({"status_url": "https://g.example/{id}"}, "GENERIC_STATUS_URL needs {message_id}"),
        ({"states": ""}, "GENERIC_STATUS_URL needs GENERIC_STATUS_POINTER"),
        ({"verb": "FETCH"}, "GENERIC_VERB is GET"),
        ({"verb": "GET"}, "GENERIC_BODY must be empty"),
        ({"body": '{"to": {to}, "text": "{text}"}'}, "GENERIC_BODY is no JSON"),
        ({"body": "5"}, "GENERIC_BODY is neither JSON nor a form"),
        ({"body": "to={to}&text={txet}&i={id}"}, "not {txet}"),
        ({"body": "to={to}&i={id}"}, "{text} is neither in"),
        ({"secret": ""}, "GENERIC_SECRET is required"),
        ({"header": ""}, "GENERIC_SECRET is given, but no"),
        ({"header": "X Y: z"}, "GENERIC_HEADER is a name"),
        ({"secret": "کلید"}, "GENERIC_SECRET holds a character"),
        ({"number": "+98"}, "GENERIC_NUMBER: choose of 09, 00, e164"),
        ({"success_status": "2xx"}, "GENERIC_SUCCESS_STATUS is a list"),
        ({"success_value": ""}, "GENERIC_SUCCESS_POINTER and GENERIC_SUCCESS_VALUE go together"),
        ({"id_pointer": "id"}, "GENERIC_ID_POINTER is a JSON pointer"),
        ({"errors": "permanent"}, "GENERIC_ERRORS: write it like"),
        ({"errors": "fatal=1"}, "GENERIC_ERRORS: choose of ambiguous, blocked"),
        ({"errors": "pause=1;retry=1"}, "GENERIC_ERRORS: 1 is there twice"),
        ({"states": "unknown=1"}, "GENERIC_STATES: choose of accepted"),
        ({"batch": "0"}, "GENERIC_BATCH: a whole number from 1 to 100"),
        ({"find_url": "https://g.example/{to}"}, "GENERIC_FIND_URL needs {id}"),
        ({"body": "to={to}&text={text}"}, "GENERIC_FIND_URL asks for {id}"),
        ({"find_url": ""}, "GENERIC_FIND_MISSING is given without"),
        ({"callback_id": ""}, "GENERIC_CALLBACK_ID and GENERIC_CALLBACK_STATE"),
        ({"read_timeout": "60"}, "GENERIC_READ_TIMEOUT: a whole number"),
    ],
)  # fmt: skip
def test_wrong_settings_are_named_at_start(change: dict[str, str], part: str) -> None:
    given = {**options("https://gateway.example", KEY), "line": LINE}
    assert catalog.problems(["generic"], {"generic": given}, is_production=True) == []
    found = catalog.problems(["generic"], {"generic": {**given, **change}}, is_production=True)
    assert part in "\n".join(found)
    assert KEY not in "\n".join(found)


def test_wrong_settings_make_no_adapter() -> None:
    with pytest.raises(ValueError, match=r"generic: GENERIC_VERB is .*; GENERIC_BATCH") as caught:
        at("http://127.0.0.1:1", verb="FETCH", batch="many")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("place", ["header", "url", "form", "json"])
def test_the_key_is_never_seen(
    simulator: RunningSimulator, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an application quietens it
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    simulator.behaviour(timeout_rate=1, hang_seconds=30)
    key = simulator.api_key
    for base in (simulator.url, f"http://127.0.0.1:{closed}", "http://nowhere.invalid"):
        more = {
            "header": {},
            "url": {"header": "", "url": f"{base}/messages?k={{secret}}"},
            "form": {"header": "", "body": "to={to}&text={text}&reference={id}&k={secret}"},
            "json": {"header": "", "body": '["{to}", "{text}", "{id}", "{secret}"]'},
        }[place]
        gateway = create("generic", {**options(base, key), "read_timeout": "0.3", **more})
        assert key not in repr(gateway)
        assert key not in repr(vars(gateway))
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(1))
        assert key not in visible(caught.value).replace(repr(key), "")
        if base != simulator.url:
            with pytest.raises(GatewayError) as caught:
                gateway.find(sent(1))
            assert key not in visible(caught.value).replace(repr(key), "")
    assert key not in caplog.text
