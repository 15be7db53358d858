"""The files of the database before an attack on a copy of them."""

from sqlalchemy import text

from portal.db import db


def begin_new_files(*tables: str) -> None:
    """Give empty tables files in which nobody's rows ever lay.

    Rows that other tests deleted would lie among ours, and their holes mix up our order. VACUUM
    FULL does not do: it keeps what a transaction that still runs may see, such as an ANALYZE that
    the server began by itself.
    """
    with db.engine.begin() as connection:
        for table in tables:
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {', '.join(tables)} CASCADE"))
