"""What happens to sheets by themselves."""

from portal import jobs
from portal.db import db
from surveys.paper import services

BATCH = 500


@jobs.job(queue="default", timeout_seconds=300)
def forget_unfinished() -> None:
    """Erase what was typed from sheets that were not finished when their campaign ended."""
    while services.forget_ended(BATCH):
        db.session.commit()
    db.session.rollback()
