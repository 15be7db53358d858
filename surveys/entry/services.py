"""Answers on the telephone: find or make the invitation, then go the way of the personal link.

Flushes, never commits. The audit trail says who typed for which invitation, never what.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from portal import audit, clock
from portal.contacts import bank
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l
from surveys.campaigns import invitations
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.entry.models import PhoneEntry
from surveys.questionnaires.models import SurveyVersion
from surveys.responses import services as responses
from surveys.responses.link import Direction, Link, Outcome
from surveys.sampling import drawing

MOST = 100


def running() -> Sequence[Campaign]:
    """Campaigns that take answers now, the newest first, with their surveys."""
    now = clock.now()
    return db.session.scalars(
        select(Campaign)
        .join(Campaign.version)
        .join(SurveyVersion.survey)
        .options(contains_eager(Campaign.version).contains_eager(SurveyVersion.survey))
        .where(
            Campaign.state.in_(campaigns.RUNNING),
            Campaign.built_in.is_(None),
            Campaign.secrecy != "anonymous",
            or_(Campaign.opens_at.is_(None), Campaign.opens_at <= now),
            or_(Campaign.closes_at.is_(None), Campaign.closes_at > now),
        )
        .order_by(Campaign.id.desc())
        .limit(MOST)
    ).all()


def takes_others(campaign_id: int) -> bool:
    """Whether people who were not invited may answer: not beside a random sample, whose
    probabilities they would spoil."""
    return drawing.of(campaign_id) is None


def begin(campaign_id: int, e164: str | None, *, language: str, user_id: int) -> PhoneEntry:
    """Begin for the holder of a number, or for somebody without one.

    CampaignError: not_running, secret, not_invited, answered, screened.
    """
    campaign = campaigns.get(campaign_id)
    if campaign is None or campaign.state not in campaigns.RUNNING:
        raise CampaignError("not_running", _l("This campaign is not running."))
    if campaign.secrecy == "anonymous":
        # The answers of few calls, known by their mode, would lead to the few who were called.
        raise CampaignError(
            "secret",
            _l(
                "This survey is anonymous: an operator who hears the answers knows whose they are. "
                "People must answer it themselves by its link."
            ),
        )
    invitation_id = _invitation(campaign_id, e164, language)
    link = responses.find(invitations.token_of(invitation_id))
    status = link.status(clock.now()) if link else "over"
    if status == "answered":
        raise CampaignError("answered", _l("This person has answered already, and that counts."))
    if status == "screened":
        raise CampaignError(
            "screened", _l("Enough people like this person have answered. Thank the citizen.")
        )
    if status != "open":
        raise CampaignError("not_running", _l("This campaign is not running."))
    entry = PhoneEntry(campaign_id=campaign_id, invitation_id=invitation_id, user_id=user_id)
    db.session.add(entry)
    db.session.flush()
    audit.record("entry.begun", "campaign", campaign_id, entry=entry.id, invitation=invitation_id)
    return entry


def _invitation(campaign_id: int, e164: str | None, language: str) -> int:
    others = takes_others(campaign_id)
    refused = CampaignError(
        "not_invited",
        _l("This survey goes to a random sample: only people who were drawn can answer."),
    )
    if e164 is None:
        if not others:
            raise refused
        return invitations.make(campaign_id, language=language, channel="phone")[0]
    contact_id = db.session.scalar(select(Contact.id).where(Contact.e164 == e164))
    known = invitations.of_contact(campaign_id, contact_id) if contact_id else None
    if known is not None:
        return known
    if not others:
        raise refused
    contact_id = contact_id or bank.respondent(e164, language=language, source="telephone survey")
    invitations.find_or_make(campaign_id, contact_id, language=language, channel="phone")
    found = invitations.of_contact(campaign_id, contact_id)
    assert found is not None  # noqa: S101 (made a line above)
    return found


def of_user(entry_id: int, user_id: int) -> PhoneEntry | None:
    """An entry of this operator; nobody reads on in the entry of somebody else."""
    entry = db.session.get(PhoneEntry, entry_id)
    return entry if entry is not None and entry.user_id == user_id else None


def token_of(entry: PhoneEntry) -> str:
    return invitations.token_of(entry.invitation_id)


def link_of(entry: PhoneEntry) -> Link | None:
    return responses.find(invitations.token_of(entry.invitation_id))


def submit(
    entry: PhoneEntry,
    *,
    page_number: int,
    raw: Mapping[str, Sequence[str]],
    shown: Collection[str] | None,
    lang: str,
    direction: Direction,
    version: int | None,
) -> Outcome | None:
    """Take a page as `surveys.responses.services.submit` does; note the end."""
    outcome = responses.submit(
        invitations.token_of(entry.invitation_id),
        page_number=page_number,
        raw=raw,
        shown=shown,
        lang=lang,
        direction=direction,
        version=version,
        mode="phone",
    )
    if outcome is not None and outcome.kind in {"done", "screened"}:
        entry.ended_at = clock.now()
        audit.record(
            "entry.completed",
            "campaign",
            entry.campaign_id,
            entry=entry.id,
            invitation=entry.invitation_id,
            kept=outcome.kind == "done",
        )
        db.session.flush()
    return outcome
