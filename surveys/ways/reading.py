"""What a campaign's ways are; for modules below the services of campaigns."""

from portal.db import db
from surveys.ways.models import CampaignWays


def of(campaign_id: int) -> CampaignWays:
    """The ways of a campaign; where none were chosen, the SMS alone (not in the session)."""
    return db.session.get(CampaignWays, campaign_id) or CampaignWays(
        campaign_id=campaign_id, invites_by_sms=True, takes_replies=False, call_script={}
    )
