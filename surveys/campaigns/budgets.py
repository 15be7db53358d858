"""What a campaign's SMS may cost, its reminders included."""

from portal import audit
from portal.db import db
from portal.i18n import _l
from portal.messaging import budget
from surveys.campaigns import services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign


def change(campaign_id: int, rial: int | None) -> Campaign:
    """Set it, before or after the launch; None: without a limit. What was paused stays paused.
    CampaignError not_running, planned."""
    campaign = services.locked(campaign_id)
    if campaign.state == "draft":
        services.draft(campaign_id)
    elif campaign.state not in services.RUNNING:
        raise CampaignError("not_running", _l("This campaign is not running."))
    before, campaign.budget_rial = campaign.budget_rial, rial
    if campaign.batch_id is not None:
        budget.set_budget(campaign.batch_id, rial)
    audit.record("campaign.budget_changed", "campaign", campaign_id, before=before, after=rial)
    db.session.flush()
    return campaign
