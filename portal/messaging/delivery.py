"""Asking the gateway what became of accepted messages, on the plan of record.CHECKS."""

import datetime as dt
import logging
import time
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, select, text, update

from portal import clock
from portal.db import db
from portal.messaging import account, record
from portal.messaging.gateways.base import Gateway, GatewayError
from portal.messaging.models import Message

log = logging.getLogger(__name__)

SECONDS: Final = 15.0
"""After so long no further round begins: less than the beat waits until it does a job itself."""
_AGAIN: Final = dt.timedelta(minutes=1)
_LAST: Final = len(record.CHECKS)
_LATEST: Final = record.CHECKS[-1] + dt.timedelta(days=1)
"""How long after acceptance a state that there was no time to ask for is still waited for."""

_NEXT = text("""
    UPDATE messages m SET checks = v.checks, check_at = v.check_at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:checks AS bigint[]),
                CAST(:check_ats AS timestamptz[])) AS v(id, checks, check_at)
    WHERE m.id = v.id AND m.state IN ('accepted', 'at_operator')
""")


def pull(limit_rounds: int = 100) -> int:
    """Ask about what is due, the longest due first, one question a round; commits. Returns the
    changes."""
    changed = 0
    asked = {each.name: each.gateway for each in account.accounts()}
    ends = time.monotonic() + SECONDS
    for _ in range(limit_rounds):
        name = _longest_due(asked) if time.monotonic() < ends else None
        if name is None:
            break
        step = _pull_some(asked[name]) if account.standing(name).open else None
        if step is None:
            del asked[name]
        changed += step or 0
    db.session.remove()
    return changed


def _longest_due(gateways: Collection[str]) -> str | None:
    return db.session.scalars(
        select(Message.gateway)
        .where(*_due(clock.now()), Message.gateway.in_(list(gateways)))
        .order_by(Message.check_at)
        .limit(1)
    ).first()


def _due(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (Message.state.in_(("accepted", "at_operator")), Message.check_at <= now)


def _pull_some(gateway: Gateway) -> int | None:
    now = clock.now()
    rows = db.session.execute(
        select(
            Message.id, Message.gateway_id, Message.checks, Message.check_at, Message.accepted_at
        )
        .where(*_due(now), Message.gateway == gateway.name)
        .order_by(Message.check_at, Message.id)
        .limit(gateway.asks)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        db.session.rollback()
        return None
    plan = [_after(row.checks, row.accepted_at or now, now) for row in rows]
    _write_plan([row.id for row in rows], plan)
    db.session.commit()
    db.session.remove()
    try:
        found = gateway.deliveries([row.gateway_id for row in rows if row.gateway_id])
    except GatewayError as error:
        log.warning("No delivery states", extra={"reason": error.code, "kind": error.kind})
        _write_plan([row.id for row in rows], [(row.checks, now + _AGAIN) for row in rows])
        if error.kind in {"stop_gateway", "config"}:
            account.pause(gateway.name, f"{gateway.name}:{error.code}")
        elif error.kind == "rate_limited":
            account.rest(gateway.name, f"{gateway.name}:{error.code}", error.retry_after)
        db.session.commit()
        return None
    changed = record.deliveries(gateway.name, found)
    said = {delivery.gateway_id for delivery in found}
    # A gateway that says nothing at all has nothing to say: the plan goes on.
    left = [
        row
        for row in rows
        if said
        and row.gateway_id not in said
        and (row.accepted_at is None or now - row.accepted_at < _LATEST)
    ]
    _write_plan([row.id for row in left], [(row.checks, row.check_at) for row in left])
    waiting = {row.id for row in left}
    last = [
        row.id
        for row, (checks, _) in zip(rows, plan, strict=True)
        if checks >= _LAST and row.id not in waiting
    ]
    if last:
        # The gateway forgets: nobody will ever know.
        db.session.execute(
            update(Message)
            .where(Message.id.in_(last), Message.state.in_(("accepted", "at_operator")))
            .values(state="expired", state_at=now, reason="no_report", check_at=None)
            .execution_options(synchronize_session=False)
        )
    db.session.commit()
    return changed


def _after(checks: int, accepted_at: dt.datetime, now: dt.datetime) -> tuple[int, dt.datetime]:
    """(checks, check_at) once this one is made: the plan's first step that is still to come."""
    for number, wait in enumerate(record.CHECKS):
        if number > checks and accepted_at + wait > now:
            return number, accepted_at + wait
    return _LAST, now + _AGAIN


def _write_plan(ids: list[int], plan: list[tuple[int, dt.datetime]]) -> None:
    values = {
        "ids": ids,
        "checks": [checks for checks, _ in plan],
        "check_ats": [check_at for _, check_at in plan],
    }
    db.session.execute(_NEXT, values)
