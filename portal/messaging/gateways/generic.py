"""Any gateway with a simple HTTP API, described by settings (generic_settings.Plan).

A message is a call; several go over one kept connection. It has no key of ours against duplicates,
so where an answer was lost nothing is known unless the gateway can be asked for our id (find_url).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote

from portal import clock
from portal.messaging.gateways import answers, early
from portal.messaging.gateways.base import (
    Accepted,
    Adapter,
    Delivery,
    DeliveryState,
    ErrorKind,
    Findings,
    Gateway,
    GatewayError,
    Inbound,
    Outcome,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from portal.messaging.gateways.generic_settings import Plan, plan
from portal.messaging.gateways.http import Call, Client, Reply
from portal.messaging.gateways.numbers import international, national
from portal.messaging.gateways.parts import Calls
from portal.messaging.gateways.redact import Secret
from portal.messaging.gateways.rounds import Round
from portal.messaging.gateways.web import refusal, reply

MAX_ID: Final = 100
_PUSHED: Final = ("id", "from", "to", "text", "time")
_PLACE: Final = re.compile(r"\{(to|text|line|id|secret|message_id)\}")
_BY_HTTP: Final[Mapping[int, ErrorKind]] = {
    401: "stop_gateway",
    403: "stop_gateway",
    404: "config",
    405: "config",
    429: "rate_limited",
}


def from_settings(settings: Mapping[str, str]) -> Gateway:
    """Settings as in the catalog. Raises ValueError with everything that is wrong."""
    return Generic(settings)


class Generic(Adapter):
    """Safe to share between threads and across a fork."""

    name: Final = "generic"

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._plan: Plan = plan(settings)
        self.max_batch = self._plan.batch
        self.sender = settings["line"] or None
        self._secret = Secret(settings["secret"]) if settings["secret"] else None
        self._callback = (settings["callback_id"], settings["callback_state"])
        self._fields = {name: settings[f"inbound_{name}"] for name in _PUSHED}
        self._client = Client(3.05, float(settings["read_timeout"]), settings["proxy"] or None)

    def __repr__(self) -> str:
        return "<Generic>"

    # Sending

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """See Gateway.send."""
        return early.around(
            batch,
            lambda message: early.refused(message, number="number", empty="text"),
            lambda rest: Calls().each([[message] for message in rest], self._send_one),
            self.max_batch,
        )

    def _send_one(self, part: Sequence[Outgoing]) -> list[Outcome]:
        (message,) = part
        answer = reply(self._client, self._call(message), sends=True)
        document = answers.document(answer)
        if self._is_success(answer, document):
            return [self._accepted(message, document)]
        code, kind = self._error(answer, document)
        if kind in {"permanent", "blocked"}:
            is_blocked = kind == "blocked"
            return [Refused(code, "blocked" if is_blocked else "permanent", "refused")]
        raise refusal(answer, cast("ErrorKind", kind), code, f"HTTP {answer.status}", sends=True)

    def _call(self, message: Outgoing) -> Call:
        """The rendered call; it may hold the secret, so no frame that raises keeps it."""
        values = {
            "to": _number(message.to, self._plan.number),
            "text": message.text,
            "line": message.sender or self.sender or "",
            "id": str(message.local_id),
            "secret": self._secret.reveal() if self._secret else "",
        }
        body = _filled(self._plan.body, values)
        return Call(
            self._plan.verb,
            _address(self._plan.url, values),
            (),
            form=body if body is not None and not self._plan.is_json else None,
            document=body if self._plan.is_json else None,
            headers=self._headers(),
        )

    def _headers(self) -> dict[str, str | Secret]:
        if self._plan.header and self._secret:
            return {self._plan.header: self._secret}
        return {}

    def _is_success(self, answer: Reply, document: object) -> bool:
        if answer.status not in self._plan.success_status:
            return False
        if not self._plan.success_pointer:
            return True
        return _plain(point(document, self._plan.success_pointer)) in self._plan.success_values

    def _accepted(self, message: Outgoing, document: object) -> Outcome:
        if not self._plan.id_pointer:
            return Accepted(str(message.local_id), "accepted", None)
        gateway_id = _plain(point(document, self._plan.id_pointer))
        if not gateway_id or gateway_id == "0" or len(gateway_id) > MAX_ID:
            return Unknown("no_id")
        return Accepted(gateway_id, "accepted", None)

    def _error(self, answer: Reply, document: object) -> tuple[str, str]:
        """(code, kind) of an answer that is no success: as the settings say, else by HTTP. What is
        neither may have been accepted."""
        said = _plain(point(document, self._plan.error_pointer)) if self._plan.error_pointer else ""
        http = f"http-{answer.status}"
        for code in (said, http):
            if code and code in self._plan.errors:
                return _code(code), self._plan.errors[code]
        if answer.status in _BY_HTTP:
            return http, _BY_HTTP[answer.status]
        if 400 <= answer.status < 500:
            return _code(said or http), "bug"
        if answer.status in self._plan.success_status and said:
            return _code(said), "bug"  # it answered, and not with success: nobody told us why
        return _code(http if answer.status >= 300 else "no_success"), "ambiguous"

    # Asking

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """See Gateway.deliveries: a call each; none where no status_url is set."""
        found: list[Delivery] = []
        asking = Round()
        for gateway_id in gateway_ids if self._plan.status_url else ():
            if not asking.begin_call():
                break
            try:
                answer, document = self._ask(self._plan.status_url, {"message_id": gateway_id})
            except GatewayError:
                if not asking.failed():
                    raise
                break  # what is known already is not thrown away
            state: DeliveryState = "unknown"
            if answer.status in self._plan.success_status:
                state = self._state(document)
            found.append(Delivery(gateway_id, state))
        return found

    def find(self, sent: Sequence[Sent]) -> Findings:
        """See Gateway.find; empty where no find_url is set. None only for an answer that the
        settings call a proof (find_missing)."""
        if not self._plan.find_url:
            return Findings()
        known: dict[int, Delivery | None] = {}
        asking = Round()
        for place, message in enumerate(sent):
            left = (each.local_id for each in sent[place:])
            if not asking.begin_call():
                return Findings(known, left)
            local_id = str(message.local_id)
            try:
                answer, document = self._ask(self._plan.find_url, {"id": local_id})
            except GatewayError:
                if not asking.failed():
                    raise
                return Findings(known, left)  # what is known already is not thrown away
            said = {_plain(point(document, self._plan.error_pointer)), f"http-{answer.status}"}
            if answer.status in self._plan.success_status:
                pointer = self._plan.find_pointer
                gateway_id = _plain(point(document, pointer)) if pointer else local_id
                if gateway_id and gateway_id != "0" and len(gateway_id) <= MAX_ID:
                    known[message.local_id] = Delivery(gateway_id, self._state(document))
                    continue
            if said & self._plan.find_missing:
                known[message.local_id] = None
        return Findings(known)

    def _state(self, document: object) -> DeliveryState:
        if not self._plan.status_pointer:
            return "unknown"
        said = _plain(point(document, self._plan.status_pointer))
        return cast("DeliveryState", self._plan.states.get(said, "unknown"))

    def _ask(self, url: str, values: Mapping[str, str]) -> tuple[Reply, object]:
        """The answer to a question. Raises GatewayError where it is none, never `ambiguous`."""
        answer = reply(self._client, self._question(url, values), sends=False)
        kind = _BY_HTTP.get(answer.status, "retry")
        unheard = answer.status >= 500 or 300 <= answer.status < 400
        if unheard or kind in {"stop_gateway", "rate_limited"}:
            raise GatewayError(
                kind, f"http-{answer.status}", "no answer", retry_after=answer.retry_after
            )
        return answer, answers.document(answer)

    def _question(self, url: str, values: Mapping[str, str]) -> Call:
        secret = self._secret.reveal() if self._secret else ""
        address = _address(url, {**values, "secret": secret})
        return Call("GET", address, (), headers=self._headers())

    # What it calls us with

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:
        id_field, state_field = self._callback
        found: list[Delivery] = []
        for given in _given(form, json) if id_field else []:
            gateway_id = _plain(given.get(id_field))
            state = self._plan.states.get(_plain(given.get(state_field)))
            if state is not None and gateway_id and len(gateway_id) <= MAX_ID:
                found.append(Delivery(gateway_id, cast("DeliveryState", state)))
        return found

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:
        found: list[Inbound] = []
        for given in _given(form, json):
            sender = _plain(given.get(self._fields["from"]))
            line, text = _plain(given.get(self._fields["to"])), given.get(self._fields["text"])
            if not sender or not line or not isinstance(text, str):
                continue
            found.append(
                Inbound(
                    gateway_id=_plain(given.get(self._fields["id"]))[:MAX_ID] or None,
                    sender=international(sender[:40]),
                    line=line[:40],
                    text=text[:10_000],
                    received_at=_moment(given.get(self._fields["time"])),
                )
            )
        return found


def _moment(given: object) -> datetime:
    """A time that was pushed; this moment where it is missing or absurd."""
    seconds = answers.integer(given)
    if seconds is None and isinstance(given, str):
        try:
            named = datetime.fromisoformat(given)
        except ValueError:
            return clock.now()
        seconds = int(named.timestamp()) if named.tzinfo else None
    return answers.moment(seconds)


def _given(form: Mapping[str, str], json: object) -> list[Mapping[str, object]]:
    return [*answers.records(json), dict(form)]


def point(document: object, pointer: str) -> object:
    """What a JSON pointer (RFC 6901) points to; None where there is nothing."""
    found: Any = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 9:
            found = found[int(key)] if int(key) < len(found) else None
        else:
            return None
    return found


def _plain(value: object) -> str:
    """A JSON value as the settings write it; empty for null, objects and arrays."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _code(said: str) -> str:
    return answers.words(said).replace(":", " ")[:60]


def _number(number: str, spelling: str) -> str:
    if spelling == "e164":
        return number
    return national(number) if spelling == "09" else f"00{number[1:]}"


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """A document with the placeholders in its strings replaced."""
    if isinstance(template, str):
        return _PLACE.sub(lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return template


def _address(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)
