"""Waking the dispatcher. A hint may get lost: the beat starts it every few seconds anyway."""

import logging
from typing import Final

import redis

from portal import jobs
from portal.db import after_commit, db

log = logging.getLogger(__name__)

DISPATCH: Final = "portal.messaging.jobs.dispatch"
# One dispatcher waits in the queue at most; as many run as there are free workers.
WAITING_KEY: Final = "pasokh:dispatch-waiting"
WAITING_SECONDS: Final = 10


def dispatch_soon() -> None:
    """Have a worker dispatch, after the present transaction is committed if one is open."""
    if db.session().in_transaction():
        after_commit(_send)
    else:
        _send()


def dispatch_started() -> None:
    """The one that waited is running: the next hint counts again."""
    try:
        jobs.connection().delete(WAITING_KEY)
    except redis.RedisError as error:
        log.warning("Queue away", extra={"why": str(error)})


def _send() -> None:
    try:
        first = jobs.connection().set(WAITING_KEY, "1", nx=True, ex=WAITING_SECONDS)
    except redis.RedisError as error:
        log.warning("Queue away, the beat will dispatch", extra={"why": str(error)})
        return
    if first:
        jobs.send(DISPATCH)
