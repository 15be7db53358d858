"""Twilio's Messages resource over the ledger.

The account is the one of ACCOUNT, its token the simulator's key. An account without credit is
suspended (30002), a text with a link, where links are refused, is filtered on its way (30007).
"""

import base64
import hmac
import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import urlencode

from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import Engine
from portal.messaging.simulator.ledger import Ledger

ACCOUNT: Final = f"AC{'5' * 32}"
MAX_CHARS: Final = 1600
# code: (HTTP status, message)
ERRORS: Final[dict[int, tuple[int, str]]] = {
    14107: (429, "Rate limit exceeded"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21606: (400, "The From phone number is not a valid, SMS-capable number for your account."),
    21608: (400, "The number is unverified. Trial accounts cannot send to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and 'From'"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21703: (400, "The Messaging Service contains no phone numbers"),
    21705: (400, "The Messaging Service is not valid"),
    30001: (400, "Queue overflow"),
    30002: (403, "Account suspended"),
    30003: (400, "Unreachable destination handset"),
    30004: (400, "Message blocked"),
    30005: (400, "Unknown destination handset"),
    30006: (400, "Landline or unreachable carrier"),
    30007: (400, "Message filtered"),
    30008: (400, "Unknown error"),
    30009: (400, "Missing inbound segment"),
    30010: (400, "Message price exceeds max price"),
    30410: (400, "Provider timeout error"),
}
# The ledger's states: (status, error_code)
STATES: Final[dict[int, tuple[str, int | None]]] = {
    1: ("queued", None),
    2: ("scheduled", None),
    5: ("sent", None),
    6: ("failed", 30007),
    10: ("delivered", None),
    11: ("undelivered", 30003),
    13: ("canceled", None),
    14: ("undelivered", 30004),
}
_STOP: Final = frozenset({"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout",
                          "cancel"})  # fmt: skip
_START: Final = frozenset({"start", "unstop", "yes"})
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LANDLINE: Final = re.compile(r"\+98(?!9)[0-9]*")


class CodeError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Twilio:
    """See Dialect; /2010-04-01/Accounts/{sid}/Messages.json, HTTP basic."""

    name = "twilio"
    codes = frozenset({500, *ERRORS})
    mishaps = "20429,500"

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({500}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._token = api_key

    def answer(self, request: Request) -> Answer:
        method = "/".join(request.path[3:])[:40]
        try:
            self._check(request, method)
            match (request.verb, *request.path[3:]):
                case ("POST", "Messages.json"):
                    return self._send(request.form)
                case ("GET", "Messages.json"):
                    found = self._list(request.query)
                case ("GET", "Messages", name):
                    method = "Messages/sid"
                    found = self._message(name.removesuffix(".json"))
                case _:
                    raise CodeError(20404)
        except CodeError as stop:
            self._ledger.log_call(method, stop.code)
            return _refusal(stop.code)
        self._ledger.log_call(method, 200)
        return _answer(200, found)

    def _check(self, request: Request, method: str) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        wanted = base64.b64encode(f"{ACCOUNT}:{self._token}".encode()).decode()
        if headers.get("authorization") != f"Basic {wanted}":
            raise CodeError(20003)
        if request.path[:3] != ("2010-04-01", "Accounts", ACCOUNT):
            raise CodeError(20404)
        if (forced := self._engine.forced(method)) is not None:
            raise CodeError(forced)
        if self._engine.over_limit():
            raise CodeError(20429)

    # Sending

    def _send(self, form: Mapping[str, str]) -> Answer:
        to, text = form.get("To", ""), form.get("Body", "")
        line = self._line(form)
        if not _E164.fullmatch(to):
            raise CodeError(21211)
        if _LANDLINE.fullmatch(to):
            raise CodeError(21614)
        if not text.strip():
            raise CodeError(21602)
        if len(text) > MAX_CHARS:
            raise CodeError(21617)
        callback = form.get("StatusCallback", "")
        if callback and not callback.startswith(("https://", "http://")):
            raise CodeError(21609)
        if self._has_stopped(to, line):
            raise CodeError(21610)
        sms = self._engine.sms(to, line, text)
        if self._engine.refuses_link(text):
            sms = replace(sms, final_status=6)
        if sms.cost > self._engine.credit():
            raise CodeError(30002)
        taken = self._engine.take("Messages.json", [sms])
        if taken.code is not None:
            return _refusal(taken.code)
        if callback:
            self._behaviour.status_callback = callback
        return _answer(201, _sent(taken.rows[0]), taken.fate)

    def _line(self, form: Mapping[str, str]) -> str:
        known = self._behaviour.line_list()
        line, service = form.get("From", ""), form.get("MessagingServiceSid", "")
        if not line and not service:
            raise CodeError(21603)
        if not line and not known:
            raise CodeError(21703)
        if line and known and line not in known:
            raise CodeError(21606)
        return line or known[0]

    def _has_stopped(self, number: str, line: str) -> bool:
        """Twilio obeys these words itself; the newest one counts."""
        for row in self._ledger.rows(
            "SELECT message FROM inbound WHERE sender = ? AND line = ? ORDER BY messageid DESC",
            (number, line),
        ):
            word = row["message"].strip().lower()
            if word in _STOP | _START:
                return word in _STOP
        return False

    # Asking

    def _message(self, sid: str) -> dict[str, Any]:
        number = int(sid[2:], 16) if re.fullmatch(r"SM[0-9a-f]{32}", sid) else 0
        rows = self._ledger.by_ids([number]) if number < 2**63 else []
        if not rows:
            raise CodeError(20404)
        return _sent(rows[0])

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        size, page = _number(query, "PageSize", 50), _number(query, "Page", 0)
        size = max(1, min(size, 1000))
        rows = self._rows(query, size + 1, page * size)
        following = None
        if len(rows) > size:
            asked = {**query, "Page": str(page + 1), "PageToken": f"PA{rows[size]['sid']}"}
            following = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{urlencode(asked)}"
        return {
            "messages": rows[:size],
            "page": page,
            "page_size": size,
            "next_page_uri": following,
        }

    def _rows(self, query: Mapping[str, str], limit: int, offset: int) -> list[dict[str, Any]]:
        """Outgoing and incoming messages, the newest first."""
        found = self._ledger.rows(
            "SELECT 0 AS inbound, messageid, accepted_at AS at FROM sms"
            " WHERE (?1 = '' OR receptor = ?1) AND (?2 = '' OR sender = ?2)"
            "  AND (?3 = 0 OR (accepted_at >= ?3 AND status NOT IN (1, 2)))"
            " UNION ALL SELECT 1, messageid, at FROM inbound"
            " WHERE (?1 = '' OR line = ?1) AND (?2 = '' OR sender = ?2) AND (?3 = 0 OR at >= ?3)"
            " ORDER BY at DESC, messageid DESC LIMIT ?4 OFFSET ?5",
            (query.get("To", ""), query.get("From", ""), _day(query), limit, offset),
        )
        rows = []
        for each in found:
            if not each["inbound"]:
                rows.append(_sent(self._ledger.by_ids([each["messageid"]])[0]))
                continue
            (row,) = self._ledger.rows(
                "SELECT * FROM inbound WHERE messageid = ?", (each["messageid"],)
            )
            rows.append(_received(row))
        return rows

    # Calling

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:
        (row,) = self._ledger.by_ids([messageid])
        word, code = STATES[status]
        fields = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": row["sender"],
            "To": row["receptor"],
            "MessageSid": _sid(messageid),
            "MessageStatus": word,
            "SmsSid": _sid(messageid),
            "SmsStatus": word,
            **({} if code is None else {"ErrorCode": str(code)}),
        }
        return self._signed(url, fields)

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:
        if arrived.is_late:
            return None
        fields = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "Body": arrived.text,
            "From": arrived.number,
            "FromCountry": "IR",
            "MessageSid": _sid(arrived.messageid),
            "NumMedia": "0",
            "To": arrived.line,
        }
        return self._signed(url, fields)

    def _signed(self, url: str, fields: Mapping[str, str]) -> Push:
        text = url + "".join(name + fields[name] for name in sorted(fields))
        digest = hmac.digest(self._token.encode(), text.encode(), "sha1")
        headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
        return Push("POST", urlencode(fields), headers=headers)


def _answer(status: int, document: Mapping[str, Any], fate: str = "answer") -> Answer:
    return Answer(status, json.dumps(document, ensure_ascii=False).encode(), fate)


def _refusal(code: int) -> Answer:
    if code == 500:  # what a front server says when the service behind it fell over
        return Answer(500, b"<html><body>Internal Server Error</body></html>")
    status, message = ERRORS[code]
    about = f"https://www.twilio.com/docs/errors/{code}"
    return _answer(status, {"code": code, "message": message, "more_info": about, "status": status})


def _sid(number: int) -> str:
    return f"SM{number:032x}"


def _sent(row: sqlite3.Row) -> dict[str, Any]:
    status, code = STATES[row["status"]]
    left = row["status"] not in {1, 2}
    return {
        **_common(row["messageid"], row["accepted_at"]),
        "direction": "outbound-api",
        "from": row["sender"],
        "to": row["receptor"],
        "body": row["message"],
        "status": status,
        "error_code": code,
        "num_segments": str(row["parts"]),
        "date_sent": formatdate(row["changed_at"]) if left else None,
    }


def _received(row: sqlite3.Row) -> dict[str, Any]:
    return {
        **_common(row["messageid"], row["at"]),
        "direction": "inbound",
        "from": row["sender"],
        "to": row["line"],
        "body": row["message"],
        "status": "received",
        "error_code": None,
        "num_segments": "1",
        "date_sent": formatdate(row["at"]),
    }


def _common(messageid: int, at: float) -> dict[str, Any]:
    return {
        "sid": _sid(messageid),
        "account_sid": ACCOUNT,
        "date_created": formatdate(at),
        "price": None,
        "price_unit": "USD",
    }


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default


def _day(query: Mapping[str, str]) -> float:
    """DateSent>=, a day in UTC, as Unix seconds; 0 without one."""
    text = query.get("DateSent>", "")
    if not text:
        return 0
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CodeError(20404) from None
