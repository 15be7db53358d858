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
from portal.db import db
from portal.messaging import (
    account,
    budget,
    calling,
    prices,
    quiet,
    record,
    segments,
    services,
    suffixes,
)
from portal.messaging.account import Account
from portal.messaging.calling import BUSY, Claimed, Fate, Withheld
from portal.messaging.gateways.base import (
    Accepted,
    Deferred,
    GatewayError,
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
LATE: Final = "late"
"""Code of ours for a call that was not made: no fault of the gateway."""


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
    SELECT id, local_id, e164, body, link_purpose, link_id, line, asked_for FROM messages m
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
        reason = NULL, line = v.line, estimate_rial = v.rial, body = coalesce(v.body, messages.body)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:lines AS text[]), CAST(:estimates AS bigint[]),
                CAST(:bodies AS text[])) AS v(id, line, rial, body)
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
        changes_texts = batch_id is not None and suffixes.differ()
        rows = [_over(to, Claimed(*row), changes_texts=changes_texts) for row in found]
        out = calling.stopped(rows)
        kept = [row for row in rows if row.id not in out]
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
                    "bodies": [row.body for row in kept] if changes_texts else [None] * len(kept),
                    "estimates": [rials[row.id] for row in kept],
                },
            )
        db.session.commit()
        return Claim(claim_id, to, batch_id, tuple(kept), len(out), time.monotonic())
    db.session.rollback()
    return None


def _over(to: Account, row: Claimed, *, changes_texts: bool) -> Claimed:
    """A message as it goes over a gateway: on which line, with whose ending."""
    body = suffixes.adapted(row.body, to) if changes_texts else row.body
    return replace(row, line=to.line_for(row.known_line), body=body)


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
    fates: list[Fate]
    if time.monotonic() - held.begun > LEASE.total_seconds() / 2:
        # A machine that slept: somebody else may be asking about these rows already.
        fates = calling.all_of(outgoing, GatewayError("retry", LATE, "claimed too long ago"))
    else:
        fates = calling.send(held.account, held.batch_id, rows, outgoing)
    for row, sms, fate in zip(rows, outgoing, fates, strict=True):
        counted.append(_result(held, row, sms, fate))
    record.results(counted)
    deferred = _errors(fates)
    for reason in deferred:
        _follow(held.account, held.batch_id, reason)
    accepted = sum(isinstance(fate, Accepted) for fate in fates)
    if accepted and not deferred:
        account.worked(held.account.name)
    db.session.commit()
    return accepted


def _result(held: Claim, row: Claimed, sms: Outgoing, fate: Fate) -> Result:
    gateway = held.account.name
    match fate:
        case Withheld():
            return Result(row.id, held.id, "suppressed", "opted_out")
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


def _errors(fates: Sequence[Fate]) -> list[GatewayError]:
    """One error of each kind among those deferred."""
    found: dict[str, GatewayError] = {}
    for fate in fates:
        if isinstance(fate, Deferred) and fate.error.code not in {LATE, BUSY}:
            found.setdefault(fate.error.kind, fate.error)
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
