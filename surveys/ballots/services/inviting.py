"""Invitations to propose: everybody of the scheme's neighbourhoods gets a personal link, once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, func, insert, select

from portal import audit, clock, links
from portal.contacts.models import LANGUAGES, Contact
from portal.db import db
from portal.i18n import _, format_number, pick
from portal.messaging import approvals, wording
from portal.messaging import services as messaging
from portal.messaging.approvals import ApprovalError
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotProposer, BallotScheme
from surveys.ballots.services import people, schemes
from surveys.ballots.services.opening import SUBJECT, changed
from surveys.campaigns import texts as sms

PURPOSE: Final = "proposal"


@dataclass(frozen=True)
class Plan:
    """Whom an invitation would reach now. `by_area`: area id → people not invited yet."""

    by_area: Mapping[int, int]
    by_language: Mapping[str, int]
    problems: tuple[str, ...]

    @property
    def recipients(self) -> int:
        return sum(self.by_area.values())


def suggested_texts(scheme: BallotScheme) -> dict[str, str]:
    """A first text for each language, to be changed."""
    return {
        code: wording.render("ballots.proposing", code, name=pick(scheme.names, code)).body
        for code in LANGUAGES
    }


def plan(scheme: BallotScheme, texts: Mapping[str, str]) -> Plan:
    """Figures of an invitation now, and every reason why it would be refused."""
    places = people.places_of(scheme.areas)
    by_area: dict[int, int] = dict.fromkeys((area.id for area in scheme.areas), 0)
    by_language: dict[str, int] = dict.fromkeys(LANGUAGES, 0)
    for place, language, number in db.session.execute(
        _not_invited(scheme, places)
        .with_only_columns(Contact.neighbourhood, Contact.language, func.count())
        .group_by(Contact.neighbourhood, Contact.language)
    ):
        by_area[places[place]] += number
        by_language[language] += number
    return Plan(by_area, by_language, tuple(_problems(scheme, by_language, sms.kept(texts))))


def _not_invited(scheme: BallotScheme, places: Mapping[str, int]) -> Any:
    invited = exists().where(
        BallotProposer.scheme_id == scheme.id, BallotProposer.contact_id == Contact.id
    )
    return people.living_in(places).where(~invited)


def _problems(
    scheme: BallotScheme, by_language: Mapping[str, int], texts: Mapping[str, str]
) -> Iterator[str]:
    if not schemes.takes_proposals(scheme):
        yield _("Proposals are not taken now.")
    if not sum(by_language.values()):
        yield _("Nobody is left to invite in these neighbourhoods.")
    names = {"fa": _("Persian"), "ar": _("Arabic"), "en": _("English")}
    for code in LANGUAGES:
        body = texts.get(code, "")
        if by_language[code] and not body:
            yield _(
                "There is no SMS in %(language)s, and people read it (%(count)s).",
                language=names[code],
                count=format_number(by_language[code]),
            )
        if body and (wrong := sms.problem(body)):
            yield f"{names[code]}: {wrong}"


def invited(scheme_id: int) -> int:
    """How many people were invited to propose."""
    query = select(func.count()).where(BallotProposer.scheme_id == scheme_id)
    return db.session.scalar(query) or 0


def invite(
    scheme_id: int, *, texts: Mapping[str, str], expected: int, user_id: int | None = None
) -> int:
    """Put in an invitation for everybody who has none yet. Returns how many.

    Under a lock on the scheme: of two at once the second finds nobody left. `expected`: the number
    of people that was confirmed. BallotError: wrong, changed, approval.
    """
    scheme = schemes.locked(scheme_id)
    bodies = sms.kept(texts)
    found = plan(scheme, bodies)
    if found.problems:
        raise BallotError("wrong", *found.problems)
    batch = messaging.create_batch(pick(scheme.names), launched_by=user_id)
    version = wording.freeze(bodies, SUBJECT, scheme.id, user_id=user_id)
    places = people.places_of(scheme.areas)
    total = 0
    for chunk in people.chunks(_not_invited(scheme, places), places):
        ids = people.reserve_ids("ballot_proposers", len(chunk))
        db.session.execute(
            insert(BallotProposer),
            [
                {
                    "id": proposer_id,
                    "scheme_id": scheme.id,
                    "area_id": area_id,
                    "contact_id": contact_id,
                    "language": language,
                    "token_digest": links.digest(links.token_for(PURPOSE, proposer_id)),
                }
                for proposer_id, (contact_id, _e164, language, area_id) in zip(
                    ids, chunk, strict=True
                )
            ],
        )
        messaging.insert_messages(
            batch.id,
            (
                NewMessage(contact_id, e164, language, bodies[language], PURPOSE, proposer_id)
                for proposer_id, (contact_id, e164, language, _area) in zip(ids, chunk, strict=True)
            ),
            template_version_id=version.id,
        )
        total += len(chunk)
    if total != expected:
        raise BallotError("changed", changed())
    # An opening that waits for its own approval is not touched by an invitation to few; what was
    # approved is this invitation, though fewer may be left.
    wish = approvals.standing(SUBJECT, scheme.id)
    if approvals.needed(total) or (wish is not None and wish.state == "approved"):
        try:
            approval = approvals.use(SUBJECT, scheme.id, total)
        except ApprovalError as error:
            raise BallotError("approval", error.message) from None
        batch.approved_by = approval.decided_by if approval is not None else None
    scheme.proposing_batches = [*scheme.proposing_batches, batch.id]
    db.session.flush()
    audit.record(
        "ballot.invited_to_propose",
        "ballot_scheme",
        scheme.id,
        recipients=total,
        texts=bodies,
        approved_by=batch.approved_by,
    )
    return total


def stop_late() -> None:
    """Where the days for proposals are over: whoever still waits for an invitation gets none."""
    late = db.session.scalars(
        select(BallotScheme.proposing_batches).where(
            BallotScheme.state == "proposals",
            BallotScheme.proposals_until <= clock.now(),
            func.jsonb_array_length(BallotScheme.proposing_batches) > 0,
        )
    ).all()
    waiting = db.session.scalars(
        select(Message.batch_id)
        .where(
            Message.batch_id.in_([batch_id for batches in late for batch_id in batches]),
            Message.state == "created",
        )
        .distinct()
    ).all()
    for batch_id in waiting:
        if batch_id is not None:
            messaging.cancel_batch(batch_id, "proposals_over")
