"""The IPPanel adapter against the simulator, and against servers that misbehave."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal import clock
from portal.messaging import gateway_words
from portal.messaging.gateways import create, rounds
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
from portal.messaging.gateways.ippanel import KINDS, PER_MESSAGE, IpPanel
from portal.messaging.gateways.ippanel_reports import BULK_STATES, STATES
from portal.messaging.simulator.ippanel import ERRORS
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.portal.messaging.end_to_end import wait
from tests.portal.messaging.failing import failing
from tests.portal.messaging.raw_server import http_answer, odd_answers, serving, visible

KEY = "an-ippanel-key-of-some-length="
LINE = "3000505"
LANDLINE = "+982188776655"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path, api_key=KEY, dialect="ippanel", delivery_seconds=0.2, seed=7
    ) as running:
        yield running


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    settings = {"url": simulator.url, "api_key": simulator.api_key, "line": LINE}
    return create("ippanel", {**settings, **more})


def at(url: str, **more: Any) -> IpPanel:
    return IpPanel(KEY, base_url=f"{url}/v1", **{"sender": LINE, **more})


def batch(count: int, *, text: str | None = None, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, LANDLINE if n in bad else f"+98912{n:07d}", text or f"متن {n}")
        for n in range(count)
    ]


def sent(messages: list[Outgoing]) -> list[Sent]:
    return [Sent(m.local_id, m.to, m.text, m.sender, clock.now()) for m in messages]


def said(data: object, status: int = 200, **meta: object) -> bytes:
    document = {"data": data, "meta": {"status": status == 200, "message": "پاسخ", **meta}}
    return http_answer(status, json.dumps(document).encode())


def refusal(status: int, code: str, *fields: str) -> bytes:
    return said(None, status, message_code=code, errors={field: ["no"] for field in fields})


# Sending


@pytest.mark.parametrize("text", ["سلام", None])
def test_outcomes_are_in_the_order_of_the_batch(
    simulator: RunningSimulator, text: str | None
) -> None:
    messages = batch(200, text=text)
    outcomes = gateway_of(simulator).send(messages)
    rows = simulator.messages()
    first = rows[0]["messageid"]
    stored = {m["receptor"]: m for m in rows}
    for message, outcome in zip(messages, outcomes, strict=True):
        row = stored[message.to]
        bulk = first if text else row["messageid"]
        assert outcome == Accepted(f"{bulk}:{message.to}", "accepted", None)
        assert (row["message"], row["sender"]) == (message.text, LINE)
    assert simulator.ledger()["calls"]["by_method"] == {"send": 1}


def test_texts_are_gathered_and_lines_are_called_one_by_one(simulator: RunningSimulator) -> None:
    messages = [
        Outgoing(n, f"+98912{n:07d}", f"متن {n % 3}", "2000" if n > 5 else None)
        for n in range(1, 10)
    ]
    outcomes = gateway_of(simulator).send(messages)
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 9
    names = [outcome.gateway_id for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(set(names)) == 9
    assert len({name.split(":")[0] for name in names}) == 6
    stored = {m["receptor"]: m for m in simulator.messages()}
    for message in messages:
        assert stored[message.to]["message"] == message.text
        assert stored[message.to]["sender"] == (message.sender or LINE)
    assert simulator.ledger()["calls"]["by_method"] == {"send": 2}


def test_a_second_message_like_another_waits(simulator: RunningSimulator) -> None:
    twins = [Outgoing(n, "+989121234567", "همان") for n in (1, 2)]
    first, second = gateway_of(simulator).send(twins)
    assert isinstance(first, Accepted)
    assert isinstance(second, Deferred)
    assert simulator.ledger()["accepted"] == 1
    # Within 40 seconds it is taken for a repetition: it may have been accepted before.
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator).send(twins[1:])
    assert (caught.value.kind, caught.value.code) == ("ambiguous", "429")
    assert simulator.ledger()["accepted"] == 1


@pytest.mark.parametrize("text", ["سلام", None])
@pytest.mark.parametrize("bad", [(0,), (3, 17, 18)])
def test_only_the_bad_numbers_are_refused(
    simulator: RunningSimulator, text: str | None, bad: tuple[int, ...]
) -> None:
    messages = batch(20, text=text)
    for n in bad:
        messages[n] = Outgoing(1000 + n, f"{LANDLINE[:-2]}{n:02d}", messages[n].text)
    outcomes = gateway_of(simulator).send(messages)
    for n, outcome in enumerate(outcomes):
        if n in bad:
            assert isinstance(outcome, Refused)
            assert (outcome.code, outcome.kind) == ("recipients", "permanent")
        else:
            assert isinstance(outcome, Accepted)
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_receptors"] == 20 - len(bad)


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x" * 1401),
            Outgoing(5, "+989121234567", "x" * 1400),
        ]
    )
    codes = [o.code for o in outcomes if isinstance(o, Refused)]
    assert codes == ["recipients", "message", "half", "message"]
    assert isinstance(outcomes[4], Accepted)


def test_a_batch_we_should_not_have_made(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for wrong in (batch(201), batch(1) * 2):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, line="").send(batch(1))
    assert (caught.value.kind, caught.value.code) == ("config", "sender")


# Codes


@pytest.mark.parametrize(
    ("force", "kind", "asked"),
    [
        (401, "stop_gateway", "stop_gateway"),
        (404, "config", "config"),
        (422, "bug", "bug"),
        (431, "bug", "bug"),
        (429, "ambiguous", "rate_limited"),
        (500, "ambiguous", "retry"),
    ],
)
def test_each_code_has_its_kind(
    simulator: RunningSimulator, force: int, kind: str, asked: str
) -> None:
    gateway = gateway_of(simulator)
    simulator.behaviour(force_code=force, force_times=2)
    with pytest.raises(GatewayError) as caught:
        gateway.send(batch(3))
    code = {500: "http-500", 404: "404", 429: "429"}.get(force) or ERRORS[force][1]
    assert (caught.value.kind, caught.value.code) == (kind, code)
    with pytest.raises(GatewayError) as caught:
        gateway.credit_rial()
    assert caught.value.kind == asked
    assert simulator.ledger()["accepted"] == 0


def test_a_wrong_key_and_a_wrong_line(simulator: RunningSimulator) -> None:
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, api_key="another-key").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("stop_gateway", "400-1")
    simulator.behaviour(lines=LINE)
    with pytest.raises(GatewayError) as caught:
        gateway_of(simulator, line="1000").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("config", "from_number")


def test_every_code_is_tried_and_has_its_words() -> None:
    assert set(KINDS) == {"400-1", "400-2", "400-31", "404", "429", "from_number"}
    assert {"recipients", "message"} == PER_MESSAGE
    for code in {*KINDS, *PER_MESSAGE, "half"} - {"400-2", "400-31"}:
        assert gateway_words.of("ippanel", code), code


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (refusal(422, "400-2", "sending_type"), "bug", "400-2"),
        (refusal(422, "400-2"), "bug", "400-2"),
        (refusal(422, "999-9"), "ambiguous", "http-422"),
        (refusal(403, "999-9"), "stop_gateway", "400-1"),
        (http_answer(401, b"<html>"), "stop_gateway", "400-1"),
        (refusal(503, "400-1"), "ambiguous", "http-503"),
        (said({"message_outbox_ids": [5]}, 500), "ambiguous", "http-500"),
        (said({"message_outbox_ids": [5]}, status=False), "ambiguous", "http-0"),
        (said({"message_outbox_ids": [5]}), "ambiguous", "entries"),
        (said({"message_outbox_ids": [5, 0]}), "ambiguous", "entries"),
        (said({"message_outbox_ids": [5, 5]}), "ambiguous", "entries"),
        (said({"message_outbox_ids": [5, "x"]}), "ambiguous", "entries"),
        (said({"message_outbox_ids": "5"}), "ambiguous", "entries"),
        (said(None), "ambiguous", "entries"),
    ],
)
def test_other_refusals(raw: bytes, kind: str, code: str) -> None:
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(2))
    assert caught.value.kind == kind
    assert caught.value.code == code or code == "http-0"


@pytest.mark.parametrize("field", ["message", "params.1.message"])
def test_the_text_to_blame_is_found(field: str) -> None:
    def answer(_call: int, _line: str, body: bytes) -> bytes:
        document = json.loads(body)
        if "متن 2" in json.dumps(document, ensure_ascii=False):
            return refusal(422, "400-2", field)
        parts = [document] if "message" in document else document["params"]
        return said({"message_outbox_ids": [len(body) * 1000 + n for n in range(len(parts))]})

    with serving(answer) as url:
        outcomes = at(url).send(batch(5))
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Refused)]
    assert refused == [2]
    assert outcomes[2] == Refused("message", "permanent", "پاسخ")


def test_an_error_amid_bisecting_spares_what_was_accepted() -> None:
    """Calls: 4 bad → 2 accepted → 2 without an answer."""

    def answer(call: int, _line: str, _body: bytes) -> bytes:
        if call == 1:
            return refusal(422, "400-2", "params.recipients")
        return said({"message_outbox_ids": [7, 8]}) if call == 2 else b""

    with serving(answer) as url:
        outcomes = at(url).send(batch(4))
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 2 + [Unknown] * 2


@pytest.mark.parametrize("name", odd_answers())
def test_odd_answers_are_never_an_acceptance_and_never_a_refusal(name: str) -> None:
    raw = odd_answers()[name]
    with serving(lambda *_: raw) as url:
        gateway = at(url, read_timeout=5)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(2))
        assert caught.value.kind == "ambiguous"
        for ask in (
            lambda: gateway.find(sent(batch(1))),
            lambda: gateway.inbox("5"),
            lambda: gateway.deliveries(["5:+989121234567"]),
            gateway.credit_rial,
        ):
            with pytest.raises(GatewayError) as caught:  # never "it is not there"
                ask()
            assert caught.value.kind == "retry"


def test_nobody_listening_is_surely_not_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(GatewayError) as caught:
        at(f"http://127.0.0.1:{port}").send(batch(2))
    assert (caught.value.kind, caught.value.code) == ("retry", "connect")


# Lost answers


@pytest.mark.parametrize("mode", ["hang", "drop"])
@pytest.mark.parametrize("text", ["سلام", None])
def test_accepted_but_unanswered_is_found(
    simulator: RunningSimulator, mode: str, text: str | None
) -> None:
    gateway = gateway_of(simulator, read_timeout="1")
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30, delivery_seconds=3600.0)
    messages = batch(120, text=text)  # more than a page of recipients, or of requests
    with pytest.raises(GatewayError) as caught:
        gateway.send(messages)
    assert caught.value.kind == "ambiguous"
    stranger = Outgoing(5, "+989350000000", "سلام")
    found = gateway.find(sent([*messages, stranger]))
    assert found.pop(5) is None
    stored = {m["receptor"]: m["messageid"] for m in simulator.messages()}
    first = min(stored.values())
    assert found == {
        m.local_id: Delivery(
            f"{first if text else stored[m.to]}:{m.to}",
            "accepted",
            found[m.local_id].cost_rial,  # type: ignore[union-attr]
        )
        for m in messages
    }


def test_another_line_time_or_text_is_another_message(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    (message,) = batch(1)
    gateway.send([message])
    now = clock.now()
    others = [
        Sent(1, message.to, message.text, "2000", now),
        Sent(2, message.to, message.text, None, now + timedelta(hours=3)),
        Sent(3, message.to, "چیز دیگر", None, now),
    ]
    for other in others[1:]:
        assert gateway.find([other]) == {other.local_id: None}
    # On another line something alike was sent: nobody can say.
    assert gateway.find(others[:1]) == {}


def test_pages_cut_short_never_prove_that_it_is_not_there() -> None:
    bulk = {"messages_outbox_id": "5", "message": "دیگر", "time": "1745409418", "state_id": 6}
    calls: list[int] = []

    def endless(call: int, _line: str, _body: bytes) -> bytes:
        calls.append(call)
        return said([bulk], last_page=32_282_040)

    with serving(endless) as url:
        assert at(url).find(sent(batch(1))) == {}
    assert len(calls) == 50
    for rows, last in (([bulk], None), ([{}], 1), ([bulk, "x"], 1)):
        raw = said(rows, last_page=last)
        with serving(lambda *_, raw=raw: raw) as url:  # type: ignore[misc]
            assert at(url).find(sent(batch(1))) == {}
    with serving(lambda *_: said([bulk], last_page=1)) as url:
        assert at(url).find(sent(batch(1))) == {1000: None}


def test_what_was_found_before_an_error_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PAUSE", 0.0)
    bulks = [
        {"messages_outbox_id": str(n), "message": f"متن {n}", "time": str(int(time.time())),
         "state_id": 6, "number": f"+98{LINE}"}
        for n in range(1, 3)
    ]  # fmt: skip

    def answer(call: int, line: str, _body: bytes) -> bytes:
        if "new_list" in line:
            return said(bulks, last_page=1)
        if call > 2:
            return refusal(429, "429-1")
        return said([{"recipient": "+989120000001", "message_status": "2"}], last_page=1)

    with serving(answer) as url:
        found = at(url).find(sent(batch(3)))
    assert found == {1001: Delivery("1:+989120000001", "delivered")}


# States


# state_id of a request and message_status of a recipient, as documented
EVERY_BULK_STATE = {
    0: "accepted", 1: "accepted", 2: "accepted", 3: "failed", 4: "failed", 5: "accepted",
    6: "at_operator", 7: "cancelled", 8: "failed", 9: "failed",
}  # fmt: skip
EVERY_STATE = {0: "at_operator", 1: "at_operator", 2: "delivered", 3: "undelivered", 4: "blocked"}


def test_every_documented_state_is_known() -> None:
    assert set(BULK_STATES) == set(EVERY_BULK_STATE)
    assert set(STATES) == set(EVERY_STATE)


@pytest.mark.parametrize(("state", "status", "expected"), [
    *((state, None, expected) for state, expected in EVERY_BULK_STATE.items()),
    *((6, status, expected) for status, expected in EVERY_STATE.items()),
    (3, 2, "failed"),
    (None, 2, "unknown"),
    (77, 2, "unknown"),
    (6, 77, "at_operator"),
])  # fmt: skip
def test_a_bulk_and_its_recipients(state: int | None, status: int | None, expected: str) -> None:
    def answer(_call: int, line: str, _body: bytes) -> bytes:
        if "by_bulk" in line:
            return said(
                {"state_id": state, "rcpts_count": "1", "cost": 3990.6, "time": "1745409418"}
            )
        rows = [{"recipient": "+989121234567"}]
        rows[0]["message_status"] = None if status is None else str(status)
        return said(rows, last_page=1)

    with serving(answer) as url:
        found = at(url).deliveries(["5:+989121234567", "x"])
    assert found == [Delivery("5:+989121234567", expected, 3991)]  # type: ignore[arg-type]


def settled(gateway: Gateway, ids: list[str]) -> list[Delivery]:
    """What it says when nothing is under way any more, at most half a minute later."""
    final = {"delivered", "undelivered", "blocked", "failed", "unknown"}
    found: list[Delivery] = []

    def asked() -> bool:
        found[:] = gateway.deliveries(ids)
        return {each.state for each in found} <= final

    wait(asked)
    return found


def test_the_states_of_a_request_come_together(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    ids = [o.gateway_id for o in gateway.send(batch(100, text="x")) if isinstance(o, Accepted)]
    unknown = "12345:+989121234567"
    found = settled(gateway, [*ids, unknown])
    assert {each.gateway_id: each.state for each in found} == {
        each: {"99": "undelivered", "98": "blocked", "97": "undelivered"}.get(
            each[-2:], "delivered"
        )
        for each in ids
    } | {unknown: "unknown"}
    assert gateway.deliveries([]) == []


def test_no_credit_and_a_rejected_text_are_told_afterwards(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    simulator.behaviour(credit_rial=0)
    first = gateway.send(batch(1))[0]
    simulator.behaviour(credit_rial=10**9, refuse_links=True)
    second = gateway.send([Outgoing(1, "+989121234567", "https://city.example/x")])[0]
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    found = settled(gateway, [first.gateway_id, second.gateway_id])
    assert [each.state for each in found] == ["failed", "failed"]


def test_states_known_already_survive_an_error() -> None:
    def answer(call: int, line: str, _body: bytes) -> bytes:
        if call > 2:
            return refusal(429, "429-1")
        rows = [{"recipient": "+989121234567", "message_status": "2"}]
        return said({"state_id": 6} if "by_bulk" in line else rows, last_page=1)

    ids = ["5:+989121234567", "6:+989121234567"]
    with serving(answer) as url:
        gateway = at(url)
        assert gateway.deliveries(ids) == [Delivery(ids[0], "delivered")]
        with pytest.raises(GatewayError) as caught:
            gateway.deliveries(ids)
    assert caught.value.kind == "rate_limited"


def test_credit_is_in_whole_rial(simulator: RunningSimulator) -> None:
    simulator.behaviour(credit_rial=50_000)
    assert gateway_of(simulator).credit_rial() == 50_000


# What arrives


def test_inbound_is_pulled_from_the_newest_seen(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    gateway.send(batch(3))
    numbers = [
        simulator.reply(f"+98912000000{n}", f"پاسخ {n}", LINE)["messageid"] for n in range(3)
    ]
    box = gateway.inbox("")
    assert box is not None
    assert sorted(str(m.gateway_id) for m, _ in box.messages) == [str(n) for n in numbers]
    newest, raw = box.messages[0]
    assert (newest.sender, newest.line, newest.text) == ("+989120000002", f"+98{LINE}", "پاسخ 2")
    assert raw["type"] == "normal"
    assert (box.cursor, box.has_more) == (str(numbers[-1]), False)
    again = gateway.inbox(box.cursor)
    assert again is not None
    assert (list(again.messages), again.cursor) == ([], box.cursor)


def test_an_inbox_cut_short_is_gone_on_with_where_it_ended() -> None:
    pages: list[int] = []

    def answer(_call: int, _line: str, body: bytes) -> bytes:
        asked = json.loads(body)
        pages.append(asked["page"])
        assert asked.get("filters", {"from_id": 5}) == {"from_id": 5}
        rows = [
            {"messages_inbox_id": 900 - n, "from": "+989121234567", "number": "+981000",
             "message": "x", "time": 1747808125} for n in (2 * asked["page"], 2 * asked["page"] + 1)
        ]  # fmt: skip
        return said(rows, last_page=32)

    with serving(answer) as url:
        first = at(url).inbox("5")
        assert first is not None
        second = at(url).inbox(first.cursor)
        fresh = at(url).inbox("")
    assert second is not None
    assert fresh is not None
    assert (len(first.messages), first.has_more) == (40, True)
    assert pages == [*range(1, 33), 1]
    # Only when all was read the newest one is where the next reading begins.
    assert (second.cursor, second.has_more, len(second.messages)) == ("898", False, 24)
    # At the very first look there is no end to read to; what is old stays where it is.
    assert (fresh.cursor, fresh.has_more, list(fresh.messages)) == ("898", False, [])


def test_a_row_that_nobody_can_read_is_kept_for_a_person() -> None:
    row = {"messages_inbox_id": 900, "from": None, "number": "+981000", "message": "x"}
    with serving(lambda *_: said([row], last_page=1)) as url:
        box = at(url).inbox("5")
    assert box is not None
    assert (list(box.messages), list(box.unreadable), box.cursor) == ([], [row], "900")


# Settings and secrets


@pytest.mark.parametrize(
    "wrong",
    [{"api_key": ""}, {"api_key": "a\nkey"}, {"url": "edge"}, {"read_timeout": "0"}, {"x": ""}],
)
def test_wrong_settings_are_named_without_their_values(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"ippanel|timeout") as caught:
        create("ippanel", {"api_key": KEY, **wrong})
    assert KEY not in str(caught.value)


def test_the_key_is_never_seen(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    for gateway, error in failing(simulator, gateway_of, batch(1), caplog):
        assert KEY not in repr(gateway)
        assert KEY not in repr(vars(gateway))
        shown = visible(error)
        assert "GatewayError" in shown
        assert error.__context__ is None
        assert KEY not in shown
    assert KEY not in caplog.text
    raw = http_answer(401, json.dumps({"meta": {"message": f"no {KEY}"}}).encode())
    with serving(lambda *_: raw) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(1))
    assert caught.value.message == "no [hidden]"
