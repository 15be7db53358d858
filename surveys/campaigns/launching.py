"""Launch and reminders: everything set-wise, in the one transaction of the caller."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, text

from portal import audit, clock, links
from portal.contacts import audience
from portal.contacts.audience import AudienceCount
from portal.contacts.models import LANGUAGES, Contact
from portal.db import db
from portal.i18n import LazyText, _, _l, format_number
from portal.messaging import approvals, wording
from portal.messaging import services as messaging
from portal.messaging.approvals import ApprovalError
from portal.messaging.models import Message, MessageBatch
from portal.messaging.services import NewMessage
from surveys.campaigns import costing, services
from surveys.campaigns import spread as spreading
from surveys.campaigns import texts as sms
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, CampaignReminder, Invitation
from surveys.questionnaires.services import load_version
from surveys.quotas import services as quotas
from surveys.replies import choices
from surveys.replies import texts as replies
from surveys.sampling import drawing
from surveys.secrecy import services as secrecy
from surveys.secrecy import suitability
from surveys.secrecy.keys import KeyFolderError
from surveys.ways import reading as ways

CHUNK: Final = 5000
WAITING: Final = ("open", "started")
REACHED: Final = ("accepted", "at_operator", "delivered", "expired", "unknown")
"""States of a first message after which a reminder may still find its reader."""

Person = tuple[int, str, str]
"""Contact id, number, language."""


@dataclass(frozen=True)
class Plan:
    """What a launch would send: recipients and cost per language, and what stands against it."""

    audience: AudienceCount
    costs: dict[str, sms.TextCost]
    problems: tuple[str, ...]

    @property
    def recipients(self) -> int:
        return self.audience.total

    @property
    def languages(self) -> list[str]:
        """Languages of the audience, in our order."""
        return [code for code in LANGUAGES if self.audience.by_language.get(code)]

    @property
    def segments(self) -> int:
        """Segments of all messages together."""
        return sum(
            number * self.costs[language].segments
            for language, number in self.audience.by_language.items()
            if language in self.costs
        )


def plan(campaign: Campaign) -> Plan:
    """Figures of a launch now, and every reason why it would be refused."""
    count = services.audience_count(campaign)
    return Plan(count, services.costs(campaign), tuple(_problems(campaign, count)))


def _problems(campaign: Campaign, count: AudienceCount) -> Iterator[str]:
    chosen = ways.of(campaign.id)
    if not count.total and chosen.invites_by_sms:
        yield _("Nobody would get this SMS. Choose other people.")
    if chosen.takes_replies:
        yield from choices.problems(load_version(campaign.version_id))
        if campaign.secrecy == "anonymous":
            yield _(
                "A reply by SMS carries its number, so an anonymous survey cannot take replies."
            )
    names = language_names()
    for language in LANGUAGES:
        body, number = campaign.texts.get(language, ""), count.by_language.get(language, 0)
        if number and not body:
            yield _(
                "There is no text in %(language)s, and the audience holds readers of it "
                "(%(count)s). Write one, or leave this language out of the audience.",
                count=format_number(number),
                language=names[language],
            )
        for each in (body, campaign.reminder_texts.get(language, "")):
            if each and (wrong := replies.problem(campaign, language, each)):
                yield f"{names[language]}: {wrong}"
    if campaign.closes_at and campaign.closes_at <= clock.now():
        yield _("The closing date has passed. Choose a later one.")
    yield from quotas.problems(campaign)
    yield from costing.problems(campaign)
    if campaign.secrecy == secrecy.ANONYMOUS:
        yield from suitability.problems(load_version(campaign.version_id))


def language_names() -> dict[str, str]:
    return {"fa": _("Persian"), "ar": _("Arabic"), "en": _("English")}


def launch(campaign_id: int, *, user_id: int | None, expected: int | None = None) -> int:
    """Freeze a draft and put in its invitations and messages. Returns how many.

    All happens in the present transaction, under a lock on the campaign: of two launches at once
    the second one finds it launched. `expected`: the number of recipients that was confirmed;
    with another number now nothing happens. CampaignError: not_draft, wrong, changed.
    """
    campaign = services.locked(campaign_id)
    if campaign.state != "draft":
        raise CampaignError("not_draft", _l("This campaign was launched already."))
    found = plan(campaign)
    if found.problems:
        raise CampaignError("wrong", *found.problems)
    batch = messaging.create_batch(
        campaign.name, budget_rial=campaign.budget_rial, launched_by=user_id
    )
    bodies = {code: replies.filled(campaign, code, text) for code, text in campaign.texts.items()}
    version = wording.freeze(bodies, services.SUBJECT, campaign.id, user_id=user_id)
    spread = spreading.of(campaign, found.recipients)
    total = 0
    for people in _audience(campaign):
        if missing := {person[2] for person in people} - campaign.texts.keys():
            raise CampaignError("changed", changed(), *sorted(missing))
        ids = _reserve_ids(len(people))
        _copy_invitations(campaign.id, ids, people)
        messaging.insert_messages(
            batch.id,
            (
                _message(
                    person,
                    bodies[person[2]],
                    invitation_id,
                    spread.at(number) if spread is not None else None,
                )
                for number, (person, invitation_id) in enumerate(
                    zip(people, ids, strict=True), total
                )
            ),
            template_version_id=version.id,
        )
        total += len(people)
    nobody = not total and ways.of(campaign.id).invites_by_sms
    if nobody or (expected is not None and total != expected):
        raise CampaignError("changed", changed())
    try:
        approval = approvals.use(services.SUBJECT, campaign.id, total)
    except ApprovalError as error:
        raise CampaignError("approval", error.message) from None
    batch.approved_by = approval.decided_by if approval is not None else None
    if campaign.secrecy == secrecy.ANONYMOUS:
        _prepare_box(campaign)
    campaign.state, campaign.batch_id = "launched", batch.id
    campaign.launched_at, campaign.launched_by = clock.now(), user_id
    campaign.launch_at = campaign.launch_failed_at = None
    audit.record(
        "campaign.launched",
        "campaign",
        campaign.id,
        version_id=campaign.version_id,
        audience=campaign.audience,
        texts=campaign.texts,
        secrecy=campaign.secrecy,
        recipients=total,
        segments=found.segments,
        spread_hours=campaign.spread_hours,
        approved_by=batch.approved_by,
    )
    db.session.flush()
    return total


def _prepare_box(campaign: Campaign) -> None:
    try:
        secrecy.prepare(campaign)
        quotas.prepare(campaign)
    except KeyFolderError:
        raise CampaignError(
            "no_key",
            _l(
                "The key for anonymous answers cannot be stored. Ask the system operator to check "
                "ANSWER_KEY_DIR."
            ),
        ) from None


def changed() -> LazyText:
    """What is said where the people are others than were confirmed."""
    return _l("The people have changed since you looked. Check the numbers and launch again.")


def _message(
    person: Person, body: str, invitation_id: int, not_before: dt.datetime | None = None
) -> NewMessage:
    contact_id, e164, language = person
    return NewMessage(
        contact_id, e164, language, body, sms.PURPOSE, invitation_id, not_before=not_before
    )


def _audience(campaign: Campaign) -> Iterator[Sequence[Person]]:
    """Contacts of the audience, or of the sample drawn now, who have not opted out, in chunks."""
    if not ways.of(campaign.id).invites_by_sms:
        return iter(())
    people = audience.contacts(services.wanted(campaign), services.sms_line())
    if (sample := drawing.of(campaign.id)) is not None:
        drawing.draw(sample, services.wanted(campaign), services.sms_line())
        people = people.where(Contact.id.in_(drawing.members(campaign.id)))
    columns = people.with_only_columns(Contact.id, Contact.e164, Contact.language)
    return _chunks(columns, Contact.id)


def _chunks(query: Any, key: Any) -> Iterator[Sequence[Any]]:
    """A query's rows in chunks; `key` is their first column, and grows."""
    last = 0
    while rows := db.session.execute(query.where(key > last).order_by(key).limit(CHUNK)).all():
        yield [tuple(row) for row in rows]
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _reserve_ids(count: int) -> list[int]:
    # Known before the rows exist, for the digest of a token is made from the id.
    statement = text(
        "SELECT nextval(pg_get_serial_sequence('invitations', 'id')) "
        "FROM generate_series(1, :count)"
    )
    return list(db.session.scalars(statement, {"count": count}))


def _copy_invitations(campaign_id: int, ids: Sequence[int], people: Sequence[Person]) -> None:
    now = clock.now()
    driver = db.session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101
    columns = "id, campaign_id, contact_id, language, token_digest, state, state_at"
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY invitations ({columns}) FROM STDIN") as copy,
    ):
        for invitation_id, (contact_id, _e164, language) in zip(ids, people, strict=True):
            digest = links.digest(links.token_for(sms.PURPOSE, invitation_id))
            copy.write_row((invitation_id, campaign_id, contact_id, language, digest, "open", now))


# Reminders


@dataclass(frozen=True)
class ReminderPlan:
    """Whom a reminder would reach now, per language, and what it would cost."""

    by_language: dict[str, int]
    costs: dict[str, sms.TextCost]
    wave: int
    """How many reminders went out before."""

    @property
    def recipients(self) -> int:
        return sum(self.by_language.values())

    @property
    def segments(self) -> int:
        return sum(n * self.costs[code].segments for code, n in self.by_language.items())


def reminder_text(campaign: Campaign, language: str) -> str:
    """The reminder in a language; where none was written, the first text again."""
    text = campaign.reminder_texts.get(language) or campaign.texts[language]
    return replies.filled(campaign, language, text)


def reminder_plan(campaign: Campaign) -> ReminderPlan:
    """Figures of a reminder sent now."""
    rows = db.session.execute(
        _waiting(campaign)
        .with_only_columns(Invitation.language, func.count())
        .group_by(Invitation.language)
    ).all()
    by_language: dict[str, int] = dict(rows)
    costs = {code: sms.cost(code, reminder_text(campaign, code)) for code in by_language}
    return ReminderPlan(by_language, costs, _waves(campaign))


def remind(campaign_id: int, *, user_id: int | None, wave: int | None = None) -> CampaignReminder:
    """Put in a reminder to everybody who was reached and has not answered.

    `wave`: how many reminders had gone out when it was confirmed; with another number now (a
    double click) nothing happens. CampaignError: not_running, reminded, nobody.
    """
    campaign = services.locked(campaign_id)
    if campaign.state != "launched":
        raise CampaignError("not_running", _l("This campaign is not running."))
    if wave is not None and wave != _waves(campaign):
        raise CampaignError("reminded", _l("This reminder was sent already."))
    if not reminder_plan(campaign).recipients:
        raise CampaignError("nobody", _l("There is nobody to remind now."))
    batch = messaging.create_batch(
        campaign.name,
        budget_of=campaign.batch_id,
        launched_by=user_id,
        approved_by=_approved_by(campaign),
    )
    bodies = {code: reminder_text(campaign, code) for code in campaign.texts}
    version = wording.freeze(bodies, services.SUBJECT, campaign.id, user_id=user_id)
    # Locked, so that whoever answers at this moment either is seen or finds what to cancel.
    query = (
        _waiting(campaign)
        .with_only_columns(Invitation.id, Contact.id, Contact.e164, Invitation.language)
        .with_for_update(of=Invitation, key_share=True)
    )
    count = 0
    for rows in _chunks(query, Invitation.id):
        count += messaging.insert_messages(
            batch.id,
            (
                _message((who, e164, language), bodies[language], invitation_id)
                for invitation_id, who, e164, language in rows
            ),
            template_version_id=version.id,
        )
    reminder = CampaignReminder(
        campaign_id=campaign.id, batch_id=batch.id, sent_by=user_id, recipients=count
    )
    db.session.add(reminder)
    audit.record("campaign.reminded", "campaign", campaign.id, recipients=count)
    db.session.flush()
    return reminder


def _approved_by(campaign: Campaign) -> int | None:
    """Whoever approved the launch approved its reminders, which go to the same people."""
    return db.session.scalar(
        select(MessageBatch.approved_by).where(MessageBatch.id == campaign.batch_id)
    )


def stop_reminding(invitation_id: int) -> int:
    """An invitation was answered: what still waits to be sent about it is cancelled.

    Call it in the transaction that stores the answer, the invitation being locked.
    """
    contact_id = db.session.scalar(
        select(Invitation.contact_id).where(Invitation.id == invitation_id)
    )
    if contact_id is None:
        return 0
    return messaging.cancel_for_link(sms.PURPOSE, invitation_id, contact_id)


def _waves(campaign: Campaign) -> int:
    return (
        db.session.scalar(
            select(func.count())
            .select_from(CampaignReminder)
            .where(CampaignReminder.campaign_id == campaign.id)
        )
        or 0
    )


def _waiting(campaign: Campaign) -> Select[Any]:
    """Invitations that have no answer, whose SMS arrived as far as is known, and whose people
    have not opted out; not those a reminder is on its way to."""
    batches = services.batch_ids(campaign)
    return (
        select(Invitation)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(
            Invitation.campaign_id == campaign.id,
            Invitation.state.in_(WAITING),
            Invitation.id.in_(_linked(batches[:1], Message.state.in_(REACHED))),
            Invitation.id.not_in(_linked(batches[1:], Message.state.in_(("created", "claimed")))),
            ~audience.opted_out(services.sms_line()),
        )
    )


def _linked(batches: Sequence[int], condition: ColumnElement[bool]) -> Select[Any]:
    return select(Message.link_id).where(
        Message.batch_id.in_(batches),
        Message.link_purpose == sms.PURPOSE,
        Message.link_id.is_not(None),
        condition,
    )
