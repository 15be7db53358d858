"""The vote ends: the door is shut, the boxes are opened, the keys destroyed.

A box is opened as a whole in one transaction of its own: ballots are read, written in the order
of their receipts (which are random), and the box is emptied. So neither the number of a
transaction nor the place of a row tells which sealed ballot became which vote.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from surveys.ballots.errors import BallotError
from surveys.ballots.models import (
    BallotArea,
    BallotScheme,
    BallotSealed,
    BallotVote,
    BallotVoter,
)
from surveys.ballots.services import reminding, schemes, sealing

log = logging.getLogger(__name__)
CHUNK: Final = 1000


def due() -> Sequence[int]:
    """Votes whose last moment has passed."""
    return db.session.scalars(
        select(BallotScheme.id).where(
            BallotScheme.state == "voting", BallotScheme.voting_until <= clock.now()
        )
    ).all()


def close(scheme_id: int, *, only_if_due: bool = False) -> bool:
    """End the vote; False where it is over already. BallotError: not_voting."""
    scheme = schemes.locked(scheme_id)
    now = clock.now()
    if scheme.state in {"closed", "counted"}:
        return False
    if only_if_due and (
        scheme.state != "voting" or scheme.voting_until is None or scheme.voting_until > now
    ):
        return False
    if scheme.state != "voting":
        raise BallotError("not_voting", _l("No vote is running."))
    scheme.state, scheme.closed_at = "closed", now
    reminding.cancel_waves(scheme, "ballot_closed")
    db.session.flush()
    audit.record("ballot.closed", "ballot_scheme", scheme_id, by_itself=only_if_due)
    return True


def boxes_to_open() -> Sequence[int]:
    """Areas whose vote is over (or was called off) and whose box is still shut."""
    return db.session.scalars(
        select(BallotArea.id)
        .join(BallotScheme, BallotScheme.id == BallotArea.scheme_id)
        .where(
            BallotScheme.state.in_(("closed", "cancelled")),
            BallotArea.public_key.is_not(None),
            BallotArea.box_opened_at.is_(None),
        )
        .order_by(BallotArea.id)
    ).all()


def open_box(area_id: int) -> bool:
    """Turn the box into votes; of a vote that was called off, throw it away unread.

    False: it is open already. Commit, then call `destroy_keys`. KeyMissingError.
    """
    area = db.session.get_one(BallotArea, area_id, with_for_update=True, populate_existing=True)
    if area.box_opened_at is not None or area.public_key is None:
        return False
    scheme = db.session.get_one(BallotScheme, area.scheme_id)
    count = 0
    if scheme.state != "cancelled":
        count = _read_box(area)
    db.session.execute(delete(BallotSealed).where(BallotSealed.area_id == area_id))
    area.box_opened_at = clock.now()
    db.session.flush()
    audit.record(
        "ballot.box_opened",
        "ballot_scheme",
        scheme.id,
        area=area_id,
        ballots=count,
        thrown_away=scheme.state == "cancelled",
    )
    return True


def _read_box(area: BallotArea) -> int:
    if area.public_key is None:
        return 0
    opener = sealing.Opener(area.public_key)
    rows: list[dict[str, Any]] = []
    stream = db.session.scalars(
        select(BallotSealed.sealed)
        .where(BallotSealed.area_id == area.id)
        .order_by(BallotSealed.key)
        .execution_options(yield_per=CHUNK)
    )
    for sealed in stream:
        receipt, choices = opener.open(sealed)
        rows.append({"area_id": area.id, "receipt": receipt, "choices": choices, "channel": "link"})
    rows.sort(key=lambda row: row["receipt"])
    for start in range(0, len(rows), CHUNK):
        db.session.execute(insert(BallotVote), rows[start : start + CHUNK])
    return len(rows)


def destroy_keys() -> int:
    """Destroy the private keys of boxes that are open. After the commit that opened them; may
    run again."""
    done = 0
    for public_key in db.session.scalars(
        select(BallotArea.public_key).where(
            BallotArea.public_key.is_not(None), BallotArea.box_opened_at.is_not(None)
        )
    ):
        if public_key is not None and sealing.has_key(public_key):
            sealing.destroy_key(public_key)
            done += 1
    return done


def boxes_open(scheme: BallotScheme) -> bool:
    """Whether every box of the scheme has been opened."""
    return all(area.public_key is None or area.box_opened_at for area in scheme.areas)


def turnout(scheme_id: int) -> dict[int, dict[str, int]]:
    """area id → {"voters": …, "link": …, "paper": …}: who is listed, who has voted and how."""
    found: dict[int, dict[str, int]] = {}
    for area_id, how, number in db.session.execute(
        select(BallotVoter.area_id, BallotVoter.voted_by, func.count())
        .where(BallotVoter.scheme_id == scheme_id)
        .group_by(BallotVoter.area_id, BallotVoter.voted_by)
    ):
        figures = found.setdefault(area_id, {"voters": 0, "link": 0, "paper": 0})
        figures["voters"] += number
        if how is not None:
            figures[how] += number
    return found
