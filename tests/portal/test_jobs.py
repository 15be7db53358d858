"""Jobs are queued after commit, survive a lost queue, and run with a session of their own."""

import pytest
import redis
from flask import Flask
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from portal import clock, jobs, outbox, plugin
from portal.beat import PeriodicRun
from portal.db import after_commit, db
from portal.outbox import OutboxItem


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> jobs.JobFunction:
    made = jobs.JobFunction("test.probe", lambda *_: None, "default", 10)
    monkeypatch.setitem(jobs._registry, "test.probe", made)
    return made


def test_a_job_is_queued_only_when_the_change_is_committed(
    context: Flask, probe: jobs.JobFunction
) -> None:
    db.session.add(PeriodicRun(name="x"))
    db.session.flush()
    probe.enqueue(1)
    assert jobs.queue_length() == 0
    db.session.commit()
    assert jobs.queue_length() == 1


def test_a_rolled_back_change_queues_nothing(context: Flask, probe: jobs.JobFunction) -> None:
    db.session.add(PeriodicRun(name="x"))
    db.session.flush()
    probe.enqueue(1)
    db.session.rollback()
    db.session.add(PeriodicRun(name="y"))
    db.session.commit()
    assert jobs.queue_length() == 0


def test_a_savepoint_rolled_back_keeps_what_the_whole_change_promised(context: Flask) -> None:
    done: list[str] = []
    db.session.add(PeriodicRun(name="x"))
    after_commit(lambda: done.append("outer"))
    with pytest.raises(RuntimeError), db.session.begin_nested():
        raise RuntimeError
    db.session.commit()
    assert done == ["outer"]


def test_a_savepoint_that_is_kept_does_not_run_ahead_of_the_change(context: Flask) -> None:
    done: list[str] = []
    db.session.add(PeriodicRun(name="x"))
    after_commit(lambda: done.append("outer"))
    with db.session.begin_nested():
        db.session.add(PeriodicRun(name="y"))
    assert done == []
    db.session.commit()
    assert done == ["outer"]


def test_a_queue_server_that_is_away_is_no_error(
    context: Flask, probe: jobs.JobFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        context.extensions, "pasokh_redis", redis.from_url("unix:///nowhere/queue.sock")
    )
    assert jobs.send("test.probe", 1) is False


def test_what_is_queued_is_json_and_a_worker_runs_it(app: Flask) -> None:
    with app.app_context():
        outbox_runs = outbox.sweep
        jobs.send(outbox_runs.name)
        connection = jobs.connection()
        queue = Queue("urgent", connection=connection, serializer=JSONSerializer)
        assert queue.jobs[0].args == [outbox_runs.name]
        worker = SimpleWorker([queue], connection=connection, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")
        assert queue.count == 0
        assert db.session.get(PeriodicRun, outbox_runs.name) is not None


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Outbox items of kind `test.kind` land here; {"fail": true} raises instead."""
    seen: list[dict[str, object]] = []

    def handle(payload: dict[str, object]) -> None:
        if payload.get("fail"):
            raise RuntimeError("the world is away")
        seen.append(payload)

    ours = plugin.Plugin(name="test", outbox_handlers={"test.kind": handle})
    everything = plugin.active
    monkeypatch.setattr(plugin, "active", lambda: (*everything(), ours))
    return seen


def test_an_outbox_item_is_delivered_once(context: Flask, handled: list[dict[str, object]]) -> None:
    outbox.add("test.kind", {"n": 1})
    db.session.commit()
    outbox.sweep()
    outbox.sweep()
    assert handled == [{"n": 1}]


def test_an_outbox_item_of_a_change_that_rolled_back_is_gone(
    context: Flask, handled: list[dict[str, object]]
) -> None:
    outbox.add("test.kind", {"n": 1})
    db.session.rollback()
    outbox.sweep()
    assert handled == []


def test_a_failing_item_is_kept_with_its_reason_and_waits_longer_each_time(
    context: Flask, handled: list[dict[str, object]]
) -> None:
    outbox.add("test.kind", {"fail": True})
    outbox.add("test.kind", {"n": 2})
    db.session.commit()
    outbox.sweep()
    outbox.sweep()
    assert handled == [{"n": 2}]
    item = db.session.scalars(select(OutboxItem).where(OutboxItem.done_at.is_(None))).one()
    assert item.attempts == 1
    assert item.error == "RuntimeError: the world is away"
    assert item.available_at > clock.now()


def test_an_unknown_kind_is_refused_at_once(context: Flask) -> None:
    with pytest.raises(ValueError, match="nobody"):
        outbox.add("nobody", {})
    assert db.session.scalar(select(func.count()).select_from(OutboxItem)) == 0
