"""IPPanel Edge, the interface of FarazSMS and its sister panels.

It knows no key of ours against duplicates; a call whose answer was lost is looked for in the
reports (portal.messaging.gateways.ippanel_reports). The same request within 40 seconds is answered
429, which therefore says that an earlier one may have been accepted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Unpack

from portal import clock
from portal.messaging.gateways import answers, early
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
    Delivery,
    ErrorKind,
    Findings,
    Gateway,
    GatewayError,
    Inbound,
    Inbox,
    Outcome,
    Outgoing,
    Sent,
)
from portal.messaging.gateways.http import Call
from portal.messaging.gateways.ippanel_reports import Reports, name_of
from portal.messaging.gateways.numbers import international
from portal.messaging.gateways.parts import BlameError, Calls, not_made
from portal.messaging.gateways.reading import Mark
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.web import Connection, WebAdapter, connection_of, refusal, reply

DEFAULT_BASE_URL: Final = "https://edge.ippanel.com/v1"
MAX_SEND: Final = 200
"""More than 1000 recipients "may cause problems"; no limit is stated for different texts."""
MAX_CHARS: Final = 1400
_DAY: Final = timedelta(days=1)
_PAGES_AT_ONCE: Final = 20

KINDS: Final[Mapping[str, ErrorKind]] = {
    "400-1": "stop_gateway",
    "400-2": "bug",  # a field is wrong, and it is none of those below
    "400-31": "bug",
    "404": "config",
    "429": "ambiguous",
    "from_number": "config",
}
# The field that a 400-2 blames: the message with it is looked for.
PER_MESSAGE: Final = frozenset({"recipients", "message"})


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError."""
    return IpPanel(
        settings["api_key"],
        base_url=settings["url"].rstrip("/") + "/v1",
        **connection_of(settings),
    )


class IpPanel(WebAdapter):
    """One IPPanel account. Safe to share between threads and across a fork."""

    name: Final = "ippanel"
    max_batch: Final = MAX_SEND
    settles = timedelta(minutes=10)
    """A request is made into messages after it was answered; how soon is not documented."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        **connection: Unpack[Connection],
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and api_key.strip()):
            raise ValueError("ippanel: api_key is missing or not a key")
        super().__init__(base_url, **connection)
        self._key = Secret(api_key.strip())
        self._reports = Reports(self._ask)

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        return early.around(
            batch,
            lambda message: early.refused(
                message, number="recipients", empty="message", most=MAX_CHARS, long="message"
            ),
            self._send_lines,
            MAX_SEND,
        )

    def _send_lines(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One call for each line. A second message like another one waits for a later batch: the
        two would have one name."""
        by_line: dict[str | None, list[int]] = {}
        seen: set[tuple[str | None, str, str]] = set()
        outcomes: dict[int, Outcome] = {}
        for at, message in enumerate(batch):
            line = message.sender or self.sender
            if (line, message.to, message.text) in seen:
                outcomes[at] = Deferred(not_made())
                continue
            seen.add((line, message.to, message.text))
            by_line.setdefault(line, []).append(at)
        calls = Calls()
        sent = calls.each(
            [[batch[at] for at in places] for places in by_line.values()],
            lambda part: calls.blaming(part, self._send_once),
        )
        order = [at for places in by_line.values() for at in places]
        outcomes |= dict(zip(order, sent, strict=True))
        return [outcomes[at] for at in range(len(batch))]

    def _send_once(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        line = batch[0].sender or self.sender
        if not line:
            raise GatewayError("config", "sender", "IPPanel needs a sender line")
        by_text: dict[str, list[str]] = {}
        for message in batch:
            by_text.setdefault(message.text, []).append(message.to)
        document: dict[str, object] = {"from_number": _e164(line)}
        if len(by_text) == 1:
            document["sending_type"] = "webservice"
            document["message"] = batch[0].text
            document["params"] = {"recipients": [message.to for message in batch]}
        else:
            document["sending_type"] = "peer_to_peer"
            document["params"] = [
                {"recipients": numbers, "message": text} for text, numbers in by_text.items()
            ]
        data, _ = self._call("POST", "api/send", document=document, sends=True)
        given = data.get("message_outbox_ids") if isinstance(data, dict) else None
        ids = [answers.integer(each) for each in given] if isinstance(given, list) else []
        if len(ids) != len(by_text) or not all(ids) or len(set(ids)) != len(ids):
            raise GatewayError("ambiguous", "entries", "accepted, but not one identifier a text")
        bulks = dict(zip(by_text, ids, strict=True))
        return [
            Accepted(name_of(bulks[message.text] or 0, message.to), "accepted", None)
            for message in batch
        ]

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries."""
        return self._reports.deliveries(gateway_ids)

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find: by number, text, line and time."""
        return self._reports.find(sent, self.sender)

    def inbox(self, cursor: str) -> Inbox | None:
        """See Gateway.inbox. The cursor is a Mark, of identifiers; without one, a page of the
        last day."""
        mark = Mark.read(cursor, 0)
        after = mark.since
        rows, following = self._reports.inbox(after, mark.page, _PAGES_AT_ONCE if after else 1)
        since = clock.now() - _DAY
        newest = mark.newest
        messages: list[tuple[Inbound, Mapping[str, object]]] = []
        unreadable: list[Mapping[str, object]] = []
        for row in rows:
            message = _inbound(row)
            newest = max(newest, answers.integer(row.get("messages_inbox_id")) or 0)
            if message is None:
                unreadable.append(row)
            elif after or message.received_at >= since:
                messages.append((message, row))
        if following is not None and after:
            mark = Mark(after, newest, following)
        else:
            mark = Mark(newest, newest)
        return Inbox(messages, str(mark), mark.is_cut, unreadable)

    def credit_rial(self) -> int | None:
        data, _ = self._ask("GET", "api/payment/credit/mine", {}, None)
        return answers.rial(data.get("credit")) if isinstance(data, dict) else None

    def _ask(
        self, verb: str, path: str, query: Mapping[str, str], document: object
    ) -> tuple[object, Mapping[str, object]]:
        return self._call(verb, path, query=query, document=document)

    # The call

    def _call(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        sends: bool = False,
    ) -> tuple[object, Mapping[str, object]]:
        """`data` and `meta` of a call that succeeded: HTTP 2xx and meta.status true.

        Raises GatewayError, or BlameError for a message that fails the call.
        """
        answer = reply(
            self._client,
            Call(
                verb,
                self.base_url,
                (path,),
                query=query or {},
                document=document,
                headers={"Authorization": self._key},
            ),
            sends=sends,
        )
        body = answers.document(answer)
        record: Mapping[str, object] = body if isinstance(body, dict) else {}
        found = record.get("meta")
        meta: Mapping[str, object] = found if isinstance(found, dict) else {}
        if 200 <= answer.status < 300 and meta.get("status") is True:
            return record.get("data"), meta
        code = _code(answer.status, meta)
        reason = answers.words(meta.get("message")) or f"HTTP {answer.status}"
        if code in PER_MESSAGE and sends:
            raise BlameError(code, "permanent", reason)
        kind = "bug" if code in PER_MESSAGE else KINDS.get(code, "ambiguous")
        if not sends and code == "429":
            kind = "rate_limited"
        raise refusal(
            answer,
            kind,
            code,
            reason,
            sends=sends,
        )


def _code(status: int, meta: Mapping[str, object]) -> str:
    """Its own code, the field that it blames, or the HTTP status."""
    code = str(meta.get("message_code") or "")
    if status == 429:
        return "429"
    if status in {401, 403}:
        return "400-1"
    if status == 404:
        return "404"
    if status not in {400, 422} or code not in KINDS:
        return f"http-{status}"
    errors = meta.get("errors")
    fields = [str(name) for name in errors] if isinstance(errors, dict) else []
    if code != "400-2" or not fields:
        return code
    for word, meaning in (("recipient", "recipients"), ("message", "message"),
                          ("from", "from_number")):  # fmt: skip
        if any(word in name for name in fields):
            return meaning
    return code


def _e164(line: str) -> str:
    """A line as IPPanel takes it: 3000505 is +983000505."""
    return line if line.startswith("+") else f"+98{line}"


def _inbound(row: Mapping[str, object]) -> Inbound | None:
    sender, line, text = row.get("from"), row.get("number"), row.get("message")
    number = answers.integer(row.get("messages_inbox_id"))
    if not number or not sender or not line or not isinstance(text, str):
        return None
    received: datetime = answers.moment(answers.integer(row.get("time")))
    return Inbound(
        gateway_id=str(number),
        sender=international(str(sender)[:40]),
        line=str(line)[:40],
        text=text[:10_000],
        received_at=received,
    )
