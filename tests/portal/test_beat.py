"""Periodic work happens with a queue server, without one, and after a forgotten job."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal import beat, clock, jobs
from portal.db import db


@pytest.fixture
def periodic(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two periodic jobs that write down that they ran; the host's own are left out."""
    ran: list[str] = []

    def make(name: str) -> jobs.JobFunction:
        return jobs.JobFunction(name, lambda: ran.append(name), "default", 10)

    items = [beat.Periodic(make("test.first"), 10), beat.Periodic(make("test.second"), 10)]
    monkeypatch.setattr(beat, "periodic_jobs", lambda: items)
    monkeypatch.setattr(jobs, "_registry", {item.job.name: item.job for item in items})
    return ran


def test_a_due_job_is_queued_once_a_period(context: Flask, periodic: list[str]) -> None:
    beat.tick()
    beat.tick()
    assert jobs.queue_length() == 2
    assert periodic == []


def test_the_beat_runs_every_overdue_job_itself(context: Flask, periodic: list[str]) -> None:
    start = clock.now()
    with clock.freeze(start):
        beat.tick()
    jobs.connection().flushdb()
    with clock.freeze(start + dt.timedelta(seconds=21)):
        beat.tick()
    assert periodic == ["test.first", "test.second"]


def test_without_a_queue_server_the_beat_runs_the_jobs(
    context: Flask, periodic: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "send", lambda *_: False)
    beat.tick()
    assert periodic == ["test.first", "test.second"]
    assert set(beat.ages()) == {"test.first", "test.second"}


def test_a_job_that_fails_does_not_stop_the_others(
    context: Flask, periodic: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    first = jobs.JobFunction("test.first", fail, "default", 10)
    second = beat.periodic_jobs()[1]
    monkeypatch.setattr(beat, "periodic_jobs", lambda: [beat.Periodic(first, 10), second])
    monkeypatch.setattr(jobs, "send", lambda *_: False)
    beat.tick()
    assert periodic == ["test.second"]


def test_late_names_what_has_not_finished(context: Flask, periodic: list[str]) -> None:
    for item in beat.periodic_jobs():
        jobs.run(item.job)
    assert beat.late() == []
    with clock.freeze(clock.now() + dt.timedelta(minutes=2)):
        assert beat.late() == ["test.first", "test.second"]


_LEADERS = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND (classid::bigint << 32 | objid::bigint) = :key"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def leaders() -> list[int]:
    with db.engine.connect() as connection:
        return list(connection.scalars(_LEADERS, {"key": beat.LEADER_LOCK}))


@contextmanager
def beating(
    app: Flask, tick: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A beat in a thread of its own whose every round is `tick`."""
    monkeypatch.setattr(beat, "tick", tick)
    stop = threading.Event()
    thread = threading.Thread(target=beat.beat, args=(app, stop), kwargs={"interval_seconds": 0.05})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_only_one_beat_leads(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked = threading.Event()
    with db.engine.connect() as other:
        assert other.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": beat.LEADER_LOCK})
        with beating(context, ticked.set, monkeypatch):
            assert not ticked.wait(0.3)
            other.execute(text("SELECT pg_advisory_unlock_all()"))
            assert ticked.wait(10)
    assert leaders() == []


def test_a_beat_that_lost_the_database_leads_again(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    again = threading.Event()

    def tick() -> None:
        rounds.extend(leaders())
        if len(rounds) == 1:
            with db.engine.connect() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": rounds[0]})
        elif rounds[-1] != rounds[0]:
            again.set()

    with beating(context, tick, monkeypatch):
        assert again.wait(40)
    assert leaders() == []


def test_an_error_in_a_round_does_not_leave_the_lock_with_nobody(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection that held it must not go on living in the pool."""
    stop = threading.Event()

    def tick() -> None:
        stop.set()
        raise OperationalError("SELECT", {}, Exception("deadlock detected"))

    monkeypatch.setattr(beat, "tick", tick)
    beat.beat(context, stop, interval_seconds=0.05)
    assert stop.is_set()
    assert leaders() == []
