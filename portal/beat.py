"""The beat: puts periodic work on the queue, and does it itself when the queue does not.

One process leads, by a PostgreSQL advisory lock on a connection of its own. Each periodic job
writes a row of `periodic_runs` when it finishes; where none has finished for two periods (queue
server away, workers dead) the beat runs the job itself. So FLUSHALL or a dead worker delays work
by two periods at most.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock, jobs, plugin
from portal.db import Base, db
from portal.services import ServiceError

log = logging.getLogger(__name__)

LEADER_LOCK = 0x5061736F6B68
"""Key of the advisory lock ("Pasokh" in ASCII)."""
_LEAD = f"SELECT pg_try_advisory_lock({LEADER_LOCK})"


class PeriodicRun(Base):
    """When a periodic job last started and finished, whoever ran it."""

    __tablename__ = "periodic_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_queued_at: Mapped[dt.datetime | None]
    last_started_at: Mapped[dt.datetime | None]
    last_finished_at: Mapped[dt.datetime | None]


@dataclass(frozen=True)
class Periodic:
    """A job, its period in seconds, and what it does in words (a lazy translation)."""

    job: jobs.JobFunction
    every_seconds: int
    label: Any = ""


def periodic_jobs() -> list[Periodic]:
    return [item for each in plugin.active() for item in each.periodic]


@contextmanager
def recorded(name: str) -> Iterator[None]:
    """Write down start and finish of a run, if `name` is a periodic job."""
    periodic = name in {item.job.name for item in periodic_jobs()}
    if periodic:
        _mark(name, last_started_at=clock.now())
    yield
    if periodic:
        _mark(name, last_finished_at=clock.now())


def _mark(name: str, **values: dt.datetime) -> None:
    statement = insert(PeriodicRun).values(name=name, **values)
    with db.engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=[PeriodicRun.name], set_=values)
        )


def ages() -> dict[str, float | None]:
    """Seconds since each periodic job last finished (None: never), for /readyz and the doctor."""
    finished = {row.name: row.last_finished_at for row in db.session.scalars(select(PeriodicRun))}
    now = clock.now()
    found: dict[str, float | None] = {}
    for item in periodic_jobs():
        last = finished.get(item.job.name)
        found[item.job.name] = (now - last).total_seconds() if last else None
    return found


def late() -> list[str]:
    """Periodic jobs that have not finished for four periods (at least 30 s): something is wrong."""
    known = ages()
    return [
        item.job.name
        for item in periodic_jobs()
        if (age := known[item.job.name]) is not None and age > max(4 * item.every_seconds, 30)
    ]


def tick() -> None:
    """One round: queue what is due, run what nobody has run for two periods."""
    now = clock.now()
    # Plain rows: a job that runs here ends the session, and its objects with it.
    columns = (PeriodicRun.name, PeriodicRun.last_queued_at, PeriodicRun.last_finished_at)
    rows = {row.name: row for row in db.session.execute(select(*columns))}
    db.session.rollback()
    for item in periodic_jobs():
        name, period = item.job.name, dt.timedelta(seconds=item.every_seconds)
        row = rows.get(name)
        if row and row.last_queued_at and now - row.last_queued_at < period:
            continue
        first_queued = row.last_queued_at if row else None
        done = row.last_finished_at if row else None
        overdue = first_queued is not None and now - (done or first_queued) > 2 * period
        _mark(name, last_queued_at=now)
        if overdue or not jobs.send(name):
            log.info("The beat runs a job itself", extra={"job": name})
            try:
                jobs.run(item.job)
            except Exception as error:
                log.warning("The next round tries again", extra={"job": name, "why": str(error)})


def beat(app: Flask, stop: threading.Event, *, interval_seconds: float = 1.0) -> None:
    """Lead or wait to lead until `stop` is set. Survives the loss of database and queue server."""
    with app.app_context():
        while not stop.is_set():
            try:
                with db.engine.connect() as connection:
                    # Never back to the pool, where its lock would outlive an error and bar others.
                    connection.detach()
                    leading = False
                    while not stop.is_set():
                        started = time.monotonic()
                        # Asked each round: a lost connection is a lost lock.
                        question = "SELECT true" if leading else _LEAD
                        leading = bool(connection.execute(text(question)).scalar())
                        connection.commit()
                        if leading:
                            tick()
                        stop.wait(max(0.05, interval_seconds - (time.monotonic() - started)))
            except (SQLAlchemyError, ServiceError) as error:
                why = str(getattr(error, "orig", None) or error)[:200]
                log.warning("The beat lost the database", extra={"why": why})
            finally:
                db.session.remove()
            stop.wait(interval_seconds)
