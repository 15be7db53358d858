"""A launch to many people, by two persons. Without many, a launch as ever."""

from typing import Literal

from portal.i18n import _l
from portal.messaging import approvals
from portal.messaging.approval_models import LaunchApproval
from portal.messaging.approvals import ApprovalError
from surveys.campaigns import launching, schedule, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign

SUBJECT = services.SUBJECT
Outcome = Literal["launched", "waiting"]


def launch_or_ask(
    campaign_id: int, *, user_id: int | None, expected: int | None
) -> tuple[Outcome, int]:
    """Launch a draft, or ask for a second person; and to how many people. CampaignError."""
    campaign = services.locked(campaign_id)
    if campaign.state != "draft":
        raise CampaignError("not_draft", _l("This campaign was launched already."))
    found = launching.plan(campaign)
    if not approvals.needed(found.recipients):
        return "launched", launching.launch(campaign_id, user_id=user_id, expected=expected)
    services.draft(campaign_id)
    if found.problems:
        raise CampaignError("wrong", *found.problems)
    if expected is not None and expected != found.recipients:
        raise CampaignError("changed", launching.changed())
    schedule.ask(campaign, found.recipients, user_id=user_id)
    return "waiting", found.recipients


def approve(campaign_id: int, *, user_id: int | None, expected: int) -> int | None:
    """The second person agrees to `expected` people: it is launched in the name of whoever wanted
    it, and to how many; None where it waits for its planned moment. CampaignError."""
    campaign = services.locked(campaign_id)
    recipients = launching.plan(campaign).recipients
    if recipients != expected:
        raise CampaignError("changed", launching.changed())
    try:
        wish = approvals.approve(SUBJECT, campaign_id, user_id=user_id, recipients=recipients)
    except ApprovalError as error:
        raise CampaignError(error.code, error.message) from None
    if campaign.launch_at is not None:
        return None
    return launching.launch(campaign_id, user_id=wish.requested_by, expected=expected)


def decline(campaign_id: int, *, user_id: int | None, reason: str) -> LaunchApproval:
    """The second person says no, and why; a planned launch is taken back. CampaignError."""
    campaign = services.locked(campaign_id)
    try:
        wish = approvals.decline(SUBJECT, campaign_id, user_id=user_id, reason=reason)
    except ApprovalError as error:
        raise CampaignError(error.code, error.message) from None
    campaign.launch_at = campaign.launch_planned_by = None
    return wish


def withdraw(campaign_id: int) -> bool:
    """Whoever wanted to launch takes it back, a plan too. False: nothing stood open."""
    campaign = services.locked(campaign_id)
    if campaign.launch_at is not None:
        return schedule.unplan_launch(campaign_id)
    return approvals.withdraw(SUBJECT, campaign_id)


def standing(campaign: Campaign) -> LaunchApproval | None:
    """What waits for a second person, was approved for later, or was declined last."""
    if campaign.state != "draft":
        return None
    found = approvals.latest(SUBJECT, campaign.id)
    return found if found and found.state in {"waiting", "approved", "declined"} else None
