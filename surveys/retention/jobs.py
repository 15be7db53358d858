"""Erasing on time."""

from portal import jobs
from portal.db import db
from surveys.retention import erasing


@jobs.job(queue="bulk", timeout_seconds=900)
def erase_due() -> None:
    """Erase what is older than the rule of its survey, batch by batch, each committed.

    Files go after the commit that erased their answers; those a killed run left go first.
    """
    _discard_photos()
    due = erasing.with_rules()
    db.session.rollback()
    for survey_id in due:
        while erasing.erase_batch(survey_id):
            db.session.commit()
            _discard_photos()
        db.session.rollback()


def _discard_photos() -> None:
    while erasing.discard_photos():
        db.session.commit()
    db.session.rollback()
