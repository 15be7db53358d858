"""Messages whose fate is unknown: ask the gateway; never send again blindly."""

import datetime as dt
import logging
from typing import Final

from sqlalchemy import select, text, update

from portal import clock
from portal.db import db
from portal.messaging import account, hints, record, services
from portal.messaging.gateways.base import Delivery, Gateway, GatewayError
from portal.messaging.models import Message
from portal.messaging.record import Result

log = logging.getLogger(__name__)

REMEMBERED: Final = dt.timedelta(hours=11)
"""For so long "never seen" proves that it was not accepted (Kavenegar looks 12 hours back)."""

GIVE_UP: Final = dt.timedelta(hours=47)
ASK: Final = 200
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
    gateway = account.gateway()
    if gateway is None or not gateway.supports_local_id:
        return counts
    for _ in range(100):
        if not account.standing(gateway.name).open or not _ask_some(gateway, counts):
            break
    db.session.remove()
    if counts["returned"]:
        hints.dispatch_soon()
    return counts


def _ask_some(gateway: Gateway, counts: dict[str, int]) -> bool:
    """Ask about one call's worth; False when there was nothing to ask or no answer."""
    now = clock.now()
    rows = db.session.scalars(
        select(Message)
        .where(
            Message.state == "unknown",
            Message.gateway == gateway.name,
            Message.claimed_until <= now,
        )
        .order_by(Message.claimed_until)
        .limit(ASK)
        .with_for_update(skip_locked=True)
    ).all()
    asked = [(row.id, row.local_id, row.claim_id or "", row.claimed_at or now) for row in rows]
    for row in rows:
        row.claimed_until = now + min(dt.timedelta(seconds=10 * 2**row.checks), _LONGEST_PAUSE)
        row.checks = min(row.checks + 1, 20)
    db.session.commit()
    db.session.remove()
    if not asked:
        return False
    try:
        known = gateway.by_local_id([local_id for _, local_id, _, _ in asked])
    except GatewayError as error:
        log.warning("The gateway did not say", extra={"reason": error.code, "kind": error.kind})
        if error.kind in {"stop_gateway", "config"}:
            account.pause(gateway.name, f"{gateway.name}:{error.code}")
        else:
            account.rest(gateway.name, f"{gateway.name}:{error.code}", error.retry_after)
        db.session.commit()
        return False
    found: list[Result] = []
    for message_id, local_id, claim_id, claimed_at in asked:
        delivery = known.get(local_id)
        if delivery is not None:
            found.append(_accepted(gateway.name, message_id, claim_id, delivery))
        elif local_id in known and claimed_at > now - REMEMBERED:
            found.append(Result(message_id, claim_id, "created", "not_accepted"))
    record.results(found)
    account.worked(gateway.name)
    db.session.commit()
    counts["found"] += sum(result.state != "created" for result in found)
    counts["returned"] += sum(result.state == "created" for result in found)
    return True


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
