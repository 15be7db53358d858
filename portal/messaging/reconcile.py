"""Messages whose fate is unknown: ask the gateway; never send again blindly."""

import datetime as dt
import logging
import time
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import ColumnElement, select, text, update

from portal import clock
from portal.db import db
from portal.messaging import account, hints, record, services, throttle
from portal.messaging.gateways.base import Delivery, Gateway, GatewayError, Sent
from portal.messaging.models import Message
from portal.messaging.record import Result

log = logging.getLogger(__name__)

GIVE_UP: Final = dt.timedelta(hours=47)
ASK: Final = 200
SECONDS: Final = 20.0
"""After so long no further round begins: the job has 120."""
_LONGEST_PAUSE: Final = dt.timedelta(minutes=30)

# Claims whose dispatcher is gone, or asleep: its result still counts if it wakes up.
_LAPSED = text("""
    UPDATE messages m SET state = 'unknown', state_at = :now, reason = 'lease_lapsed',
        claimed_until = :now, checks = 0
    FROM (SELECT id FROM messages WHERE state = 'claimed' AND claimed_until < :now
          ORDER BY claimed_until LIMIT 5000 FOR UPDATE SKIP LOCKED) lapsed
    WHERE m.id = lapsed.id
""")


def run() -> dict[str, int]:
    """Settle what can be settled; commits step by step.

    The counts: lapsed, found, returned, expired.
    """
    now = clock.now()
    services.cancel_leftovers()
    throttle.forget()
    lapsed = getattr(db.session.execute(_LAPSED, {"now": now}), "rowcount", 0)
    expired = db.session.execute(
        update(Message)
        .where(Message.state == "unknown", Message.claimed_at < now - GIVE_UP)
        .values(state="expired", state_at=now, reason="outcome_unknown", claimed_until=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.commit()
    counts = {"lapsed": int(lapsed), "found": 0, "returned": 0, "expired": len(expired)}
    asked = {each.name: each.gateway for each in account.accounts()}
    ends = time.monotonic() + SECONDS
    for _ in range(100):
        name = _longest_waiting(asked) if time.monotonic() < ends else None
        if name is None:
            break
        if not account.standing(name).open or not _ask_some(asked[name], counts):
            del asked[name]
    db.session.remove()
    if counts["returned"]:
        hints.dispatch_soon()
    return counts


def _longest_waiting(gateways: Collection[str]) -> str | None:
    return db.session.scalars(
        select(Message.gateway)
        .where(*_due(clock.now()), Message.gateway.in_(list(gateways)))
        .order_by(Message.claimed_until)
        .limit(1)
    ).first()


def _due(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (Message.state == "unknown", Message.claimed_until <= now)


def _ask_some(gateway: Gateway, counts: dict[str, int]) -> bool:
    """Ask about one call's worth; False when there was nothing to ask or no answer."""
    now = clock.now()
    rows = db.session.scalars(
        select(Message)
        .where(*_due(now), Message.gateway == gateway.name)
        .order_by(Message.claimed_until, Message.id)
        .limit(ASK)
        .with_for_update(skip_locked=True)
    ).all()
    asked = [(row.id, row.claim_id or "", _sent(row, now)) for row in rows]
    before = {row.local_id: (row.claimed_until, row.checks) for row in rows}
    for row in rows:
        row.claimed_until = now + min(dt.timedelta(seconds=10 * 2**row.checks), _LONGEST_PAUSE)
        row.checks = min(row.checks + 1, 20)
    db.session.commit()
    db.session.remove()
    if not asked:
        return False
    try:
        known = gateway.find([sent for _, _, sent in asked])
    except GatewayError as error:
        log.warning("The gateway did not say", extra={"reason": error.code, "kind": error.kind})
        if error.kind in {"stop_gateway", "config"}:
            account.pause(gateway.name, f"{gateway.name}:{error.code}")
        else:
            account.rest(gateway.name, f"{gateway.name}:{error.code}", error.retry_after)
        db.session.commit()
        return False
    found: list[Result] = []
    for message_id, claim_id, sent in asked:
        delivery = known.get(sent.local_id)
        if delivery is not None:
            found.append(_accepted(gateway.name, message_id, claim_id, delivery))
        elif sent.local_id in known and gateway.settles <= now - sent.at < gateway.remembers:
            found.append(Result(message_id, claim_id, "created", "not_accepted"))
    record.results(found)
    if len(known.unasked) < len(asked):
        _give_back({each: before[each] for each in known.unasked if each in before})
    account.worked(gateway.name)
    db.session.commit()
    counts["found"] += sum(result.state != "created" for result in found)
    counts["returned"] += sum(result.state == "created" for result in found)
    return True


def _give_back(before: Mapping[int, tuple[dt.datetime | None, int]]) -> None:
    """Those there was no time for are the first ones next time."""
    for local_id, (claimed_until, checks) in before.items():
        db.session.execute(
            update(Message)
            .where(Message.local_id == local_id, Message.state == "unknown")
            .values(claimed_until=claimed_until, checks=checks)
            .execution_options(synchronize_session=False)
        )


def _sent(row: Message, now: dt.datetime) -> Sent:
    """The message as it was sent; one whose link cannot be made any more was sent without a text
    that could be found."""
    try:
        body = services.render(row.body, row.link_purpose, row.link_id)
    except KeyError:
        body = ""
    return Sent(row.local_id, row.e164, body, row.line or None, row.claimed_at or now)


def _accepted(gateway: str, message_id: int, claim_id: str, delivery: Delivery) -> Result:
    state = "accepted" if delivery.state == "unknown" else delivery.state
    return Result(
        message_id,
        claim_id,
        state,
        record.reason_of(gateway, state),
        delivery.gateway_id,
        delivery.cost_rial,
    )
