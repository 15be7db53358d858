"""After a redaction: out of the files of the database too.

An UPDATE leaves the old row where it was, until VACUUM; VACUUM leaves its bytes in the page, until
they are written over; and the planner keeps samples of columns in pg_statistic. So tables that are
not large are rewritten (VACUUM FULL, locked for as long as it is written) and analysed anew, and
the samples' own table is rewritten as well. Large ones are vacuumed by day and rewritten by
`flask redactions scrub` when nobody works.
"""

import logging
from typing import Final

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.db import db
from workflows.cases.redaction import places
from workflows.cases.redaction.models import CaseRedaction

log = logging.getLogger(__name__)

LARGE: Final = 256 * 1024 * 1024
"""Bytes with indexes; above it a table is not locked by day."""
LOCK: Final = "2s"
ALWAYS: Final = (
    "cases",
    "case_words",
    "case_events",
    "messages",
    "inbound_messages",
    "audit_payloads",
)


def waiting(limit: int = 20) -> list[int]:
    return list(
        db.session.scalars(
            select(CaseRedaction.id)
            .where(CaseRedaction.scrubbed_at.is_(None))
            .order_by(CaseRedaction.id)
            .limit(limit)
        )
    )


def scrub(*redaction_ids: int, everything: bool = False) -> bool:
    """Clean once after several redactions; False where it must be tried again later. Commits.

    `everything`: large tables are rewritten too.
    """
    rows = [
        row
        for row in db.session.scalars(
            select(CaseRedaction).where(CaseRedaction.id.in_(redaction_ids))
        )
        if row.scrubbed_at is None or (everything and row.large)
    ]
    if not rows:
        return True
    xid, names = max(row.xid for row in rows), sorted(set().union(*map(_tables, rows)))
    ids = [row.id for row in rows]
    db.session.rollback()
    large: dict[str, int] = {}
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        if _somebody_sees(connection, xid):
            return False
        connection.execute(text("SELECT set_config('lock_timeout', :most, false)"), {"most": LOCK})
        try:
            for name in names:
                size = _size(connection, name)
                if size > LARGE and not everything:
                    large[name] = size
                    connection.execute(text(f'VACUUM (ANALYZE) "{name}"'))
                else:
                    connection.execute(text(f'VACUUM (FULL, ANALYZE) "{name}"'))
            # Who looks since before the samples were taken anew keeps the old ones alive.
            if _somebody_sees(connection, _now(connection)):
                return False
            _samples(connection)
        except DBAPIError as error:
            log.warning("A table is in use; tried again", extra={"why": type(error.orig).__name__})
            return False
        finally:
            connection.execute(text("RESET lock_timeout"))
    for row in db.session.scalars(select(CaseRedaction).where(CaseRedaction.id.in_(ids))):
        row.scrubbed_at, row.large = clock.now(), large
    db.session.commit()
    return True


def _tables(row: CaseRedaction) -> set[str]:
    """Those that were changed, those that belong to cases, and those that always may hold words:
    rows changed earlier for another reason may lie there dead."""
    known = {table.name: table for table in places.tables()}
    names = {place.split(".")[0] for place in row.places if "." in place}
    names |= {name for name, table in known.items() if table.ways}
    names |= set(ALWAYS)
    if "letters" in names:
        names |= {"letter_documents"}
    if "packet_snapshots" in names:
        names |= {"packet_files"}
    return names


def _somebody_sees(connection: Connection, xid: int) -> bool:
    """Whether a snapshot as old as the redaction is open: what it may see cannot be removed."""
    found: bool = connection.execute(
        text(
            """
            SELECT EXISTS (
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_xmin IS NOT NULL
                  AND age(backend_xmin) >= age(CAST(CAST(:xid % 4294967296 AS text) AS xid))
            ) OR EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
            """
        ),
        {"xid": xid},
    ).scalar_one()
    return found


def _size(connection: Connection, name: str) -> int:
    size: int = connection.execute(
        text("SELECT pg_total_relation_size(to_regclass(:name))"), {"name": f'"{name}"'}
    ).scalar_one()
    return size


def _now(connection: Connection) -> int:
    """The number of a transaction that begins and ends here."""
    xid: int = connection.execute(
        text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
    ).scalar_one()
    return xid


def _samples(connection: Connection) -> None:
    """Where the role may not (a managed server), PostgreSQL warns and autovacuum does it later."""
    connection.execute(text("VACUUM (FULL) pg_catalog.pg_statistic"))
