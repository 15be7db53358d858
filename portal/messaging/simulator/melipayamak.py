"""Melipayamak's console interface over the ledger.

A refusal is a sentence in `status`; who receives over HTTP is called by GET, without an identifier.
"""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from portal.messaging.gateways.numbers import national
from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import Engine
from portal.messaging.simulator.ledger import Ledger
from portal.messaging.simulator.params import receptor

MAX: Final = 100
OK: Final = 1
BAD_TOKEN: Final = 1000
"""Code 0, which no option can name."""
SENTENCES: Final[dict[int, str]] = {
    BAD_TOKEN: "نام کاربری یا رمز عبور صحیح نمی‌باشد",
    2: "اعتبار کافی نمی‌باشد",
    3: "محدودیت در ارسال روزانه",
    4: "محدودیت در حجم ارسال",
    5: "شماره فرستنده معتبر نمی‌باشد",
    6: "سامانه در حال به‌روزرسانی می‌باشد",
    7: "متن حاوی کلمه فیلتر شده می‌باشد",
    9: "ارسال از خطوط عمومی از طریق وب سرویس امکان‌پذیر نمی‌باشد",
    10: "کاربر مورد نظر فعال نمی‌باشد",
    11: "ارسال نشده",
    12: "مدارک کاربر کامل نمی‌باشد",
    14: "متن حاوی لینک می‌باشد",
    15: "ارسال به بیش از ۱ شماره همراه بدون درج «لغو۱۱» ممکن نیست",
    400: "درخواست نامعتبر است",
    401: "شماره گیرنده نامعتبر است",
}
# The ledger's states as delivery codes
STATES: Final[dict[int, int]] = {1: 400, 2: 400, 5: 8, 6: 500, 10: 1, 11: 2, 13: 500, 14: 35}
_LISTS: Final = {
    "in": "SELECT messageid AS id, message, at, sender, line AS receiver FROM inbound"
    " WHERE ? = '' OR line = ? ORDER BY messageid DESC LIMIT ? OFFSET ?",
    "out": "SELECT messageid - 800000000 AS id, message, accepted_at AS at, sender,"
    " receptor AS receiver FROM sms WHERE ? = '' OR sender = ?"
    " ORDER BY messageid DESC LIMIT ? OFFSET ?",
}
_SUFFIX: Final = re.compile(r"لغو\s*(?:11|۱۱)")


class RefusedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Melipayamak:
    """See Dialect; /api/{scope}/{method}/{token}."""

    name = "melipayamak"
    codes = frozenset({429, 500, *SENTENCES})
    mishaps = "6,500"

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({500}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._token = api_key

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:  # noqa: ARG002
        return None

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:  # noqa: ARG002
        if arrived.is_late:
            return None
        fields = {"to": arrived.line, "body": arrived.text, "from": national(arrived.number)}
        return Push("GET", "", query=urlencode(fields))

    def answer(self, request: Request) -> Answer:
        path = request.path
        method = "/".join(path[1:3])[:40]
        given: Mapping[str, Any] = request.document if isinstance(request.document, dict) else {}
        try:
            if len(path) != 4 or path[0] != "api":
                return self._refuse(method, 404)
            if path[3] != self._token:
                raise RefusedError(BAD_TOKEN)
            if (forced := self._engine.forced(method)) is not None:
                raise RefusedError(forced)
            if self._engine.over_limit():
                raise RefusedError(429)
            match (request.verb, method):
                case ("POST", "send/simple"):
                    return self._send(method, given, [given.get("to")])
                case ("POST", "send/advanced"):
                    return self._send(method, given, given.get("to"))
                case ("POST", "receive/status"):
                    found = self._status(given.get("recIds"))
                case ("POST", "receive/messages"):
                    found = self._messages(given)
                case ("GET", "receive/credit"):
                    found = {"amount": self._engine.credit(), "status": ""}
                case _:
                    return self._refuse(method, 404)
        except RefusedError as stop:
            return self._refuse(method, stop.code)
        self._ledger.log_call(method, OK)
        return _answer(200, found)

    def _refuse(self, method: str, code: int) -> Answer:
        self._ledger.log_call(method, code)
        return _refusal(method, code)

    def _send(self, method: str, given: Mapping[str, Any], to: object) -> Answer:
        text, line = given.get("text"), given.get("from")
        if not isinstance(to, list) or not 1 <= len(to) <= MAX:
            raise RefusedError(400)
        if not isinstance(text, str) or not text.strip():
            raise RefusedError(400)
        known = self._behaviour.line_list()
        if not isinstance(line, str) or not line.isdigit() or (known and line not in known):
            raise RefusedError(5)
        if self._engine.refuses_link(text):
            raise RefusedError(14)
        if len(to) > 1 and not _SUFFIX.search(text):
            raise RefusedError(15)
        numbers = [receptor(each) if isinstance(each, str) else None for each in to]
        stopped = self._engine.blocked(line, [each for each in numbers if each])
        batch = [
            self._engine.sms(number, line, text, is_blocked=number in stopped)
            for number in numbers
            if number
        ]
        if not batch:
            raise RefusedError(401)
        if sum(sms.cost for sms in batch) > self._engine.credit():
            raise RefusedError(2)
        taken = self._engine.take(method, batch)
        if taken.code is not None:
            return _refusal(method, taken.code)
        rows = iter(taken.rows)
        ids = [next(rows)["messageid"] if number else 0 for number in numbers]
        found: dict[str, Any] = {"recId": ids[0]} if method == "send/simple" else {"recIds": ids}
        return _answer(200, {**found, "status": ""}, taken.fate)

    def _status(self, given: object) -> dict[str, Any]:
        if not isinstance(given, list) or not all(isinstance(each, int) for each in given):
            raise RefusedError(400)
        ids: Sequence[int] = given
        found = {row["messageid"]: row["status"] for row in self._ledger.by_ids(ids)}
        codes = [STATES[found[each]] if each in found else 100 for each in ids]
        return {"results": [str(code) for code in codes], "resultsAsCode": codes, "status": ""}

    def _messages(self, given: Mapping[str, Any]) -> dict[str, Any]:
        index, count = given.get("index"), given.get("count")
        sql = _LISTS.get(str(given.get("type")))
        if sql is None or not isinstance(index, int) or not isinstance(count, int) or index < 0:
            raise RefusedError(400)
        line = str(given.get("number") or "")
        rows = self._ledger.rows(sql, (line, line, min(count, MAX), index))
        return {"messages": [_message(row) for row in rows], "status": "عملیات موفق"}


def _message(row: sqlite3.Row) -> dict[str, Any]:
    """The identifier is of the message, not of its recipient: no state can be asked by it."""
    at = datetime.fromtimestamp(row["at"], UTC).astimezone(ZoneInfo("Asia/Tehran"))
    return {
        "msgId": row["id"],
        "body": row["message"],
        "sendDate": at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "sender": _short(row["sender"]),
        "receiver": _short(row["receiver"]),
    }


def _short(number: str) -> str:
    """A number as its lists write it: 9121234567."""
    return number.removeprefix("+98")


def _answer(status: int, document: Mapping[str, Any], fate: str = "answer") -> Answer:
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), fate)


def _refusal(method: str, code: int) -> Answer:
    if code == 500:  # what a front server says when the service behind it fell over
        return Answer(500, b"<html><body>Internal Server Error</body></html>")
    if code in {404, 429}:
        return Answer(code, b"<html><body></body></html>")
    given: dict[str, Any] = {"status": SENTENCES[code]}
    if method == "send/simple":
        given["recId"] = 0
    elif method == "send/advanced":
        given["recIds"] = []
    return _answer(200, given)
