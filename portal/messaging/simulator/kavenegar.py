"""Kavenegar's REST methods over the ledger."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from portal.messaging.gateways.numbers import national
from portal.messaging.simulator.behaviour import DEFAULT_MISHAPS, Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import Engine
from portal.messaging.simulator.ledger import Ledger, Sms
from portal.messaging.simulator.params import (
    ReturnCode,
    array,
    id_list,
    long,
    receptor,
    required,
    span,
)
from portal.messaging.simulator.texts import RETURN, STATUS

DEFAULT_LINE: Final = "10004346"
_LINE = re.compile(r"(?:\+98|0098)?([0-9]{3,20})")


class Kavenegar:
    """See Dialect; /v1/{key}/{scope}/{method}.json."""

    name = "kavenegar"
    codes = frozenset({500, *RETURN, *range(800, 814)})
    mishaps = DEFAULT_MISHAPS

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({402, 500}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._key = api_key
        self._methods: dict[str, Callable[[Mapping[str, str]], Any]] = {
            "sms/status": self._status,
            "sms/statuslocalmessageid": self._status_local,
            "sms/statusbyreceptor": self._status_by_receptor,
            "sms/select": self._select,
            "sms/selectoutbox": self._select_outbox,
            "sms/latestoutbox": self._latest_outbox,
            "sms/countoutbox": self._count_outbox,
            "sms/cancel": self._cancel,
            "sms/receive": self._receive,
            "sms/countinbox": self._count_inbox,
            "account/info": self._info,
            "utils/getdate": self._date,
        }

    def answer(self, request: Request) -> Answer:
        path = request.path
        key = path[1] if len(path) > 1 else ""
        if len(path) == 4 and path[0] == "v1" and path[3].endswith(".json"):
            method = f"{path[2]}/{path[3].removesuffix('.json')}"
            return self.handle(key, method, request.verb, request.params)
        return self.handle(key, "none", request.verb, {})

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:  # noqa: ARG002
        return Push("POST", urlencode({"messageid": messageid, "status": status}))

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:  # noqa: ARG002
        fields = {
            "messageid": arrived.messageid,
            "from": national(arrived.number),
            "to": arrived.line,
            "message": arrived.text,
            "date": arrived.at,
        }
        return Push("POST", urlencode(fields))

    def handle(self, key: str, method: str, verb: str, params: Mapping[str, str]) -> Answer:
        """One call. `method` is as sms/send; `verb` GET or POST."""
        method = method.lower()
        sends = method in {"sms/send", "sms/sendarray"}
        try:
            self._check(key, method)
            if sends:
                return self._send(method, verb, params)
            if method not in self._methods:
                raise ReturnCode(404)
            code = self._engine.mishap() if method.startswith("sms/") else None
            if code is not None:
                raise ReturnCode(code)
            entries = self._methods[method](params)
        except ReturnCode as stop:
            self._ledger.log_call(method[:40], stop.code)
            return _answer(stop.code, None)
        self._ledger.log_call(method, 200)
        return _answer(200, entries)

    def _check(self, key: str, method: str) -> None:
        if key != self._key and not (key == "0" and method == "utils/getdate"):
            raise ReturnCode(403)
        if (forced := self._engine.forced(method)) is not None:
            raise ReturnCode(forced)
        if self._engine.over_limit():
            raise ReturnCode(451)

    # Sending

    def _send(self, method: str, verb: str, params: Mapping[str, str]) -> Answer:
        if method == "sms/sendarray":
            if verb != "POST":
                raise ReturnCode(405)
            receptors = array(params, "receptor")
            senders = array(params, "sender")
            texts = array(params, "message")
            local_ids = array(params, "localmessageids") if "localmessageids" in params else []
        else:
            receptors = required(params, "receptor").split(",")
            texts = [required(params, "message", empty=413)] * len(receptors)
            senders = [params.get("sender", "")] * len(receptors)
            local_ids = params["localid"].split(",") if params.get("localid") else []
        if len(receptors) > 200:
            raise ReturnCode(414)
        if not len(receptors) == len(senders) == len(texts):
            raise ReturnCode(419)
        if local_ids and len(local_ids) != len(receptors):
            raise ReturnCode(419)
        date = self._date_param(params)
        numbers = [self._receptor(text) for text in receptors]
        lines = [self._line(text) for text in senders]
        blocked = self._ledger.blocked(zip(lines, numbers, strict=True))
        batch = [
            self._sms(
                number, line, text, local_id=local_id, date=date, blocked=(line, number) in blocked
            )
            for number, line, text, local_id in zip(
                numbers, lines, texts, local_ids or [""] * len(numbers), strict=True
            )
        ]
        if any(self._engine.refuses_link(text) for text in texts):
            raise ReturnCode(420)
        if sum(sms.cost for sms in batch) > self._engine.credit():
            raise ReturnCode(418)
        return self._accept(method, batch)

    def _accept(self, method: str, batch: list[Sms]) -> Answer:
        taken = self._engine.take(method, batch)
        if taken.code is not None:
            return _answer(taken.code, None)
        return _answer(200, [_record(row) for row in taken.rows], taken.fate)

    def _receptor(self, text: str) -> str:
        number = receptor(text)
        if number is None:
            raise ReturnCode(411)
        return number

    def _line(self, text: str) -> str:
        known = self._behaviour.line_list()
        if not text.strip():
            return known[0] if known else DEFAULT_LINE
        found = _LINE.fullmatch(text.strip())
        if found is None or (known and found[1] not in known):
            raise ReturnCode(412)
        return found[1]

    def _sms(
        self,
        number: str,
        line: str,
        text: str,
        *,
        local_id: str,
        date: int | None,
        blocked: bool,
    ) -> Sms:
        if not text.strip() or len(text) > self._behaviour.max_chars:
            raise ReturnCode(413)
        localid = long(local_id) if local_id else None
        return self._engine.sms(number, line, text, local_id=localid, date=date, is_blocked=blocked)

    @staticmethod
    def _date_param(params: Mapping[str, str]) -> int | None:
        text = params.get("date", "")
        if not text:
            return None
        if not text.isdigit() or not time.time() - 60 < int(text) < time.time() + 365 * 86_400:
            raise ReturnCode(417)
        return int(text)

    # Asking

    def _status(self, params: Mapping[str, str]) -> Any:
        ids = id_list(params, "messageid")
        since = time.time() - 48 * 3600
        found = {r["messageid"]: r for r in self._ledger.by_ids(ids) if r["accepted_at"] > since}
        return [_status_entry(messageid, found.get(messageid)) for messageid in ids]

    def _status_local(self, params: Mapping[str, str]) -> Any:
        ids = id_list(params, "localid")
        since = time.time() - 12 * 3600
        found = self._ledger.by_local_ids(ids)
        entries = []
        for local_id in ids:
            row = found.get(local_id)
            if row is not None and row["accepted_at"] <= since:
                row = None
            entry = _status_entry(row["messageid"] if row is not None else 0, row)
            entries.append({**entry, "localid": str(local_id)})
        return entries

    def _status_by_receptor(self, params: Mapping[str, str]) -> Any:
        number = self._receptor(required(params, "receptor"))
        start, end = span(params)
        rows = self._ledger.rows(
            "SELECT * FROM sms WHERE receptor = ? AND date BETWEEN ? AND ? ORDER BY messageid",
            (number, start, end),
        )
        return [
            {**_status_entry(row["messageid"], row), "receptor": national(row["receptor"])}
            for row in rows
        ]

    def _select(self, params: Mapping[str, str]) -> Any:
        return [_record(row) for row in self._ledger.by_ids(id_list(params, "messageid"))]

    def _select_outbox(self, params: Mapping[str, str]) -> Any:
        start, end = span(params, days_back=3)
        return self._outbox("date BETWEEN ? AND ?", [start, end], params, "messageid", 500)

    def _latest_outbox(self, params: Mapping[str, str]) -> Any:
        size = params.get("pagesize") or "500"
        if not size.isdigit() or not 1 <= int(size) <= 500:
            raise ReturnCode(400)
        return self._outbox("1 = 1", [], params, "messageid DESC", int(size))

    def _outbox(
        self, where: str, values: list[Any], params: Mapping[str, str], order: str, limit: int
    ) -> Any:
        if params.get("sender"):
            where, values = where + " AND sender = ?", [*values, self._line(params["sender"])]
        sql = f"SELECT * FROM sms WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
        return [_record(row) for row in self._ledger.rows(sql, [*values, limit])]

    def _count_outbox(self, params: Mapping[str, str]) -> Any:
        start, end = span(params, days_back=3)
        where, values = "date BETWEEN ? AND ?", [start, end]
        if params.get("status"):
            where, values = where + " AND status = ?", [*values, long(params["status"])]
        row = self._ledger.rows(
            "SELECT coalesce(sum(parts), 0), count(*), coalesce(sum(cost), 0)"  # noqa: S608
            f" FROM sms WHERE {where}",
            values,
        )[0]
        total = {"sumpart": row[0], "sumcount": row[1], "cost": row[2]}
        return [{"startdate": start, "enddate": end, **total}]

    def _cancel(self, params: Mapping[str, str]) -> Any:
        ids = id_list(params, "messageid")
        self._ledger.cancel(ids)
        found = {row["messageid"]: row for row in self._ledger.by_ids(ids)}
        return [_status_entry(messageid, found.get(messageid)) for messageid in ids]

    def _receive(self, params: Mapping[str, str]) -> Any:
        """Unread messages are given once: reading marks them."""
        line, is_read = self._line(required(params, "linenumber")), required(params, "isread")
        if is_read not in {"0", "1"}:
            raise ReturnCode(400)
        with self._ledger.write() as db:
            rows = db.execute(
                "SELECT * FROM inbound WHERE line = ? AND is_read = ? ORDER BY messageid LIMIT 100",
                (line, int(is_read)),
            ).fetchall()
            db.executemany(
                "UPDATE inbound SET is_read = 1 WHERE messageid = ?",
                [(row["messageid"],) for row in rows],
            )
        return [
            {
                "messageid": row["messageid"],
                "message": row["message"],
                "sender": national(row["sender"]),
                "receptor": row["line"],
                "date": int(row["at"]),
            }
            for row in rows
        ]

    def _count_inbox(self, params: Mapping[str, str]) -> Any:
        start, end = span(params, days_back=60)
        where = "at BETWEEN ? AND ?"
        values: list[Any] = [start, end]
        if params.get("isread"):
            where, values = where + " AND is_read = ?", [*values, long(params["isread"])]
        if params.get("linenumber"):
            where, values = where + " AND line = ?", [*values, self._line(params["linenumber"])]
        count = self._ledger.one(f"SELECT count(*) FROM inbound WHERE {where}", values)  # noqa: S608
        return [{"startdate": start, "enddate": end, "sumcount": count}]

    def _info(self, _params: Mapping[str, str]) -> Any:
        expires = int(time.time()) + 365 * 86_400
        return {"remaincredit": self._engine.credit(), "expiredate": expires, "type": "master"}

    @staticmethod
    def _date(_params: Mapping[str, str]) -> Any:
        now = int(time.time())
        return {"datetime": time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(now)), "unixtime": now}


def _answer(code: int, entries: Any, fate: str = "answer") -> Answer:
    if code == 500:  # what a front server says when the service behind it fell over
        return Answer(500, b"<html><body>Internal Server Error</body></html>")
    envelope = {"return": {"status": code, "message": RETURN.get(code, "")}, "entries": entries}
    body = json.dumps(envelope, ensure_ascii=False).encode()
    return Answer(code if code < 600 else 400, body, fate)


def _record(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "messageid": row["messageid"],
        "message": row["message"],
        "status": row["status"],
        "statustext": STATUS[row["status"]],
        "sender": row["sender"],
        "receptor": national(row["receptor"]),
        "date": row["date"],
        "cost": row["cost"],
    }


def _status_entry(messageid: int, row: sqlite3.Row | None) -> dict[str, Any]:
    status = 100 if row is None else row["status"]
    return {"messageid": messageid, "status": status, "statustext": STATUS[status]}
