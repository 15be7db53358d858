"""Time passing: queued SMS reach the operator and the handset, and callbacks are made."""

import http.client
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlsplit

from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Arrived, Dialect, Push
from portal.messaging.simulator.ledger import FINAL, Ledger

logger = logging.getLogger(__name__)

TICK: Final = 0.1
SENDERS: Final = 4
MAX_TRIES: Final = 30
TIMEOUT: Final = 10.0


class Delivery:
    """Two threads: one moves SMS on, one makes callbacks (never more than `callback_rate`)."""

    def __init__(self, ledger: Ledger, behaviour: Behaviour, dialect: Dialect) -> None:
        self._ledger = ledger
        self._dialect = dialect
        self._behaviour = behaviour
        self._stop = threading.Event()
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="callback")
        self._threads = [
            threading.Thread(target=self._repeat, args=(step,), name=name, daemon=True)
            for name, step in [("delivery", self.advance), ("callbacks", self.call_back)]
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(TIMEOUT)
        self._pool.shutdown(cancel_futures=True)

    def _repeat(self, step: Callable[[], float]) -> None:
        pause = TICK
        while not self._stop.wait(pause):
            try:
                pause = step()
            except Exception:
                logger.exception("%s failed", threading.current_thread().name)
                pause = 1.0

    def advance(self) -> float:
        """Move what is due one state on; the pause until the next look, in seconds."""
        now = time.time()
        half = self._behaviour.delivery_seconds / 2
        rows = self._ledger.rows(
            "SELECT messageid, status, final_status FROM sms WHERE next_at <= ?"
            " ORDER BY next_at LIMIT 5000",
            (now,),
        )
        if not rows:
            return TICK
        changes: list[tuple[int, float | None, int]] = []
        for row in rows:
            status = {2: 1, 1: 5}.get(row["status"], row["final_status"])
            next_at = None if status in FINAL else now + half
            changes.append((status, next_at, row["messageid"]))
        everything = self._behaviour.callback_states == "all"
        with self._ledger.write() as db:
            db.executemany(
                # the status it had guards against a cancel in between
                "UPDATE sms SET status = ?1, next_at = ?2, changed_at = ?4,"
                " cost = CASE WHEN ?1 = 14 THEN 0 ELSE cost END"
                " WHERE messageid = ?3 AND next_at IS NOT NULL",
                [(*change, now) for change in changes],
            )
            if self._behaviour.status_callback:
                db.executemany(
                    "INSERT INTO callbacks (kind, body, due_at) VALUES ('status', ?, ?)",
                    [
                        (json.dumps({"messageid": messageid, "status": status}), now)
                        for status, _, messageid in changes
                        if everything or status in FINAL
                    ],
                )
        self._ledger.forget_spent()
        return 0.01 if len(rows) == 5000 else TICK

    def queue_inbound(self, arrived: Arrived) -> None:
        """Call the inbound callback soon, if there is one."""
        if not self._behaviour.inbound_callback:
            return
        with self._ledger.write() as db:
            db.execute(
                "INSERT INTO callbacks (kind, body, due_at) VALUES ('inbound', ?, ?)",
                (json.dumps(asdict(arrived), ensure_ascii=False), time.time()),
            )

    def call_back(self) -> float:
        """Make the callbacks that are due, inbound SMS first; the pause until the next look."""
        rate = self._behaviour.callback_rate
        started = time.monotonic()
        rows = self._ledger.rows(
            "SELECT id, kind, body, tries FROM callbacks WHERE state = 'due' AND due_at <= ?"
            " ORDER BY kind = 'status', due_at, id LIMIT ?",
            (time.time(), max(1, rate // 4)),
        )
        if not rows:
            return TICK
        done = self._pool.map(lambda row: self._post(row["kind"], row["body"]), rows)
        retry_at = time.time() + self._behaviour.callback_retry_seconds
        changes = []
        for row, ok in zip(rows, done, strict=True):
            tries = row["tries"] + 1
            state = "done" if ok else "given up" if tries >= MAX_TRIES else "due"
            changes.append((state, tries, retry_at, row["id"]))
        with self._ledger.write() as db:
            db.executemany(
                "UPDATE callbacks SET state = ?, tries = ?, due_at = ? WHERE id = ?", changes
            )
        return max(0.0, len(rows) / rate - (time.monotonic() - started))

    def _post(self, kind: str, body: str) -> bool:
        """One call; true when it was answered 200. Without a URL any more: done."""
        url = getattr(self._behaviour, f"{kind}_callback")
        push = self._push(kind, url, json.loads(body)) if url else None
        if push is None:
            return True
        address = urlsplit(url)
        headers = {"Content-Type": push.content_type, **push.headers}
        query = "&".join(filter(None, (address.query, push.query)))
        path = (address.path or "/") + (f"?{query}" if query else "")
        connection = self._connection(address.scheme, address.netloc)
        # The other side may have hung up a connection kept since the last call: that is no answer.
        for _ in range(2 if connection.sock else 1):
            try:
                connection.request(push.verb, path, push.body.encode(), headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                connection.close()  # http.client opens it anew at the next request
                continue
            return response.status == 200
        return False

    def _push(self, kind: str, url: str, body: dict[str, Any]) -> Push | None:
        if kind == "status":
            return self._dialect.status_push(url, body["messageid"], body["status"])
        return self._dialect.inbound_push(url, Arrived(**body))

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        kept: dict[tuple[str, str], http.client.HTTPConnection]
        kept = self._local.__dict__.setdefault("kept", {})
        if (scheme, netloc) not in kept:
            kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
            kept[scheme, netloc] = kind(netloc, timeout=TIMEOUT)
        return kept[scheme, netloc]
