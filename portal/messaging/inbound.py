"""SMS that arrive: stored raw first, then handed to the first handler that takes them."""

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app
from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from portal import clock, outbox, plugin
from portal import text as texts
from portal.config import Settings
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, services, words
from portal.messaging.gateways.base import Inbound
from portal.messaging.gateways.numbers import is_e164
from portal.messaging.models import InboundMessage

log = logging.getLogger(__name__)

_APART: Final = dt.timedelta(hours=4)
"""How far the times of a push and of the list may be apart: the list's clock is not ours, and
nobody documents its zone."""
_ALSO: Final = "(also)"
"""Beside what a gateway gave: the key under which it gave the same SMS the other way."""
RECEIVED: Final = "inbound.received"
"""Kind of the outbox row that hands a stored SMS to the handlers."""
MAX_ID: Final = 200
"""Characters of a gateway's id that count: an index takes no long ones."""
AT_ONCE: Final = "2s"
"""How long a stop may wait for a lock while a gateway waits for its answer."""


@dataclass(frozen=True)
class InboundHandler:
    """Takes an SMS or leaves it to the next: `handle(message, normalised_text) -> taken`.

    Smaller `order` is asked first; opt-out and rejoin (0 and 1) always come first. `handle` runs
    in the transaction that marks the message as handled, may run twice, and only writes rows.
    """

    name: str
    order: int
    handle: Callable[[InboundMessage, str], bool]


# Storing


def store(gateway: str, message: Inbound, raw: Mapping[str, Any]) -> int | None:
    """Store an SMS once and have it handled; None where it was stored before. Does not commit."""
    key = dedupe_key(message)
    facts: dict[str, Any] = {
        "e164": _person(message.sender),
        "line": own_line(message.line),
        "text": _storable(message.text),
    }
    # A gateway whose clock is fast would else have the last word for hours.
    at = min(message.received_at, clock.now())
    known = account.get(gateway)
    if known and not known.gateway.pushes_ids and _joins(gateway, key, at, facts):
        return None
    return _insert(gateway, key, raw, **facts, received_at=at)


def _joins(gateway: str, key: str, at: dt.datetime, facts: Mapping[str, Any]) -> bool:
    """Whether it came before, be it the other way: pushed without an identifier, and listed with
    one. Of several that are alike each joins one."""
    lock = func.hashtextextended(f"inbound:{gateway}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(lock)))
    alike = db.session.scalars(
        select(InboundMessage).where(
            InboundMessage.gateway == gateway,
            InboundMessage.e164 == facts["e164"],
            InboundMessage.line == facts["line"],
            InboundMessage.text == facts["text"],
            InboundMessage.received_at.between(at - _APART, at + _APART),
        )
    ).all()
    if any(key in {row.dedupe_key, row.raw.get(_ALSO)} for row in alike):
        return True
    way = key.partition(":")[0]
    others = [
        row for row in alike if _ALSO not in row.raw and not row.dedupe_key.startswith(f"{way}:")
    ]
    if not others:
        return False
    nearest = min(others, key=lambda row: abs(row.received_at - at))
    nearest.raw = {**nearest.raw, _ALSO: key}
    db.session.flush()
    return True


def store_unreadable(gateway: str, raw: Mapping[str, Any]) -> int | None:
    """Keep what a gateway sent and its adapter could not read: somebody may. Does not commit."""
    return _insert(
        gateway,
        f"raw:{_digest(json.dumps(clean(raw), sort_keys=True))}",
        raw,
        e164=None,
        line="",
        text="",
        received_at=clock.now(),
        handled_by="unreadable",
    )


def _insert(gateway: str, key: str, raw: Mapping[str, Any], **values: Any) -> int | None:
    handled = {"handled_at": clock.now()} if "handled_by" in values else {}
    statement = (
        insert(InboundMessage)
        .values(gateway=gateway, dedupe_key=key, raw=clean(raw), **values, **handled)
        .on_conflict_do_nothing(index_elements=["gateway", "dedupe_key"])
        .returning(InboundMessage.id)
    )
    inbound_id = db.session.scalar(statement)
    if inbound_id is not None and not handled:
        outbox.add(RECEIVED, {"id": inbound_id})
    return inbound_id


def _person(sender: str) -> str | None:
    """The number of whoever wrote; None for a name, and for a line of our own."""
    return sender if is_e164(sender) and own_line(sender) not in _own_lines() else None


def dedupe_key(message: Inbound) -> str:
    """The gateway's id, or, where it gives none, sender, line, text and minute."""
    if given := message.gateway_id:
        is_plain = len(given) <= MAX_ID and _storable(given) == given
        return f"id:{given}" if is_plain else f"id:{_digest(given)}"
    minute = message.received_at.astimezone(dt.UTC).strftime("%Y%m%d%H%M")
    facts = json.dumps([message.sender, message.line, message.text, minute])
    return f"hash:{_digest(facts)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def own_line(line: str) -> str:
    """A line as messages carry it: +9810004346 and 009810004346 are 10004346."""
    plain = texts.ascii_digits(_storable(line)).strip()
    ours = _own_lines()
    for prefix in ("+98", "0098", "98", "+", ""):
        if plain.startswith(prefix) and plain.removeprefix(prefix) in ours:
            return plain.removeprefix(prefix)
    return plain[:40]


def _own_lines() -> set[str]:
    settings: Settings = current_app.extensions["pasokh_settings"]
    return {line for line in (settings.sms_line, *account.lines()) if line}


def clean(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What a request held, bounded and without what JSONB refuses (NUL, half characters)."""
    return {_storable(str(k))[:100]: _storable(str(v)) for k, v in list(raw.items())[:50]}


def _storable(text: str) -> str:
    plain = text[:10_000].replace("\x00", "")
    return plain.encode("utf-8", "replace").decode()


# Handling


def obey_at_once(inbound_ids: Iterable[int | None]) -> None:
    """Handle the stops and rejoins among SMS that are stored and committed; commits.

    The workers may all be sending, a stop does not wait for them. What fails here is handled by
    its outbox row.
    """
    ids = [each for each in inbound_ids if each is not None]
    found = db.session.execute(
        select(InboundMessage.id, InboundMessage.text)
        .where(InboundMessage.id.in_(ids), InboundMessage.e164.is_not(None))
        .order_by(InboundMessage.id)
    ).all()
    for inbound_id, text in found:
        if words.command(text) is None:
            continue
        try:
            db.session.execute(select(func.set_config("lock_timeout", AT_ONCE, True)))
            handle({"id": inbound_id})
            db.session.commit()
        except Exception:
            db.session.rollback()
            log.exception("A stop waits for a worker", extra={"inbound": inbound_id})


def handle(payload: dict[str, Any]) -> None:
    """The outbox handler: offer one stored SMS to the handlers. Does not commit."""
    message = db.session.scalar(
        select(InboundMessage).where(InboundMessage.id == payload["id"]).with_for_update()
    )
    if message is None or message.handled_at is not None:
        return
    normalised = words.normalised(message.text)
    for handler in handlers():
        if handler.handle(message, normalised):
            message.handled_by, message.handled_at = handler.name, clock.now()
            break
    else:
        # Nobody's: it stays in the inbox for a person.
        message.handled_at = clock.now()
    db.session.flush()


def handlers() -> list[InboundHandler]:
    """All handlers, in the order they are asked."""
    others = [handler for each in plugin.active() for handler in each.inbound_handlers]
    return [*OWN_HANDLERS, *sorted(others, key=lambda handler: handler.order)]


def _opt_out(message: InboundMessage, _normalised: str) -> bool:
    """11 and its spellings. No answer is sent: the person asked for silence, an answer costs
    money, and most operators no longer let one through on that line."""
    if message.e164 is None or words.command(message.text) != "opt_out":
        return False
    if _overtaken(message):
        return True
    line = None if words.means_everything(message.text) else _line_of(message)
    consent.opt_out(message.e164, line=line, channel="sms", evidence=message.text)
    services.suppress_waiting(message.e164, line)
    return True


def _rejoin(message: InboundMessage, _normalised: str) -> bool:
    if message.e164 is None or words.command(message.text) != "rejoin":
        return False
    if _overtaken(message) or consent.withdrawn_since(message.e164, message.received_at):
        return True
    consent.rejoin(message.e164, line=_line_of(message), channel="sms", evidence=message.text)
    return True


def _overtaken(message: InboundMessage) -> bool:
    """Whether a later stop or rejoin of the same person has been obeyed already.

    The first one may have failed and be tried again, two workers may hold one each, or the gateway
    delivered the older one late: the newest word counts, whichever arrives or is handled last.
    """
    sender = f"consent:{message.e164}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sender, 0))))
    later = select(InboundMessage.id).where(
        InboundMessage.e164 == message.e164,
        tuple_(InboundMessage.received_at, InboundMessage.id)
        > tuple_(literal(message.received_at), literal(message.id)),
        InboundMessage.handled_by.in_([handler.name for handler in OWN_HANDLERS]),
    )
    return db.session.scalars(later.limit(1)).first() is not None


def _line_of(message: InboundMessage) -> str | None:
    """The line somebody speaks of; None, every line, where it is not one we send from."""
    return message.line if message.line in _own_lines() else None


OWN_HANDLERS: Final = (
    InboundHandler("opt_out", 0, _opt_out),
    InboundHandler("rejoin", 1, _rejoin),
)


def on_opted_out(_sender: object, **facts: Any) -> None:
    """Receiver of portal.signals.opted_out: what waits for that number stops too."""
    services.suppress_waiting(facts["e164"], facts.get("line"))
