"""One person, one ballot, and no way from the one to the other.

A ballot is taken under a lock on the voter: the voter is marked and the sealed ballot put into
the box in one transaction. What joins the two there (the transaction's number) leads to a ballot
nobody can read. The receipt is made of a random key that the review page carried and the server
keeps nowhere; so the same page sent twice, as by a double click, gets the same receipt, and the
tables hold nothing it could be computed from.
"""

import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from flask import current_app
from sqlalchemy import select

from portal import clock, links
from portal.db import db
from portal.formats import utc
from portal.i18n import local
from portal.messaging import services as messaging
from surveys.ballots.models import (
    BallotArea,
    BallotProposal,
    BallotScheme,
    BallotSealed,
    BallotVoter,
)
from surveys.ballots.services import sealing
from surveys.ballots.services.choices import Marked, Rules

PURPOSE: Final = "ballot"
RECEIPT_LENGTH: Final = 12
Status = Literal["open", "voted", "paper", "over", "counted", "cancelled"]


@dataclass(frozen=True)
class Link:
    """What stands behind a token."""

    voter: BallotVoter
    scheme: BallotScheme
    area: BallotArea

    def status(self, at: dt.datetime) -> Status:
        """What the link is good for."""
        if self.scheme.state == "cancelled":
            return "cancelled"
        if self.scheme.state == "counted":
            return "counted"
        if self.voter.voted_by is not None:
            return "paper" if self.voter.voted_by == "paper" else "voted"
        return "open" if is_open(self.scheme, at) else "over"


@dataclass(frozen=True)
class Cast:
    """What came of a submission. kind `done`: `receipt` is the voter's; `again`: the same page
    was sent before, and `receipt` is that of the first time; `stopped`: see `link.status()`."""

    kind: Literal["done", "again", "stopped"]
    link: Link
    receipt: str = ""


def is_open(scheme: BallotScheme, at: dt.datetime) -> bool:
    """Whether ballots are taken."""
    return scheme.state == "voting" and (scheme.voting_until is None or at < scheme.voting_until)


def find(token: str) -> Link | None:
    """The voter of a token as a person typed it; changes nothing."""
    return _find(token, lock=False)


def _find(token: str, *, lock: bool) -> Link | None:
    plain = links.normalise(token)
    if plain is None:
        return None
    query = (
        select(BallotVoter, BallotScheme, BallotArea)
        .join(BallotScheme, BallotScheme.id == BallotVoter.scheme_id)
        .join(BallotArea, BallotArea.id == BallotVoter.area_id)
        .where(BallotVoter.token_digest == links.digest(plain))
    )
    if lock:
        query = query.with_for_update(of=BallotVoter).execution_options(populate_existing=True)
    row = db.session.execute(query).first()
    return Link(*row) if row else None


def projects(area: BallotArea, voter: BallotVoter | None = None) -> list[BallotProposal]:
    """What is voted on: by number, or in the order of a voter's ballot."""
    rows = db.session.scalars(
        select(BallotProposal)
        .where(BallotProposal.area_id == area.id, BallotProposal.state == "accepted")
        .order_by(BallotProposal.number)
    ).all()
    if voter is None:
        return list(rows)
    by_id = {row.id: row for row in rows}
    return [by_id[each] for each in order_of(voter.order_seed, list(by_id))]


def order_of(seed: int, project_ids: Sequence[int]) -> list[int]:
    """Ids in the random order of one ballot: by SHA-256 of "seed:id"."""
    return sorted(project_ids, key=lambda each: hashlib.sha256(f"{seed}:{each}".encode()).digest())


def rules_of(scheme: BallotScheme, area: BallotArea, rows: Sequence[BallotProposal]) -> Rules:
    return Rules(
        scheme.kind,
        {row.id: row.cost or 0 for row in rows},
        area.budget,
        scheme.max_choices,
        scheme.points,
    )


def new_page_key() -> str:
    """The random key of a review page."""
    return secrets.token_urlsafe(24)


def receipt_of(voter_id: int, page_key: str) -> str:
    """Twelve characters of Crockford's base 32 (60 bits) of HMAC-SHA256 over voter and page key.

    Keyed by the city's secret, so that no voter can choose a receipt; with the voter's id, so
    that no two voters can share one.
    """
    key = current_app.extensions["pasokh_settings"].key_for_links()
    digest = hmac.digest(key, f"ballot receipt:{voter_id}:{page_key}".encode(), "sha256")
    number = int.from_bytes(digest[:8], "big") >> 4
    return "".join(links.ALPHABET[(number >> shift) & 31] for shift in range(55, -5, -5))


def shown_receipt(receipt: str) -> str:
    """In groups of four."""
    return "-".join(receipt[i : i + 4] for i in range(0, len(receipt), 4))


def typed_receipt(text: str) -> str | None:
    """A receipt as a person types it, or None."""
    if len(text) > 40:
        return None
    plain = text.strip().upper().translate(_LOOKALIKES)
    good = len(plain) == RECEIPT_LENGTH and all(letter in links.ALPHABET for letter in plain)
    return plain if good else None


_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def stop_reminding(voter: BallotVoter) -> int:
    """The voter has voted: cancel what still waits. In the transaction that takes the ballot.

    With the day alone as its time, like the voter's own row.
    """
    day = utc(local(clock.now()).date())
    return messaging.cancel_for_link(PURPOSE, voter.id, voter.contact_id, at=day)


def cast(token: str, page_key: str, marked: Marked) -> Cast | None:
    """Take a checked ballot. None: no such voter. ValueError: no page key, or marks with errors.

    Double clicks, two tabs and two devices follow each other under the lock: one ballot.
    """
    if not 20 <= len(page_key) <= 64 or marked.errors:
        raise ValueError("Only a review page that was shown can be sent")
    seen = find(token)
    if seen is None:
        return None
    # The closing takes this row for itself: no ballot comes after the box was shut. It is locked
    # before the voter's, as reminders do: in the other order the two would wait for each other.
    db.session.refresh(seen.scheme, with_for_update={"read": True})
    link = _find(token, lock=True)
    if link is None:
        return None
    voter = link.voter
    submission = hashlib.sha256(page_key.encode()).digest()
    if voter.voted_by is not None:
        if voter.submission is not None and hmac.compare_digest(voter.submission, submission):
            return Cast("again", link, receipt_of(voter.id, page_key))
        return Cast("stopped", link)
    now = clock.now()
    if link.status(now) != "open" or link.area.public_key is None:
        return Cast("stopped", link)
    receipt = receipt_of(voter.id, page_key)
    ids = [row.id for row in projects(link.area)]
    sealed = sealing.seal(link.area.public_key, receipt, marked.choices, sealing.size_for(ids))
    voter.voted_by, voter.voted_on = "link", local(now).date()
    voter.submission = submission
    stop_reminding(voter)
    db.session.add(BallotSealed(key=uuid.uuid4(), area_id=link.area.id, sealed=sealed))
    db.session.flush()
    return Cast("done", link, receipt)
