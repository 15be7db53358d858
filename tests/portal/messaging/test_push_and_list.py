"""An SMS that Melipayamak pushes without an identifier and lists with one is one SMS."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, outbox
from portal.contacts import consent
from portal.db import db
from portal.messaging import fetching, inbound
from portal.messaging.gateways.base import Inbound
from portal.messaging.models import InboundMessage
from portal.messaging.simulator.testing import RunningSimulator, running_simulator

SECRET = "a-secret-of-22-characters-or-more"
HOOK = f"/hooks/sms/melipayamak/{SECRET}/inbound"
TOKEN = "0123456789abcdef0123456789abcdef"
LINE = "50002710001"
NUMBER = "+989121234567"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(tmp_path, api_key=TOKEN, dialect="melipayamak", seed=3) as running:
        yield running


@pytest.fixture
def portal(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> Iterator[Flask]:
    """An application whose gateway is the simulator, which pushes nothing by itself."""
    made = make_app(
        sms_gateway="melipayamak",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"melipayamak": {"url": simulator.url, "token": TOKEN}},
    )
    with made.app_context():
        yield made


def push(portal: Flask, text: str, number: str = "09121234567") -> None:
    given = {"from": number, "to": LINE, "body": text}
    assert portal.test_client().get(HOOK, query_string=given).status_code == 200


def texts() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(InboundMessage.text)))


def fetch(minutes: float = 0) -> int:
    """Fetch some minutes from now: a look every 20 seconds is the most there is."""
    with clock.freeze(clock.now() + dt.timedelta(minutes=minutes)):
        return fetching.fetch_inbound()


def test_what_was_not_pushed_is_fetched_once_and_obeyed(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.reply(NUMBER, "چراغ خاموش است", LINE)
    simulator.reply(NUMBER, "لغو ۱۱", LINE)
    assert fetch() == 2
    assert fetch(1) == 0
    assert texts() == sorted(["چراغ خاموش است", "لغو ۱۱"])
    outbox.sweep()
    assert consent.is_opted_out(NUMBER, LINE)


@pytest.mark.parametrize("pushed_after", [dt.timedelta(0), dt.timedelta(minutes=20)])
def test_pushed_and_listed_is_one(
    portal: Flask, simulator: RunningSimulator, pushed_after: dt.timedelta
) -> None:
    simulator.reply(NUMBER, "سلام", LINE)
    with clock.freeze(clock.now() + pushed_after):
        push(portal, "سلام")
    assert fetch(21) == 0
    assert fetch(22) == 0
    with clock.freeze(clock.now() + pushed_after):
        push(portal, "سلام")  # it repeats a push that it took for lost
    assert texts() == ["سلام"]


@pytest.mark.parametrize("pushed_after", [dt.timedelta(0), dt.timedelta(minutes=20)])
def test_listed_and_pushed_is_one(
    portal: Flask, simulator: RunningSimulator, pushed_after: dt.timedelta
) -> None:
    simulator.reply(NUMBER, "سلام", LINE)
    assert fetch() == 1
    with clock.freeze(clock.now() + pushed_after):
        push(portal, "سلام")
        push(portal, "سلام")
    assert fetch(21) == 0
    assert texts() == ["سلام"]


def test_who_says_the_same_twice_said_it_twice(portal: Flask, simulator: RunningSimulator) -> None:
    for minutes in (0, 5, 10):
        simulator.reply(NUMBER, "۳۱", LINE)
        with clock.freeze(clock.now() + dt.timedelta(minutes=minutes)):
            if minutes != 5:  # one push is lost
                push(portal, "۳۱")
    fetch(11)
    assert texts() == ["۳۱"] * 3
    assert fetch(12) == 0


def test_another_person_line_or_text_is_another_sms(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.reply(NUMBER, "سلام", LINE)
    push(portal, "سلام", "09350000000")
    push(portal, "سلام!")
    assert fetch() == 1
    assert texts() == ["سلام", "سلام", "سلام!"]


def test_a_name_for_a_sender_is_one_too(portal: Flask) -> None:
    push(portal, "مانده", "Bank")
    listed = Inbound("7", "Bank", LINE, "مانده", clock.now())
    assert inbound.store("melipayamak", listed, {}) is None
    assert texts() == ["مانده"]


def test_pushed_while_it_is_fetched_is_one(portal: Flask, simulator: RunningSimulator) -> None:
    for n in range(40):
        simulator.reply(f"+98912{n:07d}", "سلام", LINE)
    together = threading.Barrier(3)

    def pushes(first: int) -> None:
        together.wait(30)
        for n in range(first, 40, 2):
            push(portal, "سلام", f"0912{n:07d}")

    threads = [threading.Thread(target=pushes, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    together.wait(30)
    fetch()
    for thread in threads:
        thread.join(60)
    fetch(1)
    assert texts() == ["سلام"] * 40
