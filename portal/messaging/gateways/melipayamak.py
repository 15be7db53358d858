"""Melipayamak's console interface: JSON, with the token in every address.

It knows no key of ours against duplicates. A message whose answer was lost is looked for in the
list of what was sent (portal.messaging.gateways.melipayamak_messages); one that is not there stays
unknown and is never sent again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.http import Call
from portal.messaging.gateways.melipayamak_codes import (
    KINDS,
    NUMBER,
    PER_MESSAGE,
    STATES,
    TEXT,
    code_of,
)
from portal.messaging.gateways.melipayamak_messages import LISTED, PAGE, Messages, inbound_of
from portal.messaging.gateways.numbers import international, national
from portal.messaging.gateways.parts import BlameError, Calls
from portal.messaging.gateways.reading import Mark
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.rounds import Round
from portal.messaging.gateways.web import Connection, WebAdapter, connection_of, refusal, reply

log = logging.getLogger(__name__)

DEFAULT_BASE_URL: Final = "https://console.melipayamak.com"
MAX_SEND: Final = 100
MAX_STATUS: Final = 100  # no limit is published
_DAY: Final = 86_400
_OVERLAP: Final = 600
"""Seconds of the inbox read again each time: lists are late."""
LEAST_ID: Final = 1000
"""Smaller numbers in the place of an identifier are codes."""


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError."""
    return Melipayamak(
        settings["token"],
        base_url=settings["url"],
        **connection_of(settings),
    )


class Melipayamak(WebAdapter):
    """One Melipayamak account. Safe to share between threads and across a fork."""

    name: Final = "melipayamak"
    max_batch: Final = MAX_SEND
    pushes_ids = False

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        **connection: Unpack[Connection],
    ) -> None:
        if not (token.isascii() and token.isprintable() and token.strip()) or "/" in token:
            raise ValueError("melipayamak: token is missing or no token")
        super().__init__(base_url, **connection)
        self._token = Secret(token)
        self._messages = Messages(self._list)

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        return early.around(
            batch,
            lambda message: early.refused(message, number=NUMBER, empty="empty"),
            self._send_parts,
            MAX_SEND,
        )

    def _send_parts(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One call for each text and line; the outcomes in the order of the batch."""
        alike: dict[tuple[str, str | None], list[int]] = {}
        for at, message in enumerate(batch):
            alike.setdefault((message.text, message.sender or self.sender), []).append(at)
        calls = Calls()
        sent = calls.each(
            [[batch[at] for at in places] for places in alike.values()],
            lambda part: calls.blaming(part, self._send_once),
        )
        order = [at for places in alike.values() for at in places]
        outcomes = dict(zip(order, sent, strict=True))
        return [outcomes[at] for at in range(len(batch))]

    def _send_once(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        line = batch[0].sender or self.sender
        if not line:
            raise GatewayError("config", "sender", "Melipayamak needs a sender line")
        document: dict[str, object] = {"from": line, "text": batch[0].text}
        if len(batch) == 1:
            document["to"] = national(batch[0].to)
            answer = self._call("send/simple", document, sends=True)
            given: object = [answer["recId"]] if "recId" in answer else None
        else:
            document["to"] = [national(message.to) for message in batch]
            document["udh"] = ""
            answer = self._call("send/advanced", document, sends=True)
            given = answer.get("recIds")
        ids = given if isinstance(given, list) else []
        numbers = [answers.integer(each) or 0 for each in ids]
        if not any(number >= LEAST_ID for number in numbers):
            self._raise_refusal(answer, numbers)
        if len(ids) != len(batch):
            raise GatewayError("ambiguous", "entries", "accepted, but not as many as were sent")
        return [_outcome(each) for each in ids]

    @staticmethod
    def _raise_refusal(answer: Mapping[str, object], numbers: Sequence[int]) -> None:
        """Say why nothing was accepted: in `status`, or the code stands in the identifier's
        place. Raises GatewayError or BlameError."""
        reason = answers.words(answer.get("status"))
        code = code_of(answer.get("status"))
        if code is None and len(set(numbers)) == 1 and numbers[0]:
            code = code_of(numbers[0])
        if code is None:
            raise GatewayError("ambiguous", "entries", "neither identifiers nor a reason")
        if code in PER_MESSAGE:
            raise BlameError(code, "permanent", reason)
        if code == TEXT:
            log.warning("A refusal in words nobody knows", extra={"said": reason})
            raise GatewayError("bug", code, reason)
        raise GatewayError(KINDS[int(code)], code, reason)

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries."""
        ids = [each for each in gateway_ids if each.isascii() and each.isdigit()]
        found = [Delivery(each, "unknown") for each in gateway_ids if each.startswith(LISTED)]
        asking = Round()
        for start in range(0, len(ids), MAX_STATUS):
            if not asking.begin_call():
                break
            try:
                found += self._states(ids[start : start + MAX_STATUS])
            except GatewayError:
                if not asking.failed():
                    raise
                break  # what is known already is not thrown away
        return found

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find: by number, text, line and time."""
        return self._messages.find(sent, self.sender)

    def inbox(self, cursor: str) -> Inbox | None:
        """See Gateway.inbox. The cursor is a Mark, of Unix times; of the sending line."""
        if not self.sender:
            return None
        now = int(clock.now().timestamp())
        mark = Mark.read(cursor, now - _DAY, now)
        listing = self._messages.received(self.sender, mark.since - _OVERLAP, mark.page)
        messages: list[tuple[Inbound, Mapping[str, object]]] = []
        unreadable: list[Mapping[str, object]] = []
        newest = mark.newest
        for row in listing.rows:
            message = inbound_of(row, self.sender)
            if message is None:
                unreadable.append(row)
                continue
            messages.append((message, row))
            newest = max(newest, int(message.received_at.timestamp()))
        if listing.next_page is None:
            mark = Mark(newest, newest)
        else:
            mark = replace(mark, newest=newest, page=listing.next_page)
        return Inbox(messages, str(mark), mark.is_cut, unreadable)

    def _list(self, kind: str, line: str, index: int) -> Sequence[object]:
        """The messages from an index."""
        document = {"type": kind, "number": line, "index": index, "count": PAGE}
        answer = self._call("receive/messages", document)
        rows = answer.get("messages")
        if not isinstance(rows, list) or (not rows and _refusal_in(answer)):
            raise _unanswered(answer, "an answer without messages")
        return rows

    def _states(self, asked: Sequence[str]) -> list[Delivery]:
        answer = self._call("receive/status", {"recIds": [int(each) for each in asked]})
        codes = answer.get("resultsAsCode")
        if not isinstance(codes, list) or len(codes) != len(asked):
            raise _unanswered(answer, "not as many states as were asked for")
        numbers = [answers.integer(given) for given in codes]
        return [
            Delivery(gateway_id, "unknown" if number is None else STATES.get(number, "unknown"))
            for gateway_id, number in zip(asked, numbers, strict=True)
        ]

    def credit_rial(self) -> int | None:
        return answers.rial(self._call("receive/credit", None).get("amount"))

    # What Melipayamak calls us with: GET ?from=&to=&body=, without an identifier

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:  # noqa: ARG002
        sender, line = form.get("from"), form.get("to")
        text = form.get("body", form.get("text"))
        if not sender or not line or text is None or "$" in sender + line:
            return []  # a $FROM$ that was not filled in is a wrong setting
        return [
            Inbound(
                gateway_id=None,
                sender=international(sender[:40]),
                line=line[:40],
                text=text[:10_000],
                received_at=clock.now(),
            )
        ]

    # The call

    def _call(
        self, path: str, document: Mapping[str, object] | None, *, sends: bool = False
    ) -> Mapping[str, object]:
        """The record a call answered with; GET without a document. Raises GatewayError."""
        answer = reply(
            self._client,
            Call(
                "GET" if document is None else "POST",
                self.base_url,
                ("api", path, self._token),
                document=document,
            ),
            sends=sends,
        )
        body = answers.document(answer)
        record: Mapping[str, object] = body if isinstance(body, dict) else {}
        status = answer.status
        if record and (200 <= status < 300 or status in {400, 422}):
            return record  # its `status` says what was wrong
        code = f"http-{status}"
        kind: ErrorKind = "ambiguous"
        if status in {401, 403}:
            code, kind = "0", "stop_gateway"
        elif status == 404:
            kind = "config"  # no such address: nothing was done
        elif status == 429:
            kind = "rate_limited"
        raise refusal(
            answer,
            kind,
            code,
            answers.words(record.get("status")) or f"HTTP {status}",
            sends=sends,
        )


def _refusal_in(answer: Mapping[str, object]) -> str | None:
    """The code that `status` gives as the reason why a question is not answered."""
    code = code_of(answer.get("status"))
    return code if code is not None and code != TEXT and code not in PER_MESSAGE else None


def _unanswered(answer: Mapping[str, object], what: str) -> GatewayError:
    code = _refusal_in(answer)
    return GatewayError(
        KINDS[int(code)] if code is not None else "retry",
        code or "entries",
        answers.words(answer.get("status")) or what,
    )


def _outcome(given: object) -> Outcome:
    """What stands in the place of one recipient, where others were accepted."""
    number = answers.integer(given)
    if number is not None and number >= LEAST_ID:
        return Accepted(str(number), "accepted", None)
    if given is None or number == 0:
        return Refused(NUMBER, "permanent", "the number was refused")
    if str(number) in PER_MESSAGE:
        return Refused(str(number), "permanent", "not sent")
    if number is not None and number in KINDS:
        return Deferred(GatewayError(KINDS[number], str(number), "refused"))
    return Unknown("entries")
