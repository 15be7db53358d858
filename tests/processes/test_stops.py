"""A stop in mid-campaign, through the real processes: the gateway's hook, web, workers, beat.

The simulated gateway's ledger is the judge: five seconds after a stop has arrived nothing leaves
for that number any more. `pytest -s` shows the figures.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.contacts.models import OptOut
from portal.db import db
from portal.messaging import services
from portal.messaging.inbound import RECEIVED
from portal.messaging.models import GatewayInbox, InboundMessage, Message
from portal.messaging.services import NewMessage, create_batch, insert_messages, progress
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from portal.outbox import OutboxItem
from portal.services import ServiceUrls
from tests.factories.messages import LINE
from tests.processes.running import Crew, Server, free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

SECRET = "a-secret-of-22-characters-or-more"
PEOPLE = 600
RATE = 10
"""Segments a second: the campaign lasts longer than the gateway's inbox is left unread."""
WITHIN = 5.0
NUMBERS = [f"+98912{n:05d}00" for n in range(PEOPLE)]


@dataclass
class City:
    app: Flask
    simulator: RunningSimulator
    hook: str
    crew: Crew
    server: Server
    sent: dict[str, float] = field(default_factory=dict)
    """number -> when its stop was given to the gateway."""

    def stop(self, numbers: list[str], text: str = "لغو۱۱") -> None:
        for number in numbers:
            self.sent[number] = time.time()
            self.simulator.reply(number, text, LINE)

    def written_to(self) -> dict[str, float]:
        """number -> when the gateway accepted the SMS to it."""
        return {each["receptor"]: each["accepted_at"] for each in self.simulator.messages()}

    def _stand(self) -> dict[str, Any]:
        with self.app.app_context():
            states = Counter(db.session.scalars(select(Message.state)))
            ways = Counter(db.session.scalars(select(InboundMessage.handled_by)))
            inbox = db.session.scalars(select(GatewayInbox.cursor)).all()
        return {"messages": states, "stops": len(self.sent), "arrived": ways, "inbox": inbox}

    def until(self, happened: Callable[[], bool], seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < ends, f"it does not happen: {self._stand()}"
            self.crew.keep()
            time.sleep(0.1)


@pytest.fixture
def city(
    make_app: Callable[..., Flask], app: Flask, urls: ServiceUrls, tmp_path: Path
) -> Iterator[City]:
    port = free_port()
    hook = f"http://127.0.0.1:{port}/hooks/sms/kavenegar/{SECRET}"
    with running_simulator(tmp_path, latency_ms=100, status_callback=f"{hook}/status") as simulator:
        environ = {
            "PASOKH_ENV": "test",
            "DATABASE_URL": urls.database_url,
            "REDIS_URL": urls.redis_url,
            "DATA_DIR": str(tmp_path / "data"),
            "SECRET_KEY": "s" * 40,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "QUIET_HOURS": "",
            "CLOSED_DAYS": "send",
            "LOG_LEVEL": "WARNING",
            "SMS_GATEWAY": "kavenegar",
            "SMS_LINE": LINE,
            "SMS_HOOK_SECRET": SECRET,
            "KAVENEGAR_URL": simulator.url,
            "KAVENEGAR_API_KEY": simulator.api_key,
            "KAVENEGAR_RATE": str(RATE),
        }
        city = City(make_app(sms_line=LINE), simulator, hook, Crew(environ), Server(environ, port))
        try:
            city.server.start()
            yield city
        finally:
            city.crew.stop()
            city.server.kill()


def _campaign(city: City) -> int:
    with city.app.app_context():
        batch = create_batch("stops")
        people = (NewMessage(None, number, "fa", "نظر شما؟ لغو۱۱") for number in NUMBERS)
        insert_messages(batch.id, people)
        batch_id = batch.id
        db.session.commit()
    return batch_id


def _arrivals(city: City) -> dict[str, float]:
    """number -> when the portal had its stop."""
    with city.app.app_context():
        items = db.session.scalars(select(OutboxItem).where(OutboxItem.kind == RECEIVED)).all()
        numbers = dict(db.session.execute(select(InboundMessage.id, InboundMessage.e164)).all())
        return {numbers[item.payload["id"]]: item.created_at.timestamp() for item in items}


def test_nothing_leaves_five_seconds_after_a_stop_has_arrived(city: City) -> None:
    batch_id = _campaign(city)
    city.crew.keep()
    city.until(lambda: len(city.written_to()) >= 15, 60)
    # Without a callback these are seen when the inbox is read, every half a minute.
    fetched = NUMBERS[280::8]
    city.stop(fetched, "لطفا لغو")  # a word that the operator itself does not know
    city.simulator.behaviour(inbound_callback=f"{city.hook}/inbound")
    for _wave in range(8):
        # Some are next, some are a good ten seconds away.
        waiting = [each for each in NUMBERS if each not in city.sent][len(city.written_to()) :]
        city.stop(waiting[3:120:8])
        time.sleep(1.5)

    city.until(lambda: not city.sent.keys() - _arrivals(city).keys(), 90)
    quiet = max(_arrivals(city).values()) + WITHIN + 1
    city.until(lambda: time.time() > quiet, 60)
    with city.app.app_context():
        assert progress([batch_id]).get("created"), "the campaign was over too soon"
        services.cancel_batch(batch_id)
        db.session.commit()
    city.until(lambda: _is_settled(city, batch_id), 60)
    written, arrived = city.written_to(), _arrivals(city)
    pushed = [each for each in city.sent if each not in fetched]
    _say("callback", city, pushed)
    _say("inbox", city, fetched)
    late = {
        number: round(written[number] - arrived[number], 2)
        for number in city.sent
        if written.get(number, 0) > arrived[number] + WITHIN
    }
    assert late == {}
    for group in (pushed, fetched):
        held = [each for each in group if each not in written]
        assert len(held) >= 20, "the stops came too late to show anything"
    assert max(written) > min({*pushed} - {*written}), "nobody's turn came after a stop"
    with city.app.app_context():
        states = dict(db.session.execute(select(Message.e164, Message.state)).all())
        ways = set(db.session.scalars(select(InboundMessage.handled_by)))
    assert ways == {"opt_out"}
    assert {each for each in city.sent if states[each] == "suppressed"} == {*city.sent} - {*written}


def _is_settled(city: City, batch_id: int) -> bool:
    with city.app.app_context():
        return services.finished(services.progress([batch_id]))


def _say(way: str, city: City, numbers: list[str]) -> None:
    written, arrived = city.written_to(), _arrivals(city)
    with city.app.app_context():
        rows = db.session.execute(select(OptOut.e164, OptOut.since))
        stopped = {number: since.timestamp() for number, since in rows}
    after = [written[each] - arrived[each] for each in numbers if each in written]
    print(
        f"\n{way}: {len(numbers)} stops; at the portal after"
        f" {max(arrived[each] - city.sent[each] for each in numbers):.1f} s at most;"
        f" obeyed {max(stopped[each] - arrived[each] for each in numbers):.2f} s after arrival"
        f" at most; last SMS {max([0.0, *after]):.2f} s after arrival"
    )
