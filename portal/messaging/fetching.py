"""What gateways keep for us until we ask: SMS that arrived, and stops made at the gateway."""

import datetime as dt
import logging
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.contacts import consent
from portal.contacts.models import ConsentRecord
from portal.db import db
from portal.messaging import account, inbound
from portal.messaging.account import Account
from portal.messaging.gateways.base import LOST, GatewayError, Inbox
from portal.messaging.models import GatewayInbox, InboundMessage

log = logging.getLogger(__name__)

_SECONDS: Final = 20.0
"""Of going on with one inbox; nobody else reads it for so long."""
_ALL_SECONDS: Final = 90.0
"""After so long no further inbox is begun: the job has 300."""
_STEP: Final = 500
_NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
_FIRST: Final = dt.timedelta(days=90)
"""How far back stops are asked for the first time."""
_OVERLAP: Final = dt.timedelta(minutes=10)
"""Clocks differ, and lists are late."""


def fetch_inbound() -> int:
    """Store what arrived at every gateway that can be asked, the one asked longest ago first;
    commits. Returns how many were new."""
    found = 0
    rows = db.session.execute(select(GatewayInbox.gateway, GatewayInbox.fetched_at))
    asked = {gateway: at for gateway, at in rows if at is not None}
    ends = time.monotonic() + _ALL_SECONDS
    for each in sorted(account.accounts(), key=lambda one: asked.get(one.name, _NEVER)):
        if time.monotonic() > ends:
            break
        if not account.standing(each.name).paused:
            found += _fetch(each)
    db.session.remove()
    return found


def _fetch(each: Account) -> int:
    cursor = _begin(each)
    new, ends = 0, time.monotonic() + _SECONDS
    while cursor is not None:
        db.session.remove()
        inbox = _asked(each, cursor)
        if inbox is None:
            break
        new += _keep(each, inbox)
        cursor = inbox.cursor if inbox.has_more and time.monotonic() < ends else None
        if cursor is not None:
            _before_reading(each)
    return new


def _begin(each: Account) -> str | None:
    """The cursor to go on from; None where somebody else is reading just now. Commits."""
    now = clock.now()
    db.session.execute(insert(GatewayInbox).values(gateway=each.name).on_conflict_do_nothing())
    row = db.session.get_one(GatewayInbox, each.name, with_for_update=True, populate_existing=True)
    if row.fetched_at is not None and row.fetched_at > now - dt.timedelta(seconds=_SECONDS):
        db.session.rollback()
        return None
    row.fetched_at = now
    cursor = row.cursor
    _before_reading(each)
    return cursor


def _before_reading(each: Account) -> None:
    """Note that the answer of an inbox that can be read once may be lost. Commits."""
    if each.gateway.reads_once:
        _write(each, LOST)
    db.session.commit()


def _write(each: Account, cursor: str) -> None:
    db.session.execute(
        update(GatewayInbox).where(GatewayInbox.gateway == each.name).values(cursor=cursor)
    )


def _asked(each: Account, cursor: str) -> Inbox | None:
    try:
        return each.gateway.inbox(cursor)
    except GatewayError as error:
        _complain(each, "No SMS could be fetched", error)
        return None


def _keep(each: Account, inbox: Inbox) -> int:
    """Everything raw, and how far we are, in one transaction, before anything else is done."""
    stored = [inbound.store(each.name, message, raw) for message, raw in inbox.messages]
    for raw in inbox.unreadable:
        inbound.store_unreadable(each.name, raw)
    _write(each, inbox.cursor)
    db.session.commit()
    inbound.obey_at_once(stored)
    return sum(inbound_id is not None for inbound_id in stored)


def fetch_stops() -> int:
    """Stop messages to whoever stopped our line at a gateway; commits. Returns how many."""
    found = 0
    for each in account.accounts():
        if not account.standing(each.name).paused:
            found += _fetch_stops(each)
    db.session.remove()
    return found


def _fetch_stops(each: Account) -> int:
    began = clock.now()
    known = db.session.scalar(
        select(GatewayInbox.blocked_at).where(GatewayInbox.gateway == each.name)
    )
    since = known - _OVERLAP if known else began - _FIRST
    db.session.remove()
    try:
        stops = each.gateway.blocked(since)
    except GatewayError as error:
        _complain(each, "The list of stops could not be fetched", error)
        return 0
    if stops is None:
        return 0
    stopped = 0
    for start in range(0, len(stops.numbers), _STEP):
        stopped += _obey(each, stops.numbers[start : start + _STEP], since)
    if not stops.is_complete:
        log.warning("The list of stops was not read to its end", extra={"gateway": each.name})
        return stopped  # what is left is read from the same moment on
    values = {"gateway": each.name, "blocked_at": began}
    db.session.execute(
        insert(GatewayInbox)
        .values(values)
        .on_conflict_do_update(index_elements=["gateway"], set_={"blocked_at": began})
    )
    db.session.commit()
    return stopped


def _obey(each: Account, numbers: Sequence[str], since: dt.datetime) -> int:
    """Stop messages to those who have not stopped them here; commits. Returns how many."""
    known = consent.stopped_lines(numbers)
    stopped = 0
    for number in numbers:
        if each.line in known.get(number, ()) or _came_back(number, each.line, since):
            continue
        stopped += consent.opt_out(
            number,
            line=each.line or None,
            channel="gateway",
            evidence=f"{each.name}: list of stops",
        )
    db.session.commit()
    return stopped


def _came_back(e164: str, line: str, since: dt.datetime) -> bool:
    """Whether the person rejoined since then: the list may be older than that. Who rejoined before
    we knew of a stop has no record of it, only the SMS."""
    said = exists().where(
        ConsentRecord.e164 == e164,
        ConsentRecord.decision == "given",
        ConsentRecord.channel.in_(("sms", "staff")),
        or_(ConsentRecord.line.is_(None), ConsentRecord.line == line),
        ConsentRecord.at > since,
    )
    wrote = exists().where(
        InboundMessage.e164 == e164,
        InboundMessage.handled_by == "rejoin",
        InboundMessage.line == line,
        InboundMessage.received_at > since,
    )
    return bool(db.session.scalar(select(or_(said, wrote))))


def _complain(each: Account, what: str, error: GatewayError) -> None:
    log.warning(what, extra={"reason": f"{each.name}:{error.code}", "kind": error.kind})
    if error.kind == "rate_limited":
        account.rest(each.name, f"{each.name}:{error.code}", error.retry_after)
        db.session.commit()
