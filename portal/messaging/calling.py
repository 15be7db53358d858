"""The calls to a gateway that send what a claim holds: under its limit, and to nobody who has
stopped messages in the meantime."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from portal.contacts import consent
from portal.db import db
from portal.messaging import segments, throttle
from portal.messaging.account import Account
from portal.messaging.gateways.base import Deferred, GatewayError, Outcome, Outgoing, Unknown
from portal.messaging.models import MessageBatch

log = logging.getLogger(__name__)

PATIENCE: Final = 10.0
"""Seconds to wait for room under a gateway's limit. No further call begins after them: the claim
lapses, and the gateway is asked for messages that it can never have seen."""
BUSY: Final = "busy"
"""Code of ours for calls that were not made: no fault of the gateway."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that a dispatcher holds. `known_line` is the one it was meant for, `line` the one
    it goes over; `asked_for` as in the table."""

    id: int
    local_id: int
    e164: str
    body: str
    link_purpose: str | None
    link_id: int | None
    known_line: str
    asked_for: bool
    line: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Not sent: the person stopped messages after the claim."""


Fate = Outcome | Withheld


def stopped(rows: Sequence[Claimed]) -> set[int]:
    """Ids of those who said no, by one query: to everything, or, of what they did not ask for, on
    the line they know or on the one that is used instead of it."""
    refused = consent.stopped_lines(row.e164 for row in rows)
    found: set[int] = set()
    for row in rows:
        lines = refused.get(row.e164)
        if lines and (
            consent.EVERY_LINE in lines
            or (not row.asked_for and not lines.isdisjoint({row.known_line, row.line}))
        ):
            found.add(row.id)
    return found


def send(
    to: Account, batch_id: int | None, rows: Sequence[Claimed], outgoing: Sequence[Outgoing]
) -> list[Fate]:
    """What became of each, in as many calls as the gateway's limit asks for. Commits.

    No session is open during a call. Right before it is asked who agrees and whether the batch
    still runs, for under a limit a message may have waited for seconds since it was claimed.
    """
    fates: list[Fate] = []
    ends = time.monotonic() + PATIENCE
    parts: list[int] = []
    if to.rate is not None:
        parts = [segments.count(sms.text, chars_per_part=to.plan).segments for sms in outgoing]
    while len(fates) < len(outgoing):
        at, room = len(fates), None
        until = len(outgoing)
        if fates and time.monotonic() > ends:
            return [*fates, *all_of(outgoing[at:], GatewayError("retry", BUSY, "too late"))]
        if to.rate is not None:
            room = throttle.begin(to.name, parts[at:], to.rate, ends - time.monotonic())
            db.session.remove()
            if room is None:
                return [*fates, *all_of(outgoing[at:], GatewayError("retry", BUSY, "no room"))]
            until = at + room.count
        try:
            if _stands_still(batch_id):
                return [*fates, *all_of(outgoing[at:], GatewayError("retry", BUSY, "stopped"))]
            fates += _call_those_who_agree(to, rows[at:until], outgoing[at:until])
        except GatewayError as error:
            fates += all_of(outgoing[at:until], error)
            stop = error if error.kind != "ambiguous" else GatewayError("retry", BUSY, "")
            return [*fates, *all_of(outgoing[until:], stop)]
        finally:
            if room is not None:
                throttle.end(room.number)
            db.session.remove()
    return fates


def _stands_still(batch_id: int | None) -> bool:
    """Whether a batch was paused or cancelled in the meantime."""
    state = select(MessageBatch.state).where(MessageBatch.id == batch_id)
    return batch_id is not None and db.session.scalar(state) != "running"


def _call_those_who_agree(
    to: Account, rows: Sequence[Claimed], outgoing: Sequence[Outgoing]
) -> list[Fate]:
    refused = stopped(rows)
    db.session.remove()
    agreeing = [sms for row, sms in zip(rows, outgoing, strict=True) if row.id not in refused]
    outcomes = iter(_call(to, agreeing) if agreeing else ())
    return [Withheld() if row.id in refused else next(outcomes) for row in rows]


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


def all_of(batch: Sequence[Outgoing], error: GatewayError) -> list[Fate]:
    """One error for all of them."""
    whole: Outcome = Unknown(error.code) if error.kind == "ambiguous" else Deferred(error)
    return [whole] * len(batch)
