"""A campaign's SMS over hours instead of all at once."""

import datetime as dt
from typing import Final

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from portal.messaging import quiet
from portal.messaging.spreading import NeverOpenError, Spread
from surveys.campaigns import services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign

MOST_HOURS: Final = 240


def change(campaign_id: int, hours: int | None) -> Campaign:
    """Over how many open hours a draft's SMS go out; None: as fast as may be. CampaignError."""
    if hours is not None and not 1 <= hours <= MOST_HOURS:
        raise CampaignError("hours", _l("Choose between 1 and 240 hours."))
    campaign = services.draft(campaign_id)
    campaign.spread_hours = hours
    audit.record("campaign.changed", "campaign", campaign.id, spread_hours=hours)
    db.session.flush()
    return campaign


def of(campaign: Campaign, recipients: int) -> Spread | None:
    """When its SMS would go if it were launched now; None: as fast as may be. CampaignError."""
    if not campaign.spread_hours or not recipients:
        return None
    span = dt.timedelta(hours=campaign.spread_hours)
    try:
        return Spread(clock.now(), span, recipients, quiet.open_hours())
    except NeverOpenError:
        raise CampaignError(
            "hours", _l("There are not so many hours of sending within a year.")
        ) from None
