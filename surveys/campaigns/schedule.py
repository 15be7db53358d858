"""What a campaign does by itself at a moment that was planned: launch, and remind.

Each is a row with a due time that a sweep finds and holds while it acts, so it happens once,
whatever runs twice or dies. Times are kept to the minute.
"""

import datetime as dt

from sqlalchemy import select

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.messaging import approvals
from portal.messaging.approvals import ApprovalError
from surveys.campaigns import launching, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign, PlannedReminder

MOST_REMINDERS = 10


def plan_launch(campaign_id: int, at: dt.datetime, *, user_id: int | None) -> Campaign:
    """Launch a draft by itself at a moment; until then nothing in it may change. CampaignError."""
    campaign = services.draft(campaign_id)
    _ahead(at)
    if campaign.closes_at and at >= campaign.closes_at:
        raise CampaignError("past", _l("At that moment the last day for answers is over."))
    found = launching.plan(campaign)
    if found.problems:
        raise CampaignError("wrong", *found.problems)
    if approvals.needed(found.recipients):
        ask(campaign, found.recipients, user_id=user_id)
    campaign.launch_at, campaign.launch_planned_by = at, user_id
    campaign.launch_failed_at = None
    audit.record("campaign.launch_planned", "campaign", campaign_id, at=at.isoformat())
    db.session.flush()
    return campaign


def ask(campaign: Campaign, recipients: int, *, user_id: int | None) -> None:
    """Wish for a second person's approval of a locked draft. CampaignError."""
    try:
        approvals.request(services.SUBJECT, campaign.id, recipients, user_id=user_id)
    except ApprovalError as error:
        raise CampaignError("approval", error.message) from None


def unplan_launch(campaign_id: int) -> bool:
    """Take the plan back. False: there was none (any more)."""
    campaign = services.locked(campaign_id)
    if campaign.state != "draft" or campaign.launch_at is None:
        return False
    campaign.launch_at = campaign.launch_planned_by = None
    approvals.withdraw(services.SUBJECT, campaign_id)
    audit.record("campaign.launch_unplanned", "campaign", campaign_id)
    db.session.flush()
    return True


def due_to_launch() -> list[int]:
    return list(
        db.session.scalars(
            select(Campaign.id)
            .where(Campaign.state == "draft", Campaign.launch_at <= clock.now())
            .order_by(Campaign.id)
        )
    )


def launch_if_due(campaign_id: int) -> bool:
    """Launch it. What stands against it now is written down, and the draft is free again."""
    campaign = services.locked(campaign_id)
    if campaign.state != "draft" or not campaign.launch_at or campaign.launch_at > clock.now():
        return False
    user_id = campaign.launch_planned_by
    try:
        with db.session.begin_nested():
            launching.launch(campaign_id, user_id=user_id)
    except CampaignError as error:
        campaign = services.locked(campaign_id)
        campaign.launch_at, campaign.launch_failed_at = None, clock.now()
        approvals.withdraw(services.SUBJECT, campaign_id)
        audit.record(
            "campaign.launch_failed", "campaign", campaign_id, why=[str(m) for m in error.messages]
        )
        db.session.flush()
        return False
    return True


# Reminders


def planned_reminders(campaign_id: int) -> list[PlannedReminder]:
    return list(
        db.session.scalars(
            select(PlannedReminder)
            .where(PlannedReminder.campaign_id == campaign_id)
            .order_by(PlannedReminder.due_at)
        )
    )


def plan_reminder(campaign_id: int, at: dt.datetime, *, user_id: int | None) -> PlannedReminder:
    """Remind those who have not answered by then, once. CampaignError."""
    campaign = services.locked(campaign_id)
    if campaign.state not in ("draft", *services.RUNNING):
        raise CampaignError("over", _l("This campaign is over."))
    _ahead(at)
    if campaign.closes_at and at >= campaign.closes_at:
        raise CampaignError("past", _l("At that moment the last day for answers is over."))
    known = planned_reminders(campaign_id)
    if any(each.due_at == at for each in known):
        raise CampaignError("planned", _l("A reminder is planned for this moment already."))
    if len(known) >= MOST_REMINDERS:
        raise CampaignError("planned", _l("Ten reminders are enough for everybody."))
    planned = PlannedReminder(campaign_id=campaign_id, due_at=at, planned_by=user_id)
    db.session.add(planned)
    audit.record("campaign.reminder_planned", "campaign", campaign_id, at=at.isoformat())
    db.session.flush()
    return planned


def unplan_reminder(campaign_id: int, planned_id: int) -> bool:
    """Take a planned reminder back. False: it was sent or taken back before."""
    planned = _planned(planned_id)
    if planned is None or planned.campaign_id != campaign_id:
        return False
    audit.record(
        "campaign.reminder_unplanned", "campaign", campaign_id, at=planned.due_at.isoformat()
    )
    db.session.delete(planned)
    db.session.flush()
    return True


def reminders_due() -> list[int]:
    """Planned reminders whose moment has come; those of paused campaigns wait for the resuming."""
    return list(
        db.session.scalars(
            select(PlannedReminder.id)
            .join(Campaign, Campaign.id == PlannedReminder.campaign_id)
            .where(
                PlannedReminder.state == "planned",
                PlannedReminder.due_at <= clock.now(),
                Campaign.state != "paused",
            )
            .order_by(PlannedReminder.id)
        )
    )


def remind_if_due(planned_id: int) -> bool:
    """Send it, unless somebody did; the campaign may have ended, or have nobody to remind."""
    planned = _planned(planned_id)
    if planned is None or planned.due_at > clock.now():
        return False
    campaign = services.locked(planned.campaign_id)
    if campaign.state == "paused":
        return False
    if campaign.state != "launched":
        return _skip(planned, "over")
    try:
        with db.session.begin_nested():
            reminder = launching.remind(campaign.id, user_id=planned.planned_by)
    except CampaignError:
        return _skip(planned, "nobody")
    planned.state, planned.reminder_id = "sent", reminder.id
    db.session.flush()
    return True


def _skip(planned: PlannedReminder, state: str) -> bool:
    planned.state = state
    audit.record("campaign.reminder_skipped", "campaign", planned.campaign_id, why=state)
    db.session.flush()
    return False


def _planned(planned_id: int) -> PlannedReminder | None:
    return db.session.scalars(
        select(PlannedReminder)
        .where(PlannedReminder.id == planned_id, PlannedReminder.state == "planned")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _ahead(at: dt.datetime) -> None:
    if at <= clock.now():
        raise CampaignError("past", _l("This moment has passed. Choose a later one."))
