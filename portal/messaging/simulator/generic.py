"""A plain HTTP gateway over the ledger, for the generic adapter.

POST /messages {to, from, text, reference} · GET /messages/ID · GET /references/REFERENCE, the key
in the header X-Api-Key. It does not mind a reference that it has seen before. It pushes reports
(id, state) and SMS (id, from, to, text, time) as JSON.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from portal.messaging.gateways.numbers import international, is_e164
from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.dialect import Answer, Arrived, Push, Request
from portal.messaging.simulator.engine import Engine
from portal.messaging.simulator.ledger import Ledger

ERRORS: Final[dict[int, str]] = {
    400: "a field is missing",
    401: "wrong key",
    402: "no credit",
    403: "links are not allowed",
    404: "no such message",
    409: "the recipient stopped this line",
    413: "the text is too long",
    422: "not a telephone number",
    429: "too many calls",
    503: "busy",
}
STATES: Final[dict[int, str]] = {
    1: "QUEUED",
    2: "QUEUED",
    5: "SENT",
    6: "FAILED",
    10: "DELIVRD",
    11: "UNDELIV",
    13: "CANCELLED",
    14: "BLOCKED",
}
BROKEN: Final = 500


class HttpError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Generic:
    """See Dialect."""

    name = "generic"
    codes = frozenset({*ERRORS, BROKEN})
    mishaps = f"429,503,{BROKEN}"

    def __init__(self, ledger: Ledger, behaviour: Behaviour, api_key: str, seed: int) -> None:
        self._engine = Engine(ledger, behaviour, seed, frozenset({BROKEN}))
        self._ledger = ledger
        self._behaviour = behaviour
        self._key = api_key
        with ledger.write() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS refs (messageid INTEGER PRIMARY KEY, reference TEXT)"
            )
            db.execute("CREATE INDEX IF NOT EXISTS refs_reference ON refs (reference)")

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:  # noqa: ARG002
        return _push({"id": messageid, "state": STATES[status]})

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None:  # noqa: ARG002
        fields = {"id": arrived.messageid, "from": arrived.number, "to": arrived.line}
        return _push({**fields, "text": arrived.text, "time": arrived.at})

    def answer(self, request: Request) -> Answer:
        method = request.path[0][:40]
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            if headers.get("x-api-key") != self._key:
                raise HttpError(401)
            if (forced := self._engine.forced(method)) is not None:
                raise HttpError(forced)
            if self._engine.over_limit():
                raise HttpError(429)
            if request.path == ("messages",):
                return self._send(request)
            if (code := self._engine.mishap()) is not None:
                raise HttpError(code)
            found = self._found(request)
        except HttpError as stop:
            self._ledger.log_call(method, stop.code)
            return _error(stop.code)
        self._ledger.log_call(method, 200)
        return _ok(found)

    def _send(self, request: Request) -> Answer:
        document = request.document if isinstance(request.document, dict) else {}
        given = {**request.params, **{key: str(value) for key, value in document.items()}}
        text, line = given.get("text", ""), given.get("from", "")
        number = international(given.get("to", ""))
        if not text.strip() or not line.isdigit() or request.verb != "POST":
            raise HttpError(400)
        if not is_e164(number) or number.startswith("+982"):  # a landline
            raise HttpError(422)
        if len(text) > self._behaviour.max_chars:
            raise HttpError(413)
        if self._engine.refuses_link(text):
            raise HttpError(403)
        if self._engine.blocked(line, [number]):
            raise HttpError(409)
        sms = self._engine.sms(number, line, text)
        if sms.cost > self._engine.credit():
            raise HttpError(402)
        taken = self._engine.take("messages", [sms])
        for row in taken.rows:
            with self._ledger.write() as db:
                pair = (row["messageid"], given.get("reference", ""))
                db.execute("INSERT INTO refs VALUES (?, ?)", pair)
        if taken.code is not None:
            return _error(taken.code)
        return _ok({"id": taken.rows[0]["messageid"]}, taken.fate)

    def _found(self, request: Request) -> Mapping[str, Any]:
        match (request.verb, *request.path):
            case ("GET", "messages", message_id) if message_id.isdigit():
                rows = self._ledger.by_ids([int(message_id[:18])])
            case ("GET", "references", reference):
                rows = self._ledger.rows(
                    "SELECT s.* FROM refs r JOIN sms s USING (messageid) WHERE reference = ?",
                    (reference,),
                )
            case _:
                rows = []
        if not rows:
            raise HttpError(404)
        return {"id": rows[0]["messageid"], "state": STATES[rows[0]["status"]]}


def _push(fields: Mapping[str, Any]) -> Push:
    return Push("POST", json.dumps(fields, ensure_ascii=False), "application/json")


def _ok(fields: Mapping[str, Any], fate: str = "answer") -> Answer:
    body = {"status": "accepted", **fields}
    return Answer(200, json.dumps(body).encode(), fate)


def _error(code: int) -> Answer:
    if code == BROKEN:
        return Answer(500, b"<html><body>Internal Server Error</body></html>")
    body = {"status": "error", "code": code, "message": ERRORS[code]}
    return Answer(code, json.dumps(body).encode())
