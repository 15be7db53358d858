"""IPPanel Edge over the ledger: sending, reports, inbox and credit.

The ledger has no bulks: one is the messages of a call with one text, named by the first of them.
Of a bulk without credit the messages cost nothing and fail.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from portal.messaging.gateways.numbers import is_e164
from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import LINK, Engine
from portal.messaging.simulator.ledger import Ledger, Sms

MAX_CHARS: Final = 1400
SAME_SECONDS: Final = 40
INVALID_STATE: Final = 431
# code: (HTTP status, message_code, message)
ERRORS: Final[dict[int, tuple[int, str, str]]] = {
    401: (401, "400-1", "اطلاعات وارد شده صحیح نمی باشد"),
    404: (404, "404-1", "یافت نشد"),
    422: (422, "400-2", "اطلاعات ارسالی نامعتبر است"),
    429: (429, "429-1", "درخواست تکراری است"),
    INVALID_STATE: (422, "400-31", "invalid state"),
}
# The ledger's states as message_status
STATES: Final[dict[int, int]] = {5: 1, 6: 3, 10: 2, 11: 3, 14: 4}
_BULKS: Final = (
    "SELECT min(messageid) AS id, sender, message, accepted_at, count(*) AS count,"
    " sum(cost) AS cost, max(status IN (1, 2)) AS waits, min(status) AS least,"
    " max(status) AS most FROM sms WHERE {where} GROUP BY accepted_at, sender, message"
)


class RefusedError(Exception):
    def __init__(self, code: int, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class IpPanel:
    """See Dialect; /v1/api/…, the key in the header Authorization."""

    name = "ippanel"
    codes = frozenset({500, *ERRORS})
    mishaps = "429,500"

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({500}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._key = api_key

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:  # noqa: ARG002
        return None

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:  # noqa: ARG002
        return None

    def answer(self, request: Request) -> Answer:
        method = "/".join(request.path[2:])[:40]
        given: Mapping[str, Any] = request.document if isinstance(request.document, dict) else {}
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            if headers.get("authorization") != self._key:
                raise RefusedError(401)
            if (forced := self._engine.forced(method)) is not None:
                raise RefusedError(forced)
            if self._engine.over_limit():
                raise RefusedError(429)
            match (request.verb, *request.path):
                case ("POST", "v1", "api", "send"):
                    return self._send(method, given)
                case ("POST", "v1", "api", "report", "new_list"):
                    found = self._list(given)
                case ("GET", "v1", "api", "report", "by_bulk"):
                    found = {"data": _bulk(self._one(request.query, "messages_outbox_id"))}
                case ("GET", "v1", "api", "report", "recipients"):
                    found = self._recipients(request.query)
                case ("POST", "v1", "api", "report", "messages-inbox"):
                    found = self._inbox(given)
                case ("GET", "v1", "api", "payment", "credit", "mine"):
                    found = {"data": {"credit": self._engine.credit() + 0.4, "gift": 0}}
                case _:
                    raise RefusedError(404)
        except RefusedError as stop:
            self._ledger.log_call(method, stop.code)
            return _refusal(stop.code, stop.field)
        self._ledger.log_call(method, 200)
        return _answer(found)

    # Sending

    def _send(self, method: str, given: Mapping[str, Any]) -> Answer:
        line = given.get("from_number")
        known = self._behaviour.line_list()
        if not isinstance(line, str) or not line.startswith("+98") or not line[1:].isdigit():
            raise RefusedError(422, "from_number")
        line = line.removeprefix("+98")
        if known and line not in known:
            raise RefusedError(422, "from_number")
        batch: list[Sms] = []
        firsts: list[int] = []
        for text, numbers in _parts(given):
            if not isinstance(text, str) or not text.strip() or len(text) > MAX_CHARS:
                raise RefusedError(422, "message")
            if not numbers or not all(_is_mobile(number) for number in numbers):
                raise RefusedError(422, "params.recipients")
            firsts.append(len(batch))
            stopped = self._engine.blocked(line, numbers)
            for number in numbers:
                sms = self._engine.sms(number, line, text, is_blocked=number in stopped)
                is_rejected = self._engine.refuses_link(text)
                batch.append(replace(sms, final_status=6) if is_rejected else sms)
        if not batch:
            raise RefusedError(422, "params")
        if all(self._is_repeated(sms) for sms in batch):
            raise RefusedError(429)
        if sum(sms.cost for sms in batch) > self._engine.credit():
            batch = [replace(sms, final_status=6, cost=0) for sms in batch]
        taken = self._engine.take(method, batch)
        if taken.code is not None:
            return _refusal(taken.code)
        ids = [taken.rows[first]["messageid"] for first in firsts]
        return _answer({"data": {"message_outbox_ids": ids}}, taken.fate)

    def _is_repeated(self, sms: Sms) -> bool:
        found = self._ledger.one(
            "SELECT 1 FROM sms WHERE receptor = ? AND sender = ? AND message = ?"
            " AND accepted_at > ?",
            (sms.receptor, sms.sender, sms.message, time.time() - SAME_SECONDS),
        )
        return found is not None

    # Asking

    def _list(self, given: Mapping[str, Any]) -> dict[str, Any]:
        filters = given.get("filters")
        filters = filters if isinstance(filters, dict) else {}
        since = float(filters.get("create_from_date", 0))
        until = float(filters.get("create_to_date", 2**40))
        where = "accepted_at BETWEEN ? AND ?"
        size, page = _page(given, "limit")
        sql = _BULKS.format(where=where)
        total = self._ledger.one(f"SELECT count(*) FROM ({sql})", (since, until))  # noqa: S608
        rows = self._ledger.rows(
            f"{sql} ORDER BY id DESC LIMIT ? OFFSET ?", (since, until, size, (page - 1) * size)
        )
        return {"data": [_bulk(row) for row in rows], "meta": _meta(page, size, total)}

    def _one(self, query: Mapping[str, str], name: str) -> sqlite3.Row:
        text = query.get(name, "")
        if not text.isdigit():
            raise RefusedError(422, name)
        first = self._ledger.by_ids([int(text)])
        if not first:
            raise RefusedError(404)
        same = (first[0]["accepted_at"], first[0]["sender"], first[0]["message"])
        where = "accepted_at = ? AND sender = ? AND message = ?"
        row = self._ledger.rows(_BULKS.format(where=where), same)[0]
        if row["id"] != int(text):
            raise RefusedError(404)
        return row

    def _recipients(self, query: Mapping[str, str]) -> dict[str, Any]:
        bulk = self._one(query, "bulk_id")
        size, page = _page(query, "per_page")
        rows = self._ledger.rows(
            "SELECT * FROM sms WHERE accepted_at = ? AND sender = ? AND message = ?"
            " ORDER BY messageid LIMIT ? OFFSET ?",
            (bulk["accepted_at"], bulk["sender"], bulk["message"], size, (page - 1) * size),
        )
        is_final = _state(bulk) == 6
        data = [
            {
                "recipient": row["receptor"],
                "message": row["message"],
                "is_readable": True,
                "msg_parts": str(row["parts"]),
                "message_status": str(STATES[row["status"]]) if is_final else None,
            }
            for row in rows
        ]
        return {"data": data, "meta": _meta(page, size, bulk["count"])}

    def _inbox(self, given: Mapping[str, Any]) -> dict[str, Any]:
        filters = given.get("filters")
        after = int(filters.get("from_id", 0)) if isinstance(filters, dict) else 0
        size, page = _page(given, "per_page")
        total = self._ledger.one("SELECT count(*) FROM inbound WHERE messageid > ?", (after,))
        rows = self._ledger.rows(
            "SELECT * FROM inbound WHERE messageid > ? ORDER BY messageid DESC LIMIT ? OFFSET ?",
            (after, size, (page - 1) * size),
        )
        data = [
            {
                "messages_inbox_id": row["messageid"],
                "from": row["sender"],
                "number": f"+98{row['line']}",
                "message": row["message"],
                "type": "normal",
                "time": int(row["at"]),
                "seen": "0",
            }
            for row in rows
        ]
        return {"data": data, "meta": _meta(page, size, total)}


def _parts(given: Mapping[str, Any]) -> list[tuple[object, list[str]]]:
    """(text, numbers) of each message of a request."""
    params = given.get("params")
    match given.get("sending_type"), params:
        case "webservice", {"recipients": list(numbers)}:
            return [(given.get("message"), [str(number) for number in numbers])]
        case "peer_to_peer", list(parts):
            if not all(isinstance(part, dict) for part in parts):
                raise RefusedError(422, "params")
            return [
                (part.get("message"), [str(number) for number in part.get("recipients") or []])
                for part in parts
            ]
    raise RefusedError(422, "sending_type")


def _is_mobile(number: str) -> bool:
    return is_e164(number) and number.startswith("+989")


def _state(row: sqlite3.Row) -> int:
    """state_id"""
    if row["waits"]:
        return 5
    if row["least"] == row["most"] == 13:
        return 7
    if row["least"] == row["most"] == 6:
        return 8 if row["cost"] == 0 else 3 if LINK.search(row["message"]) else 6
    return 6


def _bulk(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "number": f"+98{row['sender']}",
        "messages_outbox_id": str(row["id"]),
        "type": "webservice",
        "time": str(int(row["accepted_at"])),
        "time_send": str(int(row["accepted_at"])),
        "rcpts_count": str(row["count"]),
        "message": row["message"],
        "cost": row["cost"] + 0.2,
        "state_id": _state(row),
    }


def _page(given: Mapping[str, Any], name: str) -> tuple[int, int]:
    size, page = given.get(name, 10), given.get("page", 1)
    if not (str(size).isdigit() and str(page).isdigit()):
        raise RefusedError(422, name)
    return min(max(1, int(size)), 100), max(1, int(page))


def _meta(page: int, size: int, total: int) -> dict[str, Any]:
    last = max(1, -(-total // size))
    return {"current_page": page, "last_page": last, "per_page": size, "total": total}


def _answer(found: Mapping[str, Any], fate: str = "answer") -> Answer:
    meta = {"status": True, "message": "انجام شد", "message_code": "200-1"}
    body = {**found, "meta": {**found.get("meta", {}), **meta}}
    return Answer(200, json.dumps(body, ensure_ascii=False).encode(), fate)


def _refusal(code: int, field: str = "") -> Answer:
    if code == 500:  # what a front server says when the service behind it fell over
        return Answer(500, b"<html><body>Internal Server Error</body></html>")
    status, message_code, message = ERRORS[code]
    errors: dict[str, Sequence[str]] = {field: [f"{field} نامعتبر است"]} if field else {}
    meta = {
        "status": False,
        "message": message,
        "message_parameters": [],
        "message_code": message_code,
        "errors": errors,
    }
    body = {"data": None, "meta": meta}
    return Answer(status, json.dumps(body, ensure_ascii=False).encode())
