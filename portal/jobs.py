"""Jobs: functions that a worker runs. The queue is a hint, the tables are the truth.

A job takes ids, states its timeout, may run twice and may vanish; a periodic sweep finds the same
work in the tables. Enqueueing happens after commit, and a queue server that is away is logged,
never an error to the person who clicked.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from flask import Flask, current_app
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from portal.db import after_commit, db

log = logging.getLogger(__name__)

QUEUES = ("urgent", "default", "bulk")


@dataclass(frozen=True)
class JobFunction:
    """A registered job; call it to run it here, `enqueue()` it to have a worker run it."""

    name: str
    function: Callable[..., Any]
    queue: str
    timeout_seconds: int

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def enqueue(self, *args: int | str | None) -> None:
        """Enqueue once the present transaction is committed; at once where none is open."""
        if db.session().in_transaction():
            after_commit(functools.partial(send, self.name, *args))
        else:
            send(self.name, *args)


_registry: dict[str, JobFunction] = {}


def job(
    *, queue: str = "default", timeout_seconds: int
) -> Callable[[Callable[..., Any]], JobFunction]:
    """Register a function as a job under its dotted name."""
    if queue not in QUEUES:
        raise ValueError(f"No such queue: {queue}")

    def register(function: Callable[..., Any]) -> JobFunction:
        name = f"{function.__module__}.{function.__qualname__}"
        made = JobFunction(name, function, queue, timeout_seconds)
        _registry[name] = made
        return made

    return register


def registered() -> dict[str, JobFunction]:
    return dict(_registry)


def connection() -> redis.Redis:
    """The application's connection pool to the queue server."""
    pool: redis.Redis = current_app.extensions["pasokh_redis"]
    return pool


def send(name: str, *args: Any) -> bool:
    """Put a job on its queue now. False (and a log line) where the queue server is away."""
    registered_job = _registry[name]
    try:
        _queue(registered_job.queue).enqueue_call(
            "portal.jobs.perform",
            args=(name, *args),
            timeout=registered_job.timeout_seconds,
            result_ttl=0,
            failure_ttl=0,
            description=name,
        )
    except redis.RedisError as error:
        log.warning(
            "Queue away, the sweep will find the work", extra={"job": name, "why": str(error)}
        )
        return False
    return True


def _queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=JSONSerializer)


def queue_length() -> int:
    return sum(_queue(name).count for name in QUEUES)


_worker_app: Flask | None = None


def perform(name: str, *args: Any) -> None:
    """What rq calls. Unknown names (a plugin no longer configured) are logged and dropped."""
    app = _worker_app or current_app._get_current_object()  # type: ignore[attr-defined]
    found = _registry.get(name)
    if found is None:
        log.error("No such job", extra={"job": name})
        return
    with app.app_context():
        run(found, *args)


def run(found: JobFunction, *args: Any) -> None:
    """Run here, with a session of its own and a record of the run for periodic jobs."""
    from portal import beat

    try:
        with beat.recorded(found.name):
            found.function(*args)
    except Exception:
        db.session.rollback()
        log.exception("Job failed", extra={"job": found.name})
        raise
    finally:
        db.session.remove()


class _FlaskWorker(Worker):
    """Forks a process per job; the child must not share the parent's database connections."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        if _worker_app is not None:
            with _worker_app.app_context():
                db.engine.dispose(close=False)
        super().main_work_horse(job, queue)


def work(app: Flask, *, fork: bool = True, burst: bool = False) -> None:
    """Run a worker until it is told to stop. A server that is away is waited for."""
    global _worker_app  # noqa: PLW0603 (rq calls a bare function; this is its application)
    _worker_app = app
    kind = _FlaskWorker if fork else SimpleWorker
    with app.app_context():
        # A blocking pop needs a socket without a read timeout of its own.
        queue_connection = redis.from_url(app.extensions["pasokh_urls"].redis_url)
        worker = kind(list(QUEUES), connection=queue_connection, serializer=JSONSerializer)
        worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)
