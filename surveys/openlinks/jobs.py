"""What happens to open links by itself."""

from portal import jobs
from portal.db import db
from surveys.openlinks import services


@jobs.job(queue="default", timeout_seconds=60)
def forget_challenges() -> None:
    """Delete old rows of codes: they hold numbers."""
    services.sweep()
    db.session.commit()
