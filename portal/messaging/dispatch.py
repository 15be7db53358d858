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
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import text

from portal import clock
from portal.contacts import consent
from portal.db import db
from portal.messaging import account, budget, prices, quiet, record, segments, services, throttle
from portal.messaging.account import Account
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
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
PATIENCE: Final = 10.0
"""Seconds to wait for room under a gateway's limit."""
LATE: Final = "late"
BUSY: Final = "busy"
"""Codes of ours for calls that were not made: no fault of the gateway."""


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
    """Rows of one batch (or of none), held for one gateway until the lease ends."""

    id: str
    account: Account
    batch_id: int | None
    rows: tuple[Claimed, ...]
    suppressed: int
    begun: float
    """time.monotonic() of the claim."""


# Batches with something to send now, by their most urgent message. The recursive part skips from
# batch to batch in the index, however many messages each of them has.
_HEADS = """
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
        WHERE m.state = 'created' AND m.batch_id = b.id AND {bound}
            AND (m.not_before IS NULL OR m.not_before <= :now)
        ORDER BY m.priority, m.id LIMIT 1) head
    WHERE b.state = 'running' AND NOT (:quiet AND b.respects_quiet_hours)
    UNION ALL
    (SELECT NULL, m.priority, m.id FROM messages m
     WHERE m.state = 'created' AND m.batch_id IS NULL AND {bound}
        AND (m.not_before IS NULL OR m.not_before <= :now)
     ORDER BY m.priority, m.id LIMIT 1)
    ORDER BY 2, 3
"""
# What any gateway may send, and what only this one may: a call to it promised nothing.
_ANY = "(m.bound_gateway IS NULL OR m.bound_gateway = :gateway)"
_BOUND = "m.bound_gateway = :gateway"

_PICK = """
    SELECT id, local_id, e164, body, link_purpose, link_id, line FROM messages m
    WHERE state = 'created' AND batch_id {which} AND {bound}
        AND (not_before IS NULL OR not_before <= :now)
    ORDER BY priority, id LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_QUERIES: Final = {
    bound_only: (
        text(_HEADS.format(bound=bound)),
        text(_PICK.format(which="= :batch_id", bound=bound)),
        text(_PICK.format(which="IS NULL", bound=bound)),
    )
    for bound_only, bound in ((False, _ANY), (True, _BOUND))
}

_CLAIM = text("""
    UPDATE messages SET state = 'claimed', state_at = :now, claimed_at = :now, claim_id = :claim_id,
        claimed_until = :until, attempts = attempts + 1, gateway = :gateway, checks = 0,
        reason = NULL, line = v.line, estimate_rial = v.rial
    FROM unnest(CAST(:ids AS bigint[]), CAST(:lines AS text[]), CAST(:estimates AS bigint[]))
        AS v(id, line, rial)
    WHERE messages.id = v.id
""")

_SUPPRESS = text("""
    UPDATE messages SET state = 'suppressed', state_at = :now, reason = 'opted_out'
    WHERE id = ANY (CAST(:ids AS bigint[]))
""")


def claim(to: Account, limit: int, *, bound_only: bool = False) -> Claim | None:
    """Claim up to `limit` messages of the most urgent batch; commits. None: nothing waits.

    Numbers that opted out are suppressed in the same transaction, so a claim may be empty. Of a
    batch with a budget as many are claimed as it pays for; where it pays for none, it is paused.
    `bound_only`: only what no other gateway may send.
    """
    now = clock.now()
    heads_query, of_batch, single = _QUERIES[bound_only]
    values = {"now": now, "limit": limit, "gateway": to.name}
    heads = db.session.execute(heads_query, {**values, "quiet": quiet.is_quiet(now)}).all()
    if not heads:
        db.session.rollback()
        return None
    estimator = prices.Estimator(prices.of(to.name), to.plan)
    for head in heads:
        batch_id: int | None = head.batch_id
        purse = None if batch_id is None else budget.open_purse(batch_id)
        if batch_id is None:
            found = db.session.execute(single, values).all()
        else:
            found = db.session.execute(of_batch, {**values, "batch_id": batch_id}).all()
        if not found:
            db.session.rollback()
            continue  # another dispatcher holds them
        rows = [Claimed(*row) for row in found]
        out = _stopped(rows, to)
        kept = [replace(row, line=to.line_for(row.line)) for row in rows if row.id not in out]
        rials = {row.id: estimator.of(row.e164, row.body, row.link_purpose) for row in kept}
        if purse is not None and kept:
            first = rials[kept[0].id]
            kept = purse.take(kept, list(rials.values()))
            if not kept and not out:
                db.session.rollback()
                budget.stop(head.batch_id, first)
                db.session.commit()
                continue
        claim_id = secrets.token_hex(8)
        if out:
            db.session.execute(_SUPPRESS, {"now": now, "ids": sorted(out)})
        if kept:
            db.session.execute(
                _CLAIM,
                {
                    "now": now,
                    "until": now + LEASE,
                    "claim_id": claim_id,
                    "gateway": to.name,
                    "ids": [row.id for row in kept],
                    "lines": [row.line for row in kept],
                    "estimates": [rials[row.id] for row in kept],
                },
            )
        db.session.commit()
        return Claim(claim_id, to, batch_id, tuple(kept), len(out), time.monotonic())
    db.session.rollback()
    return None


def _stopped(rows: Sequence[Claimed], to: Account) -> set[int]:
    """Those who said no on the line they know or on the one that would be used instead of it."""
    by_line: dict[str, list[Claimed]] = {}
    for row in rows:
        for line in {row.line, to.line_for(row.line)}:
            by_line.setdefault(line, []).append(row)
    found: set[int] = set()
    for line, those in by_line.items():
        stopped = consent.suppressed([row.e164 for row in those], line)
        found |= {row.id for row in those if row.e164 in stopped}
    return found


def send(held: Claim) -> int:
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
    outcomes: list[Outcome]
    if time.monotonic() - held.begun > LEASE.total_seconds() / 2:
        # A machine that slept: somebody else may be asking about these rows already.
        outcomes = _all(outgoing, GatewayError("retry", LATE, "claimed too long ago"))
    elif held.account.rate is not None:
        outcomes = _call_slowly(held.account, outgoing, held.account.rate)
    else:
        try:
            outcomes = _call(held.account, outgoing) if outgoing else []
        except GatewayError as error:
            outcomes = _all(outgoing, error)
    for row, sms, outcome in zip(rows, outgoing, outcomes, strict=True):
        counted.append(_result(held, row, sms, outcome))
    record.results(counted)
    deferred = _errors(outcomes)
    for reason in deferred:
        _follow(held.account, held.batch_id, reason)
    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    if accepted and not deferred:
        account.worked(held.account.name)
    db.session.commit()
    return accepted


def _call(to: Account, outgoing: Sequence[Outgoing]) -> list[Outcome]:
    """The gateway's outcomes. Raises GatewayError for the whole call."""
    try:
        outcomes = to.gateway.send(outgoing)
    except GatewayError:
        raise
    except Exception:
        # An adapter's defect: nobody knows how far it got.
        log.exception("The gateway adapter failed", extra={"gateway": to.name})
        raise GatewayError("ambiguous", "adapter", "the adapter failed") from None
    if len(outcomes) != len(outgoing):
        raise GatewayError("ambiguous", "outcomes", "not one outcome per message")
    return outcomes


def _call_slowly(to: Account, outgoing: Sequence[Outgoing], rate: int) -> list[Outcome]:
    """The outcomes of as many calls as the gateway's limit asks for."""
    parts = [segments.count(sms.text, chars_per_part=to.plan).segments for sms in outgoing]
    outcomes: list[Outcome] = []
    ends = time.monotonic() + PATIENCE
    while len(outcomes) < len(outgoing):
        at = len(outcomes)
        call = throttle.begin(to.name, parts[at:], rate, ends - time.monotonic())
        db.session.remove()
        if call is None:
            return [*outcomes, *_all(outgoing[at:], GatewayError("retry", BUSY, "no room"))]
        these = outgoing[at : at + call.count]
        try:
            outcomes += _call(to, these)
        except GatewayError as error:
            outcomes += _all(these, error)
            stop = error if error.kind != "ambiguous" else GatewayError("retry", BUSY, "")
            return [*outcomes, *_all(outgoing[len(outcomes) :], stop)]
        finally:
            throttle.end(call.number)
            db.session.remove()
    return outcomes


def _all(batch: Sequence[Outgoing], error: GatewayError) -> list[Outcome]:
    whole: Outcome = Unknown(error.code) if error.kind == "ambiguous" else Deferred(error)
    return [whole] * len(batch)


def _result(held: Claim, row: Claimed, sms: Outgoing, outcome: Outcome) -> Result:
    gateway = held.account.name
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
                segments.count(sms.text, chars_per_part=held.account.plan).segments,
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
            bound = gateway if error.same_gateway_only else None
            return Result(row.id, held.id, "created", code, bound_gateway=bound)


def _errors(outcomes: Sequence[Outcome]) -> list[GatewayError]:
    """One error of each kind among those deferred."""
    found: dict[str, GatewayError] = {}
    for outcome in outcomes:
        if isinstance(outcome, Deferred) and outcome.error.code not in {LATE, BUSY}:
            found.setdefault(outcome.error.kind, outcome.error)
    return list(found.values())


def _follow(to: Account, batch_id: int | None, error: GatewayError) -> None:
    """Do what the kind of an error asks for, in the transaction that records it."""
    gateway = to.name
    reason = f"{gateway}:{error.code}"
    log.warning("The gateway refused a call", extra={"reason": reason, "kind": error.kind})
    match error.kind:
        case "retry" | "rate_limited":
            account.rest(gateway, reason, error.retry_after)
        case "stop_gateway" | "config":
            account.pause(gateway, reason)
        case "pause" if account.others_open(gateway):
            account.rest(gateway, reason, CREDIT_REST)
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
    deadline = time.monotonic() + seconds
    accepted, calls = 0, 0
    while time.monotonic() < deadline:
        held, rest = _next_claim()
        if held is None:
            db.session.remove()
            if rest is None or rest > _SHORT_REST:
                return accepted, False  # the beat comes back
            time.sleep(max(0.01, rest))
            continue
        if held.rows:
            accepted += send(held)
            calls += 1
            if calls == 1 and len(held.rows) + held.suppressed == held.account.batch and busy:
                busy()
    db.session.remove()
    return accepted, True


def _next_claim() -> tuple[Claim | None, float | None]:
    """What to send next, by the first gateway that may be called; else how many seconds the
    shortest rest takes while something waits for it (None: nothing to wait for).

    A later gateway sends only while the earlier ones rest or are stopped, besides what it alone may
    send.
    """
    rests: list[float] = []
    is_first = True
    for each in account.accounts():
        standing = account.standing(each.name)
        if not standing.open:
            if not standing.paused:
                rests.append(standing.rest_seconds)
            continue
        held = claim(each, each.batch, bound_only=not is_first)
        if held is not None:
            return held, None
        is_first = False
    return None, min(rests) if rests and is_first else None
