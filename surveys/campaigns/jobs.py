"""What happens to campaigns by themselves."""

from portal import jobs
from portal.db import db
from surveys.campaigns import services


@jobs.job(queue="default", timeout_seconds=120)
def close_due() -> None:
    """Close campaigns whose closing moment has passed, one by one."""
    due = services.due_to_close()
    db.session.rollback()
    for campaign_id in due:
        services.close_if_due(campaign_id)
        db.session.commit()
