"""What the pages and the status command show. Every function is a fixed number of queries."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, select

from portal.accounts import services as accounts
from portal.contacts import consent
from portal.contacts.models import ConsentRecord
from portal.db import db
from portal.messaging import account, labels, masking, services
from portal.messaging.models import InboundMessage, Message, MessageBatch
from portal.messaging.states import WAITING
from portal.messaging.template_models import MessageTemplate, MessageTemplateVersion

PAGE = 25

Row = TypeVar("Row", MessageBatch, InboundMessage)


@dataclass(frozen=True, slots=True)
class BatchRow:
    batch: MessageBatch
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        """Everything a gateway took, as far as is known."""
        names = ("accepted", "at_operator", "delivered", "undelivered", "blocked", "expired")
        return sum(self.counts.get(state, 0) for state in names)

    @property
    def settled(self) -> int:
        """No longer ours to send: with the gateway, or never to be sent."""
        return self.total - sum(self.counts.get(state, 0) for state in (*WAITING, "unknown"))

    @property
    def state(self) -> str:
        return labels.batch_state(self.batch.state, services.finished(self.counts))


def batches(before: int | None = None) -> tuple[list[BatchRow], int | None]:
    """A page of batches, the newest first, and where the next page begins."""
    query = select(MessageBatch).order_by(MessageBatch.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(MessageBatch.id < before)
    found, after = _page(db.session.scalars(query).all())
    counts = services.progress_by_batch([batch.id for batch in found])
    return [BatchRow(batch, counts[batch.id]) for batch in found], after


def batch(batch_id: int) -> BatchRow | None:
    found = db.session.get(MessageBatch, batch_id)
    return BatchRow(found, services.progress_by_batch([batch_id])[batch_id]) if found else None


def reasons(batch_id: int) -> list[tuple[str, labels.Reason, int]]:
    """(state, reason, number) of a batch's messages that have a reason, the most frequent first."""
    rows = db.session.execute(
        select(Message.state, Message.reason, func.count())
        .where(Message.batch_id == batch_id, Message.reason.is_not(None))
        .group_by(Message.state, Message.reason)
        .order_by(func.count().desc(), Message.reason)
        .limit(50)
    )
    found = []
    for state, reason, number in rows:
        explained = labels.explain(reason)
        if explained is not None:
            found.append((state, explained, number))
    return found


def cost(batch_id: int) -> tuple[int, int]:
    """(segments, rial) of what the gateway accepted of a batch; estimated where it did not say."""
    segments, rial = db.session.execute(
        select(
            func.coalesce(func.sum(Message.segments), 0),
            func.coalesce(func.sum(Message.cost_rial), 0),
        ).where(Message.batch_id == batch_id)
    ).one()
    return int(segments or 0), int(rial or 0)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message with what proves it. `shown` is the text as sent, its personal link masked."""

    message: Message
    batch: MessageBatch | None
    version: MessageTemplateVersion | None
    template: MessageTemplate | None
    people: Mapping[int, str]

    @property
    def shown(self) -> str:
        return masking.masked(self.message.body)


def message(message_id: int) -> MessageRow | None:
    found = db.session.execute(
        select(Message, MessageBatch, MessageTemplateVersion, MessageTemplate)
        .outerjoin(MessageBatch, MessageBatch.id == Message.batch_id)
        .outerjoin(MessageTemplateVersion, MessageTemplateVersion.id == Message.template_version_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == MessageTemplateVersion.template_id)
        .where(Message.id == message_id)
    ).first()
    if found is None:
        return None
    sms, of_batch, version, template = found
    ids = {
        *((of_batch.launched_by, of_batch.approved_by) if of_batch else ()),
        version.created_by if version else None,
    }
    people = accounts.names({each for each in ids if each is not None})
    return MessageRow(sms, of_batch, version, template, people)


def inbox(
    before: int | None = None, *, open_only: bool = False
) -> tuple[Sequence[InboundMessage], int | None]:
    """A page of the SMS that arrived; `open_only`: those that no handler took."""
    query = select(InboundMessage).order_by(InboundMessage.id.desc()).limit(PAGE + 1)
    if open_only:
        query = query.where(InboundMessage.handled_by.is_(None))
    if before is not None:
        query = query.where(InboundMessage.id < before)
    return _page(db.session.scalars(query).all())


@dataclass(frozen=True, slots=True)
class Proof:
    """What was sent to one number and received from it, a page of it, and on what grounds."""

    rows: Sequence[tuple[str, Message | InboundMessage]]
    """("out" | "in", SMS), the newest first."""
    versions: Mapping[int, MessageTemplateVersion]
    """Of the texts of these messages, by id."""
    consent: Sequence[ConsentRecord]
    """Every yes and no, the newest first."""
    people: Mapping[int, str]
    older: dt.datetime | None
    """Where the next page begins; None at the end."""


def of_number(e164: str, before: dt.datetime | None = None, limit: int = 100) -> Proof:
    """The SMS to and from a number before a moment, and who recorded its consent."""
    sent = select(Message).where(Message.e164 == e164)
    come = select(InboundMessage).where(InboundMessage.e164 == e164)
    if before is not None:
        sent = sent.where(Message.created_at < before)
        come = come.where(InboundMessage.received_at < before)
    sent = sent.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
    come = come.order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
    both: list[tuple[str, Message | InboundMessage]] = [
        ("out", m) for m in db.session.scalars(sent)
    ]
    both += [("in", m) for m in db.session.scalars(come.limit(limit + 1))]
    both.sort(key=lambda pair: _moment(pair[1]), reverse=True)
    rows = both[:limit]
    ids = {row.template_version_id for _, row in rows if isinstance(row, Message)} - {None}
    versions = (
        db.session.scalars(
            select(MessageTemplateVersion).where(MessageTemplateVersion.id.in_(ids))
        ).all()
        if ids
        else []
    )
    history = consent.history(e164)
    return Proof(
        rows,
        {version.id: version for version in versions},
        history,
        accounts.names({record.recorded_by for record in history if record.recorded_by}),
        _moment(rows[-1][1]) if len(both) > limit else None,
    )


def _moment(row: Message | InboundMessage) -> Any:
    return row.received_at if isinstance(row, InboundMessage) else row.created_at


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """A gateway and whether it is called now: `standing` is open, resting or paused."""

    name: str
    line: str
    standing: str
    reason: labels.Reason | None
    rest_seconds: int


def gateways() -> list[GatewayRow]:
    """The configured gateways, the preferred one first."""
    found = []
    for each in account.accounts():
        now = account.standing(each.name)
        standing = "paused" if now.paused else "open" if now.open else "resting"
        reason = labels.explain(now.reason)
        found.append(GatewayRow(each.name, each.line, standing, reason, round(now.rest_seconds)))
    return found


def status() -> dict[str, Any]:
    """Counts of all messages by state, how the gateways stand, inbound SMS nobody took."""
    states = db.session.execute(
        select(Message.state, func.count()).group_by(Message.state).order_by(Message.state)
    )
    left = db.session.scalar(select(func.count()).where(InboundMessage.handled_by.is_(None)))
    return {
        "gateways": [
            {
                "name": each.name,
                "standing": each.standing,
                "reason": each.reason.code if each.reason else None,
            }
            for each in gateways()
        ],
        "messages": {row[0]: row[1] for row in states},
        "inbound_unhandled": left or 0,
    }


def _page(rows: Sequence[Row]) -> tuple[list[Row], int | None]:
    shown = list(rows[:PAGE])
    return shown, shown[-1].id if len(rows) > PAGE else None
