"""Kavenegar's REST API v1.

Sources: the vendor's Python SDK (kavenegar 1.1.2) and published copies of kavenegar.com/rest.html.
The key is a part of every URL, so nothing here lets a URL out: no exception of the HTTP client
is chained or quoted, and what the client logs is redacted.
"""

import json as jsonlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Unpack

from portal.messaging.gateways import answers, early
from portal.messaging.gateways import kavenegar_lists as lists
from portal.messaging.gateways.base import (
    Accepted,
    Delivery,
    DeliveryState,
    ErrorKind,
    Findings,
    Gateway,
    GatewayError,
    Inbound,
    Inbox,
    Outcome,
    Outgoing,
    Sent,
    Stops,
    Unknown,
)
from portal.messaging.gateways.http import Call, Reply
from portal.messaging.gateways.kavenegar_lists import inbound
from portal.messaging.gateways.numbers import international, national
from portal.messaging.gateways.parts import BlameError, Calls
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.rounds import Round
from portal.messaging.gateways.web import Connection, WebAdapter, connection_of, refusal, reply

DEFAULT_BASE_URL: Final = "https://api.kavenegar.com/v1"
MAX_SEND: Final = 200
MAX_STATUS: Final = 500
MAX_LOCAL: Final = 200  # no limit is published; the one of `send` is surely safe

# entries.status
STATES: Final[Mapping[int, DeliveryState]] = {
    1: "accepted",
    2: "accepted",
    4: "at_operator",
    5: "at_operator",
    6: "failed",
    10: "delivered",
    11: "undelivered",
    13: "cancelled",
    14: "blocked",
    100: "unknown",
}

REFUNDED: Final = frozenset({13, 14})
"""Of these states the gateway gives the money back."""

# return.status of the whole call; PER_MESSAGE are answered by finding the message to blame.
KINDS: Final[Mapping[int, ErrorKind]] = {
    400: "bug",
    401: "stop_gateway",
    402: "ambiguous",
    403: "stop_gateway",
    404: "bug",
    405: "bug",
    406: "bug",
    407: "config",
    409: "retry",
    412: "config",
    414: "bug",
    415: "bug",
    416: "config",
    417: "bug",  # a bad date: we send none
    418: "pause",
    419: "bug",
    420: "stop_campaign",
    424: "config",
    426: "config",
    427: "config",
    428: "bug",  # only for codes read out by telephone
    429: "rate_limited",
    431: "bug",  # only for verify/lookup
    432: "config",
    451: "rate_limited",
    501: "config",
    604: "bug",
    607: "config",
    **dict.fromkeys(range(800, 814), "bug"),  # media, which we do not send
}
# A wrong receptor, an empty or too long text, a character that cannot be sent: permanent for the
# message, and it fails the whole call before anything is accepted.
PER_MESSAGE: Final = frozenset({411, 413, 422})


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError."""
    return Kavenegar(
        settings["api_key"],
        base_url=settings["url"].rstrip("/") + "/v1",
        **connection_of(settings),
    )


class Kavenegar(WebAdapter):
    """One Kavenegar account. Safe to share between threads and across a fork."""

    name: Final = "kavenegar"
    max_batch: Final = MAX_SEND
    supports_local_id = True
    reads_once = True
    settles = timedelta(0)
    remembers = timedelta(hours=11)
    """It looks 12 hours back."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        **connection: Unpack[Connection],
    ) -> None:
        if not api_key or not api_key.isascii() or "/" in api_key:
            raise ValueError("kavenegar: api_key is missing or not a key")
        super().__init__(base_url, **connection)
        self._key = Secret(api_key)

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        if any(not 0 < message.local_id < 2**63 for message in batch):
            raise ValueError("a local id is a positive 63-bit integer")
        calls = Calls(goes_on=True)
        return early.around(
            batch,
            lambda message: early.refused(message, number="411", empty="413", half="422"),
            lambda rest: calls.blaming(rest, self._send_or_refuse),
            MAX_SEND,
        )

    def _send_or_refuse(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Send; a text that all have in common is to blame for all of them."""
        try:
            return self._send_once(batch)
        except BlameError as blame:
            if blame.refused.code == "411" or not _same_text(batch):
                raise
            return [blame.refused] * len(batch)

    def _send_once(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        senders = [message.sender or self.sender for message in batch]
        receptors = [national(message.to) for message in batch]
        local_ids = [message.local_id for message in batch]
        if _same_text(batch) and len(set(senders)) == 1:
            form = {
                "receptor": ",".join(receptors),
                "message": batch[0].text,
                "localid": ",".join(map(str, local_ids)),
            }
            if senders[0]:
                form["sender"] = senders[0]
            entries = self._call("sms/send", form, sends=True)
        else:
            if None in senders:
                raise GatewayError("config", "sender", "personal texts need a sender line")
            form = {
                "receptor": jsonlib.dumps(receptors),
                "sender": jsonlib.dumps(senders),
                "message": jsonlib.dumps([m.text for m in batch], ensure_ascii=False),
                "localmessageids": jsonlib.dumps(local_ids),
            }
            entries = self._call("sms/sendarray", form, sends=True)
        if not isinstance(entries, list) or len(entries) != len(batch):
            raise GatewayError("ambiguous", "entries", "accepted, but not as many as were sent")
        return [_outcome(message, entry) for message, entry in zip(batch, entries, strict=True)]

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries; `unknown` after 48 hours."""
        found: list[Delivery] = []
        asking = Round()
        for start in range(0, len(gateway_ids), MAX_STATUS):
            if not asking.begin_call():
                break
            asked = gateway_ids[start : start + MAX_STATUS]
            entries = self._ask("sms/status", {"messageid": ",".join(asked)})
            said = [d for entry in entries if (d := _delivery(entry)) is not None]
            silent = dict.fromkeys(asked).keys() - {each.gateway_id for each in said}
            found += [*said, *(Delivery(each, "unknown") for each in sorted(silent))]
        return found

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find; by local id."""
        known: dict[int, Delivery | None] = {}
        asking = Round()
        for start in range(0, len(sent), MAX_LOCAL):
            if not asking.begin_call():
                return Findings(known, (message.local_id for message in sent[start:]))
            local_ids = [message.local_id for message in sent[start : start + MAX_LOCAL]]
            asked = ",".join(map(str, local_ids))
            entries = self._ask("sms/statuslocalmessageid", {"localid": asked})
            known |= dict.fromkeys(local_ids)
            for entry in entries:
                local_id, gateway_id = answers.integer(entry.get("localid")), entry.get("messageid")
                # An identifier means it was accepted, even with a status nobody documented.
                if local_id in known and answers.integer(gateway_id):
                    known[local_id] = _delivery(entry) or Delivery(str(gateway_id), "unknown")
        return Findings(known)

    def credit_rial(self) -> int | None:
        entries = self._ask("account/info", {})
        return answers.integer(entries[0].get("remaincredit")) if entries else None

    def inbox(self, cursor: str) -> Inbox | None:
        """See Gateway.inbox; of the sending line."""
        return lists.inbox(self._ask, self.sender, cursor) if self.sender else None

    def blocked(self, since: datetime) -> Stops | None:
        """See Gateway.blocked; of the sending line."""
        return lists.blocked(self._ask, self.sender, since) if self.sender else None

    def _ask(self, method: str, form: Mapping[str, str]) -> list[dict[str, object]]:
        """The records of a reading call; no answer is never taken for an empty one."""
        entries = self._call(method, form)
        if not isinstance(entries, list | dict):
            raise GatewayError("retry", "entries", "an answer without records")
        return answers.records(entries)

    # What Kavenegar calls us with: query, form or JSON, the names vary with the source

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:
        entries: list[Mapping[str, object]] = [*answers.records(json), dict(form)]
        return [d for entry in entries if (d := _delivery(entry)) is not None]

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:
        entries: list[Mapping[str, object]] = [*answers.records(json), dict(form)]
        return [message for entry in entries if (message := inbound(entry)) is not None]

    # The call

    def _call(self, method: str, form: Mapping[str, str], *, sends: bool = False) -> Any:
        """The entries of a call that succeeded: HTTP 2xx and return.status 200.

        Raises GatewayError, or BlameError for a message that fails the call.
        """
        answer = reply(
            self._client,
            Call("POST", self.base_url, (self._key, f"{method}.json"), form=form),
            sends=sends,
        )
        code, message, entries = _envelope(answer)
        if code == 200 and 200 <= answer.status < 300:
            return entries
        reason = message or f"HTTP {answer.status}"
        # A server error is to be believed only where it is the documented code itself (501).
        believed = answer.status < 500 or answer.status == code
        if believed and code in PER_MESSAGE and sends:
            raise BlameError(str(code), "permanent", reason)
        if believed and code is not None and code in KINDS:
            kind = KINDS[code]
        elif believed and code in PER_MESSAGE:
            kind = "bug"
        elif code is None and answer.status == 429:
            code, kind = 429, "rate_limited"  # the front server's, before the service
        else:
            kind = "ambiguous"
        raise refusal(
            answer,
            kind,
            str(code or f"http-{answer.status}"),
            reason,
            sends=sends,
            same_gateway_only=code == 409,
        )


def _same_text(batch: Sequence[Outgoing]) -> bool:
    return all(message.text == batch[0].text for message in batch)


def _outcome(message: Outgoing, entry: object) -> Outcome:
    if not isinstance(entry, dict):
        return Unknown("an entry that is no record")
    receptor = entry.get("receptor")
    if receptor is not None and international(str(receptor)) != message.to:
        return Unknown("an entry for another number")
    delivery = _delivery(entry)
    if delivery is None:
        return Unknown("an entry without an identifier or with a status nobody documented")
    return Accepted(delivery.gateway_id, delivery.state, delivery.cost_rial)


def _delivery(entry: Mapping[str, object]) -> Delivery | None:
    gateway_id, status = (
        answers.integer(entry.get("messageid")),
        answers.integer(entry.get("status")),
    )
    if not gateway_id or status is None or status not in STATES:
        return None
    cost = 0 if status in REFUNDED else answers.integer(entry.get("cost"))
    return Delivery(str(gateway_id), STATES[status], cost)


def _envelope(answer: Reply) -> tuple[int | None, str, object]:
    body = answers.document(answer)
    result = body.get("return") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(result, dict):
        return None, "", None
    said = answers.words(result.get("message"))
    return answers.integer(result.get("status")), said, body.get("entries")
