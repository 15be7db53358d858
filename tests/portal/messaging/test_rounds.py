"""Questions to a gateway end in time, and nobody is forgotten because of that."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import delivery, dispatch, fetching, reconcile, record
from portal.messaging.gateways import create, kavenegar_lists, rounds
from portal.messaging.gateways.base import (
    Delivery,
    Findings,
    Gateway,
    GatewayError,
    Inbox,
    Sent,
    Stops,
)
from portal.messaging.models import GatewayInbox, Message
from tests.factories.messages import FakeGateway, account_of, make_message, use_gateways
from tests.portal.messaging.raw_server import http_answer, serving

LINE = "30001370"
SID = "AC" + "5" * 32
NOON = datetime(2026, 3, 22, 12, tzinfo=UTC)

SETTINGS: dict[str, dict[str, str]] = {
    "kavenegar": {"api_key": "a-key"},
    "smsir": {"api_key": "a-key"},
    "ippanel": {"api_key": "a-key"},
    "melipayamak": {"token": "a-token"},
    "twilio": {"account_sid": SID, "auth_token": "0" * 32, "line": "+15005550006"},
    "generic": {
        "body": "to={to}&text={text}&id={id}",
        "success_pointer": "/ok",
        "success_value": "1",
        "status_url": "{url}/states/{message_id}",
        "status_pointer": "/state",
        "states": "delivered=1",
        "find_url": "{url}/ids/{id}",
        "find_missing": "http-404",
    },
}
IDS: dict[str, Callable[[int], str]] = {
    "ippanel": lambda n: f"{n}:+98912{n:07d}",
    "twilio": lambda n: f"SM{n:032x}",
}


def endless(name: str) -> Callable[[int, str, bytes], bytes]:
    """A gateway that always has another page, with nothing of ours on it."""
    now = int(NOON.timestamp())

    def answer(call: int, line: str, body: bytes) -> bytes:
        document: object
        if name == "smsir":
            row = {"messageId": call, "receiveReturnId": call, "mobile": 989350000000,
                   "number": 1, "messageText": "x", "sendDateTime": now,
                   "receivedDateTime": now}  # fmt: skip
            document = {"status": 1, "data": row if "/send/9" in line else [row]}
        elif name == "ippanel":
            inbox = {"messages_inbox_id": call, "from": "+989350000000", "number": "+981",
                     "message": "سلام", "time": now}  # fmt: skip
            bulk = {"messages_outbox_id": call, "message": "سلام", "time": now, "state_id": 6}
            rows = [inbox] if "inbox" in line else [bulk]
            data = bulk if "by_bulk" in line else [{"recipient": "+989350000000"}]
            document = {
                "data": rows if "POST" in line else data,
                "meta": {"status": True, "last_page": 10**6},
            }
        elif name == "twilio":
            one = line.partition("/Messages/")[2].partition(".json")[0]
            row = {"sid": one or f"SM{call:032x}", "to": "+989350000000", "from": "+1",
                   "body": "x", "direction": "outbound-api", "status": "sent",
                   "date_created": "Sun, 22 Mar 2026 12:00:00 +0000"}  # fmt: skip
            document = row if one else {"messages": [row], "next_page_uri": "/x?Page=1"}
        elif name == "melipayamak":
            ids = json.loads(body).get("recIds", [])
            document = {"resultsAsCode": [1] * len(ids), "messages": [], "status": ""}
        elif name == "kavenegar":
            rows = [{"receptor": f"09120000{n:03d}"} for n in range(200)]
            document = {"return": {"status": 200}, "entries": rows if "blocked" in line else []}
        else:
            document = {"ok": "0", "state": "1"}
        return http_answer(200, json.dumps(document).encode())

    return answer


def gateway_at(name: str, url: str) -> Gateway:
    given = {each: value.replace("{url}", url) for each, value in SETTINGS[name].items()}
    return create(name, {"url": url, "line": LINE, **given})


def lost(count: int, at: datetime = NOON) -> list[Sent]:
    return [Sent(n, f"+98912{n:07d}", "سلام", None, at) for n in range(1, count + 1)]


@pytest.mark.parametrize("limit", ["calls", "seconds"])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_round_ends_early_and_claims_nothing_about_the_rest(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: str
) -> None:
    monkeypatch.setattr(rounds, "CALLS", 3 if limit == "calls" else 1000)
    monkeypatch.setattr(rounds, "SECONDS", 1000.0 if limit == "calls" else 0.0)
    most = 3 if limit == "calls" else 1
    calls: list[str] = []

    def answer(call: int, line: str, body: bytes) -> bytes:
        calls.append(line)
        return endless(name)(call, line, body)

    with clock.freeze(NOON), serving(answer) as url:
        gateway = gateway_at(name, url)
        sent = lost(20)
        found = gateway.find(sent)
        assert len(calls) <= most
        if name != "kavenegar":  # one call of it tells of 200
            assert None not in found.values()
        calls.clear()
        ids = [IDS.get(name, lambda n: str(9_000 + n))(n) for n in range(1, 451)]
        states = [each.gateway_id for each in gateway.deliveries(ids)]
        assert len(calls) <= most
        assert set(states) <= set(ids)
        assert states == ids[: len(states)], "the first ones first"
        calls.clear()
        gateway.inbox("5")
        assert len(calls) <= most


@pytest.mark.parametrize("fault", [500, 429])
def test_a_long_list_is_read_to_its_end_though_a_page_fails(
    monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    monkeypatch.setattr(rounds, "PAUSE", 0.0)

    def answer(call: int, line: str, _body: bytes) -> bytes:
        if call % 7 == 0:
            return http_answer(fault, b"{}")
        page = int(line.partition("pageNumber=")[2].partition(" ")[0].partition("&")[0])
        row = {"messageId": page, "mobile": 989350000000, "lineNumber": 1, "messageText": "x",
               "sendDateTime": int(NOON.timestamp())}  # fmt: skip
        rows = [row] if page <= 40 else []
        return http_answer(200, json.dumps({"status": 1, "data": rows}).encode())

    with clock.freeze(NOON), serving(answer) as url:
        assert gateway_at("smsir", url).find(lost(1)) == {1: None}


def test_a_gateway_that_is_away_is_not_asked_over_and_over() -> None:
    calls: list[str] = []

    def answer(call: int, line: str, _body: bytes) -> bytes:
        calls.append(line)
        if call > 1:
            return http_answer(500, b"{}")
        row = {"messageId": 1, "mobile": 989350000000, "sendDateTime": 1}
        return http_answer(200, json.dumps({"status": 1, "data": [row]}).encode())

    with serving(answer) as url:
        assert gateway_at("smsir", url).find(lost(1)) == {}
        assert len(calls) == rounds.STUMBLES + 2
        calls.clear()
        with pytest.raises(GatewayError):
            gateway_at("smsir", url).find(lost(1))
        assert len(calls) == 1


@pytest.mark.parametrize("name", ["twilio", "generic"])
def test_what_there_was_no_time_for_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(rounds, "CALLS", 2)
    missing = http_answer(404, b"{}")
    empty = http_answer(200, b'{"messages": []}')
    with serving(lambda *_: missing if name == "generic" else empty) as url:
        found = gateway_at(name, url).find(lost(4))
    assert found == {1: None, 2: None}
    assert found.unasked == {3, 4}


@pytest.mark.parametrize("name", ["twilio", "generic"])
def test_an_error_amid_a_round_keeps_what_is_known(name: str) -> None:
    missing = http_answer(404, b"{}")
    empty = http_answer(200, b'{"messages": []}')

    def answer(call: int, _line: str, _body: bytes) -> bytes:
        if call > 2:
            return http_answer(429, b"{}")
        return missing if name == "generic" else empty

    with serving(answer) as url:
        gateway = gateway_at(name, url)
        found = gateway.find(lost(4))
        assert (found, found.unasked) == ({1: None, 2: None}, {3, 4})
        with pytest.raises(GatewayError) as caught:
            gateway.find(lost(4))
    assert caught.value.kind == "rate_limited"


@pytest.mark.parametrize("oldest_first", [True, False])
def test_yesterdays_messages_do_not_wait_for_todays_long_list(
    monkeypatch: pytest.MonkeyPatch, oldest_first: bool
) -> None:
    """SMS.ir: today's list has no end, the archive can be asked for an hour of yesterday."""
    monkeypatch.setattr(rounds, "CALLS", 5)
    (today,) = lost(1)
    yesterday = Sent(2, "+989121111111", "سلام", None, NOON - timedelta(hours=20))
    before = Sent(3, "+989121111111", "سلام", None, NOON - timedelta(hours=23))
    lines: list[str] = []

    def answer(call: int, line: str, body: bytes) -> bytes:
        lines.append(line)
        if "archive" in line:
            return http_answer(200, b'{"status": 1, "data": []}')
        return endless("smsir")(call, line, body)

    asked = [yesterday, before, today] if oldest_first else [today, yesterday, before]
    with clock.freeze(NOON), serving(answer) as url:
        found = gateway_at("smsir", url).find(asked)
    if oldest_first:
        assert (found, found.unasked) == ({2: None, 3: None}, frozenset())
        spans = [line for line in lines if "archive" in line]
        assert len(spans) == 2, "not everything in between"
        assert f"fromDate={int((yesterday.at - timedelta(minutes=2)).timestamp())}" in spans[0]
    else:
        assert (found, found.unasked) == ({}, {2, 3})


def test_an_error_amid_a_list_keeps_what_is_known() -> None:
    now = int(NOON.timestamp())
    row = {"messageId": 7, "mobile": 989120000001, "messageText": "سلام", "sendDateTime": now,
           "deliveryState": 1}  # fmt: skip
    page = http_answer(200, json.dumps({"status": 1, "data": [row]}).encode())
    slow = http_answer(429, b'{"status": 20}')
    with clock.freeze(NOON), serving(lambda call, *_: page if call < 3 else slow) as url:
        gateway = gateway_at("smsir", url)
        assert gateway.find(lost(2)) == {1: Delivery("7", "delivered")}


# The portal's side of it


class Patient(FakeGateway):
    """Looks for two messages a round, and asks for two states."""

    def __init__(self, name: str = "patient") -> None:
        super().__init__(name=name)
        self.asked: list[int] = []
        self.asked_ids: list[str] = []
        self.box: list[str] = []
        self.takes: Callable[[], None] = lambda: None

    def find(self, sent: Sequence[Sent]) -> Findings:
        self.takes()
        self.asked += [each.local_id for each in sent[:2]]
        return Findings({}, (each.local_id for each in sent[2:]))

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        self.asked_ids += gateway_ids[:2]
        return [Delivery(each, "unknown") for each in gateway_ids[:2]]

    def inbox(self, cursor: str) -> Inbox | None:
        self.takes()
        self.box.append(cursor)
        return Inbox([], "", has_more=False)


@pytest.fixture
def patient(context: Flask) -> Iterator[Patient]:
    fake = Patient()
    use_gateways(context, fake)
    yield fake
    del context.extensions["pasokh_accounts"]


def _lose(gateway: FakeGateway, count: int) -> list[int]:
    gateway.lose = lambda _sms: True
    made = [make_message().local_id for _ in range(count)]
    dispatch.run(5)
    return made


def test_whoever_was_asked_about_longest_ago_is_asked_about_first(patient: Patient) -> None:
    with clock.freeze():
        made = _lose(patient, 7)
        clock.shift(minutes=1)
        reconcile.run()
        assert patient.asked == made, "each of them once, though a round has room for two"
        clock.shift(seconds=1)
        reconcile.run()
        assert len(patient.asked) == 7, "too early to ask again"
        clock.shift(minutes=1)
        reconcile.run()
        assert sorted(patient.asked[7:]) == sorted(made)
    assert {row.state for row in db.session.query(Message)} == {"unknown"}


def test_a_state_that_was_not_asked_for_is_asked_for_next(patient: Patient) -> None:
    with clock.freeze():
        for _ in range(5):
            make_message()
        dispatch.run(5)
        ids = [str(1001 + n) for n in range(5)]
        clock.shift(minutes=1)
        delivery.pull()
        assert sorted(patient.asked_ids) == ids


def test_nobody_expires_unasked(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.freeze():
        for _ in range(3):
            make_message()
        dispatch.run(5)
        db.session.query(Message).update({"checks": len(record.CHECKS) - 1})
        db.session.commit()
        clock.shift(hours=48)
        assert delivery.pull(limit_rounds=1) == 0
        states = sorted(row.state for row in db.session.query(Message))
        assert states == ["accepted", "expired", "expired"]
        db.session.rollback()
        delivery.pull()
    assert {row.state for row in db.session.query(Message)} == {"expired"}


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the jobs: it stands still but for what a test adds."""
    found = [0.0]
    stopwatch = SimpleNamespace(monotonic=lambda: found[0])
    for module in (reconcile, delivery, fetching):
        monkeypatch.setattr(module, "time", stopwatch)
    return found


def test_a_slow_gateway_does_not_keep_another_from_its_turn(
    context: Flask, ticks: list[float]
) -> None:
    slow, other = Patient("slow"), Patient("other")
    slow.takes = lambda: ticks.__setitem__(0, ticks[0] + 60)
    use_gateways(context, slow)
    with clock.freeze():
        _lose(slow, 3)
        clock.shift(seconds=1)
        use_gateways(context, other)
        _lose(other, 1)
        use_gateways(context, account_of(slow), account_of(other))
        clock.shift(minutes=1)
        reconcile.run()
        assert (len(slow.asked), len(other.asked)) == (2, 0), "the job has to end in time"
        reconcile.run()
        assert len(slow.asked) == 3
        reconcile.run()
        assert len(other.asked) == 1
    del context.extensions["pasokh_accounts"]


def test_a_slow_inbox_does_not_keep_another_from_its_turn(
    context: Flask, ticks: list[float]
) -> None:
    slow, other = Patient("slow"), Patient("other")
    slow.takes = lambda: ticks.__setitem__(0, ticks[0] + 120)
    use_gateways(context, slow, other)
    with clock.freeze():
        fetching.fetch_inbound()
        assert (len(slow.box), len(other.box)) == (1, 0)
        clock.shift(seconds=30)
        fetching.fetch_inbound()
        assert (len(slow.box), len(other.box)) == (2, 1)
    del context.extensions["pasokh_accounts"]


class Listed(Patient):
    stops = Stops([])

    def blocked(self, since: datetime) -> Stops | None:
        return self.stops


def test_a_list_of_stops_cut_short_is_obeyed_and_read_again(context: Flask) -> None:
    gateway = Listed()
    use_gateways(context, gateway)
    with clock.freeze():
        gateway.stops = Stops(["+989120000001"], is_complete=False)
        assert fetching.fetch_stops() == 1
        assert db.session.query(GatewayInbox.blocked_at).scalar() is None
        gateway.stops = Stops(["+989120000001", "+989120000002"])
        assert fetching.fetch_stops() == 1
        assert db.session.query(GatewayInbox.blocked_at).scalar() == clock.now()
    assert consent.suppressed(["+989120000001", "+989120000002"], None)
    del context.extensions["pasokh_accounts"]


def test_kavenegars_list_of_stops_without_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kavenegar_lists, "MAX_PAGES", 3)
    with serving(endless("kavenegar")) as url:
        found = gateway_at("kavenegar", url).blocked(NOON)
    assert found is not None
    assert (len(found.numbers), found.is_complete) == (200, False)
