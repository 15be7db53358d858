"""What happens to campaigns by themselves."""

from portal import jobs
from portal.db import db
from surveys.campaigns import schedule, services


@jobs.job(queue="default", timeout_seconds=120)
def close_due() -> None:
    """Close campaigns whose closing moment has passed, one by one."""
    due = services.due_to_close()
    db.session.rollback()
    for campaign_id in due:
        services.close_if_due(campaign_id)
        db.session.commit()


@jobs.job(queue="default", timeout_seconds=900)
def launch_due() -> None:
    """Launch campaigns whose planned moment has come, one by one."""
    due = schedule.due_to_launch()
    db.session.rollback()
    for campaign_id in due:
        schedule.launch_if_due(campaign_id)
        db.session.commit()


@jobs.job(queue="default", timeout_seconds=900)
def remind_due() -> None:
    """Send planned reminders whose moment has come, one by one."""
    due = schedule.reminders_due()
    db.session.rollback()
    for planned_id in due:
        schedule.remind_if_due(planned_id)
        db.session.commit()
