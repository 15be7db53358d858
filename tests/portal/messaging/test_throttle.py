"""A limit of segments a second holds in every sliding second, whoever sends."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text

from portal.config import ROOT
from portal.db import db
from portal.messaging import account, calling, dispatch, reconcile, services, throttle
from portal.messaging.services import NewMessage
from portal.messaging.simulator.testing import RunningSimulator
from tests.factories.messages import LINE, FakeGateway, account_of, make_batch, use_gateways

WORKER = """
from portal.app import create_app
from portal.messaging import dispatch
app = create_app()
with app.app_context():
    while dispatch.run(60)[1]:
        pass
"""
RATE = 50
WORKERS = 8
PEOPLE = int(os.environ.get("THROTTLE_PEOPLE", "240"))
# ends with a link, so two parts in Persian and one in English: what counts is segments
LONG = "شهروند گرامی، نظر شما دربارهٔ بودجهٔ محله چیست؟ پاسخ را تا پنج‌شنبه بفرستید: city.example"


@pytest.mark.processes
def test_eight_workers_never_exceed_it_and_use_it_well(
    app: Flask, make_app: Callable[..., Flask], simulator: RunningSimulator
) -> None:
    settings = app.extensions["pasokh_settings"]
    with app.app_context():
        batch_id = make_batch().id
        people = (
            NewMessage(None, f"+98912{n:07d}", "fa", LONG if n % 3 else "سلام")
            for n in range(PEOPLE)
        )
        services.insert_messages(batch_id, people)
        db.session.commit()
    environment = {
        **os.environ,
        "PASOKH_ENV": "test",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "PLUGINS": ",".join(settings.plugins),
        "QUIET_HOURS": "",
        "CLOSED_DAYS": "send",
        "LOG_LEVEL": "ERROR",
        "SMS_GATEWAY": "kavenegar",
        "SMS_LINE": LINE,
        "SMS_HOOK_SECRET": "a-secret-of-22-characters-or-more",
        "KAVENEGAR_URL": simulator.url,
        "KAVENEGAR_API_KEY": simulator.api_key,
        "KAVENEGAR_RATE": str(RATE),
    }
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER], env=environment, cwd=ROOT)
        for _ in range(WORKERS)
    ]
    assert [worker.wait(timeout=100) for worker in workers] == [0] * WORKERS
    with sqlite3.connect(simulator.data) as ledger:
        arrivals = ledger.execute("SELECT accepted_at, parts FROM sms ORDER BY 1").fetchall()
    ledger.close()
    assert len(arrivals) == PEOPLE
    worst = max(within(arrivals, start) for start, _parts in arrivals)
    assert worst <= RATE
    whole = sum(parts for _at, parts in arrivals)
    seconds = arrivals[-1][0] - arrivals[0][0]
    # The first call needs no time, so the last second's worth comes on top.
    used = (whole - RATE) / seconds / RATE
    sys.stdout.write(f"{whole} segments in {seconds:.2f} s: {used:.1%} of {RATE}/s\n")
    assert used > 0.6, "so slow that something is wrong, whatever else the machine does"


def within(arrivals: list[tuple[float, int]], start: float) -> int:
    return sum(parts for at, parts in arrivals if start <= at < start + 1)


@pytest.fixture
def limited(app: Flask) -> FakeGateway:
    gateway = FakeGateway()
    with app.app_context():
        use_gateways(app, account_of(gateway, rate=10))
    return gateway


@pytest.mark.usefixtures("context")
def test_a_dead_workers_call_counts_for_a_while_and_not_for_ever() -> None:
    assert throttle.begin("fake", [8], 10, 0) is not None
    assert throttle.begin("fake", [3], 10, 0) is None, "it may be under way"
    assert throttle.begin("fake", [2], 10, 0) is not None
    assert throttle.begin("other", [10], 10, 0) is not None, "another gateway has its own limit"
    db.session.execute(
        text("UPDATE gateway_calls SET started_at = started_at - interval '31 seconds'")
    )
    db.session.commit()
    assert throttle.begin("fake", [10], 10, 0) is not None
    db.session.execute(
        text("UPDATE gateway_calls SET started_at = started_at - interval '6 minutes'")
    )
    db.session.commit()
    reconcile.run()
    assert db.session.scalar(text("SELECT count(*) FROM gateway_calls")) == 0


@pytest.mark.usefixtures("context")
def test_an_ended_call_counts_one_second_more() -> None:
    number = throttle.begin("fake", [10], 10, 0)
    assert number is not None
    throttle.end(number.number)
    assert throttle.begin("fake", [1], 10, 0.5) is None
    assert throttle.begin("fake", [10], 10, 2) is not None


@pytest.mark.usefixtures("context")
def test_whose_turn_does_not_come_in_time_is_told_so_and_later_it_comes() -> None:
    turn = text("SELECT pg_advisory_lock(hashtextextended('throttle:fake', 0))")
    with db.engine.connect() as another:
        another.execute(turn)
        assert throttle.begin("fake", [1], 10, 0.2) is None
        assert throttle.begin("other", [1], 10, 0.2) is not None
        another.execute(text("SELECT pg_advisory_unlock_all()"))
        assert throttle.begin("fake", [1], 10, 0.2) is not None
    timeout = db.session.scalar(text("SHOW lock_timeout"))
    assert timeout == "0", "it holds for the turn alone"


@pytest.mark.usefixtures("context")
def test_as_many_go_as_there_is_room_for() -> None:
    first = throttle.begin("fake", [2, 2, 2], 10, 0)
    assert first is not None
    assert first.count == 3
    second = throttle.begin("fake", [1, 3, 2], 10, 0)
    assert second is not None
    assert second.count == 2
    assert throttle.begin("fake", [1], 10, 0) is None


@pytest.mark.usefixtures("context")
def test_a_message_larger_than_the_limit_goes_alone() -> None:
    assert throttle.begin("fake", [12], 10, 0) is not None
    assert throttle.begin("fake", [1], 10, 0) is None


@pytest.mark.usefixtures("context")
def test_calls_are_small_enough_that_others_come_in_between(limited: FakeGateway) -> None:
    batch_id = make_batch().id
    services.insert_messages(
        batch_id, (NewMessage(None, f"+98912{n:07d}", "en", "Hello") for n in range(10))
    )
    db.session.commit()
    dispatch.run(10)
    assert limited.calls == [2] * 5


def test_no_call_begins_long_after_the_claim(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may be asking about these messages already, and have them sent again."""
    gateway, now = FakeGateway(), [1000.0]
    with app.app_context():
        use_gateways(app, account_of(gateway, rate=100))
        batch_id = make_batch().id
        text_of_ten_parts = "م" * 700
        people = (NewMessage(None, f"+98912{n:07d}", "fa", text_of_ten_parts) for n in range(20))
        services.insert_messages(batch_id, people)
        assert throttle.begin("fake", [60], 100, 0) is not None  # another worker's call
        (only,) = account.accounts()
        held = dispatch.claim(only, 20)
        assert held is not None

        def slow() -> None:
            now[0] += 26
            with db.engine.begin() as connection:
                connection.execute(text("DELETE FROM gateway_calls WHERE segments = 60"))

        gateway.before_send = slow
        monkeypatch.setattr(calling, "time", SimpleNamespace(monotonic=lambda: now[0]))
        dispatch.send(held)
        assert gateway.calls == [3], "there was room for more"
        assert services.progress([batch_id]) == {"accepted": 3, "created": 17}
