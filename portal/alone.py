"""Work that one process at a time does."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db import db

_LOCK: Final = text("SELECT pg_try_advisory_lock(hashtextextended(:work, 0))")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(hashtextextended(:work, 0))")


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Whether nobody else is at this work; where it is true nobody begins until the block ends.

    A lock of PostgreSQL on a connection of its own: it ends with the process that holds it.
    """
    with db.engine.connect() as connection:
        # Never back to the pool, where its lock would outlive an error and bar others.
        connection.detach()
        values = {"work": f"alone:{work}"}
        is_alone = bool(connection.scalar(_LOCK, values))
        connection.commit()
        try:
            yield is_alone
        finally:
            if is_alone:
                with suppress(DBAPIError):  # a connection that is lost has no lock
                    connection.execute(_UNLOCK, values)
                    connection.commit()
