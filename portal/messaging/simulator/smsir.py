"""SMS.ir's REST API over the ledger. Templates (/send/verify) are not simulated."""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import Engine
from portal.messaging.simulator.ledger import Ledger, Sms
from portal.messaging.simulator.params import receptor

BROKEN: Final = 500
"""Status 0, "system problem", which no option can name; half of those calls are accepted."""
MAX: Final = 100

STATUS: Final[dict[int, str]] = {
    1: "موفق",
    10: "کلید وب سرویس نامعتبر است",
    11: "کلید وب سرویس غیرفعال است",
    12: "کلید وب‌ سرویس محدود به IP‌های تعریف شده است",
    13: "حساب کاربری غیر فعال است",
    14: "حساب کاربری در حالت تعلیق قرار دارد",
    20: "تعداد درخواست بیشتر از حد مجاز است",
    101: "شماره خط نامعتبر است",
    102: "اعتبار کافی نیست",
    103: "درخواست شما دارای متن خالی است",
    104: "درخواست شما دارای موبایل نادرست است",
    105: "تعداد موبایل‌ها بیشتر از حد مجاز (۱۰۰ عدد) است",
    106: "تعداد متن‌ها بیشتر از حد مجاز (۱۰۰ عدد) است",
    107: "لیست موبایل‌ها خالی است",
    108: "لیست متن‌ها خالی است",
    109: "زمان ارسال نامعتبر است",
    110: "تعداد شماره موبایل‌ها و تعداد متن‌ها برابر نیستند",
    111: "با این شناسه ارسالی ثبت نشده است",
    112: "رکوردی برای حذف یافت نشد",
    113: "قالب یافت نشد",
    114: "طول رشته مقدار پارامتر بیش از حد مجاز (۲۵ کاراکتر) است",
    115: "شماره موبایل(ها) در لیست سیاه سامانه می‌باشند",
    116: "نام پارامتر نمی‌تواند خالی باشد",
    117: "متن ارسال شده مورد تایید نمی‌باشد",
    118: "تعداد پیام‌ها بیش از حد مجاز است",
    119: "برای استفاده از این امکان باید طرح خود را ارتقا دهید",
    123: "خط ارسال‌کننده نیاز به فعال‌سازی دارد",
}
_HTTP: Final = {**dict.fromkeys((10, 11, 12, 13, 14), 401), 20: 429, 1: 200}
# The ledger's states as deliveryState
_STATES: Final[dict[int, int | None]] = {1: 3, 2: None, 5: 5, 6: 6, 10: 1, 11: 2, 13: None, 14: 7}


class StatusError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class SmsIr:
    """See Dialect; /v1/…, the key in the header X-API-KEY."""

    name = "smsir"
    codes = frozenset({*STATUS, BROKEN})
    mishaps = f"20,{BROKEN}"

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({BROKEN}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._key = api_key

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:  # noqa: ARG002
        return None

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:  # noqa: ARG002
        return None

    def answer(self, request: Request) -> Answer:
        method = "/".join("ID" if part.isdigit() else part for part in request.path[1:])[:40]
        try:
            self._check(request, method)
            if method in {"send/bulk", "send/likeToLike"}:
                return self._send(method, request)
            if (code := self._engine.mishap()) is not None:
                raise StatusError(code)
            data = self._route(request)
        except StatusError as stop:
            self._ledger.log_call(method, stop.code)
            return _answer(stop.code, None)
        self._ledger.log_call(method, 1)
        return _answer(1, data)

    def _check(self, request: Request, method: str) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("x-api-key") != self._key:
            raise StatusError(10)
        if (forced := self._engine.forced(method)) is not None:
            raise StatusError(forced)
        if self._engine.over_limit():
            raise StatusError(20)

    def _route(self, request: Request) -> Any:
        match (request.verb, *request.path):
            case ("DELETE", "v1", "send", "scheduled", pack):
                return self._cancel(pack)
            case ("GET", "v1", "send", "pack"):
                return self._packs(request.query)
            case ("GET", "v1", "send", "pack", pack):
                return self._pack(pack, request.query)
            case ("GET", "v1", "send", "live" | "archive" as which):
                return self._sent(which, request.query)
            case ("GET", "v1", "send", message_id):
                rows = self._ledger.by_ids([_whole(message_id)])
                if not rows:
                    raise StatusError(111)
                return _record(rows[0])
            case ("GET", "v1", "receive", "latest"):
                return self._latest(request.query)
            case ("GET", "v1", "receive", "live" | "archive" as which):
                return self._received(which, request.query)
            case ("GET", "v1", "credit"):
                return self._engine.credit()
            case ("GET", "v1", "line"):
                return [int(line) for line in self._behaviour.line_list()]
        raise StatusError(BROKEN)

    # Sending

    def _send(self, method: str, request: Request) -> Answer:
        if request.verb != "POST" or not isinstance(request.document, dict):
            raise StatusError(BROKEN)
        given = {name.lower(): value for name, value in request.document.items()}
        mobiles = _strings(given.get("mobiles"), 107, 105)
        if method == "send/bulk":
            texts = [given.get("messagetext")] * len(mobiles)
        else:
            texts = list(_strings(given.get("messagetexts"), 108, 106))
            if len(texts) != len(mobiles):
                raise StatusError(110)
        if any(not isinstance(text, str) or not text.strip() for text in texts):
            raise StatusError(103)
        line = self._line(given.get("linenumber"))
        date = self._date(given.get("senddatetime"))
        if any(self._engine.refuses_link(str(text)) for text in texts):
            raise StatusError(117)
        numbers = [_number(mobile) for mobile in mobiles]
        blacklist = self._engine.blocked(line, [each for each in numbers if each])
        places: list[int | None] = []
        batch: list[Sms] = []
        for number, text in zip(numbers, map(str, texts), strict=True):
            if number is None or len(text) > self._behaviour.max_chars:
                places.append(None)
            elif number in blacklist:
                places.append(0)
            else:
                places.append(1)
                batch.append(self._engine.sms(number, line, text, date=date))
        if not batch:  # nothing left to send: the whole call is refused
            raise StatusError(115 if 0 in places else 104)
        if sum(sms.cost for sms in batch) > self._engine.credit():
            raise StatusError(102)
        return self._accept(method, batch, places)

    def _accept(self, method: str, batch: Sequence[Sms], places: Sequence[int | None]) -> Answer:
        taken = self._engine.take(method, batch)
        if taken.code is not None:
            return _answer(taken.code, None)
        ids = iter([row["messageid"] for row in taken.rows])
        data = {
            "packId": _pack_id(taken.rows[0]["messageid"], len(taken.rows)),
            "messageIds": [next(ids) if place == 1 else place for place in places],
            "cost": sum(row["cost"] for row in taken.rows),
        }
        return _answer(1, data, taken.fate)

    def _line(self, given: object) -> str:
        known = self._behaviour.line_list()
        text = str(given) if isinstance(given, int) and not isinstance(given, bool) else ""
        if not text or (known and text not in known):
            raise StatusError(101)
        return text

    @staticmethod
    def _date(given: object) -> int | None:
        if given is None:
            return None
        now = time.time()
        if not isinstance(given, int) or not now + 3_600 <= given <= now + 365 * 86_400:
            raise StatusError(109)
        return given

    def _cancel(self, pack: str) -> Any:
        first, count = _pack_span(pack)
        rows = self._ledger.rows(
            "SELECT messageid, parts FROM sms WHERE messageid BETWEEN ? AND ? AND status = 2"
            " AND date > ?",
            (first, first + count - 1, time.time() + 180),
        )
        if not rows:
            raise StatusError(112)
        self._ledger.cancel([row["messageid"] for row in rows])
        credit = sum(row["parts"] for row in rows)
        return {"returnedCreditCount": credit, "smsCount": len(rows)}

    # Asking

    def _packs(self, query: Mapping[str, str]) -> Any:
        limit, offset = _page(query)
        rows = self._ledger.rows(
            "SELECT min(messageid) AS first, count(*) AS count, accepted_at FROM sms"
            " WHERE accepted_at >= ? GROUP BY accepted_at ORDER BY first DESC LIMIT ? OFFSET ?",
            (_today(), limit, offset),
        )
        return [
            {
                "packId": _pack_id(row["first"], row["count"]),
                "recipientCount": row["count"],
                "creationDateTime": int(row["accepted_at"]),
            }
            for row in rows
        ]

    def _pack(self, pack: str, query: Mapping[str, str]) -> Any:
        first, count = _pack_span(pack)
        limit, offset = _page(query)
        rows = self._ledger.rows(
            "SELECT * FROM sms WHERE messageid BETWEEN ? AND ? ORDER BY messageid LIMIT ? OFFSET ?",
            (first, first + count - 1, limit, offset),
        )
        if not rows:
            raise StatusError(111)
        return [_record(row) for row in rows]

    def _sent(self, which: str, query: Mapping[str, str]) -> Any:
        limit, offset = _page(query)
        start, end = _times(which, query)
        rows = self._ledger.rows(
            "SELECT * FROM sms WHERE date >= ? AND date < ? AND status <> 13"
            " ORDER BY messageid DESC LIMIT ? OFFSET ?",
            (start, end, limit, offset),
        )
        return [_record(row) for row in rows]

    def _received(self, which: str, query: Mapping[str, str]) -> Any:
        limit, offset = _page(query)
        start, end = _times(which, query)
        order = "DESC" if query.get("sortByNewest", "").lower() == "true" else "ASC"
        rows = self._ledger.rows(
            "SELECT * FROM inbound WHERE at >= ? AND at < ?"  # noqa: S608
            f" ORDER BY messageid {order} LIMIT ? OFFSET ?",
            (start, end, limit, offset),
        )
        return [_arrived(row) for row in rows]

    def _latest(self, query: Mapping[str, str]) -> Any:
        """Each is given once."""
        count = min(_whole(query.get("count", "100")), MAX)
        with self._ledger.write() as db:
            rows = db.execute(
                "SELECT * FROM inbound WHERE is_read = 0 ORDER BY messageid LIMIT ?", (count,)
            ).fetchall()
            db.executemany(
                "UPDATE inbound SET is_read = 1 WHERE messageid = ?",
                [(row["messageid"],) for row in rows],
            )
        return [_arrived(row) for row in rows]


def _answer(code: int, data: Any, fate: str = "answer") -> Answer:
    if code == BROKEN:
        body = {"status": 0, "message": "مشکلی در سامانه رخ داده است", "data": None}
        return Answer(500, json.dumps(body, ensure_ascii=False).encode())
    envelope = {"status": code, "message": STATUS[code], "data": data}
    return Answer(_HTTP.get(code, 400), json.dumps(envelope, ensure_ascii=False).encode(), fate)


def _record(row: sqlite3.Row) -> dict[str, Any]:
    state = _STATES[row["status"]]
    return {
        "messageId": row["messageid"],
        "mobile": int(row["receptor"].removeprefix("+")),
        "messageText": row["message"],
        "sendDateTime": row["date"],
        "lineNumber": int(row["sender"]),
        "cost": row["cost"],
        "deliveryState": state,
        "deliveryDateTime": int(row["changed_at"]) if state in {1, 2, 6, 7} else None,
    }


def _arrived(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "receiveReturnId": row["messageid"],
        "messageText": row["message"],
        "number": int(row["line"]),
        "mobile": int(row["sender"].removeprefix("+")),
        "receivedDateTime": int(row["at"]),
    }


def _number(mobile: str) -> str | None:
    """An Iranian mobile number as E.164; None for any other."""
    found = receptor(mobile if not mobile.startswith("98") else f"+{mobile}")
    return found if found and found.startswith("+989") else None


def _strings(given: object, empty: int, too_many: int) -> list[str]:
    if not isinstance(given, list) or not given:
        raise StatusError(empty)
    if len(given) > MAX:
        raise StatusError(too_many)
    return ["" if item is None else str(item) for item in given]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise StatusError(111)
    return int(text)


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    """LIMIT and OFFSET."""
    size = min(max(1, _whole(query.get("pageSize", "100"))), MAX)
    return size, (max(1, _whole(query.get("pageNumber", "1"))) - 1) * size


def _today() -> float:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _times(which: str, query: Mapping[str, str]) -> tuple[float, float]:
    """From and until: today, or the days before it as far as they are asked for."""
    if which == "live":
        return _today(), 2**40
    start = _whole(query.get("fromDate", "0"))
    return start, min(_today(), _whole(query.get("toDate", str(2**40))))


def _pack_id(first: int, count: int) -> str:
    """Names its messages, for the ledger has no packs: one call's have consecutive ids."""
    return str(UUID(int=(first << 64) | count))


def _pack_span(pack: str) -> tuple[int, int]:
    try:
        number = UUID(pack).int
    except ValueError:
        raise StatusError(111) from None
    return (number >> 64) & (2**62 - 1), number & (2**20 - 1)
