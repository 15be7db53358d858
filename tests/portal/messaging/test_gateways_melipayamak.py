"""The Melipayamak adapter against the simulator, and against servers that misbehave."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import clock
from portal.messaging import gateway_words
from portal.messaging.gateways import create
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
from portal.messaging.gateways.melipayamak import Melipayamak
from portal.messaging.gateways.melipayamak_codes import KINDS, PER_MESSAGE, STATES
from portal.messaging.inbound import dedupe_key
from portal.messaging.simulator.melipayamak import BAD_TOKEN, SENTENCES
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.portal.messaging.failing import failing
from tests.portal.messaging.raw_server import http_answer, odd_answers, serving, visible

TOKEN = "0123456789abcdef0123456789abcdef"
LINE = "50002710001"
LANDLINE = "+982188776655"
TEXT = "سلام\nلغو11"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path, api_key=TOKEN, dialect="melipayamak", delivery_seconds=0.2, seed=7
    ) as running:
        yield running


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    settings = {"url": simulator.url, "token": simulator.api_key, "line": LINE}
    return create("melipayamak", {**settings, **more})


def at(url: str, **more: Any) -> Melipayamak:
    return Melipayamak(TOKEN, base_url=url, **{"sender": LINE, **more})


def batch(count: int, *, text: str | None = None, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, LANDLINE if n in bad else f"+98912{n:07d}", text or f"متن {n}")
        for n in range(count)
    ]


def said(document: object, status: int = 200) -> bytes:
    return http_answer(status, json.dumps(document).encode())


# Sending


@pytest.mark.parametrize(
    ("text", "calls"), [(TEXT, {"send/advanced": 1}), (None, {"send/simple": 30})]
)
def test_outcomes_are_in_the_order_of_the_batch(
    simulator: RunningSimulator, text: str | None, calls: dict[str, int]
) -> None:
    messages = batch(30, text=text)
    outcomes = gateway_of(simulator).send(messages)
    stored = {str(m["messageid"]): m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        assert outcome.status == "accepted"
        row = stored[outcome.gateway_id]
        assert (row["receptor"], row["message"]) == (message.to, message.text)
        assert row["sender"] == LINE
    assert simulator.ledger()["calls"]["by_method"] == calls


def test_texts_and_lines_are_gathered_and_their_outcomes_put_back(
    simulator: RunningSimulator,
) -> None:
    messages = [
        Outgoing(n, f"+98912{n:07d}", TEXT if n % 2 else f"متن {n}", "3000" if n > 5 else None)
        for n in range(1, 10)
    ]
    outcomes = gateway_of(simulator).send(messages)
    stored = {str(m["messageid"]): m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        row = stored[outcome.gateway_id]
        assert (row["receptor"], row["message"]) == (message.to, message.text)
        assert row["sender"] == (message.sender or LINE)
    assert simulator.ledger()["calls"]["by_method"] == {"send/advanced": 2, "send/simple": 4}


@pytest.mark.parametrize("text", [TEXT, None])
def test_only_the_bad_numbers_are_refused(simulator: RunningSimulator, text: str | None) -> None:
    outcomes = gateway_of(simulator).send(batch(10, text=text, bad=(0, 4)))
    for n, outcome in enumerate(outcomes):
        if n in {0, 4}:
            assert isinstance(outcome, Refused)
            assert (outcome.code, outcome.kind) == ("number", "permanent")
        else:
            assert isinstance(outcome, Accepted)
    assert simulator.ledger()["accepted"] == 8


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x"),
        ]
    )
    assert [o.code for o in outcomes if isinstance(o, Refused)] == ["number", "empty", "half"]
    assert isinstance(outcomes[3], Accepted)


def test_a_batch_we_should_not_have_made(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for wrong in (batch(101), batch(1) * 2):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, line="").send(batch(1))
    assert (caught.value.kind, caught.value.code) == ("config", "sender")


# Codes

DOCUMENTED: dict[str, list[int]] = {
    "stop_gateway": [0, 10, 12],
    "pause": [2, 3, 4],
    "config": [5, 9],
    "retry": [6],
    "stop_campaign": [7, 14, 15],
    "bug": [-7, -6, -5, -4, -3, -2, -1],
}
KIND_OF = {code: kind for kind, codes in DOCUMENTED.items() for code in codes}


@pytest.mark.parametrize("code", [code for code in KIND_OF if code > 0])
@pytest.mark.parametrize("text", [TEXT, None])
def test_the_sentence_of_each_code_has_its_kind(
    simulator: RunningSimulator, code: int, text: str | None
) -> None:
    simulator.behaviour(force_code=code, force_times=1)
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator).send(batch(3, text=text))
    assert (caught.value.kind, caught.value.code) == (KIND_OF[code], str(code))
    assert simulator.ledger()["accepted"] == 0


def test_a_wrong_token_stops_the_gateway(simulator: RunningSimulator) -> None:
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, token="another-token").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("stop_gateway", "0")
    assert SENTENCES[BAD_TOKEN] == caught.value.message


@pytest.mark.parametrize(
    ("code", "document"),
    [
        *((code, {"recId": 0, "status": str(code)}) for code in KIND_OF),
        *((code, {"recId": 0, "status": code}) for code in KIND_OF),
        *((code, {"recId": code, "status": ""}) for code in KIND_OF if code > 0),
    ],
)
def test_codes_may_also_come_as_numbers(code: int, document: dict[str, object]) -> None:
    with serving(lambda *_: said(document)) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(1))
    assert (caught.value.kind, caught.value.code) == (KIND_OF[code], str(code))


@pytest.mark.parametrize(("sentence", "code"), [("ارسال نشده", "11"), ("گيرنده نامعتبر", "number")])
def test_one_to_blame_is_found(sentence: str, code: str) -> None:
    def answer(_call: int, _line: str, body: bytes) -> bytes:
        to = json.loads(body)["to"]
        if "09120000002" in to:
            return said({"recId": 0, "recIds": [], "status": sentence})
        if isinstance(to, str):
            return said({"recId": int(to), "status": "ارسال موفق"})
        return said({"recIds": [int(each) for each in to], "status": "ارسال موفق"})

    with serving(answer) as url:
        outcomes = at(url).send(batch(5, text=TEXT))
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Refused)]
    assert refused == [2]
    assert outcomes[2] == Refused(code, "permanent", sentence)
    assert outcomes[4] == Accepted("9120000004", "accepted", None)


def test_every_code_is_tried_and_has_its_words() -> None:
    assert set(KIND_OF) == set(KINDS)
    assert {"11", "number"} == PER_MESSAGE
    for code in {*map(str, KINDS), *PER_MESSAGE, "text", "empty", "half"}:
        assert int(code) < 0 if code.startswith("-") else gateway_words.of("melipayamak", code), (
            code
        )


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([5_000_000_001, "5000000002"], [Accepted, Accepted]),
        ([5_000_000_001, 0], [Accepted, Refused]),
        ([5_000_000_001, None], [Accepted, Refused]),
        ([5_000_000_001, 11], [Accepted, Refused]),
        ([5_000_000_001, 2], [Accepted, Deferred]),
        ([5_000_000_001, 99], [Accepted, Unknown]),
        ([5_000_000_001, "x"], [Accepted, Unknown]),
    ],
)
def test_each_place_is_read_alone(ids: list[object], expected: list[type]) -> None:
    with serving(lambda *_: said({"recIds": ids, "status": ""})) as url:
        outcomes = at(url).send(batch(2, text=TEXT))
    assert [type(outcome) for outcome in outcomes] == expected


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (said({"recIds": [5_000_000_001], "status": ""}), "ambiguous", "entries"),
        (said({"recIds": [0, 0], "status": ""}), "ambiguous", "entries"),
        (said({"recIds": None, "status": None}), "ambiguous", "entries"),
        (said({"status": "چیز دیگری شد"}), "bug", "text"),
        (said({"status": 77}), "bug", "text"),
        (said({"status": "اعتبار كافي نيست"}, 400), "pause", "2"),
        (said({"status": "x"}, 403), "stop_gateway", "0"),
        (http_answer(401, b"<html>"), "stop_gateway", "0"),
        (http_answer(404, b"<html>"), "config", "http-404"),
        (http_answer(429, b"<html>", "Retry-After: 7\r\n"), "rate_limited", "http-429"),
        (said({"recIds": [1, 2], "status": ""}, 500), "ambiguous", "http-500"),
    ],
)
def test_other_refusals(raw: bytes, kind: str, code: str) -> None:
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(2, text=TEXT))
    assert (caught.value.kind, caught.value.code) == (kind, code)
    assert caught.value.retry_after == (7 if kind == "rate_limited" else None)


def test_an_error_in_the_middle_spares_what_was_accepted(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator, read_timeout="1")

    def answer(call: int, _line: str, _body: bytes) -> bytes:
        return said({"recId": 5_000_000_000 + call if call < 3 else 0, "status": "حجم"})

    with serving(answer) as url:
        outcomes = at(url).send(batch(5))
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 2 + [Deferred] * 3
    assert isinstance(outcomes[4], Deferred)
    assert outcomes[4].error.kind == "pause"
    simulator.behaviour(timeout_rate=1, timeout_mode="drop")
    outcomes = gateway.send(batch(4))
    assert [type(outcome) for outcome in outcomes] == [Unknown] + [Deferred] * 3
    assert simulator.ledger()["accepted"] == 1, "the rest is not even tried"
    with pytest.raises(GatewayError) as caught:
        gateway.send(batch(4, text=TEXT))
    assert caught.value.kind == "ambiguous"


@pytest.mark.parametrize("name", odd_answers())
def test_odd_answers_are_never_an_acceptance_and_never_a_refusal(name: str) -> None:
    raw = odd_answers()[name]
    with serving(lambda *_: raw) as url:
        gateway = at(url, read_timeout=5)
        for text in (TEXT, None):
            with pytest.raises(GatewayError) as caught:
                gateway.send(batch(2, text=text) if text else batch(1))
            assert caught.value.kind == "ambiguous"
        with pytest.raises(GatewayError) as caught:
            gateway.deliveries(["5000000001"])
        assert caught.value.kind == "retry"


def test_nobody_listening_is_surely_not_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(GatewayError) as caught:
        at(f"http://127.0.0.1:{port}").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("retry", "connect")


# States


EVERY_STATE = {
    0: "at_operator", 1: "delivered", 2: "undelivered", 3: "undelivered", 5: "unknown",
    8: "at_operator", 16: "undelivered", 35: "blocked", 100: "unknown", 200: "at_operator",
    300: "failed", 400: "accepted", 500: "failed",
}  # fmt: skip


def test_every_documented_code_is_known() -> None:
    # 1 is the acceptance; 11 is about one message. Below zero they are about templates.
    assert {*KINDS, 1, 11} == {*range(-7, 8), *range(9, 13), 14, 15}
    assert set(STATES) == set(EVERY_STATE)


@pytest.mark.parametrize(("code", "state"), [*EVERY_STATE.items(), (-1, "unknown"), (77, "unknown"),
                                              ("1", "delivered"), (None, "unknown")])  # fmt: skip
def test_each_delivery_code(code: object, state: str) -> None:
    with serving(lambda *_: said({"resultsAsCode": [code], "results": ["x"]})) as url:
        assert at(url).deliveries(["5000000001"]) == [Delivery("5000000001", state)]  # type: ignore[arg-type]


def test_deliveries_ask_for_100_at_most(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    simulator.behaviour(delivery_seconds=3600)
    ids = [o.gateway_id for o in gateway.send(batch(100, text=TEXT)) if isinstance(o, Accepted)]
    found = gateway.deliveries([*ids, "5000000001", "msg:7"])
    # What was found in the list has an identifier by which no state can be asked.
    assert found == [Delivery("msg:7", "unknown"),
                     *(Delivery(each, "accepted") for each in ids),
                     Delivery("5000000001", "unknown")]  # fmt: skip
    assert simulator.ledger()["calls"]["by_method"]["receive/status"] == 2
    assert gateway.deliveries([]) == []


def test_states_known_already_survive_an_error_and_a_refusal_has_its_kind() -> None:
    def answer(call: int, _line: str, _body: bytes) -> bytes:
        codes = [1] * 100 if call == 1 else []
        return said({"resultsAsCode": codes, "status": "کاربر فعال نیست"})

    with serving(answer) as url:
        gateway = at(url)
        assert len(gateway.deliveries([str(10**9 + n) for n in range(101)])) == 100
        with pytest.raises(GatewayError) as caught:
            gateway.deliveries(["5000000001"])
    assert (caught.value.kind, caught.value.code) == ("stop_gateway", "10")


def test_credit(simulator: RunningSimulator) -> None:
    simulator.behaviour(credit_rial=50_000)
    gateway = gateway_of(simulator)
    gateway.send(batch(1))
    assert gateway.credit_rial() == 50_000 - simulator.ledger()["cost"]


# What arrives


def test_inbound_has_no_identifier_and_is_told_apart_by_the_minute() -> None:
    gateway = Melipayamak(TOKEN)
    form = {"from": "09121234567", "to": LINE, "body": "۳۱"}
    with clock.freeze(datetime(2026, 3, 21, 12, 0, 5, tzinfo=UTC)):
        (message,) = gateway.parse_inbound(form, None)
        clock.shift(seconds=50)
        (again,) = gateway.parse_inbound(form, None)
        clock.shift(seconds=10)
        (later,) = gateway.parse_inbound({**form, "text": "x"}, None)
    assert (message.gateway_id, message.sender) == (None, "+989121234567")
    assert (message.line, message.text) == (LINE, "۳۱")
    assert dedupe_key(message) == dedupe_key(again) != dedupe_key(later)
    assert later.received_at - message.received_at == timedelta(minutes=1)
    for missing in form:
        assert gateway.parse_inbound({k: v for k, v in form.items() if k != missing}, None) == []
    assert gateway.parse_inbound({**form, "from": "$FROM$"}, None) == []


def row(message_id: int, when: datetime, **more: object) -> dict[str, object]:
    """A message of the list; its time is that of Tehran, without a zone."""
    at_home = when.astimezone(ZoneInfo("Asia/Tehran"))
    return {"msgId": message_id, "body": f"پاسخ {message_id}", "sender": "9121234567",
            "receiver": LINE, "sendDate": f"{at_home:%Y-%m-%dT%H:%M:%S.%f}", **more}  # fmt: skip


NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)


def test_replies_are_listed_from_the_newest_seen(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for n in range(120):  # more than a call gives
        simulator.reply(f"+98912{n:07d}", f"پاسخ {n}", LINE)
    simulator.reply("+989121234567", "یک خط دیگر", "50009999")
    box = gateway.inbox("")
    assert box is not None
    assert sorted(m.text for m, _ in box.messages) == sorted(f"پاسخ {n}" for n in range(120))
    message, raw = box.messages[-1]
    assert (message.sender, message.line) == ("+989120000000", LINE)
    assert message.gateway_id == str(raw["msgid"])
    assert abs(clock.now() - message.received_at) < timedelta(minutes=1)
    simulator.reply("+989121234567", "لغو ۱۱", LINE)
    again = gateway.inbox(box.cursor)
    assert again is not None
    assert "لغو ۱۱" in [message.text for message, _ in again.messages]
    assert not again.has_more


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sendDate": "/Date(1774094400000+0330)/"},
        {"sendDate": "2026-03-21T12:00:00Z"},
        {"sendDate": "2026-03-21T15:30:00.1234567"},
        {"sender": "09121234567"},
        {"sender": "+989121234567"},
        {"receiver": None},
        {"msgId": "1"},
    ],
)
def test_one_row_of_the_list(change: dict[str, object]) -> None:
    given = row(1, NOON, **change)
    spelt = {name[0].upper() + name[1:]: value for name, value in given.items()}
    for each in (given, spelt):
        raw = said({"messages": [each]})
        with (
            clock.freeze(NOON + timedelta(hours=1)),
            serving(lambda call, *_, raw=raw: raw if call == 1 else said({"messages": []})) as url,
        ):
            box = at(url).inbox("")
        assert box is not None
        ((message, _raw),) = box.messages
        assert (message.gateway_id, message.sender, message.line) == ("1", "+989121234567", LINE)
        assert message.received_at.replace(microsecond=0) == NOON
        assert box.cursor == str(int(NOON.timestamp()))


def test_a_row_without_identifier_is_still_one_sms() -> None:
    given = row(1, NOON)
    del given["msgId"]
    other = {**given, "sendDate": "2026-03-21T15:30:01"}

    def answer(_call: int, _line: str, body: bytes) -> bytes:
        return said({"messages": [] if json.loads(body)["index"] else [other, given]})

    with clock.freeze(NOON + timedelta(hours=1)), serving(answer) as url:
        names = []
        for _ in range(2):
            box = at(url).inbox("")
            assert box is not None
            names.append([message.gateway_id for message, _ in box.messages])
    assert names[0] == names[1]
    assert len(set(names[0])) == 2


@pytest.mark.parametrize("change", [{"sender": ""}, {"body": None}, {"sendDate": "soon"}])
def test_a_row_that_nobody_can_read_is_kept_for_a_person(change: dict[str, object]) -> None:
    raw = said({"messages": [row(1, NOON, **change)]})
    with (
        clock.freeze(NOON),
        serving(lambda call, *_: raw if call == 1 else said({"messages": []})) as url,
    ):
        box = at(url).inbox("5")
    assert box is not None
    assert (list(box.messages), len(box.unreadable)) == ([], 1)


def test_an_inbox_that_is_not_given_moves_nothing() -> None:
    for raw, kind in (
        (said({"messages": None, "status": "خطا"}), "retry"),
        (said({"messages": [], "status": "کاربر مورد نظر فعال نمی‌باشد"}), "stop_gateway"),
        (said({"status": "x"}), "retry"),
        (http_answer(429, b""), "rate_limited"),
    ):
        with serving(lambda *_, raw=raw: raw) as url:  # type: ignore[misc]
            with pytest.raises(GatewayError) as caught:
                at(url).inbox("5")
            assert caught.value.kind == kind
    assert at("http://127.0.0.1:1", sender=None).inbox("5") is None


# What was lost


def test_accepted_but_unanswered_is_found_and_never_said_to_be_unseen(
    simulator: RunningSimulator,
) -> None:
    gateway = gateway_of(simulator, read_timeout="1")
    simulator.behaviour(timeout_rate=1, timeout_mode="drop")
    lost = batch(3)
    outcomes = gateway.send(lost)
    assert isinstance(outcomes[0], Unknown)
    asked = [Sent(m.local_id, m.to, m.text, None, clock.now()) for m in lost]
    found = gateway.find(asked)
    # One call was made; the others may not be in a list that nobody documents.
    assert list(found) == [1000]
    assert found[1000] is not None
    assert found[1000].state == "accepted"
    assert gateway.deliveries([found[1000].gateway_id])[0].state == "unknown"
    other = [
        Sent(1, lost[0].to, "چیز دیگر", None, clock.now()),
        Sent(2, lost[0].to, lost[0].text, None, clock.now() - timedelta(hours=1)),
        Sent(3, lost[1].to, lost[0].text, None, clock.now()),
    ]
    assert gateway.find(other) == {}
    assert gateway.find([]) == {}


# Settings and secrets


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "secret/token"},
        {"url": "console"},
        {"read_timeout": "0"},
        {"x": ""},
    ],
)
def test_wrong_settings_are_named_without_their_values(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"melipayamak|timeout") as caught:
        create("melipayamak", {"token": TOKEN, **wrong})
    assert TOKEN not in str(caught.value)
    assert "secret/token" not in str(caught.value)


def test_the_token_is_never_seen(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    for gateway, error in failing(simulator, gateway_of, batch(1), caplog):
        assert TOKEN not in repr(gateway)
        assert TOKEN not in repr(vars(gateway))
        shown = visible(error)
        assert "GatewayError" in shown
        assert error.__context__ is None
        assert TOKEN not in shown
    gateway_of(simulator).credit_rial()
    assert "/api/receive/credit/[hidden]" in caplog.text
    assert TOKEN not in caplog.text
    raw = said({"status": f"no {TOKEN}"})
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(1))
    assert caught.value.message == "no [hidden]"
