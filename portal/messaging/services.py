"""Messages as the rest of the product uses them: put in, stop, count. Nothing here sends."""

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import current_app
from sqlalchemy import func, select, update

from portal import audit, clock, links, phones
from portal.config import Settings
from portal.db import db
from portal.messaging import hints, prices, segments
from portal.messaging.models import InboundMessage, Message, MessageBatch
from portal.messaging.suffixes import with_suffix

LINK: Final = "{link}"
CODE: Final = "{code}"
"""Becomes the digits that prove a number, at the moment of sending: no table holds them, so nobody
who may read messages can answer as somebody else."""
BULK_PRIORITY: Final = 50
SINGLE_PRIORITY: Final = 10

# A robot that answers our automatic answer: after so many we are silent.
REPLIES_PER_HOUR: Final = 3
REPLIES_PER_DAY: Final = 10


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One SMS to be. `{link}` in the body becomes the personal link of (link_purpose, link_id)
    when it is sent; a body without it is sent as it is. Smaller priority goes first."""

    contact_id: int | None
    e164: str
    language: str
    body: str
    link_purpose: str | None = None
    link_id: int | None = None
    priority: int = BULK_PRIORITY
    not_before: dt.datetime | None = None


class BatchError(ValueError):
    """A batch cannot be changed so; `code` is one of: cancelled."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _settings() -> Settings:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings


def new_local_id() -> int:
    """A random positive 63-bit integer."""
    return secrets.randbelow(2**63 - 1) + 1


# Putting in


def create_batch(
    label: str,
    *,
    respects_quiet_hours: bool = True,
    budget_rial: int | None = None,
    budget_of: int | None = None,
    launched_by: int | None = None,
    approved_by: int | None = None,
) -> MessageBatch:
    """A running batch, still empty. Flushed, so that it has an id.

    `budget_rial`: what it may cost; `budget_of`: the batch whose budget it shares.
    """
    batch = MessageBatch(
        label=label,
        respects_quiet_hours=respects_quiet_hours,
        budget_rial=budget_rial,
        budget_of=budget_of,
        launched_by=launched_by,
        approved_by=approved_by,
    )
    db.session.add(batch)
    db.session.flush()
    return batch


def insert_messages(
    batch_id: int, messages: Iterable[NewMessage], *, template_version_id: int | None = None
) -> int:
    """Put the messages of a batch in, set-wise; each body gets the suffix it lacks.

    `template_version_id`: whose texts these are. Flushes, never commits; the dispatcher is hinted
    after the commit. Returns how many.
    """
    db.session.flush()
    line, now = _settings().sms_line, clock.now()
    finished: dict[str, str] = {}
    estimator = prices.estimator()
    count = 0
    # COPY on the transaction's own connection: 10,000 rows in a fraction of a second.
    driver = db.session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101
    columns = (
        "created_at, state_at, batch_id, priority, contact_id, e164, language, body,"
        " link_purpose, link_id, line, state, local_id, attempts, not_before, checks,"
        " estimate_rial, template_version_id"
    )
    with driver.cursor() as cursor, cursor.copy(f"COPY messages ({columns}) FROM STDIN") as copy:
        for new in messages:
            body = finished.get(new.body)
            if body is None:
                body = finished[new.body] = with_suffix(new.body)
            copy.write_row(
                (
                    now,
                    now,
                    batch_id,
                    new.priority,
                    new.contact_id,
                    new.e164,
                    new.language,
                    body,
                    new.link_purpose,
                    new.link_id,
                    line,
                    "created",
                    new_local_id(),
                    0,
                    new.not_before,
                    0,
                    estimator.of(new.e164, body, new.link_purpose),
                    template_version_id,
                )
            )
            count += 1
    if count:
        hints.dispatch_soon()
    return count


def send_one(
    e164: str,
    body: str,
    *,
    language: str = "fa",
    contact_id: int | None = None,
    link_purpose: str | None = None,
    link_id: int | None = None,
    not_before: dt.datetime | None = None,
    line: str | None = None,
    template_version_id: int | None = None,
    asked_for: bool = False,
) -> Message:
    """Put in one message to one person: before campaigns, at any hour, without the suffix.

    `asked_for`: it answers this person's own request (a tracking code, a one-time code), so that
    a stop of its line does not hold it back; a stop of everything does. Never a survey, a
    reminder or a question about satisfaction.
    """
    message = Message(
        contact_id=contact_id,
        e164=e164,
        language=language,
        body=segments.clean(body).replace("\x00", ""),
        link_purpose=link_purpose,
        link_id=link_id,
        priority=SINGLE_PRIORITY,
        not_before=not_before,
        line=_settings().sms_line if line is None else line,
        local_id=new_local_id(),
        template_version_id=template_version_id,
        asked_for=asked_for,
    )
    db.session.add(message)
    db.session.flush()
    hints.dispatch_soon()
    return message


def reply_automatically(
    inbound_id: int,
    body: str,
    *,
    language: str = "fa",
    contact_id: int | None = None,
    template_version_id: int | None = None,
) -> Message | None:
    """Answer an SMS by machine, on the line it came to; None where that must not be.

    Silent towards senders that are no mobile number, after an answer to the same SMS, and towards
    whoever got REPLIES_PER_HOUR or REPLIES_PER_DAY: it may be a robot that answers ours.
    """
    inbound = db.session.get_one(InboundMessage, inbound_id)
    if inbound.e164 is None or not _is_mobile(inbound.e164):
        return None
    if not may_reply_automatically(inbound.e164):
        return None
    if db.session.scalar(select(Message.id).where(Message.in_reply_to == inbound_id)):
        return None
    message = send_one(
        inbound.e164,
        body,
        language=language,
        contact_id=contact_id,
        line=inbound.line or None,
        template_version_id=template_version_id,
        asked_for=True,
    )
    message.in_reply_to = inbound_id
    db.session.flush()
    return message


def _is_mobile(e164: str) -> bool:
    """Not an advertising line, a bank's service or a landline, which read no answer."""
    try:
        phones.parse_mobile(e164)
    except phones.PhoneError:
        return False
    return True


def may_reply_automatically(e164: str) -> bool:
    """Whether this number has not had too many automatic answers lately."""
    now = clock.now()
    hour, day = db.session.execute(
        select(
            func.count().filter(Message.created_at > now - dt.timedelta(hours=1)),
            func.count(),
        ).where(
            Message.e164 == e164,
            Message.in_reply_to.is_not(None),
            Message.created_at > now - dt.timedelta(days=1),
        )
    ).one()
    return bool(hour < REPLIES_PER_HOUR and day < REPLIES_PER_DAY)


# Reading


def text_of(message: Message) -> str:
    """The text as it is sent. Holds the personal link: show it to nobody but the gateway."""
    return render(message.body, message.link_purpose, message.link_id)


def render(body: str, link_purpose: str | None, link_id: int | None) -> str:
    """A body with its personal link or code. Raises KeyError for an unknown purpose."""
    if link_purpose is None or link_id is None:
        return body
    if CODE in body:
        body = body.replace(CODE, links.code_for(link_purpose, link_id))
    if LINK not in body:
        return body
    return body.replace(LINK, links.personal_url(link_purpose, link_id))


def progress(batch_ids: Collection[int]) -> dict[str, int]:
    """state -> number of messages of these batches; states without any are left out."""
    totals: dict[str, int] = {}
    for counts in progress_by_batch(batch_ids).values():
        for state, number in counts.items():
            totals[state] = totals.get(state, 0) + number
    return totals


def progress_by_batch(batch_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """batch id -> state -> number, in one query."""
    found: dict[int, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    if found:
        rows = db.session.execute(
            select(Message.batch_id, Message.state, func.count())
            .where(Message.batch_id.in_(found))
            .group_by(Message.batch_id, Message.state)
        )
        for batch_id, state, number in rows:
            found[batch_id or 0][state] = number
    return found


def finished(counts: Mapping[str, int]) -> bool:
    """Whether nothing of these counts waits to be sent or has an unknown fate."""
    return not any(counts.get(state) for state in ("created", "claimed", "unknown"))


# Stopping


def pause_batch(batch_id: int, reason: str | None = None) -> bool:
    """Send nothing more of it for now. `reason`: a code such as kavenegar:420, or None for a
    person's wish. False where it was not running."""
    batch = _locked(batch_id)
    if batch.state != "running":
        return False
    batch.state, batch.paused_reason = "paused", reason
    audit.record("messages.batch_paused", "message_batch", batch_id, reason=reason)
    db.session.flush()
    return True


def resume_batch(batch_id: int, reason: str | None = None) -> bool:
    """Go on sending. False where it was running; raises BatchError where it was cancelled."""
    batch = _locked(batch_id)
    if batch.state == "cancelled":
        raise BatchError("cancelled")
    if batch.state == "running":
        return False
    before, batch.state, batch.paused_reason = batch.paused_reason, "running", None
    audit.record("messages.batch_resumed", "message_batch", batch_id, reason=reason, was=before)
    db.session.flush()
    hints.dispatch_soon()
    return True


def cancel_batch(batch_id: int, reason: str | None = None) -> int:
    """End it for good: what waits is cancelled; what is with the gateway takes its course.

    Returns how many messages were cancelled. Rows that a dispatcher holds at this moment and
    gives back are cancelled by the next reconciliation.
    """
    batch = _locked(batch_id)
    batch.state, batch.paused_reason = "cancelled", reason
    count = cancel_leftovers(batch_id)
    audit.record("messages.batch_cancelled", "message_batch", batch_id, reason=reason, count=count)
    db.session.flush()
    return count


def cancel_leftovers(batch_id: int | None = None) -> int:
    """Cancel what still waits in a cancelled batch (None: in any)."""
    cancelled = select(MessageBatch.id).where(MessageBatch.state == "cancelled")
    if batch_id is not None:
        cancelled = cancelled.where(MessageBatch.id == batch_id)
    result = db.session.execute(
        update(Message)
        .where(Message.state == "created", Message.batch_id.in_(cancelled))
        .values(state="cancelled", state_at=clock.now(), reason="batch_cancelled")
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(result.all())


def cancel_for_link(
    purpose: str, link_id: int, contact_id: int, *, at: dt.datetime | None = None
) -> int:
    """Cancel what still waits for one person about one matter, e.g. a reminder to somebody who
    has just answered. Returns how many. `at`: the moment to write down, where now is too fine."""
    statement = (
        update(Message)
        .where(
            Message.contact_id == contact_id,
            Message.link_purpose == purpose,
            Message.link_id == link_id,
            Message.state == "created",
        )
        .values(state="cancelled", state_at=at or clock.now(), reason="settled")
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.execute(statement).all())


def suppress_waiting(e164: str, line: str | None) -> int:
    """Stop what waits for a number that opted out. `line` None or empty: on every line; with a
    line only what the person did not ask for.

    A message a dispatcher has claimed is not touched: consent is asked again before its call.
    """
    statement = (
        update(Message)
        .where(Message.e164 == e164, Message.state == "created")
        .values(state="suppressed", state_at=clock.now(), reason="opted_out")
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    if line:
        statement = statement.where(Message.line == line, Message.asked_for.is_(False))
    return len(db.session.execute(statement).all())


def _locked(batch_id: int) -> MessageBatch:
    return db.session.get_one(MessageBatch, batch_id, with_for_update=True)
