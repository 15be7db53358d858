"""The sweep of special messages: due times that have passed."""

from portal import jobs
from portal.db import db
from workflows.special import services


@jobs.job(queue="default", timeout_seconds=120)
def sweep() -> None:
    """Safe to run twice, at once, and to be killed anywhere: a batch is one transaction."""
    while services.note_overdue():
        db.session.commit()
    db.session.rollback()
