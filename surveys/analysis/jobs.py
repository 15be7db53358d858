"""Counting in the background."""

from portal import jobs
from portal.db import db
from surveys.analysis import counting


@jobs.job(queue="bulk", timeout_seconds=900)
def count(survey_id: int, campaign_id: int | None) -> None:
    """Count a survey, or one campaign of it, if its answers have changed."""
    counting.refresh(survey_id, campaign_id)
    db.session.commit()


@jobs.job(queue="bulk", timeout_seconds=900)
def count_due() -> None:
    """Look at every kept count that may be old, one transaction each."""
    due = counting.due()
    db.session.rollback()
    for survey_id, campaign_id in due:
        counting.refresh(survey_id, campaign_id)
        db.session.commit()
