"""Paper ballots: who voted on paper, and the sheets, typed twice.

The two are kept apart as at a polling station: a name is ticked off the list, a sheet without a
name goes into the box. At the count there may not be more sheets than ticks.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, insert, select

from portal import audit, clock
from portal.contacts import bank
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l, default_language, format_number, local, pick
from portal.links import ALPHABET
from portal.text import ascii_digits, strip_controls
from surveys.ballots.errors import BallotError
from surveys.ballots.models import (
    BallotArea,
    BallotScheme,
    BallotSheet,
    BallotVote,
    BallotVoter,
)
from surveys.ballots.services import choices, closing, voting
from surveys.ballots.services.opening import new_order_seed

SOURCE: Final = "ballot"
STATES: Final = ("voting", "closed")
"""States of a scheme in which paper is taken."""
MAX_LABEL: Final = 20


def mark(area_id: int, e164: str) -> BallotVoter:
    """This person votes on paper in this neighbourhood. Somebody unknown joins the list.

    BallotError: not_now, voted (on paper or by link), elsewhere.
    """
    area = db.session.get_one(BallotArea, area_id)
    scheme = db.session.get_one(BallotScheme, area.scheme_id)
    # Before the voter, as everybody who votes takes the two locks.
    db.session.refresh(scheme, with_for_update={"read": True})
    voter = _voter(scheme, area, e164)
    if scheme.state not in STATES or not scheme.takes_paper:
        raise BallotError("not_now", _l("Paper ballots are not taken now."))
    if voter.area_id != area_id:
        other = db.session.get_one(BallotArea, voter.area_id)
        raise BallotError(
            "elsewhere",
            _l("This person votes in %(area)s.", area=pick(other.names)),
            field="mobile",
        )
    if voter.voted_by is not None:
        words = (
            _l("This person has voted on paper already.")
            if voter.voted_by == "paper"
            else _l("This person has voted by SMS link already: give out no paper.")
        )
        raise BallotError("voted", words, field="mobile")
    voter.voted_by, voter.voted_on = "paper", local(clock.now()).date()
    voting.stop_reminding(voter)
    db.session.flush()
    audit.record("ballot.voted_on_paper", "ballot_scheme", scheme.id, area=area_id, voter=voter.id)
    return voter


def _voter(scheme: BallotScheme, area: BallotArea, e164: str) -> BallotVoter:
    contact = db.session.scalars(select(Contact).where(Contact.e164 == e164)).first()
    if contact is None:
        try:
            contact_id = bank.create(
                e164,
                name="",
                language=default_language(),
                neighbourhood=pick(area.names, default_language()),
                tags=[],
                source=SOURCE,
            )
        except bank.NumberTakenError as error:
            contact_id = error.contact_id
        contact = db.session.get_one(Contact, contact_id)
    # The contact is the lock for voters who are not listed yet.
    db.session.execute(select(Contact.id).where(Contact.id == contact.id).with_for_update())
    found = db.session.scalars(
        select(BallotVoter)
        .where(BallotVoter.scheme_id == scheme.id, BallotVoter.contact_id == contact.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if found is not None:
        return found
    found = BallotVoter(
        scheme_id=scheme.id,
        area_id=area.id,
        contact_id=contact.id,
        language=contact.language,
        channel="paper",
        order_seed=new_order_seed(),
    )
    db.session.add(found)
    db.session.flush()
    return found


# Sheets


def normalise_label(text: str) -> str:
    """The number of a sheet; Persian digits are the same as others."""
    label = ascii_digits(strip_controls(text, keep_newlines=False)).strip().upper()
    if not 0 < len(label) <= MAX_LABEL:
        raise BallotError("label", _l("Write the number that stands on the sheet."), field="label")
    return label


def sheets(area_id: int, limit: int = 500) -> Sequence[BallotSheet]:
    """Those that are not finished come first."""
    return db.session.scalars(
        select(BallotSheet)
        .where(BallotSheet.area_id == area_id)
        .order_by(BallotSheet.state.in_(("settled", "counted")), BallotSheet.id.desc())
        .limit(limit)
    ).all()


def sheet(sheet_id: int) -> BallotSheet | None:
    return db.session.get(BallotSheet, sheet_id)


def sheet_counts(scheme_id: int) -> dict[int, dict[str, int]]:
    """area id → state → number of sheets."""
    found: dict[int, dict[str, int]] = {}
    for area_id, state, number in db.session.execute(
        select(BallotSheet.area_id, BallotSheet.state, func.count())
        .join(BallotArea, BallotArea.id == BallotSheet.area_id)
        .where(BallotArea.scheme_id == scheme_id)
        .group_by(BallotSheet.area_id, BallotSheet.state)
    ):
        found.setdefault(area_id, {})[state] = number
    return found


def enter(area_id: int, label: str, typed: list[Any], *, user_id: int) -> BallotSheet:
    """Type a sheet: the first time, or the second time by somebody else.

    Equal entries settle it, others wait for a third person. BallotError: label, not_now, invalid,
    same_person, done.
    """
    label = normalise_label(label)
    area = db.session.get_one(BallotArea, area_id, with_for_update=True)
    scheme = db.session.get_one(BallotScheme, area.scheme_id)
    _check(scheme, area, typed)
    found = db.session.scalars(
        select(BallotSheet)
        .where(BallotSheet.area_id == area_id, BallotSheet.label == label)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        found = BallotSheet(area_id=area_id, label=label, first=typed, first_by=user_id)
        db.session.add(found)
    elif found.state != "once":
        raise BallotError("done", _l("This sheet was typed twice already."), field="label")
    elif found.first_by == user_id:
        raise BallotError(
            "same_person",
            _l("You typed this sheet the first time; somebody else types it the second time."),
            field="label",
        )
    else:
        found.second, found.second_by = typed, user_id
        if found.first == typed:
            found.state, found.final = "settled", typed
        else:
            found.state = "differs"
    db.session.flush()
    audit.record(
        "ballot.sheet_typed", "ballot_scheme", scheme.id, sheet=found.id, state=found.state
    )
    return found


def decide(sheet_id: int, typed: list[Any], *, user_id: int) -> None:
    """A third person says what the sheet says. BallotError: done, same_person, invalid."""
    found = db.session.get_one(BallotSheet, sheet_id, with_for_update=True, populate_existing=True)
    area = db.session.get_one(BallotArea, found.area_id)
    scheme = db.session.get_one(BallotScheme, area.scheme_id)
    if found.state != "differs":
        raise BallotError("done", _l("There is nothing to decide about this sheet."))
    if user_id in {found.first_by, found.second_by}:
        raise BallotError("same_person", _l("Neither of the two who typed it decides."))
    _check(scheme, area, typed)
    found.state, found.final, found.final_by = "settled", typed, user_id
    db.session.flush()
    audit.record("ballot.sheet_decided", "ballot_scheme", scheme.id, sheet=found.id)


def _check(scheme: BallotScheme, area: BallotArea, typed: list[Any]) -> None:
    if scheme.state not in STATES or not scheme.takes_paper:
        raise BallotError("not_now", _l("Paper ballots are not taken now."))
    rules = voting.rules_of(scheme, area, voting.projects(area))
    if problems := choices.check(rules, typed):
        raise BallotError("invalid", *problems)


def problems(scheme: BallotScheme) -> list[Any]:
    """What must be done before paper can be counted, in words."""
    found: list[Any] = []
    counts, ticked = sheet_counts(scheme.id), closing.turnout(scheme.id)
    for area in scheme.areas:
        states = counts.get(area.id, {})
        name = pick(area.names)
        if open_ := states.get("once", 0) + states.get("differs", 0):
            found.append(
                _l(
                    "%(area)s: sheets not settled yet: %(count)s.",
                    area=name,
                    count=format_number(open_),
                )
            )
        ticks = ticked.get(area.id, {}).get("paper", 0)
        if (settled := states.get("settled", 0)) > ticks:
            found.append(
                _l(
                    "%(area)s: %(sheets)s sheets, but only %(people)s people are marked as voters "
                    "on paper.",
                    area=name,
                    sheets=format_number(settled),
                    people=format_number(ticks),
                )
            )
    return found


def put_into_votes(area_id: int) -> int:
    """Settled sheets become votes with random receipts, in their order. Returns how many."""
    settled = db.session.scalars(
        select(BallotSheet)
        .where(BallotSheet.area_id == area_id, BallotSheet.state == "settled")
        .with_for_update()
    ).all()
    rows = [
        {
            "area_id": area_id,
            "receipt": "".join(secrets.choice(ALPHABET) for _place in range(12)),
            "choices": sheet.final,
            "channel": "paper",
        }
        for sheet in settled
    ]
    if rows:
        db.session.execute(insert(BallotVote), sorted(rows, key=lambda row: str(row["receipt"])))
    for each in settled:
        each.state = "counted"
    db.session.flush()
    return len(rows)
