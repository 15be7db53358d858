"""Proposals: how citizens make them, how their number is proven, how staff screens them."""

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from limits import RateLimitItemPerDay
from sqlalchemy import Select, delete, func, select

from portal import audit, clock, links
from portal.db import Texts, db
from portal.i18n import LANGUAGES, LazyText, _l
from portal.messaging import services as messaging
from portal.messaging import wording
from portal.photos import Photo
from portal.ratelimit import over_limit
from portal.text import ascii_digits
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotScheme
from surveys.ballots.services import pictures, schemes

CODES_A_DAY: Final = RateLimitItemPerDay(5)
"""SMS codes to one number: anybody can type the number of somebody else."""
CODES_SCOPE: Final = "ballot-code-sms"
CODE_PURPOSE: Final = "proposal-code"
"""Of the digits in the SMS; made at the moment of sending, so that no table holds them."""
CODE_TRIES: Final = 5
CODE_LIFETIME: Final = dt.timedelta(minutes=30)
UNCONFIRMED_FOR: Final = dt.timedelta(days=1)
"""A proposal whose number nobody proved is erased after this time."""

REASONS: Final[dict[str, LazyText]] = {
    "not_municipal": _l("This is not among the duties of the municipality."),
    "over_budget": _l("It costs more than the budget of the neighbourhood."),
    "no_land": _l("The land belongs to somebody else, or there is none."),
    "planned": _l("It is planned already, or under construction."),
    "private_gain": _l("It serves a single household or business."),
    "unsafe": _l("It would be unsafe, or against the building rules."),
    "not_feasible": _l("It cannot be built within the year."),
    "unclear": _l("It does not say clearly enough what is to be done, and where."),
    "improper": _l("It hurts people or breaks the law, so its text is not shown."),
    "other": _l("Another reason, explained here."),
}
"""Why a proposal is declined, as the public reads it."""


# From citizens


@dataclass(frozen=True)
class Content:
    """What a citizen wrote, in one language."""

    title: str
    description: str
    place: str
    language: str
    photo: Photo | None


def submit(area: BallotArea, content: Content, *, e164: str) -> tuple[BallotProposal, str]:
    """Keep a proposal and send the code that proves the number. Returns it and the key of the
    page where the code is typed. BallotError: not_now, codes."""
    scheme = db.session.get_one(BallotScheme, area.scheme_id)
    if not schemes.takes_proposals(scheme):
        raise BallotError("not_now", _l("Proposals are not taken now."))
    if over_limit(CODES_A_DAY, CODES_SCOPE, e164):
        raise BallotError("codes", _too_many_codes(), field="mobile")
    key = secrets.token_urlsafe(18)
    proposal = new(area.id, key, content, e164=e164)
    _send_code(proposal, e164)
    return proposal, key


def new(area_id: int, key: str, content: Content, *, e164: str) -> BallotProposal:
    """A citizen's proposal that waits until its number is proven. `key`: of its page."""
    proposal = BallotProposal(
        area_id=area_id,
        language=content.language,
        titles={content.language: content.title},
        descriptions={content.language: content.description},
        place=content.place,
        e164=e164,
        page_key=_digest(key),
        created_at=clock.now(),
        photo=pictures.keep(content.photo) if content.photo is not None else None,
    )
    db.session.add(proposal)
    db.session.flush()
    return proposal


def receive(proposal: BallotProposal, by: str) -> None:
    """Its number is proven, `by` code or link: it is public from now on."""
    proposal.state = "submitted"
    _number(proposal)
    audit.record(
        "ballot.proposed",
        "ballot_proposal",
        proposal.id,
        area=proposal.area_id,
        origin="citizen",
        by=by,
    )


def _too_many_codes() -> LazyText:
    return _l("This number got several codes today. Try again tomorrow.")


def _send_code(proposal: BallotProposal, e164: str) -> None:
    words = wording.render("ballots.code", proposal.language)
    messaging.send_one(
        e164,
        words.body,
        language=proposal.language,
        link_purpose=CODE_PURPOSE,
        link_id=proposal.id,
        template_version_id=words.version_id,
        asked_for=True,
    )


def of_key(key: str) -> BallotProposal | None:
    """The proposal of the page of this key, confirmed or not."""
    return db.session.scalars(
        select(BallotProposal).where(BallotProposal.page_key == _digest(key[:64]))
    ).first()


def confirm(key: str, code: str) -> BallotProposal | None:
    """The number is proven by the code; the proposal is now public. None: no such page.

    Twice pressed is confirmed once; a code that was asked for in time still counts shortly after
    the last day, until the vote opens. BallotError: wrong_code, too_many, late, not_now.
    """
    query = select(BallotProposal).where(BallotProposal.page_key == _digest(key[:64]))
    seen = db.session.scalars(query).first()
    if seen is None:
        return None
    area = db.session.get_one(BallotArea, seen.area_id)
    scheme = schemes.locked(area.scheme_id)
    proposal = db.session.scalars(
        query.with_for_update().execution_options(populate_existing=True)
    ).first()
    if proposal is None or proposal.state != "unconfirmed":
        return proposal
    if scheme.state not in schemes.OPEN_STATES:
        raise BallotError("not_now", _l("Proposals are not taken now."))
    if clock.now() > proposal.created_at + CODE_LIFETIME:
        raise BallotError("late", _l("This code is too old. Send the proposal once more."))
    if proposal.code_tries >= CODE_TRIES:
        raise BallotError(
            "too_many", _l("Too many wrong codes. Send the proposal once more."), field="code"
        )
    typed = ascii_digits("".join(code.split()))[:10]
    wanted = links.code_for(CODE_PURPOSE, proposal.id)
    if not hmac.compare_digest(typed.encode(), wanted.encode()):
        proposal.code_tries += 1
        db.session.flush()
        raise BallotError(
            "wrong_code", _l("This is not the code of the SMS. Look at it again."), field="code"
        )
    receive(proposal, "code")
    return proposal


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _number(proposal: BallotProposal) -> None:
    """The next number of the ballot. The area's row is the lock."""
    db.session.execute(
        select(BallotArea.id).where(BallotArea.id == proposal.area_id).with_for_update()
    )
    last = db.session.scalar(
        select(func.max(BallotProposal.number)).where(BallotProposal.area_id == proposal.area_id)
    )
    proposal.number = (last or 0) + 1
    db.session.flush()


def erase_unconfirmed(limit: int = 500) -> list[str]:
    """Delete proposals whose number was not proven within a day. Returns the files to discard
    after the commit."""
    old = (
        select(BallotProposal.id)
        .where(
            BallotProposal.state == "unconfirmed",
            BallotProposal.created_at < clock.now() - UNCONFIRMED_FOR,
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    gone = db.session.scalars(
        delete(BallotProposal).where(BallotProposal.id.in_(old)).returning(BallotProposal.photo)
    ).all()
    return [name for name in gone if name]


# By staff


def get(proposal_id: int) -> BallotProposal | None:
    return db.session.get(BallotProposal, proposal_id)


def confirmed() -> Select[BallotProposal]:
    return select(BallotProposal).where(BallotProposal.state != "unconfirmed")


def of_area(area_id: int, states: Sequence[str] = ()) -> Sequence[BallotProposal]:
    """Numbered proposals of a ballot in the order of their numbers."""
    return db.session.scalars(numbered(area_id, states)).all()


def numbered(area_id: int, states: Sequence[str] = ()) -> Select[BallotProposal]:
    """The query of `of_area`."""
    query = confirmed().where(BallotProposal.area_id == area_id)
    if states:
        query = query.where(BallotProposal.state.in_(states))
    return query.order_by(BallotProposal.number)


def counts(scheme_id: int) -> dict[int, dict[str, int]]:
    """area id → state → number."""
    found: dict[int, dict[str, int]] = {}
    for area_id, state, number in db.session.execute(
        select(BallotProposal.area_id, BallotProposal.state, func.count())
        .join(BallotArea, BallotArea.id == BallotProposal.area_id)
        .where(BallotArea.scheme_id == scheme_id, BallotProposal.state != "unconfirmed")
        .group_by(BallotProposal.area_id, BallotProposal.state)
    ):
        found.setdefault(area_id, {})[state] = number
    return found


def add(area_id: int, *, language: str, **values: Any) -> BallotProposal:
    """A project that staff writes down itself. BallotError: fixed."""
    _lock_open(area_id)
    proposal = BallotProposal(
        area_id=area_id,
        origin="staff",
        state="submitted",
        language=language,
        created_at=clock.now(),
        **values,
    )
    db.session.add(proposal)
    db.session.flush()
    _number(proposal)
    audit.record("ballot.proposed", "ballot_proposal", proposal.id, area=area_id, origin="staff")
    return proposal


def edit(
    proposal_id: int,
    *,
    titles: Texts,
    descriptions: Texts,
    place: str,
    cost: int | None,
) -> bool:
    """What the ballot says of a project. BallotError: fixed, cost."""
    proposal = _locked(proposal_id)
    if cost is None and proposal.state == "accepted":
        raise BallotError("cost", _l("A project on the ballot needs a cost."), field="cost")
    values: dict[str, Any] = {
        "titles": titles,
        "descriptions": descriptions,
        "place": place,
        "cost": cost,
    }
    changed = {key: value for key, value in values.items() if getattr(proposal, key) != value}
    for key, value in changed.items():
        setattr(proposal, key, value)
    if changed:
        db.session.flush()
        audit.record("ballot.proposal_changed", "ballot_proposal", proposal.id, changed=changed)
    return bool(changed)


def set_photo(proposal_id: int, photo: Photo | None) -> tuple[str | None, str | None]:
    """Another photo, or none. Returns (new file, old file): discard the one that goes."""
    proposal = _locked(proposal_id)
    before = proposal.photo
    proposal.photo = pictures.keep(photo) if photo is not None else None
    db.session.flush()
    audit.record(
        "ballot.proposal_changed", "ballot_proposal", proposal.id, changed={"photo": bool(photo)}
    )
    return proposal.photo, before


def accept(proposal_id: int, *, user_id: int | None) -> None:
    """Onto the ballot. BallotError: fixed, cost."""
    proposal = _locked(proposal_id)
    if proposal.cost is None:
        raise BallotError("cost", _l("Write what it costs first."), field="cost")
    area = db.session.get_one(BallotArea, proposal.area_id)
    if proposal.cost > area.budget:
        raise BallotError(
            "cost", _l("It costs more than the budget of the neighbourhood."), field="cost"
        )
    _decide(proposal, "accepted", user_id)


def decline(
    proposal_id: int, *, reason: str, texts: Mapping[str, str], user_id: int | None
) -> None:
    """Not onto the ballot, and why, in public. BallotError: fixed, reason."""
    proposal = _locked(proposal_id)
    kept = {code: text for code, text in texts.items() if code in LANGUAGES and text}
    if reason not in REASONS:
        raise BallotError("reason", _l("Choose a reason."), field="reason")
    if reason == "other" and not kept:
        raise BallotError("reason", _l("Write the reason."), field="reason_fa")
    _decide(proposal, "declined", user_id, reason_code=reason, reasons=kept)


def merge(proposal_id: int, into_id: int, *, user_id: int | None) -> None:
    """It asks for the same as another one of its ballot. BallotError: fixed, into."""
    proposal = _locked(proposal_id)
    into = db.session.get(BallotProposal, into_id)
    if (
        into is None
        or into.id == proposal.id
        or into.area_id != proposal.area_id
        or into.state not in {"submitted", "accepted"}
    ):
        raise BallotError(
            "into", _l("Choose another proposal of this neighbourhood."), field="into"
        )
    _decide(proposal, "merged", user_id, merged_into_id=into.id)


def reconsider(proposal_id: int, *, user_id: int | None) -> None:
    """Back to those that wait for a decision. BallotError: fixed."""
    proposal = _locked(proposal_id)
    if proposal.state != "submitted":
        _decide(proposal, "submitted", user_id)


def _decide(
    proposal: BallotProposal,
    state: str,
    user_id: int | None,
    *,
    reason_code: str | None = None,
    reasons: Texts | None = None,
    merged_into_id: int | None = None,
) -> None:
    if proposal.state == "unconfirmed":
        raise BallotError("unconfirmed", _l("The number of its proposer is not proven."))
    if state in {"merged", "declined"} and db.session.scalar(
        select(BallotProposal.id).where(BallotProposal.merged_into_id == proposal.id).limit(1)
    ):
        raise BallotError("into", _l("Others were merged into this one; free them first."))
    proposal.state = state
    proposal.reason_code, proposal.reasons = reason_code, reasons or {}
    proposal.merged_into_id = merged_into_id
    proposal.decided_at, proposal.decided_by = clock.now(), user_id
    db.session.flush()
    audit.record(
        f"ballot.proposal_{state}",
        "ballot_proposal",
        proposal.id,
        reason=reason_code,
        texts=proposal.reasons,
        into=merged_into_id,
    )


def _lock_open(area_id: int) -> None:
    area = db.session.get_one(BallotArea, area_id)
    # The opening of the vote holds the same row: a project is on the ballot or it is not.
    scheme = schemes.locked(area.scheme_id)
    if scheme.state not in schemes.OPEN_STATES:
        raise BallotError("fixed", _l("The vote has begun: the ballot can no longer be changed."))


def _locked(proposal_id: int) -> BallotProposal:
    proposal = db.session.get_one(BallotProposal, proposal_id)
    _lock_open(proposal.area_id)
    return db.session.get_one(
        BallotProposal, proposal_id, with_for_update=True, populate_existing=True
    )
