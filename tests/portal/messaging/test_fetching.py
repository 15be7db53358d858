"""SMS and stops that a gateway keeps until it is asked."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, outbox
from portal.contacts import consent
from portal.contacts.models import ConsentRecord
from portal.db import db
from portal.messaging import fetching, inbound
from portal.messaging.gateways.base import LOST, GatewayError, Inbound, Inbox, Stops
from portal.messaging.models import GatewayInbox, InboundMessage, Message
from portal.messaging.simulator.testing import RunningSimulator
from tests.factories.messages import LINE, FakeGateway, make_inbound, make_message, use_gateways

SECRET = "a-secret-of-22-characters-or-more"
HOOK = f"/hooks/sms/kavenegar/{SECRET}/inbound"
NUMBER = "+989121234567"
SOON = dt.timedelta(seconds=30)


@pytest.fixture
def portal(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> Iterator[Flask]:
    """An application whose gateway is the simulator, which pushes nothing."""
    made = make_app(
        sms_gateway="kavenegar",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"kavenegar": {"url": simulator.url, "api_key": simulator.api_key}},
    )
    with made.app_context():
        yield made


def _texts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(InboundMessage.text).order_by(InboundMessage.id)))


def test_what_arrived_at_kavenegar_is_fetched_and_obeyed(
    portal: Flask, simulator: RunningSimulator
) -> None:
    waiting = make_message(e164=NUMBER)
    simulator.reply(NUMBER, "چراغ خاموش است", LINE)
    simulator.reply(NUMBER, "لغو۱۱", LINE)
    assert fetching.fetch_inbound() == 2
    assert _texts() == ["چراغ خاموش است", "لغو۱۱"]
    outbox.sweep()
    assert db.session.scalars(select(Message.state).where(Message.id == waiting.id)).one() == (
        "suppressed"
    )
    with clock.freeze(clock.now() + SOON):
        assert fetching.fetch_inbound() == 0
    assert len(_texts()) == 2


def test_more_than_one_call_gives_is_fetched_at_once(
    portal: Flask, simulator: RunningSimulator
) -> None:
    for n in range(130):
        simulator.reply(f"+98912{n:07d}", f"پیام {n}", LINE)
    assert fetching.fetch_inbound() == 130
    assert len(_texts()) == 130


def test_pushed_and_fetched_is_one(portal: Flask, simulator: RunningSimulator) -> None:
    given = simulator.reply(NUMBER, "سلام", LINE)
    pushed = {
        "messageid": given["messageid"], "from": "09121234567", "to": LINE, "message": "سلام"
    }  # fmt: skip
    assert portal.test_client().post(HOOK, data=pushed).status_code == 200
    assert fetching.fetch_inbound() == 0
    assert portal.test_client().post(HOOK, data=pushed).status_code == 200
    assert _texts() == ["سلام"]


def test_an_answer_that_was_lost_is_asked_for_again(
    portal: Flask, simulator: RunningSimulator
) -> None:
    """Kavenegar gives each SMS once: here it gave it, and nobody heard."""
    simulator.reply(NUMBER, "سلام", LINE)
    status, _answer = simulator.call("sms/receive", linenumber=LINE, isread="0")
    assert status == 200
    db.session.add(GatewayInbox(gateway="kavenegar", cursor=LOST))
    db.session.commit()
    assert fetching.fetch_inbound() == 1
    assert _texts() == ["سلام"]
    assert db.session.scalars(select(GatewayInbox.cursor)).one() == ""


def test_a_reading_without_an_answer_is_remembered(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.stop()
    assert fetching.fetch_inbound() == 0
    assert db.session.scalars(select(GatewayInbox.cursor)).one() == LOST


class Mailbox(FakeGateway):
    """Gives its SMS page by page, by a cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Inbox] = []
        self.asked: list[str] = []
        self.stops: Stops | None = None
        self.since: list[dt.datetime] = []

    def inbox(self, cursor: str) -> Inbox | None:
        self.before_send()
        self.asked.append(cursor)
        if self.read_error:
            raise self.read_error
        return self.pages.pop(0) if self.pages else None

    def blocked(self, since: dt.datetime) -> Stops | None:
        self.since.append(since)
        return self.stops


@pytest.fixture
def mailbox(context: Flask) -> Iterator[Mailbox]:
    fake = Mailbox()
    use_gateways(context, fake)
    yield fake
    del context.extensions["pasokh_accounts"]


def _inbound(text: str, gateway_id: str) -> tuple[Inbound, dict[str, object]]:
    return Inbound(gateway_id, NUMBER, LINE, text, clock.now()), {"text": text}


def test_pages_are_followed_and_the_cursor_kept(mailbox: Mailbox) -> None:
    held: list[int] = []
    mailbox.before_send = lambda: held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
    mailbox.pages = [
        Inbox([_inbound("a", "1")], "7", True, [{"odd": 1}]),
        Inbox([_inbound("b", "2"), _inbound("a", "1")], "9", False),
    ]
    with clock.freeze():
        assert fetching.fetch_inbound() == 2
        assert fetching.fetch_inbound() == 0, "another worker reads just now"
        clock.shift(SOON)
        fetching.fetch_inbound()
    assert mailbox.asked == ["", "7", "9"]
    assert held == [0, 0, 0]
    rows = db.session.execute(
        select(InboundMessage.text, InboundMessage.handled_by, InboundMessage.raw)
    ).all()
    assert sorted(rows) == [
        ("", "unreadable", {"odd": "1"}),
        ("a", None, {"text": "a"}),
        ("b", None, {"text": "b"}),
    ]


def test_a_gateway_that_refuses_to_say_loses_nothing(mailbox: Mailbox) -> None:
    mailbox.read_error = GatewayError("retry", "x", "told to")
    with clock.freeze():
        assert fetching.fetch_inbound() == 0
        mailbox.read_error = None
        mailbox.pages = [Inbox([_inbound("a", "1")], "7", False)]
        clock.shift(SOON)
        assert fetching.fetch_inbound() == 1


# Stops made at the gateway


def test_a_stop_at_the_gateway_is_ours_too(portal: Flask, simulator: RunningSimulator) -> None:
    waiting = make_message(e164=NUMBER)
    simulator.reply(NUMBER, "لغو11", LINE)
    assert fetching.fetch_stops() == 1
    assert consent.is_opted_out(NUMBER, LINE)
    assert not consent.is_opted_out(NUMBER, "30001")
    record = db.session.scalars(select(ConsentRecord)).one()
    assert (record.channel, record.decision, record.line) == ("gateway", "withdrawn", LINE)
    assert db.session.scalars(select(Message.state).where(Message.id == waiting.id)).one() == (
        "suppressed"
    )
    assert fetching.fetch_stops() == 0
    assert len(db.session.scalars(select(ConsentRecord)).all()) == 1


def test_many_stops_are_read_page_by_page(portal: Flask, simulator: RunningSimulator) -> None:
    for n in range(210):
        simulator.reply(f"+98912{n:07d}", "11", LINE)
    assert fetching.fetch_stops() == 210


def test_who_rejoined_is_not_stopped_by_an_old_list(mailbox: Mailbox) -> None:
    mailbox.stops = Stops([NUMBER])
    with clock.freeze("2026-03-01T08:00:00+00:00"):
        assert fetching.fetch_stops() == 1
        clock.shift(minutes=5)
        assert consent.rejoin(NUMBER, line=LINE, channel="sms", evidence="12")
        db.session.commit()
        clock.shift(minutes=1)
        assert fetching.fetch_stops() == 0
        assert not consent.is_opted_out(NUMBER, LINE)
        clock.shift(hours=1)
        # From now on the list begins after the rejoin: who stands on it stopped again.
        assert fetching.fetch_stops() == 0
        clock.shift(hours=1)
        assert fetching.fetch_stops() == 1
    assert mailbox.since[1] - mailbox.since[0] > dt.timedelta(days=80)


def test_who_rejoined_before_the_stop_was_known_is_not_stopped(mailbox: Mailbox) -> None:
    mailbox.stops = Stops([NUMBER])
    inbound.handle({"id": make_inbound("12", NUMBER).id})
    db.session.commit()
    assert fetching.fetch_stops() == 0
    assert not consent.is_opted_out(NUMBER, LINE)


def test_a_gateway_without_a_list_is_left_alone(mailbox: Mailbox) -> None:
    assert fetching.fetch_stops() == 0
    assert db.session.scalars(select(GatewayInbox)).all() == []
