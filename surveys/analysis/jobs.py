"""Counting and large files in the background."""

from portal import jobs
from portal.db import db
from surveys.analysis import counting, waiting


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


@jobs.job(queue="bulk", timeout_seconds=waiting.TIMEOUT_SECONDS)
def make_file(export_id: int) -> None:
    """Make one file of answers, unless somebody is at it or it is made."""
    wanted = waiting.claim(export_id)
    db.session.commit()
    if wanted is None:
        return
    try:
        size = waiting.write(wanted)
    except BaseException:
        db.session.rollback()
        waiting.release(export_id, wanted)
        db.session.commit()
        raise
    waiting.finish(export_id, wanted, size)
    db.session.commit()


@jobs.job(queue="default", timeout_seconds=120)
def make_files_due() -> None:
    """Erase what is a day old, give up what failed too often, have the rest made."""
    waiting.erase_old()
    waiting.give_up()
    db.session.commit()
    waiting.sweep_folder()
    due = waiting.due()
    db.session.rollback()
    for export_id in due:
        # Not here: the beat runs this itself where no worker does, and must not wait for it.
        make_file.enqueue(export_id)
