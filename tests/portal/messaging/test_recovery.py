"""Workers killed with -9 and the queue wiped in the middle of dispatch."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import jobs
from portal.db import db
from portal.messaging import services
from portal.messaging.services import NewMessage
from portal.messaging.simulator.testing import RunningSimulator
from tests.factories.messages import LINE, make_batch

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[3]
COUNT = 2_000

# A worker as `flask worker` runs it, but with a lease that a test can wait for, and small calls
# so that a kill finds one in the middle. The beat is this test.
WORKER = """
import datetime as dt
from portal import jobs
from portal.app import create_app
from portal.messaging import dispatch
from portal.messaging.gateways import kavenegar
dispatch.LEASE = dt.timedelta(seconds=3)
kavenegar.Kavenegar.max_batch = 20
jobs.work(create_app(), fork={fork})
"""


@pytest.fixture
def environment(
    make_app: Callable[..., Flask], app: Flask, simulator: RunningSimulator
) -> Iterator[dict[str, str]]:
    settings = app.extensions["pasokh_settings"]
    values = {
        "pasokh_env": "test",
        "secret_key": settings.secret_key,
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "plugins": ",".join(settings.plugins),
        "quiet_hours": "",
        "closed_days": "send",
        "log_level": "ERROR",
        "sms_gateway": "kavenegar",
        "sms_line": LINE,
        "sms_hook_secret": "a-secret-of-22-characters-or-more",
        "kavenegar_url": simulator.url,
        "kavenegar_api_key": simulator.api_key,
        "data_dir": str(settings.data_dir),
    }
    with app.app_context():
        yield {**os.environ, **{name.upper(): value for name, value in values.items()}}


def _start(environment: dict[str, str], fork: bool) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER.format(fork=fork)],
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def _kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 of the worker and whatever it forked, in one blow."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_each_message_goes_out_once_whatever_is_killed(
    environment: dict[str, str], simulator: RunningSimulator
) -> None:
    simulator.behaviour(latency_ms=40, timeout_rate=0.05, timeout_mode="drop")
    workers = [_start(environment, fork=number == 0) for number in range(2)]
    try:
        batch_id = make_batch().id
        services.insert_messages(
            batch_id, (NewMessage(None, f"+98912{n:05d}00", "fa", "سلام") for n in range(COUNT))
        )
        db.session.commit()
        kills, deadline, beat = 0, time.monotonic() + 90, 0.0
        while not services.finished(counts := services.progress([batch_id])):
            db.session.rollback()
            assert time.monotonic() < deadline, counts
            done = simulator.ledger()["accepted"]
            if kills < 3 and done > (kills + 1) * COUNT // 5:
                _kill(workers[kills % 2])
                jobs.connection().flushdb()
                workers[kills % 2] = _start(environment, fork=kills % 2 == 0)
                kills += 1
            if time.monotonic() > beat + 1:
                beat = time.monotonic()
                jobs.send("portal.messaging.jobs.dispatch")
                jobs.send("portal.messaging.jobs.reconcile")
            time.sleep(0.1)
        db.session.rollback()
    finally:
        for worker in workers:
            _kill(worker)
    assert kills == 3
    # Those that were asked about have gone on in the meantime.
    assert sum(counts.get(state, 0) for state in ("accepted", "at_operator", "delivered")) == COUNT
    ledger = simulator.ledger()
    assert ledger["accepted"] == ledger["distinct_receptors"] == COUNT
    assert ledger["distinct_localids"] == COUNT
