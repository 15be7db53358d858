"""SMS.ir's REST API, version 1: sending, states, credit, and SMS that arrived.

It has no key of ours against duplicates, so a call whose answer was lost is looked up in the lists
of what was sent (portal.messaging.gateways.smsir_lists).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Unpack

from portal import clock
from portal.messaging.gateways import answers, early
from portal.messaging.gateways.base import (
    Accepted,
    Delivery,
    ErrorKind,
    Findings,
    Gateway,
    GatewayError,
    Inbound,
    Inbox,
    Outcome,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.http import Call, Reply
from portal.messaging.gateways.numbers import international, national
from portal.messaging.gateways.parts import BlameError, Calls
from portal.messaging.gateways.reading import Mark
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.rounds import Round
from portal.messaging.gateways.smsir_lists import Lists, state_of
from portal.messaging.gateways.web import Connection, WebAdapter, connection_of, refusal, reply

DEFAULT_BASE_URL: Final = "https://api.sms.ir/v1"
MAX_SEND: Final = 100
BLACKLISTED: Final = "115"
NULL: Final = "null"
"""Our name for the null that stands in the place of an identifier."""
_FEW: Final = 3
_DAY: Final = 86_400

# `status` of the whole call; those of PER_MESSAGE are answered by finding the message to blame.
KINDS: Final[Mapping[int, ErrorKind]] = {
    0: "ambiguous",
    10: "stop_gateway",
    11: "stop_gateway",
    12: "config",
    13: "stop_gateway",
    14: "stop_gateway",
    20: "rate_limited",
    101: "config",
    102: "pause",
    105: "bug",
    106: "bug",
    107: "bug",
    108: "bug",
    109: "bug",  # a bad time: we send none
    110: "bug",
    111: "bug",
    112: "bug",
    113: "bug",  # 113, 114 and 116: only for templates, which we do not send
    114: "bug",
    116: "bug",
    117: "stop_campaign",
    118: "pause",
    119: "config",
    123: "config",
}
PER_MESSAGE: Final = frozenset({103, 104, 115})


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError."""
    return SmsIr(
        settings["api_key"],
        base_url=settings["url"].rstrip("/") + "/v1",
        **connection_of(settings),
    )


class SmsIr(WebAdapter):
    """One SMS.ir account. Safe to share between threads and across a fork."""

    name: Final = "smsir"
    max_batch: Final = 2 * MAX_SEND
    asks = 5_000
    """Its lists begin with the newest: of fewer, behind them, each would be asked about alone."""
    remembers = timedelta(hours=46)
    """What is not in today's list any more is in the archive."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        **connection: Unpack[Connection],
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and api_key.strip()):
            raise ValueError("smsir: api_key is missing or not a key")
        super().__init__(base_url, **connection)
        self._key = Secret(api_key.strip())
        self._lists = Lists(self._ask)

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        return early.around(
            batch,
            lambda message: early.refused(message, number="104", empty="103"),
            self._send_lines,
            self.max_batch,
        )

    def _send_lines(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Calls of one line each, of at most MAX_SEND."""
        by_line: dict[str | None, list[int]] = {}
        for at, message in enumerate(batch):
            by_line.setdefault(message.sender or self.sender, []).append(at)
        parts = [
            places[start : start + MAX_SEND]
            for places in by_line.values()
            for start in range(0, len(places), MAX_SEND)
        ]
        calls = Calls()
        sent = calls.each(
            [[batch[at] for at in places] for places in parts],
            lambda part: calls.blaming(part, self._send_once),
        )
        order = [at for places in parts for at in places]
        outcomes = dict(zip(order, sent, strict=True))
        return [outcomes[at] for at in range(len(batch))]

    def _send_once(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        line = answers.integer(batch[0].sender or self.sender)
        if line is None:
            raise GatewayError("config", "sender", "SMS.ir needs a sender line of digits")
        document: dict[str, object] = {
            "lineNumber": line,
            "mobiles": [national(message.to) for message in batch],
            "sendDateTime": None,
        }
        if all(message.text == batch[0].text for message in batch):
            path, document["messageText"] = "send/bulk", batch[0].text
        else:
            path, document["messageTexts"] = "send/likeToLike", [each.text for each in batch]
        data = self._call("POST", path, document=document, sends=True)
        ids = data.get("messageIds") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(ids, list) or len(ids) != len(batch):
            raise GatewayError("ambiguous", "entries", "accepted, but not as many as were sent")
        cost = answers.rial(data.get("cost")) if len(batch) == 1 else None
        return [_outcome(given, cost) for given in ids]

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries: by lists of 100 while that costs fewer calls than asking for
        each."""
        asking = Round()
        wanted = dict.fromkeys(gateway_ids)
        found = self._lists.states(set(wanted), asking) if len(wanted) > _FEW else {}
        for gateway_id in wanted:
            if gateway_id in found:
                continue
            if not gateway_id.isdigit():
                found[gateway_id] = Delivery(gateway_id, "unknown")
                continue
            if not asking.begin_call():
                break
            try:
                data = self._ask(f"send/{gateway_id}", {})
            except GatewayError:
                if not asking.failed():
                    raise
                break  # what is known already is not thrown away
            delivery = state_of(data) if isinstance(data, dict) else None
            found[gateway_id] = delivery or Delivery(gateway_id, "unknown")
        return list(found.values())

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find: by mobile, text, line and time."""
        return self._lists.find(sent, self.sender)

    def inbox(self, cursor: str) -> Inbox | None:
        """See Gateway.inbox. The cursor is a Mark, of Unix times."""
        now = int(clock.now().timestamp())
        rows, after = self._lists.received(Mark.read(cursor, now - _DAY, now))
        messages, unreadable, newest = [], [], after.newest
        for row in rows:
            message = _inbound(row)
            if message is None:
                unreadable.append(row)
                continue
            messages.append((message, row))
            newest = max(newest, min(now, int(message.received_at.timestamp())))
        return Inbox(messages, str(replace(after, newest=newest)), after.is_cut, unreadable)

    def credit_rial(self) -> int | None:
        return answers.rial(self._ask("credit", {}))

    def _ask(self, path: str, query: Mapping[str, str]) -> object:
        """`data` of a reading call; None where it says that there is nothing (111)."""
        try:
            return self._call("GET", path, query=query)
        except GatewayError as error:
            if error.code == "111":
                return None
            raise

    # The call

    def _call(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        sends: bool = False,
    ) -> object:
        """`data` of a call that succeeded: HTTP 2xx and status 1.

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
                headers={"X-API-KEY": self._key},
            ),
            sends=sends,
        )
        code, message, data = _envelope(answer)
        if code == 1 and 200 <= answer.status < 300:
            return data
        reason = message or f"HTTP {answer.status}"
        believed = answer.status < 500 and code is not None
        if believed and code in PER_MESSAGE:
            if sends:
                raise BlameError(
                    str(code), "blocked" if str(code) == BLACKLISTED else "permanent", reason
                )
            raise GatewayError("bug", str(code), reason)
        kind = KINDS.get(code, "ambiguous") if believed and code is not None else "ambiguous"
        if code is None and answer.status == 429:
            code, kind = 20, "rate_limited"  # the front server's, before the service
        elif code is None and answer.status == 401:
            code, kind = 10, "stop_gateway"
        raise refusal(
            answer,
            kind,
            f"http-{answer.status}" if code in {None, 1} else str(code),
            reason,
            sends=sends,
        )


def _outcome(given: object, cost: int | None) -> Outcome:
    """What stands in the place of a recipient."""
    if given is None:
        return Refused(NULL, "permanent", "the number is wrong or the text too long")
    number = answers.integer(given)
    if number is None:
        return Unknown("entries")
    if number == 0:
        return Refused(BLACKLISTED, "blocked", "the number is on the blacklist")
    return Accepted(str(number), "accepted", cost)


def _inbound(row: Mapping[str, object]) -> Inbound | None:
    sender, line, text = row.get("mobile"), row.get("number"), row.get("messageText")
    if not sender or not line or not isinstance(text, str):
        return None
    gateway_id = answers.integer(row.get("receiveReturnId"))
    received: datetime = answers.moment(answers.integer(row.get("receivedDateTime")))
    return Inbound(
        gateway_id=str(gateway_id) if gateway_id else None,
        sender=international(str(sender)[:40]),
        line=str(line)[:40],
        text=text[:10_000],
        received_at=received,
    )


def _envelope(answer: Reply) -> tuple[int | None, str, object]:
    body = answers.document(answer)
    if not isinstance(body, dict):
        return None, "", None
    return answers.integer(body.get("status")), answers.words(body.get("message")), body.get("data")
