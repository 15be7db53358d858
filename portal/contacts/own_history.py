"""What the host itself knows of a person: messages out and in, and consent."""

from collections.abc import Sequence
from typing import Final

from flask import url_for
from sqlalchemy import select

from portal import security
from portal.contacts import labels
from portal.contacts.history import Before, HistoryItem, HistorySource
from portal.contacts.models import ConsentRecord, Contact
from portal.db import db
from portal.i18n import _, _l
from portal.messaging import masking
from portal.messaging.models import InboundMessage, Message


def _sent(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.scalars(
        select(Message)
        .where(
            Message.e164 == contact.e164,
            before.condition("sent", Message.created_at, Message.id),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit)
    )
    linked = security.may("messages.read")
    return [
        HistoryItem(
            row.created_at,
            row.id,
            _l("SMS to the person"),
            str(labels.MESSAGE_STATES.get(row.state, row.state)),
            masking.masked(row.body),
            _TONES.get(row.state, ""),
            url_for("messages.message", message_id=row.id) if linked else "",
        )
        for row in rows
    ]


_TONES: Final = {
    "delivered": "good",
    "undelivered": "bad",
    "failed": "bad",
    "blocked": "warn",
    "unknown": "warn",
}


def _received(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.scalars(
        select(InboundMessage)
        .where(
            InboundMessage.e164 == contact.e164,
            before.condition("received", InboundMessage.received_at, InboundMessage.id),
        )
        .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
        .limit(limit)
    )
    return [
        HistoryItem(
            row.received_at,
            row.id,
            _l("SMS from the person"),
            _("Line %(line)s", line=row.line) if row.line else "",
            row.text,
            "info",
        )
        for row in rows
    ]


def _consent(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.scalars(
        select(ConsentRecord)
        .where(
            ConsentRecord.e164 == contact.e164,
            before.condition("consent", ConsentRecord.at, ConsentRecord.id),
        )
        .order_by(ConsentRecord.at.desc(), ConsentRecord.id.desc())
        .limit(limit)
    )
    return [
        HistoryItem(
            row.at,
            row.id,
            _l("Consent"),
            f"{labels.DECISIONS[row.decision]} · {labels.CHANNELS.get(row.channel, row.channel)}",
            row.evidence,
            "good" if row.decision == "given" else "warn",
        )
        for row in rows
    ]


SOURCES: Final = (
    HistorySource("sent", "contacts.read", _sent),
    HistorySource("received", "contacts.read", _received),
    HistorySource("consent", "contacts.read", _consent),
)
