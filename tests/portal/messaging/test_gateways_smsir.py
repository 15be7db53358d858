"""The SMS.ir adapter against the simulator, and against servers that misbehave."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal import clock
from portal.messaging import gateway_words
from portal.messaging.gateways import create, rounds, smsir_lists
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
from portal.messaging.gateways.smsir import KINDS, PER_MESSAGE, SmsIr
from portal.messaging.simulator.ledger import Ledger, Sms
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.portal.messaging.failing import failing
from tests.portal.messaging.raw_server import http_answer, odd_answers, serving, visible

KEY = "a-smsir-key-of-some-length"
LINE = "30004455"
BAD = "+982188776655"  # a landline: null in its place
EVERY_CODE = frozenset({0, *range(10, 15), 20, *range(101, 120), 123})


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, dialect="smsir", delivery_seconds=0.2, seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def _archive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's archive is complete at midnight; tests run at any hour."""
    monkeypatch.setattr(smsir_lists, "_ARCHIVED", timedelta(0))


def gateway_of(simulator: RunningSimulator, **more: str) -> Gateway:
    settings = {"url": simulator.url, "api_key": simulator.api_key, "line": LINE}
    return create("smsir", {**settings, **more})


def at(url: str, **more: Any) -> SmsIr:
    return SmsIr(KEY, base_url=url + "/v1", sender=LINE, **more)


def batch(count: int, *, text: str | None = None, bad: tuple[int, ...] = ()) -> list[Outgoing]:
    return [
        Outgoing(1000 + n, BAD if n in bad else f"+98912{n:07d}", text or f"متن {n}")
        for n in range(count)
    ]


def sent(messages: list[Outgoing], when: datetime | None = None) -> list[Sent]:
    return [Sent(m.local_id, m.to, m.text, m.sender, when or clock.now()) for m in messages]


def said(status: int, data: object = None, http: int = 200) -> bytes:
    body = {"status": status, "message": "پاسخ", "data": data}
    return http_answer(http, json.dumps(body).encode())


# Sending


@pytest.mark.parametrize(("text", "method"), [("سلام", "send/bulk"), (None, "send/likeToLike")])
def test_outcomes_are_in_the_order_of_the_batch(
    simulator: RunningSimulator, text: str | None, method: str
) -> None:
    messages = batch(200, text=text)
    outcomes = gateway_of(simulator).send(messages)
    stored = {str(m["messageid"]): m for m in simulator.messages()}
    for message, outcome in zip(messages, outcomes, strict=True):
        assert isinstance(outcome, Accepted)
        row = stored[outcome.gateway_id]
        assert (row["receptor"], row["message"]) == (message.to, message.text)
        assert row["sender"] == LINE
    assert simulator.ledger()["calls"]["by_method"] == {method: 2}


@pytest.mark.parametrize("seed", range(12))
def test_zeros_and_nulls_keep_their_places(simulator: RunningSimulator, seed: int) -> None:
    dice = random.Random(seed)
    blocked = {f"+98912{n:07d}" for n in dice.sample(range(150), 20)}
    for number in blocked:
        simulator.reply(number, "11", LINE)
    bad = tuple(dice.sample(range(150), dice.choice([0, 1, 40, 140])))
    messages = batch(150, text=dice.choice([None, "یکسان"]), bad=bad)
    dice.shuffle(messages)
    messages[dice.randrange(150)] = Outgoing(7, "+989121111111", "x", sender="30001370")
    outcomes = gateway_of(simulator).send(messages)
    rows = {str(m["messageid"]): m for m in simulator.messages()}
    assert len(outcomes) == 150
    for message, outcome in zip(messages, outcomes, strict=True):
        if message.to == BAD:
            assert isinstance(outcome, Refused)
            assert (outcome.code, outcome.kind) == ("null", "permanent")
        elif message.to in blocked:
            assert isinstance(outcome, Refused)
            assert (outcome.code, outcome.kind) == ("115", "blocked")
        else:
            assert isinstance(outcome, Accepted)
            row = rows.pop(outcome.gateway_id)
            assert (row["receptor"], row["message"]) == (message.to, message.text)
            assert row["sender"] == (message.sender or LINE)
    assert not rows, "somebody got what no outcome says"


def test_one_message_has_its_cost_a_pack_waits_for_its_report(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    (alone,) = gateway.send(batch(1))
    assert isinstance(alone, Accepted)
    (row,) = simulator.messages()
    assert alone.cost_rial == row["cost"]
    (first, _second) = gateway.send(batch(2, text="دو"))
    assert isinstance(first, Accepted)
    assert first.cost_rial is None
    (delivery,) = gateway.deliveries([first.gateway_id])
    assert delivery.cost_rial == simulator.messages()[1]["cost"]


def test_what_cannot_be_sent_is_not_even_tried(simulator: RunningSimulator) -> None:
    outcomes = gateway_of(simulator).send(
        [
            Outgoing(1, "09121234567", "x"),
            Outgoing(2, "+989121234567", " \n"),
            Outgoing(3, "+989121234567", "half \ud83d"),
            Outgoing(4, "+989121234567", "x"),
        ]
    )
    assert [o.code for o in outcomes if isinstance(o, Refused)] == ["104", "103", "half"]
    assert isinstance(outcomes[3], Accepted)


def test_a_batch_we_should_not_have_made(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for wrong in (batch(201), batch(1) * 2):
        with pytest.raises(ValueError, match=r"local id|at most"):
            gateway.send(wrong)
    assert gateway.send([]) == []
    for line in ("", "Name"):
        with pytest.raises(GatewayError) as caught:
            gateway_of(simulator, line=line).send(batch(2))
        assert (caught.value.kind, caught.value.code) == ("config", "sender")


DOCUMENTED = {
    "stop_gateway": [10, 11, 13, 14],
    "rate_limited": [20],
    "pause": [102, 118],
    "stop_campaign": [117],
    "config": [12, 101, 119, 123],
    "bug": [105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 116],
}


def test_every_documented_code_is_known() -> None:
    assert set(KINDS) | PER_MESSAGE == EVERY_CODE
    assert {code for codes in DOCUMENTED.values() for code in codes} == set(KINDS) - {0}
    for code in EVERY_CODE:
        assert gateway_words.of("smsir", str(code)), code


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in DOCUMENTED.items() for code in codes]
)
def test_each_code_has_its_kind(code: int, kind: str) -> None:
    for http in (200, 400, 401):
        with serving(lambda *_, http=http: said(code, None, http)) as url:
            with pytest.raises(GatewayError) as caught:
                at(url).send(batch(150))
            assert (caught.value.kind, caught.value.code) == (kind, str(code))
            if code == 111:
                assert at(url).deliveries(["1"]) == [Delivery("1", "unknown")]
                continue
            with pytest.raises(GatewayError) as caught:
                at(url).deliveries(["1"])
            assert caught.value.kind == kind


def test_forced_codes_are_answered_as_documented(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    for kind, codes in DOCUMENTED.items():
        for code in codes:
            simulator.behaviour(force_code=code, force_times=1)
            with pytest.raises(GatewayError) as caught:
                gateway.send(batch(3))
            assert (caught.value.kind, caught.value.code) == (kind, str(code))
    assert simulator.ledger()["accepted"] == 0


@pytest.mark.parametrize("http", [200, 400, 500])
def test_a_system_problem_may_have_accepted(http: int) -> None:
    with serving(lambda *_: said(0, None, http)) as url:
        with pytest.raises(GatewayError) as caught:
            at(url).send(batch(3))
        assert (caught.value.kind, caught.value.code) == ("ambiguous", "0")
        with pytest.raises(GatewayError) as caught:
            at(url).deliveries(["1"])
        assert caught.value.kind == "retry"


@pytest.mark.parametrize(
    ("code", "kind"), [(103, "permanent"), (104, "permanent"), (115, "blocked")]
)
def test_codes_about_one_message_refuse_it_and_send_the_others(
    simulator: RunningSimulator, code: int, kind: str
) -> None:
    # 8 → 4 → 2 → 1 are refused, then the rest is taken.
    simulator.behaviour(force_code=code, force_times=4)
    outcomes = gateway_of(simulator).send(batch(8))
    assert isinstance(outcomes[0], Refused)
    assert (outcomes[0].code, outcomes[0].kind) == (str(code), kind)
    assert [type(outcome) for outcome in outcomes[1:]] == [Accepted] * 7
    assert simulator.ledger()["accepted"] == 7


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(20), "rate_limited"),
        (said(102), "pause"),
        (said(10), "stop_gateway"),
        (http_answer(429, b"slow down", "Retry-After: 7\r\n"), "rate_limited"),
        (said(0), "ambiguous"),
        (b"", "ambiguous"),
    ],
)
def test_an_error_in_a_later_part_spares_what_was_accepted(answer: bytes, kind: str) -> None:
    """Three lines, so three calls; the second fails, the third is not made."""
    messages = [Outgoing(n, f"+98912{n:07d}", "x", sender=f"3000{n % 3}") for n in range(1, 31)]

    def reply(call: int, _line: str, body: bytes) -> bytes:
        if call == 2:
            return answer
        ids = list(range(100 * call, 100 * call + len(json.loads(body)["mobiles"])))
        return said(1, {"packId": "p", "messageIds": ids, "cost": 10})

    with serving(reply) as url:
        outcomes = at(url).send(messages)
    accepted = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Accepted)]
    assert [messages[n].sender for n in accepted] == ["30001"] * 10
    for n, outcome in enumerate(outcomes):
        if messages[n].sender == "30002" and kind == "ambiguous":
            assert isinstance(outcome, Unknown)
        elif messages[n].sender != "30001":
            assert isinstance(outcome, Deferred)
            assert outcome.error.kind == ("retry" if kind == "ambiguous" else kind)


def test_an_error_amid_bisecting_ends_it_for_the_parts_after_it() -> None:
    """Calls: 8 in error → 4 accepted → 4 in error → 2 without credit; the other line not at all."""
    messages = [*batch(8), Outgoing(1, "+989121111111", "x", sender="30001370")]

    def reply(call: int, _line: str, _body: bytes) -> bytes:
        if call == 2:
            return said(1, {"packId": "p", "messageIds": [1, 2, 3, 4], "cost": 4})
        return said(104 if call in {1, 3} else 102, None, 400)

    calls: list[int] = []
    with serving(lambda call, *more: calls.append(call) or reply(call, *more)) as url:  # type: ignore[func-returns-value]
        outcomes = at(url).send(messages)
    assert calls == [1, 2, 3, 4]
    assert [type(outcome) for outcome in outcomes] == [*[Accepted] * 4, *[Deferred] * 5]
    assert all(o.error.kind == "pause" for o in outcomes if isinstance(o, Deferred))


@pytest.mark.parametrize("name", odd_answers())
def test_odd_answers_may_have_accepted(name: str) -> None:
    with serving(lambda *_: odd_answers()[name]) as url:
        gateway = at(url, read_timeout=5)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch(2))
        assert caught.value.kind == "ambiguous"
        for ask in (
            lambda: gateway.find(sent(batch(1))),
            lambda: gateway.deliveries(["1"]),
            lambda: gateway.inbox(""),
        ):
            with pytest.raises(GatewayError) as caught:
                ask()  # never "it is not there"
            assert caught.value.kind == "retry"


@pytest.mark.parametrize(
    ("http", "body", "kind"),
    [
        (401, b"", "stop_gateway"),
        (401, b"<html>", "stop_gateway"),
        (429, b"", "rate_limited"),
        (503, b'{"status": 20}', "ambiguous"),
        (500, b'{"status": 104}', "ambiguous"),
        (500, b'{"status": 1, "data": {"messageIds": [1, 2]}}', "ambiguous"),
        (400, b'{"status": 999}', "ambiguous"),
        (200, b'{"status": true}', "ambiguous"),
        (200, b'{"status": 1, "data": null}', "ambiguous"),
        (200, b'{"status": 1, "data": {"messageIds": [1]}}', "ambiguous"),
        (200, b'{"status": 1, "data": {"messageIds": [1, 2, 3]}}', "ambiguous"),
        (200, b'{"status": 1, "data": [1, 2]}', "ambiguous"),
    ],
)
def test_what_contradicts_itself(http: int, body: bytes, kind: str) -> None:
    with serving(lambda *_: http_answer(http, body)) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(2))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("5", Accepted("5", "accepted", 120)),
        ('"5"', Accepted("5", "accepted", 120)),
        ("5.0", Accepted("5", "accepted", 120)),
        ("0", Refused),
        ("null", Refused),
        ("true", Unknown),
        ("-1", Unknown),
        ('"x"', Unknown),
        ("{}", Unknown),
    ],
)
def test_one_place(given: str, expected: object) -> None:
    raw = http_answer(
        200, f'{{"status": 1, "data": {{"messageIds": [{given}], "cost": 119.6}}}}'.encode()
    )
    with serving(lambda *_: raw) as url:
        (outcome,) = at(url).send(batch(1))
    assert outcome == expected or type(outcome) is expected


# What was lost


@pytest.mark.parametrize("mode", ["hang", "drop"])
def test_accepted_but_unanswered_is_found(simulator: RunningSimulator, mode: str) -> None:
    gateway = gateway_of(simulator, read_timeout="0.5")
    simulator.behaviour(timeout_rate=1, timeout_mode=mode, hang_seconds=30)
    began = clock.now()
    lost = batch(100)
    with pytest.raises(GatewayError) as caught:
        gateway.send(lost)
    assert caught.value.kind == "ambiguous"
    never = Outgoing(5, "+989350000000", "هرگز")
    found = gateway.find(sent([*lost, never], began))
    assert found.pop(5) is None
    stored = {m["receptor"]: str(m["messageid"]) for m in simulator.messages()}
    for message in lost:
        delivery = found[message.local_id]
        assert delivery is not None
        assert delivery.gateway_id == stored[message.to]
    assert len(found) == 100


def row(message_id: int, **more: object) -> dict[str, object]:
    now = int(clock.now().timestamp())
    return {
        "messageId": message_id, "mobile": 989121234567, "messageText": "سلام",
        "sendDateTime": now, "lineNumber": int(LINE), "cost": 1, "deliveryState": 1, **more,
    }  # fmt: skip


def listing(*pages: list[dict[str, object]]) -> Any:
    """A server whose lists have these pages; the archive is empty."""

    def reply(_call: int, line: str, _body: bytes) -> bytes:
        number = int(
            line.split("pageNumber=")[1].split("&", maxsplit=1)[0].split(" ", maxsplit=1)[0]
        )
        found = pages[number - 1] if number <= len(pages) and "/live" in line else []
        return said(1, found)

    return serving(reply)


ONE = Outgoing(1, "+989121234567", "سلام")
TWIN = Outgoing(2, "+989121234567", "سلام")


def test_twins_are_matched_by_their_number() -> None:
    for count in (0, 1, 2):
        with listing([row(n + 1) for n in range(count)]) as url:
            found = at(url).find(sent([ONE, TWIN]))
        ids = [delivery.gateway_id for delivery in found.values() if delivery]
        assert sorted(ids) == [str(n + 1) for n in range(count)]
        assert list(found.values()).count(None) == 2 - count


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, True),
        ({"mobile": "09121234567"}, True),
        ({"mobile": 9121234567}, True),
        ({"messageText": "سلام\r\n "}, True),
        ({"deliveryState": 77}, True),
        ({"deliveryState": None}, True),
        ({"lineNumber": 1}, False),
        ({"messageText": "سل"}, False),  # cut off? never a proof
        ({"messageText": None}, False),
        ({"mobile": 989121234568}, None),
        ({"sendDateTime": int(clock.now().timestamp()) - 3_600}, None),
        ({"sendDateTime": int(clock.now().timestamp()) + 3_600}, None),
        ({"mobile": None}, False),  # a row nobody can read
        ({"sendDateTime": None}, False),
    ],
)
def test_what_a_row_proves(change: dict[str, object], says: bool | None) -> None:
    with listing([row(5, **change)]) as url:
        found = at(url).find(sent([ONE]))
    if says:
        assert found[1] is not None
        assert found[1].gateway_id == "5"
    elif says is None:
        assert found == {1: None}
    else:
        assert found == {}, "left out: it cannot say"


def test_pages_cut_short_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smsir_lists, "MAX_PAGES", 3)
    others = [[row(n * 10 + k, mobile=989350000000) for k in range(3)] for n in range(1, 5)]
    with listing(*others) as url:
        assert at(url).find(sent([ONE])) == {}
    with listing(*others[:2]) as url:
        assert at(url).find(sent([ONE])) == {1: None}
    with listing(*others[:2], [row(99)], *others[2:]) as url:
        assert at(url).find(sent([ONE])) == {1: Delivery("99", "delivered", 1)}


def test_pages_from_the_newest_end_where_they_are_old_enough() -> None:
    old = int(clock.now().timestamp()) - 7_200
    first = [row(9, mobile=989350000000), row(8, mobile=989350000000, sendDateTime=old)]
    with listing(first, [row(7)]) as url:
        assert at(url).find(sent([ONE])) == {1: None}
    for unsorted in (list(reversed(first)), [*first, *first]):
        with listing(unsorted, [row(7)]) as url:
            found = at(url).find(sent([ONE]))
        assert found[1] is not None


def test_yesterdays_are_looked_for_in_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smsir_lists, "_ARCHIVED", timedelta(hours=1))
    lost = datetime(2026, 3, 21, 23, 58, tzinfo=UTC)
    asked: list[str] = []
    with clock.freeze(lost):
        yesterdays = row(5, mobile=989350000000)

    def reply(_call: int, line: str, _body: bytes) -> bytes:
        asked.append(line)
        is_first = "pageNumber=1&" in line
        return said(1, [yesterdays] if "archive" in line and is_first else [])

    with serving(reply) as url:
        with clock.freeze(lost + timedelta(minutes=10)):
            assert at(url).find(sent([ONE], lost)) == {}, "not all of it may be there yet"
        with clock.freeze(lost + timedelta(hours=2)):
            assert at(url).find(sent([ONE], lost)) == {1: None}
        yesterdays["mobile"] = 989121234567
        with clock.freeze(lost + timedelta(minutes=10)):
            assert at(url).find(sent([ONE], lost))[1] == Delivery("5", "delivered", 1)
    archive = next(line for line in asked if "archive" in line)
    assert f"fromDate={int(lost.timestamp()) - 120}" in archive
    with clock.freeze(datetime(2026, 3, 21, 12, tzinfo=UTC)), serving(reply) as url:
        asked.clear()
        at(url).find(sent([ONE]))
        assert not [line for line in asked if "archive" in line]


def test_a_message_whose_text_is_not_known_is_left_out() -> None:
    with listing([]) as url:
        assert at(url).find([Sent(1, "+989121234567", "", None, clock.now())]) == {}
        assert at(url).find([]) == {}


# States, replies, credit


def test_states_cost_few_calls(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    outcomes = [each for n in (0, 1) for each in gateway.send(batch(200, text=f"x{n}"))]
    ids = [outcome.gateway_id for outcome in outcomes if isinstance(outcome, Accepted)]
    before = simulator.ledger()["calls"]["total"]
    found = gateway.deliveries([*ids, "12345"])
    assert sorted(d.gateway_id for d in found) == sorted([*ids, "12345"])
    assert found[-1] == Delivery("12345", "unknown")
    calls = simulator.ledger()["calls"]
    assert calls["total"] - before <= 6
    before = calls["total"]
    assert [d.gateway_id for d in gateway.deliveries(ids[:2])] == ids[:2]
    assert simulator.ledger()["calls"]["total"] - before == 2
    assert gateway.deliveries([]) == []
    # Those that the lists would hold far behind are asked about one by one.
    found = gateway.deliveries(ids[:5])
    assert [d.gateway_id for d in found] == ids[:5]


def test_the_states_of_a_large_campaign_cost_few_calls(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    campaign = [Sms(f"+98912{n:07d}", "30004455", "x", None, 1, 1, 10, None) for n in range(9_000)]
    ledger = Ledger(simulator.data)
    rows = ledger.accept(campaign, method="send", result=1, fate="answer", delay=3600)
    ledger.close()
    ids = [str(row["messageid"]) for row in rows]
    before = simulator.ledger()["calls"]["total"]
    asked = ids[: gateway.asks]  # the oldest, as they are asked about
    assert len(gateway.deliveries(asked)) == len(asked)
    assert simulator.ledger()["calls"]["total"] - before <= len(ids) / 100 + 1


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (1, "delivered"), (2, "undelivered"), (3, "at_operator"), (4, "undelivered"),
        (5, "at_operator"), (6, "failed"), (7, "blocked"), (None, "accepted"), (8, "unknown"),
        ("1", "delivered"), ("x", "unknown"),
    ],
)  # fmt: skip
def test_each_state(state: object, expected: str) -> None:
    raw = said(1, row(5, deliveryState=state, cost=119.6))
    with serving(lambda *_: raw) as url:
        (found,) = at(url).deliveries(["5"])
    assert (found.gateway_id, found.state, found.cost_rial) == ("5", expected, 120)


def test_replies_are_fetched_once_read_and_again_if_asked(simulator: RunningSimulator) -> None:
    gateway = gateway_of(simulator)
    gateway.send(batch(3))
    for n in range(250):
        simulator.reply(f"+98912{n:07d}", f"پاسخ {n}", LINE)
    first = gateway.inbox("")
    assert first is not None
    assert sorted(message.text for message, _raw in first.messages) == sorted(
        f"پاسخ {n}" for n in range(250)
    )
    message, raw = next(pair for pair in first.messages if pair[0].text == "پاسخ 7")
    assert (message.sender, message.line) == ("+989120000007", LINE)
    assert raw["messageText"] == "پاسخ 7"
    assert message.gateway_id == str(raw["receiveReturnId"])
    assert first.cursor.isdigit()
    simulator.reply("+989121234567", "لغو ۱۱", LINE)
    second = gateway.inbox(first.cursor)
    assert second is not None
    assert "لغو ۱۱" in [message.text for message, _raw in second.messages]
    assert not second.has_more


@pytest.mark.parametrize("seen_after", [30, 1_500])  # seconds after midnight, the newest so far
def test_replies_before_midnight_are_not_missed(seen_after: int) -> None:
    arrived = {
        "receiveReturnId": 1, "messageText": "11", "number": int(LINE), "mobile": 989121234567,
    }  # fmt: skip
    midnight = datetime(2026, 3, 22, tzinfo=UTC)

    def reply(_call: int, line: str, _body: bytes) -> bytes:
        late = {**arrived, "receivedDateTime": int(midnight.timestamp()) - 5}
        return said(1, [late] if "archive" in line and "pageNumber=1&" in line else [])

    with serving(reply) as url, clock.freeze(midnight + timedelta(seconds=seen_after + 30)):
        found = at(url).inbox(str(int(midnight.timestamp()) + seen_after))
    assert found is not None
    assert [message.text for message, _raw in found.messages] == ["11"]


def arrived(message_id: int, at_seconds: int) -> dict[str, object]:
    return {
        "receiveReturnId": message_id, "messageText": f"پاسخ {message_id}", "number": LINE,
        "mobile": 9121234567, "receivedDateTime": at_seconds,
    }  # fmt: skip


def test_an_inbox_cut_short_is_gone_on_with_where_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "CALLS", 2)
    now = int(clock.now().timestamp())
    pages = [[arrived(n, now - n), arrived(n + 1, now - n - 1)] for n in range(1, 10, 2)]
    seen: list[str | None] = []
    with listing(*pages) as url:
        cursor, has_more, looks = str(now - 60), True, 0
        while has_more:
            found = at(url).inbox(cursor)
            assert found is not None
            seen += [message.gateway_id for message, _raw in found.messages]
            cursor, has_more, looks = found.cursor, found.has_more, looks + 1
            assert looks < 10
    assert seen == [str(n) for n in range(1, 11)]
    # Only when all was read the newest one is where the next reading begins.
    assert cursor == str(now - 1)


def test_no_clock_of_theirs_moves_the_inbox_into_the_future() -> None:
    now = int(clock.now().timestamp())
    with listing([arrived(1, now), arrived(2, now + 3_600)]) as url:
        found = at(url).inbox(str(now - 60))
    assert found is not None
    assert now <= int(found.cursor) <= now + 60


def test_a_row_that_nobody_can_read_holds_nothing_up() -> None:
    now = int(clock.now().timestamp())
    odd = {**arrived(1, now), "mobile": None}
    with listing([odd, arrived(2, now)]) as url:
        found = at(url).inbox(str(now - 60))
    assert found is not None
    assert list(found.unreadable) == [odd]
    assert [message.gateway_id for message, _raw in found.messages] == ["2"]
    assert found.cursor == str(now)


def test_credit(simulator: RunningSimulator) -> None:
    simulator.behaviour(credit_rial=50_000)
    gateway = gateway_of(simulator)
    gateway.send(batch(1))
    assert gateway.credit_rial() == 50_000 - simulator.ledger()["cost"]
    assert gateway.blocked(clock.now()) is None
    assert gateway.parse_status_callback({"messageId": "1"}, None) == []


# The key


def test_the_key_is_never_seen(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    key = simulator.api_key
    for gateway, error in failing(simulator, gateway_of, batch(2), caplog):
        assert key not in repr(gateway)
        assert key not in repr(vars(gateway))
        assert error.__context__ is None
        # what this test itself holds is not what is tested
        assert key not in visible(error).replace(repr(key), "")
    gateway_of(simulator).credit_rial()
    assert key not in caplog.text
    raw = said(10)
    echo = raw.replace(b'"message": "', b'"message": "no key ' + KEY.encode() + b" ")
    echo = http_answer(401, echo.partition(b"\r\n\r\n")[2])
    with serving(lambda *_: echo) as url, pytest.raises(GatewayError) as caught:
        at(url).send(batch(1))
    assert "no key [hidden]" in caught.value.message


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"api_key": "کلید"},
        {"api_key": "secret-key\r\nX: y"},
        {"api_key": "secret-key", "url": "api.sms.ir"},
        {"api_key": "secret-key", "read_timeout": "0"},
        {"api_key": "secret-key", "sneder": "1000"},
    ],
)
def test_wrong_settings_are_named_without_their_values(settings: dict[str, str]) -> None:
    with pytest.raises((ValueError, KeyError), match=r"smsir|timeout") as caught:
        create("smsir", settings)
    assert "secret-key" not in str(caught.value)
