"""/sim/: the handsets and the ledger, for tests and the demonstration's telephone page."""

import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from portal.messaging.gateways.numbers import international, is_e164, national
from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.delivery import Delivery
from portal.messaging.simulator.dialect import Arrived
from portal.messaging.simulator.kavenegar import DEFAULT_LINE
from portal.messaging.simulator.ledger import Ledger

_HANDSET = re.compile(r"handset/([^/]{1,40})\.json")
_REPLY = re.compile(r"handset/([^/]{1,40})/reply")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_STOP: Final = frozenset({"11", "لغو11"})
_START: Final = frozenset({"12"})
MAX_REPLY: Final = 1_000
MOST_LATE: Final = 2 * 86_400


class ControlError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    def __init__(self, ledger: Ledger, behaviour: Behaviour, delivery: Delivery) -> None:
        self._ledger = ledger
        self._behaviour = behaviour
        self._delivery = delivery

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """A JSON document. Raises ControlError."""
        if path == "health":
            return {"ok": True, "accepted": self._ledger.one("SELECT count(*) FROM sms")}
        if path == "ledger.json":
            return self._ledger.counts()
        if path == "behaviour":
            return asdict(self._behaviour)
        if path == "handsets.json":
            return self._handsets(_number(query, "after", 0), _number(query, "limit", 100))
        if path == "messages.json":
            return self._messages(_number(query, "after", 0), _number(query, "limit", 1000))
        if found := _HANDSET.fullmatch(path):
            return self._handset(_e164(found[1]))
        raise ControlError(404, "no such page")

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """A JSON document. Raises ControlError."""
        if path == "behaviour":
            try:
                self._behaviour.change(dict(body))
            except ValueError as error:
                raise ControlError(400, str(error)) from None
            return asdict(self._behaviour)
        if found := _REPLY.fullmatch(path):
            return self._reply(_e164(found[1]), body)
        raise ControlError(404, "no such page")

    def _handset(self, number: str) -> dict[str, Any]:
        """What the handset shows: SMS on their way to it or there, and what it sent."""
        received = self._ledger.rows(
            "SELECT messageid, accepted_at AS at, sender AS line, message, status, parts"
            " FROM sms WHERE receptor = ? AND final_status = 10 AND status IN (1, 4, 5, 10)"
            " ORDER BY messageid DESC LIMIT 500",
            (number,),
        )
        sent = self._ledger.rows(
            "SELECT messageid, at, line, message, 10 AS status, 0 AS parts"
            " FROM inbound WHERE sender = ? ORDER BY messageid DESC LIMIT 500",
            (number,),
        )
        both = [("in", row) for row in received] + [("out", row) for row in sent]
        lines = self._ledger.rows("SELECT line FROM blocked WHERE number = ?", (number,))
        return {
            "number": number,
            "national": national(number),
            "blocked_lines": [row["line"] for row in lines],
            "messages": [
                {
                    "id": row["messageid"],
                    "direction": direction,
                    "text": row["message"],
                    "line": row["line"],
                    "at": _iso(row["at"]),
                    "status": row["status"],
                    "delivered": row["status"] == 10,
                    "parts": row["parts"],
                }
                for direction, row in sorted(both, key=lambda pair: pair[1]["at"])
            ],
        }

    def _handsets(self, after: int, limit: int) -> dict[str, Any]:
        """Numbers with an SMS after the message id `after`, the latest first."""
        rows = self._ledger.rows(
            "SELECT receptor, max(messageid) AS last_id, count(*) AS messages, message,"
            " accepted_at FROM sms WHERE messageid > ? GROUP BY receptor"
            " ORDER BY last_id DESC LIMIT ?",
            (after, min(limit, 1000)),
        )
        return {
            "cursor": rows[0]["last_id"] if rows else after,
            "handsets": [
                {
                    "number": row["receptor"],
                    "national": national(row["receptor"]),
                    "last_id": row["last_id"],
                    "last_at": _iso(row["accepted_at"]),
                    "last_text": row["message"],
                    "messages": row["messages"],
                }
                for row in rows
            ],
        }

    def _messages(self, after: int, limit: int) -> dict[str, Any]:
        """The ledger's rows after a message id, oldest first, exactly as stored."""
        rows = self._ledger.rows(
            "SELECT messageid, localid, receptor, sender, message, accepted_at, status,"
            " final_status, parts, cost FROM sms WHERE messageid > ? ORDER BY messageid LIMIT ?",
            (after, min(limit, 10_000)),
        )
        return {
            "cursor": rows[-1]["messageid"] if rows else after,
            "messages": [dict(row) for row in rows],
        }

    def _reply(self, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """An SMS from a handset: `text`, to `line`, taken by the gateway `at` some time past."""
        text, line, at = body.get("text"), body.get("line"), body.get("at")
        now = time.time()
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_REPLY:
            raise ControlError(400, f"text is a string of 1 to {MAX_REPLY} characters")
        if line is None:
            line = self._ledger.one(
                "SELECT sender FROM sms WHERE receptor = ? ORDER BY messageid DESC", (number,)
            )
            line = line or next(iter(self._behaviour.line_list()), DEFAULT_LINE)
        if not isinstance(line, str) or not line.removeprefix("+").isdigit():
            raise ControlError(400, "line is a string of digits")
        if at is not None and (type(at) is not int or not now - MOST_LATE <= at <= now):
            raise ControlError(400, "at is a Unix time of the last two days")
        at = now if at is None else at
        messageid = self._ledger.add_inbound(line, number, text, at)
        # The operator acts on 11 and 12 itself, whatever the line's owner does.
        word = re.sub(r"\s", "", text.translate(_DIGITS))
        if word in _STOP or word in _START:
            self._ledger.set_blocked(line, number, word in _STOP)
        self._delivery.queue_inbound(Arrived(messageid, number, line, text, int(at)))
        return {"messageid": messageid, "line": line}


def _e164(text: str) -> str:
    number = international(text)
    if not is_e164(number):
        raise ControlError(404, "not a telephone number")
    return number


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ControlError(400, f"{name} is a number")
    return int(text)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
