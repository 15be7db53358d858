"""The sweep of letters whose reply is awaited."""

from portal import jobs
from portal.db import db
from workflows.letters import deadlines


@jobs.job(queue="default", timeout_seconds=120)
def sweep_letters() -> None:
    """Safe to run twice, at once, and to be killed anywhere: each step is one transaction."""
    while deadlines.sweep():
        db.session.commit()
    db.session.rollback()
