"""Work that one process at a time does."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from portal.db import db


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Whether nobody else is at this work; where it is true nobody begins until the block ends.

    A lock of PostgreSQL on a connection of its own: it ends with the process that holds it.
    """
    with db.engine.connect() as connection:
        # Never back to the pool, where its lock would outlive an error and bar others.
        connection.detach()
        lock = text("SELECT pg_try_advisory_lock(hashtextextended(:work, 0))")
        is_alone = bool(connection.scalar(lock, {"work": f"alone:{work}"}))
        connection.commit()
        yield is_alone
