"""Reading and committing imports in the background."""

import logging

from portal import jobs
from portal.contacts import committing, imports, staging
from portal.db import db

log = logging.getLogger(__name__)


@jobs.job(queue="default", timeout_seconds=1800)
def read_import(import_id: int) -> None:
    """Stage the uploaded file; continues where a killed run stopped."""
    for _row in staging.read(import_id):
        db.session.commit()


@jobs.job(queue="default", timeout_seconds=1800)
def commit_import(import_id: int) -> None:
    """Write the staged rows; continues where a killed run stopped."""
    for _row in committing.commit(import_id):
        db.session.commit()


@jobs.job(queue="default", timeout_seconds=1800)
def sweep() -> None:
    """Take over imports that stand still, and forget what has served."""
    for import_id, state in imports.stuck():
        db.session.commit()
        try:
            (read_import if state == "reading" else commit_import)(import_id)
        except Exception:
            # One that always fails must not stand in the way of the others.
            db.session.rollback()
            log.exception("An import failed", extra={"import": import_id, "state": state})
    imports.forget_old()
    db.session.commit()
