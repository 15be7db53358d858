"""The sweep: clocks that run out, questions that nobody answers."""

import logging

from portal import jobs
from portal.db import db
from workflows.cases import clocks, feedback, silence

log = logging.getLogger(__name__)


@jobs.job(queue="urgent", timeout_seconds=120)
def sweep_clocks() -> None:
    """Safe to run twice, at once, and to be killed anywhere: each step is one transaction."""
    for part in (clocks.sweep, feedback.open_waiting):
        try:
            while part():
                db.session.commit()
        except Exception:
            # What one part stumbles over must not hold up the others, nor the next minute.
            log.exception("A part of the sweep failed", extra={"part": part.__name__})
            db.session.rollback()
            if part is clocks.sweep:
                _one_by_one()
        db.session.rollback()
    _time_out()


def _one_by_one() -> None:
    """One clock that fails must not keep the city from hearing of all that run out after it."""
    try:
        while clocks.sweep(careful=True):
            db.session.commit()
    except Exception:
        log.exception("The careful sweep failed")


def _time_out() -> None:
    last = 0
    while found := silence.unanswered(after=last):
        for question_id in found:
            last = question_id
            try:
                silence.time_out(question_id)
                db.session.commit()
            except Exception:
                # A listener that refuses one closing must not hold up all the others.
                db.session.rollback()
                log.exception("A question could not be closed", extra={"question": question_id})
    db.session.rollback()
