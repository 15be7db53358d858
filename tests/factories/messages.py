"""Batches, messages and a gateway that does as it is told."""

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Flask

from portal import clock
from portal.db import db
from portal.messaging.account import Account
from portal.messaging.gateways.base import (
    Accepted,
    Adapter,
    Delivery,
    DeliveryState,
    Findings,
    Gateway,
    GatewayError,
    Inbound,
    Outcome,
    Outgoing,
    Sent,
    Unknown,
)
from portal.messaging.models import InboundMessage, Message, MessageBatch
from portal.messaging.segments import DEFAULT_PLAN
from portal.messaging.services import new_local_id
from tests.factories.context import application

LINE = "10004346"
Row = TypeVar("Row")
_numbers = itertools.count(1)


def make_batch(label: str = "رأی‌گیری", **overrides: Any) -> MessageBatch:
    """A committed, running batch."""
    return _saved(MessageBatch(label=label, **overrides))


def make_message(**overrides: Any) -> Message:
    """A committed message that waits, alone, to a number of its own."""
    values: dict[str, Any] = {
        "e164": f"+98912{next(_numbers):07d}",
        "language": "fa",
        "body": "سلام",
        "line": LINE,
        "local_id": new_local_id(),
    }
    return _saved(Message(**{**values, **overrides}))


def make_inbound(text: str, e164: str | None = "+989121234567", **overrides: Any) -> InboundMessage:
    """A committed SMS that arrived and that nobody has dealt with."""
    values: dict[str, Any] = {
        "gateway": "fake",
        "dedupe_key": f"id:{next(_numbers)}",
        "raw": {"message": text},
        "e164": e164,
        "line": LINE,
        "text": text,
    }
    return _saved(InboundMessage(**{**values, **overrides}))


def _saved(row: Row) -> Row:
    with application():
        db.session.add(row)
        db.session.commit()
        db.session.refresh(row)
        # The code under test closes its sessions; the row stays readable.
        db.session.expunge(row)
        return row


def account_of(gateway: Gateway, *, line: str = LINE, rate: int | None = None) -> Account:
    """A gateway with a line, as if it were configured."""
    return Account(gateway, line, rate, DEFAULT_PLAN)


def use_gateways(app: Flask, *accounts: Account | Gateway) -> None:
    """Have the application send through these, the preferred one first."""
    app.extensions["pasokh_accounts"] = tuple(
        each if isinstance(each, Account) else account_of(each) for each in accounts
    )


class FakeGateway(Adapter):
    """Accepts everything. Set `answer` to a function of a message for other outcomes (raise a
    GatewayError in it for the whole call), `lose` for those accepted without an answer."""

    settles = dt.timedelta(0)
    remembers = dt.timedelta(hours=11)

    def __init__(
        self, *, max_batch: int = 200, supports_local_id: bool = True, name: str = "fake"
    ) -> None:
        self.name = name
        self.max_batch = max_batch
        self.supports_local_id = supports_local_id
        self.ledger: list[Outgoing] = []
        """Every SMS that left, oldest first."""
        self.by_local: dict[int, str] = {}
        self.states: dict[str, DeliveryState] = {}
        self.calls: list[int] = []
        self.answer: Callable[[Outgoing], Outcome | None] | None = None
        self.lose: Callable[[Outgoing], bool] = lambda _sms: False
        self.before_send: Callable[[], None] = lambda: None
        self.read_error: GatewayError | None = None

    def accept(self, sms: Outgoing) -> str:
        """Take an SMS; the same local id again is answered from the record, where supported."""
        if not (self.supports_local_id and sms.local_id in self.by_local):
            self.ledger.append(sms)
            self.by_local[sms.local_id] = str(1000 + len(self.ledger))
            self.states[self.by_local[sms.local_id]] = "accepted"
        return self.by_local[sms.local_id]

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        self.before_send()
        self.calls.append(len(batch))
        outcomes: list[Outcome] = []
        for sms in batch:
            said = self.answer(sms) if self.answer else None
            if said is not None:
                outcomes.append(said)
                continue
            gateway_id = self.accept(sms)
            outcomes.append(
                Unknown("timeout") if self.lose(sms) else Accepted(gateway_id, "accepted", 1500)
            )
        return outcomes

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        self.before_send()
        if self.read_error:
            raise self.read_error
        return [Delivery(each, self.states.get(each, "unknown")) for each in gateway_ids]

    def find(self, sent: Sequence[Sent]) -> Findings:
        self.before_send()
        if self.read_error:
            raise self.read_error
        if not self.supports_local_id:
            return Findings()
        found = Findings()
        for local_id in (message.local_id for message in sent):
            gateway_id = self.by_local.get(local_id)
            found[local_id] = Delivery(gateway_id, self.states[gateway_id]) if gateway_id else None
        return found

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:
        given = {**form, **(json if isinstance(json, dict) else {})}
        if given.get("state") not in {"delivered", "undelivered", "at_operator", "accepted"}:
            return []
        return [Delivery(str(given["id"]), given["state"])]

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:
        given = {**form, **(json if isinstance(json, dict) else {})}
        if "text" not in given:
            return []
        return [Inbound(given.get("id"), given["from"], given["to"], given["text"], clock.now())]

    def credit_rial(self) -> int | None:
        return None
