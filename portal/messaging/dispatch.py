"""Sending: claim a batch of rows, commit, call the gateway without a session, record.

Why nothing goes out twice: a row is claimed under a lock and leaves `created`; it comes back only
when it surely was not accepted, or when a gateway that knows our local ids says it never saw it,
and then it is sent under the same local id, which such a gateway answers from its record.
"""

import datetime as dt
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, quiet, record, segments, services
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
    Gateway,
    GatewayError,
    Outcome,
    Outgoing,
    Refused,
    Unknown,
)
from portal.messaging.record import Result

log = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)
"""Longer than a call's timeouts. What it does not cover is asked about, not sent again."""

CREDIT_REST: Final = 60.0
_SHORT_REST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Claimed:
    id: int
    local_id: int
    e164: str
    body: str
    link_purpose: str | None
    link_id: int | None
    line: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows of one batch (or of none), held until the lease ends."""

    id: str
    batch_id: int | None
    rows: tuple[Claimed, ...]
    suppressed: int
    begun: float
    """time.monotonic() of the claim."""


# Batches with something to send now, by their most urgent message. The recursive part skips from
# batch to batch in the index, however many messages each of them has.
_HEADS = text("""
    WITH RECURSIVE waiting AS (
        (SELECT batch_id FROM messages
         WHERE state = 'created' AND batch_id IS NOT NULL ORDER BY batch_id LIMIT 1)
        UNION ALL
        SELECT (SELECT m.batch_id FROM messages m
                WHERE m.state = 'created' AND m.batch_id > w.batch_id ORDER BY m.batch_id LIMIT 1)
        FROM waiting w WHERE w.batch_id IS NOT NULL
    )
    SELECT b.id AS batch_id, head.priority, head.id
    FROM waiting w JOIN message_batches b ON b.id = w.batch_id
    CROSS JOIN LATERAL (
        SELECT m.id, m.priority FROM messages m
        WHERE m.state = 'created' AND m.batch_id = b.id
            AND (m.not_before IS NULL OR m.not_before <= :now)
        ORDER BY m.priority, m.id LIMIT 1) head
    WHERE b.state = 'running' AND NOT (:quiet AND b.respects_quiet_hours)
    UNION ALL
    (SELECT NULL, m.priority, m.id FROM messages m
     WHERE m.state = 'created' AND m.batch_id IS NULL
        AND (m.not_before IS NULL OR m.not_before <= :now)
     ORDER BY m.priority, m.id LIMIT 1)
    ORDER BY 2, 3
""")

_PICK = """
    SELECT id, local_id, e164, body, link_purpose, link_id, line FROM messages
    WHERE state = 'created' AND batch_id {which}
        AND (not_before IS NULL OR not_before <= :now)
    ORDER BY priority, id LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_PICK_BATCH = text(_PICK.format(which="= :batch_id"))
_PICK_SINGLE = text(_PICK.format(which="IS NULL"))

_CLAIM = text("""
    UPDATE messages SET state = 'claimed', state_at = :now, claimed_at = :now, claim_id = :claim_id,
        claimed_until = :until, attempts = attempts + 1, gateway = :gateway, checks = 0,
        reason = NULL
    WHERE id = ANY (CAST(:ids AS bigint[]))
""")

_SUPPRESS = text("""
    UPDATE messages SET state = 'suppressed', state_at = :now, reason = 'opted_out'
    WHERE id = ANY (CAST(:ids AS bigint[]))
""")


def claim(gateway: str, limit: int) -> Claim | None:
    """Claim up to `limit` messages of the most urgent batch; commits. None: nothing waits.

    Numbers that opted out are suppressed in the same transaction, so a claim may be empty.
    """
    now = clock.now()
    heads = db.session.execute(_HEADS, {"now": now, "quiet": quiet.is_quiet(now)}).all()
    for head in heads:
        batch_id: int | None = head.batch_id
        values = {"now": now, "limit": limit}
        if batch_id is None:
            found = db.session.execute(_PICK_SINGLE, values).all()
        else:
            found = db.session.execute(_PICK_BATCH, {**values, "batch_id": batch_id}).all()
        if not found:
            continue  # another dispatcher holds them
        rows = [Claimed(*row) for row in found]
        stopped = {
            (e164, line)
            for line in {row.line for row in rows}
            for e164 in consent.suppressed([row.e164 for row in rows if row.line == line], line)
        }
        out = [row.id for row in rows if (row.e164, row.line) in stopped]
        kept = tuple(row for row in rows if (row.e164, row.line) not in stopped)
        claim_id = secrets.token_hex(8)
        if out:
            db.session.execute(_SUPPRESS, {"now": now, "ids": out})
        if kept:
            db.session.execute(
                _CLAIM,
                {
                    "now": now,
                    "until": now + LEASE,
                    "claim_id": claim_id,
                    "gateway": gateway,
                    "ids": [row.id for row in kept],
                },
            )
        db.session.commit()
        return Claim(claim_id, batch_id, kept, len(out), time.monotonic())
    db.session.rollback()
    return None


def send(gateway: Gateway, held: Claim) -> int:
    """Send what a claim holds and record what came of it; commits. Returns how many were accepted.

    No session is open during the call.
    """
    outgoing: list[Outgoing] = []
    rows: list[Claimed] = []
    counted: list[Result] = []
    for row in held.rows:
        try:
            body = services.render(row.body, row.link_purpose, row.link_id)
        except KeyError:
            counted.append(Result(row.id, held.id, "failed", "no_link"))
            continue
        outgoing.append(Outgoing(row.local_id, row.e164, body, row.line or None))
        rows.append(row)
    db.session.remove()
    error: GatewayError | None = None
    outcomes: list[Outcome] = []
    if time.monotonic() - held.begun > LEASE.total_seconds() / 2:
        # A machine that slept: somebody else may be asking about these rows already.
        outcomes = [Deferred(GatewayError("retry", "late", "claimed too long ago"))] * len(rows)
    elif outgoing:
        try:
            outcomes = gateway.send(outgoing)
        except GatewayError as failure:
            error = failure
        except Exception:
            # An adapter's defect: nobody knows how far it got.
            log.exception("The gateway adapter failed", extra={"gateway": gateway.name})
            error = GatewayError("ambiguous", "adapter", "the adapter failed")
        if error is None and len(outcomes) != len(outgoing):
            error = GatewayError("ambiguous", "outcomes", "not one outcome per message")
    if error is not None:
        ambiguous = error.kind == "ambiguous"
        whole: Outcome = Unknown(error.code) if ambiguous else Deferred(error)
        outcomes = [whole] * len(rows)
    for row, sms, outcome in zip(rows, outgoing, outcomes, strict=True):
        counted.append(_result(gateway.name, held, row, sms, outcome))
    record.results(counted)
    deferred = _errors(outcomes)
    for reason in deferred:
        _follow(gateway.name, held.batch_id, reason)
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    if accepted and not deferred:
        account.worked(gateway.name)
    db.session.commit()
    return accepted


def _result(gateway: str, held: Claim, row: Claimed, sms: Outgoing, outcome: Outcome) -> Result:
    match outcome:
        case Accepted(gateway_id, status, cost):
            state = "accepted" if status == "unknown" else status
            return Result(
                row.id,
                held.id,
                state,
                record.reason_of(gateway, state),
                gateway_id,
                cost,
                segments.count(sms.text).segments,
            )
        case Refused(code, kind, _):
            state = "blocked" if kind == "blocked" else "failed"
            return Result(row.id, held.id, state, f"{gateway}:{code}")
        case Unknown(reason):
            return Result(row.id, held.id, "unknown", f"{gateway}:{reason}"[:120])
        case Deferred(error):
            code = f"{gateway}:{error.code}"
            alone = held.batch_id is None
            if alone and error.kind in {"stop_campaign", "bug"}:
                return Result(row.id, held.id, "failed", code)
            return Result(row.id, held.id, "created", code)


def _errors(outcomes: Sequence[Outcome]) -> list[GatewayError]:
    """One error of each kind among those deferred."""
    found: dict[str, GatewayError] = {}
    for outcome in outcomes:
        if isinstance(outcome, Deferred) and outcome.error.code != "late":
            found.setdefault(outcome.error.kind, outcome.error)
    return list(found.values())


def _follow(gateway: str, batch_id: int | None, error: GatewayError) -> None:
    """Do what the kind of an error asks for, in the transaction that records it."""
    reason = f"{gateway}:{error.code}"
    log.warning("The gateway refused a call", extra={"reason": reason, "kind": error.kind})
    match error.kind:
        case "retry" | "rate_limited":
            account.rest(gateway, reason, error.retry_after)
        case "stop_gateway" | "config":
            account.pause(gateway, reason)
        case "pause" | "stop_campaign" | "bug" if batch_id is not None:
            services.pause_batch(batch_id, reason)
        case "pause":
            account.rest(gateway, reason, CREDIT_REST)
        case _:
            pass


def run(seconds: float, *, busy: Callable[[], None] | None = None) -> tuple[int, bool]:
    """Dispatch until nothing is left or `seconds` have passed.

    Returns how many were accepted and whether more may wait. `busy` is called once, when there
    turned out to be more than one call's worth.
    """
    gateway = account.gateway()
    if gateway is None:
        return 0, False
    deadline = time.monotonic() + seconds
    accepted, calls = 0, 0
    while time.monotonic() < deadline:
        now = account.standing(gateway.name)
        if not now.open:
            db.session.remove()
            if now.paused or now.rest_seconds > _SHORT_REST:
                return accepted, False  # the beat comes back
            time.sleep(max(0.01, now.rest_seconds))
            continue
        held = claim(gateway.name, gateway.max_batch)
        if held is None:
            db.session.remove()
            return accepted, False
        if held.rows:
            accepted += send(gateway, held)
            calls += 1
            if calls == 1 and len(held.rows) + held.suppressed == gateway.max_batch and busy:
                busy()
    db.session.remove()
    return accepted, True
