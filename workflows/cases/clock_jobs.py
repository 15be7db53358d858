"""Dating anew, at once after a change and by a sweep where that was lost."""

from portal import jobs
from portal.db import db
from workflows.cases import redating


@jobs.job(queue="urgent", timeout_seconds=300)
def redate() -> None:
    """Safe to run twice, at once, and to be killed anywhere: each batch is one transaction."""
    while redating.step():
        db.session.commit()
    db.session.rollback()
