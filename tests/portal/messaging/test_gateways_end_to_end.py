"""A campaign over each simulated gateway: sent, reported and answered, over HTTP both ways.

Counted in the gateway's own ledger. The clock is the real one, for lost messages are found by
their time; waits are shortened instead.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal import clock, outbox
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, delivery, dispatch, inbound, reconcile, record, services
from portal.messaging.models import InboundMessage, Message
from portal.messaging.services import NewMessage
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.messaging.simulator.wiring import WIRING
from tests.factories.messages import make_batch
from tests.portal.messaging import end_to_end

TOKEN = "0123456789abcdef0123456789abcdef"
PEOPLE = 300


@dataclass(frozen=True)
class Case:
    """A gateway, and what it cannot do."""

    name: str
    finds: bool = True
    """Whether it can say of a message whose answer was lost that it was never sent."""
    reports: bool = True
    pushes: bool = True
    batch: int | None = None
    """Smaller calls than it could take: more calls, more mishaps."""
    chance: float = 0.1

    @property
    def line(self) -> str:
        return WIRING[self.name].line


CASES = [
    Case("ippanel", reports=False, pushes=False, batch=8, chance=0.2),
    Case("melipayamak", finds=False, reports=False),
    Case("twilio"),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def simulator(case: Case, tmp_path: Path) -> Iterator[RunningSimulator]:
    with running_simulator(
        tmp_path, api_key=TOKEN, dialect=case.name, delivery_seconds=0.5, seed=11
    ) as running:
        yield running


@pytest.fixture
def portal(
    case: Case,
    make_app: Callable[..., Flask],
    app: Flask,
    simulator: RunningSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Flask]:
    """The application, served at its own address, with the simulator for its gateway."""
    monkeypatch.setattr(account, "MAX_REST", timedelta(seconds=0.1))
    monkeypatch.setattr(record, "ASK_FIRST", timedelta(0))
    monkeypatch.setattr(reconcile, "_LONGEST_PAUSE", timedelta(seconds=0.2))
    with end_to_end.served(make_app, simulator, case.name, TOKEN) as (made, hook):
        if case.reports:
            simulator.behaviour(status_callback=f"{hook}/status")
        simulator.behaviour(inbound_callback=f"{hook}/inbound")
        with made.app_context():
            (only,) = account.accounts()
            # The simulator accepts before it is silent: what it has not seen by then it never will.
            monkeypatch.setattr(type(only.gateway), "settles", timedelta(0))
            if case.batch:
                monkeypatch.setattr(type(only.gateway), "max_batch", case.batch)
            yield made


def _fill() -> int:
    """Half of them get one text, the others each their own."""
    batch_id = make_batch().id
    people = (
        NewMessage(None, f"+98912{n:07d}", "fa", "سلام" if n < PEOPLE / 2 else f"سلام، نفر {n}")
        for n in range(PEOPLE)
    )
    services.insert_messages(batch_id, people)
    db.session.commit()
    return batch_id


def _progress(batch_id: int) -> dict[str, int]:
    counts = services.progress([batch_id])
    db.session.rollback()
    return counts


def _until(done: Callable[[], bool], step: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        step()


def _work() -> None:
    dispatch.run(0.3)
    reconcile.run()


def test_a_campaign_with_mishaps_receipts_and_a_reply(
    case: Case, portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.behaviour(
        timeout_rate=case.chance, timeout_mode="drop", error_rate=case.chance, rate_limit=60
    )
    batch_id = _fill()
    waiting = {"created", "claimed"} | ({"unknown"} if case.finds else set())
    _until(lambda: not waiting & set(_progress(batch_id)), _work)
    ledger = simulator.ledger()
    assert ledger["calls"]["by_fate"].get("drop"), "no timeout happened: the test proves nothing"
    assert len(ledger["calls"]["by_result"]) > 2, "no error happened: the test proves nothing"
    unknown = _progress(batch_id).get("unknown", 0)
    assert ledger["accepted"] == ledger["distinct_receptors"], "somebody got it twice"
    # Whoever is unknown may have it; of all others it is certain, and nobody is missing.
    assert PEOPLE - unknown <= ledger["accepted"] <= PEOPLE
    assert case.finds or unknown

    # Receipts: of the numbers from 0 to 299 three each end in 97, 98 and 99.
    simulator.behaviour(timeout_rate=0.0, error_rate=0.0, rate_limit=0)

    # A state that is asked for too early is asked for again only minutes later.
    _until(lambda: not {"1", "5"} & set(simulator.ledger()["by_status"]), lambda: time.sleep(0.1))

    def unreported() -> int:
        db.session.rollback()
        found: int = (
            db.session.query(Message)
            .filter(
                Message.state.in_(("accepted", "at_operator")),
                # Melipayamak gives no report of what it was only seen to have sent.
                Message.gateway_id.not_like("msg:%"),
            )
            .count()
        )
        return found

    def pull() -> None:
        time.sleep(0.2)
        with clock.freeze():
            clock.shift(minutes=2)
            delivery.pull()

    if case.reports:
        assert _callbacks_are_done(simulator)
        # A report may come before its message is written down as accepted; it is asked for later.
        assert unreported() < PEOPLE / 10
    _until(lambda: unreported() == 0, pull)
    counts = _progress(batch_id)
    silent = counts.pop("accepted", 0)
    assert case.finds is (silent == 0)
    assert set(counts) <= {"delivered", "undelivered", "blocked", "failed", "unknown"}
    assert counts["delivered"] >= PEOPLE - 9 - unknown - silent
    assert 1 <= counts["blocked"] <= 3

    # A reply.
    number = "+989120000007"
    simulator.reply(number, "11", case.line.removeprefix("+98"))

    def fetch() -> None:
        time.sleep(0.1)
        if not case.pushes:
            (only,) = account.accounts()
            box = only.gateway.inbox("")
            assert box is not None
            for message, raw in box.messages:
                inbound.store(case.name, message, raw)
            db.session.commit()
        outbox.sweep()
        db.session.rollback()

    _until(lambda: consent.is_opted_out(number, case.line), fetch)
    assert db.session.query(InboundMessage).count() == 1
    assert _callbacks_are_done(simulator)


def _callbacks_are_done(simulator: RunningSimulator) -> bool:
    # One that is not answered is made again ten seconds later.
    for _ in range(400):
        if set(simulator.ledger()["callbacks"]) <= {"done"}:
            return True
        time.sleep(0.1)
    return False
