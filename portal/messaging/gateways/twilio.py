"""Twilio's REST API, 2010-04-01: one recipient a call.

It knows no key of ours against duplicates; a call whose answer was lost is looked for among the
messages to that number.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Unpack
from urllib.parse import parse_qsl, urlsplit

from portal import clock
from portal.messaging.gateways import answers, early, lost
from portal.messaging.gateways.base import (
    Accepted,
    Callback,
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
from portal.messaging.gateways.parts import BlameError, Calls
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.rounds import Round
from portal.messaging.gateways.twilio_records import (
    BLOCKED,
    KINDS,
    PER_MESSAGE,
    SID,
    STATES,
    delivery_of,
    inbound_of,
    moment,
    row_of,
    signature,
)
from portal.messaging.gateways.web import Connection, WebAdapter, connection_of, refusal, reply

DEFAULT_BASE_URL: Final = "https://api.twilio.com"
MAX_SEND: Final = 50
"""Calls of one `send`, over a kept connection."""
MAX_CHARS: Final = 1600
PAGE: Final = 500
MAX_PAGES: Final = 20
_DAY: Final = timedelta(days=1)
_OVERLAP: Final = timedelta(minutes=10)

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError."""
    return Twilio(
        settings["account_sid"],
        settings["auth_token"],
        base_url=settings["url"],
        service=settings["service"] or None,
        status_callback=settings["status_callback"] or None,
        **connection_of(settings),
    )


class Twilio(WebAdapter):
    """One Twilio account. Safe to share between threads and across a fork."""

    name: Final = "twilio"
    max_batch: Final = MAX_SEND
    remembers = timedelta(hours=46)
    hook_answer = ("<Response/>", "text/xml")

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        service: str | None = None,
        status_callback: str | None = None,
        **connection: Unpack[Connection],
    ) -> None:
        if not _ACCOUNT.fullmatch(account_sid):
            raise ValueError("twilio: account_sid is AC and 32 hexadecimal digits")
        if not (auth_token.isascii() and auth_token.isalnum()):
            raise ValueError("twilio: auth_token is missing or no token")
        if service is not None and not _SERVICE.fullmatch(service):
            raise ValueError("twilio: service is MG and 32 hexadecimal digits")
        super().__init__(base_url, **connection)
        self._account = account_sid
        self._service = service
        self._status_callback = status_callback
        self._token = Secret(auth_token)

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        return early.around(
            batch,
            lambda message: early.refused(
                message, number="21211", empty="21602", most=MAX_CHARS, long="21617"
            ),
            lambda rest: Calls().each([[message] for message in rest], self._send_one),
            MAX_SEND,
        )

    def _send_one(self, part: Sequence[Outgoing]) -> list[Outcome]:
        (message,) = part
        form = {"To": message.to, "Body": message.text}
        sender = message.sender or self.sender
        if sender:
            form["From"] = sender
        if self._service:
            form["MessagingServiceSid"] = self._service
        if not sender and not self._service:
            raise GatewayError("config", "sender", "Twilio needs a line or a messaging service")
        if self._status_callback:
            form["StatusCallback"] = self._status_callback
        try:
            row = self._call("POST", "Messages.json", form=form, sends=True)
        except BlameError as blame:
            return [blame.refused]
        delivery = delivery_of(row)
        if delivery is None:
            raise GatewayError("ambiguous", "entries", "accepted, but without an identifier")
        return [Accepted(delivery.gateway_id, delivery.state, None)]

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries; a call each."""
        found: list[Delivery] = []
        asking = Round()
        for gateway_id in gateway_ids:
            if not SID.fullmatch(gateway_id):
                continue
            if not asking.begin_call():
                break
            try:
                row = self._call("GET", f"Messages/{gateway_id}.json")
            except GatewayError as error:
                if error.code == "20404":
                    found.append(Delivery(gateway_id, "unknown"))
                    continue
                if not asking.failed():
                    raise
                break  # what is known already is not thrown away
            found.append(delivery_of(row) or Delivery(gateway_id, "unknown"))
        return found

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find: by number, text, line and time.

        Not narrowed down by DateSent, which a message that waits at Twilio does not have yet.
        """
        rows: list[lost.Row] = []
        complete: set[str] = set()
        asking = Round()
        left = dict.fromkeys(message.to for message in sent)
        for number in list(left):
            if asking.is_over:
                break
            try:
                given, is_whole = self._list({"To": number}, asking)
            except GatewayError:
                if not asking.failed():
                    raise
                break  # what is known already is not thrown away
            del left[number]
            outgoing = [each for each in given if each.get("direction") != "inbound"]
            read = [row for each in outgoing if (row := row_of(each)) is not None]
            rows += read
            if is_whole and len(read) == len(outgoing):
                complete.add(number)
        known = lost.match(
            [message for message in sent if message.to not in left],
            rows,
            own_line=None if self._service else self.sender,
            is_complete=complete,
        )
        return Findings(known, (message.local_id for message in sent if message.to in left))

    def inbox(self, cursor: str) -> Inbox | None:
        """See Gateway.inbox. The cursor is the time of the newest SMS seen; None without a line
        of its own, for a messaging service's lines are not known here."""
        if not self.sender:
            return None
        now = clock.now()
        newest = min(_iso(cursor) or now - _DAY, now)
        since = newest - _OVERLAP
        query = {"To": self.sender, "DateSent>": since.date().isoformat()}
        given, is_whole = self._list(query, Round())
        messages: list[tuple[Inbound, Mapping[str, object]]] = []
        for each in given:
            at = moment(each.get("date_created"))
            message = inbound_of(
                each.get("sid"), each.get("from"), each.get("to"), each.get("body"), at
            )
            if each.get("direction") != "inbound" or message is None:
                continue
            if message.received_at < since:
                continue
            messages.append((message, each))
            newest = max(newest, min(now, message.received_at))
        # Where not all was read nothing may be skipped: the same again next time.
        return Inbox(messages, newest.isoformat() if is_whole else cursor, has_more=False)

    def _list(
        self, query: Mapping[str, str], asking: Round
    ) -> tuple[list[Mapping[str, object]], bool]:
        """The messages of a list, and whether that is all of them."""
        rows: list[Mapping[str, object]] = []
        asked = {**query, "PageSize": str(PAGE)}
        for _ in range(MAX_PAGES):
            if not asking.begin_call():
                break
            page = self._call("GET", "Messages.json", query=asked)
            given = page.get("messages")
            if not isinstance(given, list):
                raise GatewayError("retry", "entries", "an answer without messages")
            rows += answers.records(given)
            following = page.get("next_page_uri")
            if not following:
                return rows, len(answers.records(given)) == len(given)
            # Of the address of the next page only the query is followed: the key goes nowhere else.
            asked = dict(parse_qsl(urlsplit(str(following)).query, keep_blank_values=True))
            if not asked:
                break
        return rows, False

    # What Twilio calls us with

    def accepts(self, callback: Callback) -> bool:
        """X-Twilio-Signature: HMAC-SHA1 of the address and the fields posted, sorted by name."""
        headers = {name.lower(): value for name, value in callback.headers.items()}
        given = headers.get("x-twilio-signature", "")
        parts = urlsplit(callback.url)
        in_address = dict(parse_qsl(parts.query, keep_blank_values=True))
        posted = {name: text for name, text in callback.form.items() if name not in in_address}
        # Twilio has signed with and without the port that the scheme implies.
        port = {"https": 443, "http": 80}.get(parts.scheme)
        with_port = parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
        urls = [callback.url, *([with_port] if parts.port is None else [])]
        wanted = [signature(self._token.reveal(), url, posted) for url in urls]
        return any(hmac.compare_digest(each.encode(), given.encode()) for each in wanted)

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:  # noqa: ARG002
        found = delivery_of(
            {
                "sid": form.get("MessageSid") or form.get("SmsSid"),
                "status": form.get("MessageStatus") or form.get("SmsStatus"),
                "error_code": form.get("ErrorCode"),
            }
        )
        return [found] if found is not None and form.get("MessageStatus") in STATES else []

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:  # noqa: ARG002
        sid = form.get("MessageSid") or form.get("SmsSid")
        found = inbound_of(sid, form.get("From"), form.get("To"), form.get("Body"), clock.now())
        return [found] if found is not None else []

    # The call

    def _call(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        sends: bool = False,
    ) -> Mapping[str, object]:
        """The record a call answered with, HTTP 2xx.

        Raises GatewayError, or BlameError for a message that was refused.
        """
        answer = reply(
            self._client,
            Call(
                verb,
                self.base_url,
                ("2010-04-01/Accounts", self._account, path),
                query=query or {},
                form=form,
                auth=(self._account, self._token),
            ),
            sends=sends,
        )
        body = answers.document(answer)
        document: Mapping[str, object] = body if isinstance(body, dict) else {}
        if 200 <= answer.status < 300 and document:
            return document
        code = answers.integer(document.get("code"))
        reason = answers.words(document.get("message")) or f"HTTP {answer.status}"
        kind: ErrorKind
        if not 400 <= answer.status < 500:
            kind = "ambiguous"
        elif code is not None and code in KINDS:
            kind = KINDS[code]
        elif answer.status == 429:
            code, kind = code or 20429, "rate_limited"
        elif answer.status in {401, 403} and code not in PER_MESSAGE | BLOCKED:
            code, kind = code or 20003, "stop_gateway"
        elif code is None:
            kind = "ambiguous"
        elif sends:
            raise BlameError(str(code), "blocked" if code in BLOCKED else "permanent", reason)
        else:
            kind = "bug"
        is_believed = code is not None and 400 <= answer.status < 500
        raise refusal(
            answer,
            kind,
            str(code) if is_believed else f"http-{answer.status}",
            reason,
            sends=sends,
        )


def _iso(cursor: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(cursor)
    except ValueError:
        return None
    return found if found.tzinfo else None
