"""A proposal by personal link. The link came to the number by SMS, so no code is asked for."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select

from portal import links
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l
from portal.ratelimit import over_limit
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotProposer, BallotScheme
from surveys.ballots.services import proposals, schemes
from surveys.ballots.services.proposals import Content

Status = Literal["open", "early", "over", "cancelled"]
KEY_LENGTHS: Final = range(20, 65)


@dataclass(frozen=True)
class Link:
    """What stands behind a token."""

    proposer: BallotProposer
    scheme: BallotScheme
    area: BallotArea
    e164: str

    def status(self, at: dt.datetime) -> Status:
        """What the link is good for."""
        if self.scheme.state == "cancelled":
            return "cancelled"
        if schemes.takes_proposals(self.scheme, at):
            return "open"
        begin = self.scheme.proposals_from
        is_early = self.scheme.state == "proposals" and begin is not None and at < begin
        return "early" if is_early else "over"


@dataclass(frozen=True)
class Proposed:
    """`key`: of the page that thanks. `is_new`: False where the same page was sent before."""

    proposal: BallotProposal
    key: str
    is_new: bool


def find(token: str) -> Link | None:
    """The invited person of a token as it was typed; changes nothing."""
    return _find(token, lock=False)


def _find(token: str, *, lock: bool) -> Link | None:
    plain = links.normalise(token)
    if plain is None:
        return None
    query = (
        select(BallotProposer, BallotScheme, BallotArea, Contact.e164)
        .join(BallotScheme, BallotScheme.id == BallotProposer.scheme_id)
        .join(BallotArea, BallotArea.id == BallotProposer.area_id)
        .join(Contact, Contact.id == BallotProposer.contact_id)
        .where(BallotProposer.token_digest == links.digest(plain))
    )
    if lock:
        query = query.with_for_update(of=BallotProposer).execution_options(populate_existing=True)
    row = db.session.execute(query).first()
    return Link(*row) if row else None


def new_page_key() -> str:
    """The random key of one form: sent twice with the same words, it is one proposal."""
    return secrets.token_urlsafe(18)


def _key(link: Link, page_key: str, content: Content) -> str:
    # With the words in it: who goes back and writes something else proposes once more. With the
    # person in it: nobody reaches another's page by sending its key.
    words = (link.proposer.id, page_key, content.title, content.description, content.place)
    return hashlib.sha256(repr(words).encode()).hexdigest()


def propose(token: str, page_key: str, content: Content) -> Proposed | None:
    """Keep a proposal, public at once. None: no such link.

    Double clicks and two tabs follow each other under the lock. BallotError: not_now, too_many.
    """
    seen = _find(token, lock=False)
    if seen is None:
        return None
    # The opening of the vote takes this row for itself: it sees every proposal, or none comes.
    # Locked before the person's, as everywhere.
    db.session.refresh(seen.scheme, with_for_update={"read": True})
    link = _find(token, lock=True)
    if link is None:
        return None
    if len(page_key) not in KEY_LENGTHS:
        page_key = new_page_key()
    key = _key(link, page_key, content)
    if (known := proposals.of_key(key)) is not None:
        return Proposed(known, key, is_new=False)
    if not schemes.takes_proposals(link.scheme):
        raise BallotError("not_now", _l("Proposals are not taken now."))
    # One count with the codes: a number proposes as often by link as by code.
    if over_limit(proposals.CODES_A_DAY, proposals.CODES_SCOPE, link.e164):
        raise BallotError(
            "too_many", _l("Several proposals came from this number today. Try again tomorrow.")
        )
    proposal = proposals.new(link.area.id, key, content, e164=link.e164)
    proposals.receive(proposal, "link")
    return Proposed(proposal, key, is_new=True)
