"""Campaigns as drafts, and their states afterwards. Launching is in `launching`."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from flask import current_app
from sqlalchemy import func, select

from portal import audit, clock
from portal.config import Settings
from portal.contacts import audience
from portal.contacts.audience import AudienceCount, AudienceFilter
from portal.contacts.models import LANGUAGES
from portal.db import db
from portal.i18n import _l
from portal.messaging import approvals
from portal.messaging import services as messaging
from portal.messaging.models import MessageBatch
from surveys.campaigns import texts as sms
from surveys.campaigns.choosing import newest_version
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, CampaignReminder
from surveys.questionnaires.services import load_version
from surveys.replies import choices
from surveys.replies import texts as replies
from surveys.sampling import drawing
from surveys.sampling.plans import Plan
from surveys.secrecy import suitability
from surveys.ways import reading as ways

MAX_NAME: Final = 120
RUNNING: Final = ("launched", "paused")
SUBJECT: Final = "campaign"
"""What a campaign is called in the audit trail and in approvals."""


def sms_line() -> str | None:
    """The line that campaigns are sent over; None where none is configured: any opt-out counts."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return settings.sms_line or None


def get(campaign_id: int) -> Campaign | None:
    return db.session.get(Campaign, campaign_id)


def locked(campaign_id: int) -> Campaign:
    """The campaign, read anew and held until the transaction ends. NoResultFound."""
    # Not FOR UPDATE: that would keep out answers, which refer to the campaign and hold their
    # invitation, while a reminder holds the campaign and waits for that invitation.
    return db.session.get_one(
        Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True
    )


# Drafts


def create(
    name: str,
    survey_id: int,
    *,
    closes_at: dt.datetime | None,
    user_id: int | None,
    opens_at: dt.datetime | None = None,
    secrecy: str = "confidential",
) -> Campaign:
    """A draft on the survey's newest version, for the whole contact bank. CampaignError."""
    campaign = Campaign(created_by=user_id)
    _set_basics(
        campaign,
        name=name,
        survey_id=survey_id,
        opens_at=opens_at,
        closes_at=closes_at,
        secrecy=secrecy,
    )
    db.session.add(campaign)
    db.session.flush()
    _record_basics("campaign.created", campaign, survey_id)
    return campaign


def change_basics(
    campaign_id: int,
    name: str,
    survey_id: int,
    *,
    closes_at: dt.datetime | None,
    opens_at: dt.datetime | None = None,
    secrecy: str = "confidential",
) -> Campaign:
    """Name, survey (its newest version), opening hours and secrecy of a draft. CampaignError."""
    campaign = draft(campaign_id)
    _set_basics(
        campaign,
        name=name,
        survey_id=survey_id,
        opens_at=opens_at,
        closes_at=closes_at,
        secrecy=secrecy,
    )
    _record_basics("campaign.changed", campaign, survey_id)
    db.session.flush()
    return campaign


def _set_basics(
    campaign: Campaign,
    *,
    name: str,
    survey_id: int,
    opens_at: dt.datetime | None,
    closes_at: dt.datetime | None,
    secrecy: str,
) -> None:
    if opens_at is not None and closes_at is not None and opens_at >= closes_at:
        raise CampaignError("past", _l("The last day for answers is before the first one."))
    campaign.name = _name(name)
    campaign.version_id = _newest_id(survey_id)
    campaign.opens_at = opens_at
    campaign.closes_at = _future(closes_at)
    campaign.secrecy = secrecy


def _record_basics(action: str, campaign: Campaign, survey_id: int) -> None:
    audit.record(
        action,
        "campaign",
        campaign.id,
        name=campaign.name,
        survey=survey_id,
        secrecy=campaign.secrecy,
        opens_at=_written(campaign.opens_at),
        closes_at=_written(campaign.closes_at),
    )


def _written(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def change_audience(campaign_id: int, wanted: AudienceFilter) -> Campaign:
    """Whom a draft is for. CampaignError."""
    campaign = draft(campaign_id)
    campaign.audience = wanted.to_json()
    audit.record("campaign.changed", "campaign", campaign.id, audience=campaign.audience)
    db.session.flush()
    return campaign


def change_texts(
    campaign_id: int, texts: Mapping[str, str], reminder_texts: Mapping[str, str]
) -> Campaign:
    """The SMS of a draft per language; empty ones are left out. Wrong ones may be kept in a
    draft: launching refuses them. CampaignError."""
    campaign = draft(campaign_id)
    campaign.texts = sms.kept(texts)
    campaign.reminder_texts = sms.kept(reminder_texts)
    audit.record(
        "campaign.changed",
        "campaign",
        campaign.id,
        texts=campaign.texts,
        reminder_texts=campaign.reminder_texts,
    )
    db.session.flush()
    return campaign


def wanted(campaign: Campaign) -> AudienceFilter:
    return AudienceFilter.from_json(campaign.audience)


def audience_count(campaign: Campaign) -> AudienceCount:
    """Whom a launch now would write to: the audience, its sample, or nobody by SMS."""
    if not ways.of(campaign.id).invites_by_sms:
        return AudienceCount(0, dict.fromkeys(LANGUAGES, 0), 0)
    whole = audience.count(wanted(campaign), sms_line())
    sample = drawing.of(campaign.id)
    if sample is None:
        return whole
    plan = Plan.from_json(sample.plan)
    found = drawing.strata(plan, wanted(campaign), sms_line())
    chosen = drawing.by_language(plan, sample.seed, found, wanted(campaign), sms_line())
    return AudienceCount(sum(chosen.values()), chosen, whole.opted_out, whole.unreachable)


def costs(campaign: Campaign) -> dict[str, sms.TextCost]:
    """language -> cost of its text, in our order of languages."""
    texts = campaign.texts
    return {
        code: sms.cost(code, replies.filled(campaign, code, texts[code]))
        for code in LANGUAGES
        if code in texts
    }


def send_test(campaign_id: int, language: str, e164: str) -> None:
    """Put in one SMS to one number, its link as long as the real ones and opening nothing."""
    campaign = db.session.get_one(Campaign, campaign_id)
    text = campaign.texts.get(language, "")
    if wrong := (replies.problem(campaign, language, text) if text else None):
        raise CampaignError("text_wrong", wrong)
    if not text:
        raise CampaignError("text_missing", _l("There is no text in this language yet."))
    filled = replies.filled(campaign, language, text)
    messaging.send_one(e164, sms.sample(filled), language=language)
    audit.record("campaign.tested", "campaign", campaign.id, language=language)
    db.session.flush()


# States


def batch_ids(campaign: Campaign) -> list[int]:
    """The first batch and those of the reminders, in order of sending."""
    reminders = db.session.scalars(
        select(CampaignReminder.batch_id)
        .where(CampaignReminder.campaign_id == campaign.id)
        .order_by(CampaignReminder.id)
    ).all()
    return [*([campaign.batch_id] if campaign.batch_id else []), *reminders]


def pause(campaign_id: int) -> bool:
    """Send nothing more for now; links keep working. False: it was paused. CampaignError."""
    campaign = _running(campaign_id)
    if campaign.state == "paused":
        return False
    campaign.state = "paused"
    for batch_id in batch_ids(campaign):
        messaging.pause_batch(batch_id)
    audit.record("campaign.paused", "campaign", campaign.id)
    db.session.flush()
    return True


def resume(campaign_id: int) -> bool:
    """Go on sending, also what the gateway's refusal had stopped. False: nothing stood still."""
    campaign = _running(campaign_id)
    resumed = [_resumed(batch_id) for batch_id in batch_ids(campaign)]
    if campaign.state == "launched" and not any(resumed):
        return False
    campaign.state = "launched"
    audit.record("campaign.resumed", "campaign", campaign.id)
    db.session.flush()
    return True


def _resumed(batch_id: int) -> bool:
    try:
        return messaging.resume_batch(batch_id)
    except messaging.BatchError:
        return False  # somebody cancelled this sending on the pages of messages; the others go on


def close(campaign_id: int) -> bool:
    """Take no more answers and send nothing more; results stay. False: it was closed before."""
    campaign = locked(campaign_id)
    if campaign.state == "closed":
        return False
    return _end(_running(campaign_id), "closed")


def cancel(campaign_id: int) -> bool:
    """Stop for good: a draft is put away; of a launched one, links end. False: it was before."""
    campaign = locked(campaign_id)
    if campaign.state == "cancelled":
        return False
    if campaign.state == "closed":
        raise CampaignError("over", _l("This campaign is over."))
    return _end(campaign, "cancelled")


def change_closing(campaign_id: int, closes_at: dt.datetime | None) -> Campaign:
    """Another closing moment for a campaign that is running. CampaignError."""
    campaign = _running(campaign_id)
    before, campaign.closes_at = campaign.closes_at, _future(closes_at)
    audit.record(
        "campaign.closing_changed",
        "campaign",
        campaign.id,
        before=_written(before),
        after=_written(campaign.closes_at),
    )
    db.session.flush()
    return campaign


def switch_version(campaign_id: int, number: int) -> bool:
    """Ask everybody who has not begun the newest version of the survey, `number`; who has begun
    finishes the one they began. False: it was switched already. CampaignError."""
    campaign = _running(campaign_id)
    newest = newest_version((before := campaign.version).survey_id)
    if newest is None or newest.number != number:
        raise CampaignError(
            "outdated", _l("A newer version was published meanwhile. Look at it first.")
        )
    if newest.id == before.id:
        return False
    if ways.of(campaign.id).takes_replies:
        choices.keep_numbers(before.id, newest.id)
    if campaign.secrecy == "anonymous" and (
        wrong := list(suitability.problems(load_version(newest.id)))
    ):
        raise CampaignError("secrecy", *wrong)
    campaign.version_id = newest.id
    audit.record(
        "campaign.version_switched",
        "campaign",
        campaign.id,
        before=before.number,
        after=newest.number,
    )
    db.session.flush()
    return True


def due_to_close() -> list[int]:
    """Running campaigns whose closing moment has passed."""
    return list(
        db.session.scalars(
            select(Campaign.id)
            .where(Campaign.state.in_(RUNNING), Campaign.closes_at <= clock.now())
            .order_by(Campaign.id)
        )
    )


def close_if_due(campaign_id: int) -> bool:
    """Close it, unless its closing moment was moved or somebody closed it meanwhile."""
    campaign = locked(campaign_id)
    if campaign.state not in RUNNING or not campaign.closes_at:
        return False
    return campaign.closes_at <= clock.now() and _end(campaign, "closed")


def paused_reason(campaign: Campaign) -> str | None:
    """Code of what stopped a batch without a person's wish, e.g. kavenegar:420."""
    return db.session.scalar(
        select(func.max(MessageBatch.paused_reason)).where(
            MessageBatch.id.in_(batch_ids(campaign)), MessageBatch.state == "paused"
        )
    )


def _end(campaign: Campaign, state: str) -> bool:
    campaign.state = state
    approvals.withdraw(SUBJECT, campaign.id)
    stopped = sum(messaging.cancel_batch(each, f"campaign_{state}") for each in batch_ids(campaign))
    audit.record(f"campaign.{state}", "campaign", campaign.id, messages_cancelled=stopped)
    db.session.flush()
    return True


def draft(campaign_id: int) -> Campaign:
    """A draft to be changed, held until the transaction ends. CampaignError not_draft, planned."""
    campaign = locked(campaign_id)
    if campaign.state != "draft":
        raise CampaignError(
            "not_draft", _l("This campaign was launched; its survey, people and texts are fixed.")
        )
    if campaign.launch_at is not None:
        raise CampaignError(
            "planned", _l("Its launch is planned. Take the plan back before you change anything.")
        )
    if approvals.standing(SUBJECT, campaign_id) is not None:
        raise CampaignError(
            "waiting",
            _l("It waits for an approval. Take the launch back before you change anything."),
        )
    return campaign


def _running(campaign_id: int) -> Campaign:
    campaign = locked(campaign_id)
    if campaign.state not in RUNNING:
        raise CampaignError("not_running", _l("This campaign is not running."))
    return campaign


def _name(name: str) -> str:
    return " ".join(name.split())[:MAX_NAME]


def _newest_id(survey_id: int) -> int:
    version = newest_version(survey_id)
    if version is None:
        raise CampaignError("bad_survey", _l("Choose a survey."))
    return version.id


def _future(moment: dt.datetime | None) -> dt.datetime | None:
    if moment is not None and moment <= clock.now():
        raise CampaignError("past", _l("The closing date has passed. Choose a later one."))
    return moment
