"""Worker, beat and queue server are killed in the middle of a campaign; nobody notices.

Real processes on services of their own; the simulated gateway's ledger is the judge.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask

from portal import services
from portal.app import create_app
from portal.cli import prepare_database
from portal.config import Settings
from portal.db import db
from portal.messaging.services import NewMessage, create_batch, insert_messages, progress
from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.conftest import close
from tests.processes.running import Crew

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

RECIPIENTS = 6_000
SETTLED = {"accepted", "at_operator", "delivered", "undelivered", "blocked", "failed"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[tuple[Flask, RunningSimulator, Crew]]:
    environ = {
        "PASOKH_ENV": "test",
        "DATA_DIR": str(tmp_path / "city"),
        "SECRET_KEY": "s" * 40,
        "PUBLIC_URL": "http://localhost",
        "PLUGINS": "",
        "QUIET_HOURS": "",
        "CLOSED_DAYS": "send",
        "LOG_LEVEL": "WARNING",
        "SMS_GATEWAY": "kavenegar",
        "SMS_LINE": "10004346",
        "SMS_HOOK_SECRET": "h" * 24,
    }
    with running_simulator(
        tmp_path, latency_ms=900, timeout_rate=0.05, hang_seconds=3
    ) as simulator:
        environ |= {"KAVENEGAR_URL": simulator.url, "KAVENEGAR_API_KEY": simulator.api_key}
        app = create_app(Settings.from_environ(environ))
        prepare_database(app)
        crew = Crew(environ)
        try:
            yield app, simulator, crew
        finally:
            crew.stop()
            close(app)
            services.stop(tmp_path / "city")


def wait_until(true: Callable[[], bool], seconds: float, meanwhile: Callable[[], None]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        meanwhile()
        with contextlib.suppress(redis.RedisError):
            if true():
                return True
        time.sleep(0.3)
    return False


def test_every_message_goes_out_and_none_twice(
    city: tuple[Flask, RunningSimulator, Crew], tmp_path: Path
) -> None:
    app, simulator, crew = city
    chance = random.Random(7)
    with app.app_context():
        batch = create_batch("survival", respects_quiet_hours=False)
        insert_messages(
            batch.id,
            (
                NewMessage(None, f"+98912{number:07d}", "fa", f"پیام {number}")
                for number in range(1_000_000, 1_000_000 + RECIPIENTS)
            ),
        )
        batch_id = batch.id
        db.session.commit()
    crew.keep()

    def accepted() -> int:
        found: int = simulator.ledger()["accepted"]
        return found

    killed: list[str] = []
    for victim in ("worker-1", "queue", "flushall", "beat", "worker-2", "queue", "worker-1"):
        before = accepted()
        wait_until(lambda before=before: accepted() > before, 20, crew.keep)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.4))
        if accepted() >= RECIPIENTS:
            break
        killed.append(victim)
        if victim == "flushall":
            urls = services.ensure_running(tmp_path / "city")
            with contextlib.suppress(redis.RedisError):
                redis.from_url(urls.redis_url).flushall()
        elif victim == "queue":
            pid = services.status(tmp_path / "city")["servers"]["queue"]["pid"]
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        else:
            crew.kill(victim)
    assert len(killed) >= 4, f"the campaign was over too early to hurt it: {killed}"

    def settled() -> bool:
        with app.app_context():
            counts = progress([batch_id])
            db.session.rollback()
        return set(counts) <= SETTLED

    assert wait_until(settled, 150, crew.keep), _why(app, batch_id)
    ledger = simulator.ledger()
    assert ledger["accepted"] == RECIPIENTS
    assert ledger["distinct_receptors"] == RECIPIENTS
    assert ledger["distinct_localids"] == RECIPIENTS


def _why(app: Flask, batch_id: int) -> str:
    with app.app_context():
        return f"not settled: {progress([batch_id])}"
