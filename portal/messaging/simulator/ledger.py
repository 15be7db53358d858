"""The ledger: one row for each accepted SMS, each call, each inbound SMS, each callback due.

SQLite in WAL mode. A call's rows are committed before it is answered, so a kill -9 of this
process loses nothing that was acknowledged.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FIRST_MESSAGE: Final = 880_000_001
FIRST_INBOUND: Final = 510_000_001
FINAL: Final = (6, 10, 11, 13, 14)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sms (
    messageid INTEGER PRIMARY KEY, localid INTEGER UNIQUE, receptor TEXT NOT NULL,
    sender TEXT NOT NULL, message TEXT NOT NULL, accepted_at REAL NOT NULL,
    date INTEGER NOT NULL, status INTEGER NOT NULL, final_status INTEGER NOT NULL,
    parts INTEGER NOT NULL, cost INTEGER NOT NULL, next_at REAL, changed_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sms_receptor ON sms (receptor, messageid);
CREATE INDEX IF NOT EXISTS sms_next ON sms (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, result INTEGER NOT NULL,
    fate TEXT NOT NULL, recipients INTEGER NOT NULL, accepted INTEGER NOT NULL,
    duplicates INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS inbound (
    messageid INTEGER PRIMARY KEY, line TEXT NOT NULL, sender TEXT NOT NULL,
    message TEXT NOT NULL, at REAL NOT NULL, is_read INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS inbound_sender ON inbound (sender, messageid);
CREATE TABLE IF NOT EXISTS blocked (
    line TEXT NOT NULL, number TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (line, number)
);
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'due'
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at) WHERE state = 'due';
"""


@dataclass(frozen=True, slots=True)
class Sms:
    """One SMS to accept. `receptor` is E.164, `date` a Unix time or None for at once."""

    receptor: str
    sender: str
    message: str
    localid: int | None
    parts: int
    cost: int
    final_status: int
    date: int | None


class Ledger:
    """Safe to use from several threads. Times are Unix seconds."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._spent: int | None = None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Any:
        """The first column of the first row; None without one."""
        found = self.rows(sql, values)
        return found[0][0] if found else None

    def accept(
        self, batch: Sequence[Sms], *, method: str, result: int, fate: str, delay: float
    ) -> list[sqlite3.Row]:
        """Store what is new, and the call; the records of all, in order.

        A local id seen before brings back its record and stores nothing.
        """
        now = time.time()
        ids: list[int] = []
        new: list[tuple[object, ...]] = []
        cost = 0
        with self.write() as db:
            known = self._by_local_id([sms.localid for sms in batch if sms.localid is not None])
            next_id = 1 + (
                db.execute("SELECT max(messageid) FROM sms").fetchone()[0] or FIRST_MESSAGE - 1
            )
            for sms in batch:
                if sms.localid is not None and sms.localid in known:
                    ids.append(known[sms.localid])
                    continue
                ids.append(next_id)
                if sms.localid is not None:
                    known[sms.localid] = next_id
                status, next_at = (1, now + delay) if sms.date is None else (2, float(sms.date))
                row = (next_id, sms.localid, sms.receptor, sms.sender, sms.message, now)
                state = (sms.date or int(now), status, sms.final_status, sms.parts, sms.cost)
                new.append((*row, *state, next_at, now))
                cost += sms.cost
                next_id += 1
            db.executemany(f"INSERT INTO sms VALUES ({','.join('?' * 13)})", new)  # noqa: S608
            self._spent = None if self._spent is None else self._spent + cost
            counted = (len(batch), len(new), len(batch) - len(new))
            self._log(db, (method, result, fate), counted)
            return self.by_ids(ids)

    def _by_local_id(self, local_ids: Sequence[int]) -> dict[int, int]:
        marks = ",".join("?" * len(local_ids))
        sql = f"SELECT localid, messageid FROM sms WHERE localid IN ({marks})"  # noqa: S608
        return {row[0]: row[1] for row in self.rows(sql, local_ids)}

    def by_ids(self, ids: Sequence[int]) -> list[sqlite3.Row]:
        """The records of these message ids, in order, without those that are not there."""
        marks = ",".join("?" * len(ids))
        sql = f"SELECT * FROM sms WHERE messageid IN ({marks})"  # noqa: S608
        found = {row["messageid"]: row for row in self.rows(sql, ids)}
        return [found[messageid] for messageid in ids if messageid in found]

    def by_local_ids(self, local_ids: Sequence[int]) -> dict[int, sqlite3.Row]:
        known = self._by_local_id(local_ids)
        return {row["localid"]: row for row in self.by_ids(list(known.values()))}

    def log_call(self, method: str, result: int, fate: str = "answer", recipients: int = 0) -> None:
        with self.write() as db:
            self._log(db, (method, result, fate), (recipients, 0, 0))

    @staticmethod
    def _log(
        db: sqlite3.Connection, call: tuple[str, int, str], counted: tuple[int, int, int]
    ) -> None:
        db.execute(
            "INSERT INTO calls (at, method, result, fate, recipients, accepted, duplicates)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (time.time(), *call, *counted),
        )

    def cancel(self, ids: Sequence[int]) -> None:
        """Cancel those that are still queued or scheduled; their cost is returned."""
        marks = ",".join("?" * len(ids))
        with self.write() as db:
            db.execute(
                "UPDATE sms SET status = 13, cost = 0, next_at = NULL, changed_at = ?"  # noqa: S608
                f" WHERE status IN (1, 2) AND messageid IN ({marks})",
                (time.time(), *ids),
            )
            self._spent = None

    def add_inbound(self, line: str, sender: str, message: str, at: float) -> int:
        with self.write() as db:
            last = db.execute("SELECT max(messageid) FROM inbound").fetchone()[0]
            messageid = int((last or FIRST_INBOUND - 1) + 1)
            db.execute(
                "INSERT INTO inbound (messageid, line, sender, message, at) VALUES (?, ?, ?, ?, ?)",
                (messageid, line, sender, message, at),
            )
        return messageid

    def set_blocked(self, line: str, number: str, blocked: bool) -> None:
        with self.write() as db:
            db.execute("DELETE FROM blocked WHERE line = ? AND number = ?", (line, number))
            if blocked:
                db.execute("INSERT INTO blocked VALUES (?, ?, ?)", (line, number, time.time()))

    def blocked(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of the (line, number) pairs are blocked."""
        numbers = [number for _, number in pairs]
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT line, number FROM blocked WHERE number IN ({marks})"  # noqa: S608
        return {(row[0], row[1]) for row in self.rows(sql, numbers)}

    def spent(self) -> int:
        """What all SMS cost, less what was returned."""
        with self._lock:
            if self._spent is None:
                self._spent = int(self.one("SELECT coalesce(sum(cost), 0) FROM sms"))
            return self._spent

    def forget_spent(self) -> None:
        """Add the costs up anew next time: some were returned."""
        with self._lock:
            self._spent = None

    def counts(self) -> dict[str, Any]:
        """Everything a test wants to count, from one moment."""
        with self._lock:
            sms = self.rows(
                "SELECT count(*) AS accepted, count(DISTINCT receptor) AS distinct_receptors,"
                " count(DISTINCT localid) AS distinct_localids,"
                " coalesce(sum(parts), 0) AS parts, coalesce(sum(cost), 0) AS cost FROM sms"
            )[0]
            calls = self.rows(
                "SELECT count(*) AS total, coalesce(sum(duplicates), 0) AS duplicates,"
                " coalesce(sum(recipients), 0) AS recipients FROM calls"
            )[0]
            groups = {
                name: {
                    str(row[0]): row[1]
                    for row in self.rows(
                        f"SELECT {column}, count(*) FROM {table} GROUP BY 1"  # noqa: S608
                    )
                }
                for name, column, table in [
                    ("by_status", "status", "sms"),
                    ("by_result", "result", "calls"),
                    ("by_method", "method", "calls"),
                    ("by_fate", "fate", "calls"),
                    ("callbacks", "state", "callbacks"),
                ]
            }
            return {
                **dict(sms),
                "duplicates": calls["duplicates"],
                "by_status": groups["by_status"],
                "inbound": self.one("SELECT count(*) FROM inbound"),
                "blocked": self.one("SELECT count(*) FROM blocked"),
                "calls": {
                    "total": calls["total"],
                    "recipients": calls["recipients"],
                    "by_result": groups["by_result"],
                    "by_method": groups["by_method"],
                    "by_fate": groups["by_fate"],
                },
                "callbacks": groups["callbacks"],
            }
