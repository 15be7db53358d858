"""Writing down, set-wise, what a gateway said of messages. Every change of state of a message
that has left `created` goes through here, under the table of portal.messaging.states."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from portal import clock
from portal.db import db
from portal.messaging import budget
from portal.messaging.gateways.base import Delivery, DeliveryState
from portal.messaging.models import FINAL_STATES
from portal.messaging.states import PAIRS

CHECKS: Final = tuple(
    dt.timedelta(minutes=minutes) for minutes in (1, 3, 10, 30, 120, 360, 1440, 2820)
)
"""When to ask for the delivery state, after acceptance. Kavenegar forgets after 48 hours."""

ASK_FIRST: Final = dt.timedelta(seconds=5)
"""An unknown message is asked about after this."""

TAKEN: Final = ["accepted", "at_operator", "delivered", "undelivered"]
"""Results of messages that the gateway took and asks money for."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt. It counts only while the row still carries its claim."""

    id: int
    claim_id: str
    state: str
    reason: str | None = None
    gateway_id: str | None = None
    cost_rial: int | None = None
    segments: int | None = None
    not_before: dt.datetime | None = None
    bound_gateway: str | None = None


_RESULTS = text(f"""
    WITH done AS (UPDATE messages m SET
        state = v.state,
        state_at = :now,
        reason = v.reason,
        gateway_id = coalesce(v.gateway_id, m.gateway_id),
        gateway = CASE WHEN v.state = 'created' THEN NULL ELSE m.gateway END,
        claim_id = CASE WHEN v.state = 'created' THEN NULL ELSE m.claim_id END,
        -- What the gateway did not say is estimated, of what it took.
        cost_rial = coalesce(v.cost_rial, m.cost_rial,
                             CASE WHEN v.state = ANY (CAST(:taken AS text[]))
                                  THEN m.estimate_rial END),
        cost_estimated = v.cost_rial IS NULL AND m.cost_rial IS NULL
            AND v.state = ANY (CAST(:taken AS text[])) AND m.estimate_rial IS NOT NULL,
        segments = coalesce(v.segments, m.segments),
        not_before = coalesce(v.not_before, m.not_before),
        bound_gateway = v.bound_gateway,
        claimed_until = CASE WHEN v.state = 'unknown' THEN CAST(:ask_at AS timestamptz) END,
        checks = 0,
        accepted_at = CASE WHEN v.gateway_id IS NULL THEN m.accepted_at ELSE :now END,
        delivered_at = CASE WHEN v.state = 'delivered' THEN :now ELSE m.delivered_at END,
        check_at = CASE WHEN v.state IN ('accepted', 'at_operator')
                        THEN CAST(:check_at AS timestamptz) END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:claims AS text[]), CAST(:states AS text[]),
                CAST(:reasons AS text[]), CAST(:gateway_ids AS text[]), CAST(:costs AS bigint[]),
                CAST(:segments AS bigint[]), CAST(:not_befores AS timestamptz[]),
                CAST(:bound AS text[]))
        AS v(id, claim_id, state, reason, gateway_id, cost_rial, segments, not_before,
             bound_gateway)
    WHERE m.id = v.id AND m.claim_id = v.claim_id
        AND m.state IN ('claimed', 'unknown')
        AND m.state || '>' || v.state = ANY (CAST(:pairs AS text[]))
        -- A gateway that gives one id twice: the second stays unsettled and is asked about.
        AND (v.gateway_id IS NULL OR NOT EXISTS (
            SELECT FROM messages o
            WHERE o.gateway = m.gateway AND o.gateway_id = v.gateway_id AND o.id <> m.id))
    RETURNING m.batch_id, {budget.HELD} - coalesce(m.estimate_rial, 0) AS held)
    SELECT batch_id, count(*) AS number, sum(held) AS held FROM done GROUP BY batch_id
""")  # noqa: S608 (a constant)


def results(found: Sequence[Result]) -> int:
    """Record the results of a call. Returns how many still counted. Does not commit."""
    if not found:
        return 0
    seen: set[str] = set()
    rows: list[Result] = []
    for result in found:
        if result.gateway_id is not None:
            if result.gateway_id in seen:
                continue
            seen.add(result.gateway_id)
        rows.append(result)
    now = clock.now()
    budget.share([row.id for row in rows])
    done = db.session.execute(
        _RESULTS,
        {
            "now": now,
            "ask_at": now + ASK_FIRST,
            "check_at": now + CHECKS[0],
            "pairs": PAIRS,
            "taken": TAKEN,
            "ids": [row.id for row in rows],
            "claims": [row.claim_id for row in rows],
            "states": [row.state for row in rows],
            "reasons": [row.reason for row in rows],
            "gateway_ids": [row.gateway_id for row in rows],
            "costs": [row.cost_rial for row in rows],
            "segments": [row.segments for row in rows],
            "not_befores": [row.not_before for row in rows],
            "bound": [row.bound_gateway for row in rows],
        },
    ).all()
    budget.correct({row.batch_id: int(row.held) for row in done if row.batch_id is not None})
    return sum(row.number for row in done)


_DELIVERIES = text("""
    WITH found AS (
        SELECT m.id, m.batch_id, m.cost_rial AS before, v.state, v.reason, v.cost_rial
        FROM unnest(CAST(:gateway_ids AS text[]), CAST(:states AS text[]), CAST(:reasons AS text[]),
                    CAST(:costs AS bigint[])) AS v(gateway_id, state, reason, cost_rial)
        JOIN messages m ON m.gateway = :gateway AND m.gateway_id = v.gateway_id
        ORDER BY m.id FOR NO KEY UPDATE OF m),
    done AS (UPDATE messages m SET
        state = v.state,
        state_at = :now,
        reason = v.reason,
        cost_rial = coalesce(v.cost_rial, m.cost_rial),
        cost_estimated = m.cost_estimated AND v.cost_rial IS NULL,
        delivered_at = CASE WHEN v.state = 'delivered' THEN :now ELSE m.delivered_at END,
        check_at = CASE WHEN v.state = ANY (CAST(:final AS text[])) THEN NULL ELSE m.check_at END,
        claimed_until = NULL
    FROM found v
    WHERE m.id = v.id AND m.state || '>' || v.state = ANY (CAST(:pairs AS text[]))
    RETURNING m.batch_id, coalesce(m.cost_rial, 0) - coalesce(v.before, 0) AS dearer)
    SELECT batch_id, count(*) AS number, sum(dearer) AS dearer FROM done GROUP BY batch_id
""")


def deliveries(gateway: str, found: Sequence[Delivery]) -> int:
    """Record what a gateway reports of messages it accepted. Ids that are not ours, reports of
    `unknown` and moves backwards change nothing. Returns how many changed. Does not commit."""
    # Of two reports of one message in a batch the more advanced counts.
    best: dict[str, Delivery] = {}
    for delivery in found:
        known = best.get(delivery.gateway_id)
        if delivery.state != "unknown" and (
            known is None or _RANK[known.state] < _RANK[delivery.state]
        ):
            best[delivery.gateway_id] = delivery
    if not best:
        return 0
    rows = sorted(best.values(), key=lambda delivery: delivery.gateway_id)
    if any(row.cost_rial is not None for row in rows):
        budget.share_of(gateway, [row.gateway_id for row in rows])
    done = db.session.execute(
        _DELIVERIES,
        {
            "now": clock.now(),
            "gateway": gateway,
            "final": sorted(FINAL_STATES),
            "pairs": PAIRS,
            "gateway_ids": [row.gateway_id for row in rows],
            "states": [row.state for row in rows],
            "reasons": [reason_of(gateway, row.state) for row in rows],
            "costs": [row.cost_rial for row in rows],
        },
    ).all()
    budget.correct({row.batch_id: int(row.dearer) for row in done if row.batch_id is not None})
    return sum(row.number for row in done)


_RANK: Final[dict[DeliveryState, int]] = {
    "unknown": 0,
    "accepted": 1,
    "at_operator": 2,
    "failed": 3,
    "cancelled": 3,
    "blocked": 3,
    "undelivered": 3,
    "delivered": 4,
}


def reason_of(gateway: str, state: str) -> str | None:
    """The reason code of a state that the gateway reported."""
    return f"{gateway}:{state}" if state in {"failed", "cancelled", "blocked"} else None
