"""Dispatching over HTTP, counted in the simulated gateway's own ledger."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock, outbox
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, delivery, dispatch, reconcile, services
from portal.messaging.gateways.base import Gateway
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from portal.messaging.simulator.testing import RunningSimulator
from tests.factories.messages import LINE, make_batch, make_message, use_gateways

SECRET = "a-secret-of-22-characters-or-more"


@pytest.fixture
def portal(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> Iterator[Flask]:
    """An application whose gateway is the simulator."""
    made = make_app(
        sms_gateway="kavenegar",
        sms_line=LINE,
        sms_hook_secret=SECRET,
        gateway_options={"kavenegar": {"url": simulator.url, "api_key": simulator.api_key}},
    )
    with made.app_context():
        yield made


def _fill(count: int, body: str = "سلام {link}") -> int:
    batch_id = make_batch().id
    people = (NewMessage(None, f"+98912{n:05d}00", "fa", body) for n in range(count))
    services.insert_messages(batch_id, people)
    db.session.commit()
    return batch_id


def _until_settled(batch_id: int) -> dict[str, int]:
    """Dispatch and reconcile as the workers do, moving the clock instead of waiting."""
    with clock.freeze():
        for _ in range(200):
            dispatch.run(0.3)
            counts = services.progress([batch_id])
            db.session.rollback()
            if services.finished(counts):
                return counts
            clock.shift(seconds=30)
            reconcile.run()
    raise AssertionError(counts)


def _checked(simulator: RunningSimulator, accepted: int) -> dict[str, Any]:
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_receptors"] == accepted
    assert ledger["distinct_localids"] == accepted
    return ledger


def test_a_campaign_is_accepted_once_and_its_states_come(
    portal: Flask, simulator: RunningSimulator
) -> None:
    batch_id = _fill(450)
    assert _until_settled(batch_id) == {"accepted": 450}
    _checked(simulator, 450)
    assert all(m["message"].endswith("\nلغو11") for m in simulator.messages())
    simulator.behaviour(delivery_seconds=0)
    deadline = time.monotonic() + 20
    while simulator.ledger()["by_status"].get("10") != 450:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with clock.freeze():
        clock.shift(minutes=2)
        delivery.pull()
    assert services.progress([batch_id]) == {"delivered": 450}


def test_timeouts_after_accepting_errors_and_limits_lose_and_double_nothing(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.behaviour(
        timeout_rate=0.3, timeout_mode="drop", error_rate=0.2, error_codes="409,451,402,500"
    )
    (only,) = account.accounts()
    use_gateways(portal, _Small(only.gateway))
    batch_id = _fill(400)
    counts = _until_settled(batch_id)
    # Those that were asked about have gone on in the meantime.
    assert sum(counts.get(state, 0) for state in ("accepted", "at_operator", "delivered")) == 400
    ledger = _checked(simulator, 400)
    assert ledger["calls"]["by_fate"].get("drop"), "no timeout happened: the test proves nothing"


def test_a_rate_limit_slows_and_loses_nothing(portal: Flask, simulator: RunningSimulator) -> None:
    simulator.behaviour(rate_limit=5)
    (only,) = account.accounts()
    use_gateways(portal, _Small(only.gateway))
    batch_id = _fill(200)
    while not services.finished(services.progress([batch_id])):
        dispatch.run(3)
    ledger = _checked(simulator, 200)
    assert ledger["calls"]["by_result"].get("451"), "the limit was never met"


def test_a_bad_number_in_a_batch_fails_alone(portal: Flask, simulator: RunningSimulator) -> None:
    batch_id = _fill(50)
    db.session.execute(
        update(Message).where(Message.e164 == "+989120001700").values(e164="+98912000170000")
    )
    db.session.commit()
    assert _until_settled(batch_id) == {"accepted": 49, "failed": 1}
    _checked(simulator, 49)


def test_restricted_links_pause_the_campaign_until_somebody_resumes(
    portal: Flask, simulator: RunningSimulator
) -> None:
    simulator.behaviour(refuse_links=True)
    batch_id = _fill(10, body="https://city.example/s/1")
    other = make_message()
    dispatch.run(5)
    assert services.progress([batch_id]) == {"created": 10}
    assert simulator.ledger()["accepted"] == 1, "others are not held up"
    assert simulator.messages()[0]["receptor"] == other.e164
    simulator.behaviour(refuse_links=False)
    services.resume_batch(batch_id)
    db.session.commit()
    assert _until_settled(batch_id) == {"accepted": 10}


def test_a_reply_of_11_comes_back_through_the_hook(
    portal: Flask, simulator: RunningSimulator
) -> None:
    number = make_message().e164
    dispatch.run(5)
    replied = simulator.reply(number, "لغو ۱۱")
    form = {"messageid": replied["messageid"], "from": "0" + number[3:], "to": LINE,
            "message": "لغو ۱۱", "date": 1_700_000_000}  # fmt: skip
    hook = f"/hooks/sms/kavenegar/{SECRET}/inbound"
    assert portal.test_client().post(hook, data=form).status_code == 200
    outbox.sweep()
    assert consent.is_opted_out(number, LINE)


class _Small:
    """The same gateway with calls of at most ten messages: more calls, more mishaps."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.max_batch = 10

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)
