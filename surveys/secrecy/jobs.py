"""The periodic opening of boxes. Each step commits; a killed one is found again in the tables."""

from collections.abc import Callable

from portal import jobs
from portal.db import db
from surveys.secrecy import opening


@jobs.job(queue="default", timeout_seconds=1800)
def open_boxes() -> None:
    """Shut, open and destroy whatever is due, epoch by epoch."""
    _each(opening.due(), opening.shut)
    _each(opening.in_state("shut"), opening.open_epoch)
    _each(opening.in_state("opened"), opening.destroy)


def _each(key_ids: list[int], step: Callable[[int], object]) -> None:
    db.session.rollback()
    for key_id in key_ids:
        step(key_id)
        db.session.commit()
