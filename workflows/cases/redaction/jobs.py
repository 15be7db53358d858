"""What follows a redaction: files of packets drawn anew, dead rows removed."""

from portal import jobs
from portal.db import db
from workflows.cases.redaction import packets
from workflows.cases.redaction import scrub as scrubbing


@jobs.job(queue="default", timeout_seconds=900)
def scrub() -> None:
    """Safe to run twice and to be killed; what is not done is found again."""
    waiting = scrubbing.waiting()
    if not waiting:
        db.session.rollback()
        return
    for packet_id in packets.undrawn():
        packets.draw(packet_id)
        db.session.commit()
    db.session.rollback()
    scrubbing.scrub(*waiting)
    db.session.rollback()
