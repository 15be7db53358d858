"""The end of hidden counts."""

from sqlalchemy import exists, select

from portal import jobs
from portal.db import db
from surveys.campaigns.models import Campaign
from surveys.quotas import services
from surveys.quotas.models import Quota
from surveys.secrecy import keys
from surveys.secrecy.models import SealedAnswer
from surveys.secrecy.services import ENDED


@jobs.job(queue="default", timeout_seconds=120)
def settle_counts() -> None:
    """Write the counts of ended anonymous campaigns plainly, then destroy the keys they had.

    Not while answers lie in the box: counts of a few unopened answers would tell about people.
    """
    ended = select(Campaign.id, Campaign.counter_key).where(
        Campaign.state.in_(ENDED), Campaign.counter_key.is_not(None)
    )
    hidden = exists().where(Quota.campaign_id == Campaign.id, Quota.sealed_count.is_not(None))
    waits = exists().where(SealedAnswer.campaign_id == Campaign.id)
    for campaign_id, _name in db.session.execute(ended.where(hidden, ~waits)).all():
        services.settle(campaign_id)
        db.session.commit()
    # Only now, when no counter needs it any more; the name alone says nothing.
    for campaign_id, name in db.session.execute(ended.where(~hidden)).all():
        if name is not None:
            keys.destroy(name)
        services.forget(campaign_id)
        db.session.commit()
