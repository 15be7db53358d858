"""A campaign against a simulated gateway, settled as workers do, with the clock running: what a
gateway lists as sent carries the real time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update
from werkzeug.serving import make_server

from portal import clock, outbox
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, delivery, dispatch, inbound, reconcile, services
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from portal.messaging.simulator.testing import RunningSimulator
from portal.messaging.simulator.wiring import WIRING
from tests.factories.messages import account_of, make_batch, use_gateways

SECRET = "a-secret-of-22-characters-or-more"
WELL = ("accepted", "at_operator", "delivered")
"""States of messages that went out; those that were asked about have gone on."""


@contextmanager
def served(
    make_app: Callable[..., Flask], simulator: RunningSimulator, dialect: str, key: str
) -> Iterator[tuple[Flask, str]]:
    """An application at its own address, with the simulator for its gateway; and its hooks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        made = make_app(
            public_url=url,
            sms_gateway=dialect,
            sms_line=WIRING[dialect].line,
            sms_hook_secret=SECRET,
            gateway_options={dialect: WIRING[dialect].options(simulator.url, key)},
        )
        server = make_server("127.0.0.1", port, made, threaded=True, fd=listening.fileno())
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made, f"{url}/hooks/sms/{dialect}/{SECRET}"
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()


def fill(count: int, line: str, body: str = "سلام {n}") -> int:
    """A batch of messages to `count` people, each text its own where the body has {n}."""
    batch_id = make_batch().id
    people = [
        NewMessage(None, f"+98912{n:05d}00", "fa", body.replace("{n}", str(n)))
        for n in range(count)
    ]
    services.insert_messages(batch_id, people)
    db.session.execute(update(Message).where(Message.batch_id == batch_id).values(line=line))
    db.session.commit()
    return batch_id


def until_settled(batch_id: int, seconds: float = 120) -> dict[str, int]:
    """Dispatch and reconcile; rests and pauses between questions are cut short."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        dispatch.run(0.5)
        for each in account.accounts():
            assert not account.standing(each.name).paused
            account.resume(each.name)
        db.session.execute(
            update(Message)
            .where(Message.state == "unknown")
            .values(claimed_until=clock.now() - timedelta(seconds=1))
        )
        db.session.commit()
        reconcile.run()
        counts = services.progress([batch_id])
        db.session.rollback()
        if services.finished(counts):
            return counts
    raise AssertionError(counts)


def all_reports_came(simulator: RunningSimulator, batch_id: int, count: int) -> None:
    """The handsets got it, and the portal, which asks, learns of it."""
    simulator.behaviour(error_rate=0.0, timeout_rate=0.0, rate_limit=0)
    wait(lambda: simulator.ledger()["by_status"].get("10") == count)
    for each in account.accounts():
        account.resume(each.name)
    db.session.commit()
    with clock.freeze():
        clock.shift(minutes=2)
        delivery.pull()
    assert services.progress([batch_id]) == {"delivered": count}


def a_reply_arrives(portal: Flask, simulator: RunningSimulator, line: str) -> None:
    """11, sent from a handset, stops messages; fetched from the gateway where it pushes nothing."""
    number = simulator.messages()[0]["receptor"]
    simulator.reply(number, "11")
    (only,) = account.accounts()

    def fetched() -> bool:
        found = only.gateway.inbox("")
        for message, raw in found.messages if found else ():
            inbound.store(only.name, message, raw)
        db.session.commit()
        outbox.sweep()
        return consent.is_opted_out(number, line)

    with portal.app_context():
        wait(fetched)


def small(portal: Flask, calls: int = 10, **attributes: Any) -> None:
    """Have the gateway take calls of a few messages: more calls, more mishaps."""
    (only,) = account.accounts()
    wrapped = _Small(only.gateway, {"max_batch": calls, **attributes})
    use_gateways(portal, account_of(wrapped, line=only.line))


class _Small:
    def __init__(self, gateway: object, attributes: dict[str, Any]) -> None:
        self._gateway = gateway
        self.__dict__.update(attributes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


def wait(until: Callable[[], bool]) -> None:
    """Until it is true, at most 30 seconds."""
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.1)
