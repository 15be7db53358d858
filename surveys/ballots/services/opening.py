"""The vote begins: voters, keys and invitations, set-wise in the caller's transaction."""

import datetime as dt
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from portal import audit, clock, links
from portal.contacts.models import LANGUAGES, Contact
from portal.db import db
from portal.i18n import LazyText, _, _l, format_number, pick
from portal.messaging import approvals, segments, wording
from portal.messaging import services as messaging
from portal.messaging.approvals import ApprovalError
from portal.messaging.services import LINK, NewMessage
from portal.text import strip_controls
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotScheme
from surveys.ballots.services import people, schemes, sealing
from surveys.ballots.services.people import Person
from surveys.ballots.services.voting import PURPOSE

MAX_CHARACTERS: Final = 600
SUBJECT: Final = "ballot_scheme"
"""What a scheme is called in the audit trail and in approvals."""
SAMPLE_TOKEN: Final = "TEST0000000"  # noqa: S105 (as long as a token, opens nothing)


@dataclass(frozen=True)
class Plan:
    """What the opening would do. `by_area`: area id → people invited."""

    by_area: Mapping[int, int]
    by_language: Mapping[str, int]
    projects: Mapping[int, int]
    problems: tuple[str, ...]

    @property
    def recipients(self) -> int:
        return sum(self.by_area.values())


def suggested_texts(scheme: BallotScheme) -> dict[str, str]:
    """A first text for each language, to be changed."""
    return {
        code: wording.render("ballots.invitation", code, name=pick(scheme.names, code)).body
        for code in LANGUAGES
    }


def cleaned(texts: Mapping[str, str]) -> dict[str, str]:
    found = {
        code: segments.clean(strip_controls(words[: MAX_CHARACTERS * 2])).strip()
        for code, words in texts.items()
        if code in LANGUAGES
    }
    return {code: words for code, words in found.items() if words}


def sample(body: str) -> str:
    """The text as a phone would show it."""
    return messaging.with_suffix(body).replace(LINK, links.url_for_token(PURPOSE, SAMPLE_TOKEN))


def plan(scheme: BallotScheme, texts: Mapping[str, str]) -> Plan:
    """Figures of an opening now, and every reason why it would be refused."""
    places = people.places_of(scheme.areas)
    by_area: dict[int, int] = dict.fromkeys((area.id for area in scheme.areas), 0)
    by_language: dict[str, int] = dict.fromkeys(LANGUAGES, 0)
    for place, language, number in db.session.execute(
        people.living_in(places)
        .with_only_columns(Contact.neighbourhood, Contact.language, func.count())
        .group_by(Contact.neighbourhood, Contact.language)
    ):
        by_area[places[place]] += number
        by_language[language] += number
    projects = projects_by_area(scheme.id)
    problems = tuple(_problems(scheme, by_language, projects, cleaned(texts)))
    return Plan(by_area, by_language, projects, problems)


def projects_by_area(scheme_id: int) -> dict[int, int]:
    """area id → accepted projects."""
    rows = db.session.execute(
        select(BallotProposal.area_id, func.count())
        .join(BallotArea, BallotArea.id == BallotProposal.area_id)
        .where(BallotArea.scheme_id == scheme_id, BallotProposal.state == "accepted")
        .group_by(BallotProposal.area_id)
    ).all()
    return {area_id: number for area_id, number in rows}  # noqa: C416 (a Result is no mapping)


def _problems(
    scheme: BallotScheme,
    by_language: Mapping[str, int],
    projects: Mapping[int, int],
    texts: Mapping[str, str],
) -> Iterator[str]:
    if scheme.state != "proposals":
        yield _("The vote can be opened only once, after the scheme was published.")
    for area in scheme.areas:
        if projects.get(area.id, 0) < 2:
            yield _(
                "%(area)s: a ballot needs at least two accepted projects.", area=pick(area.names)
            )
    waiting = db.session.scalar(
        select(func.count())
        .select_from(BallotProposal)
        .join(BallotArea, BallotArea.id == BallotProposal.area_id)
        .where(BallotArea.scheme_id == scheme.id, BallotProposal.state == "submitted")
    )
    if waiting:
        yield _(
            "Proposals that wait for a decision: %(count)s. Decide on every one first.",
            count=format_number(waiting),
        )
    if not sum(by_language.values()):
        yield _("Nobody in the contact bank lives in these neighbourhoods.")
    names = {"fa": _("Persian"), "ar": _("Arabic"), "en": _("English")}
    for code in LANGUAGES:
        body = texts.get(code, "")
        if by_language.get(code) and not body:
            yield _(
                "There is no SMS in %(language)s, and people read it (%(count)s).",
                language=names[code],
                count=format_number(by_language[code]),
            )
        if body and body.count(LINK) != 1:
            yield f"{names[code]}: " + _(
                "Write {link} once, where the personal link of each person is to stand."
            )
        if len(body) > MAX_CHARACTERS:
            yield f"{names[code]}: " + _("This text is too long.")


def open_vote(
    scheme_id: int,
    *,
    texts: Mapping[str, str],
    until: dt.datetime,
    expected: int | None = None,
    user_id: int | None = None,
) -> int:
    """Fix the ballots, list the voters and put in their invitations. Returns how many.

    Under a lock on the scheme: of two openings at once the second finds it open. `expected`: the
    number of people that was confirmed. BallotError: wrong, past, changed,
    approval.
    """
    scheme = schemes.locked(scheme_id)
    if until <= clock.now():
        raise BallotError("past", _l("The last day has passed. Choose a later one."), field="until")
    bodies = cleaned(texts)
    found = plan(scheme, bodies)
    if found.problems:
        raise BallotError("wrong", *found.problems)
    for area in scheme.areas:
        area.public_key = sealing.new_key()
    for batch_id in scheme.proposing_batches:
        messaging.cancel_batch(batch_id, "vote_opened")
    batch = messaging.create_batch(pick(scheme.names), launched_by=user_id)
    version = wording.freeze(bodies, SUBJECT, scheme.id, user_id=user_id)
    total = 0
    places = people.places_of(scheme.areas)
    for voters in people.chunks(people.living_in(places), places):
        ids = people.reserve_ids("ballot_voters", len(voters))
        _copy_voters(scheme.id, ids, voters)
        messaging.insert_messages(
            batch.id,
            (
                NewMessage(contact_id, e164, language, bodies[language], PURPOSE, voter_id)
                for voter_id, (contact_id, e164, language, _area) in zip(ids, voters, strict=True)
            ),
            template_version_id=version.id,
        )
        total += len(voters)
    if not total or (expected is not None and total != expected):
        raise BallotError("changed", changed())
    try:
        approval = approvals.use(SUBJECT, scheme.id, total)
    except ApprovalError as error:
        raise BallotError("approval", error.message) from None
    batch.approved_by = approval.decided_by if approval is not None else None
    scheme.state, scheme.batch_id, scheme.texts = "voting", batch.id, bodies
    scheme.opened_at, scheme.voting_until = clock.now(), until
    db.session.flush()
    audit.record(
        "ballot.opened",
        "ballot_scheme",
        scheme.id,
        recipients=total,
        texts=bodies,
        until=until.isoformat(),
        approved_by=batch.approved_by,
        projects={str(area): number for area, number in found.projects.items()},
    )
    return total


def changed() -> LazyText:
    """What is said where the people are others than were confirmed."""
    return _l("The people have changed since you looked. Check the numbers again.")


def _copy_voters(scheme_id: int, ids: Sequence[int], voters: Sequence[Person]) -> None:
    driver = db.session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101
    columns = "id, scheme_id, area_id, contact_id, language, token_digest, channel, order_seed"
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ballot_voters ({columns}) FROM STDIN") as copy,
    ):
        for voter_id, (contact_id, _e164, language, area_id) in zip(ids, voters, strict=True):
            digest = links.digest(links.token_for(PURPOSE, voter_id))
            copy.write_row(
                (
                    voter_id,
                    scheme_id,
                    area_id,
                    contact_id,
                    language,
                    digest,
                    "sms",
                    new_order_seed(),
                )
            )


def new_order_seed() -> int:
    return secrets.randbelow(2**62)
