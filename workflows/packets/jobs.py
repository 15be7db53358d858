"""Compiling in the background."""

from portal import jobs
from portal.db import db
from workflows.packets import services


@jobs.job(queue="default", timeout_seconds=300)
def compile_packet(packet_id: int) -> None:
    """Compile one packet; a run that was killed goes on where it stopped."""
    claimed = services.claim(packet_id)
    db.session.commit()
    if claimed:
        run(packet_id)


def run(packet_id: int) -> None:
    """Do the steps of a claimed run. What goes wrong is written down, then raised."""
    try:
        for _step in services.compile_steps(packet_id):
            db.session.commit()
    except Exception as error:
        db.session.rollback()
        services.give_up(packet_id, f"{type(error).__name__}: {error}")
        db.session.commit()
        raise


@jobs.job(queue="default", timeout_seconds=900)
def sweep() -> None:
    """Compile what waits: the queue lost it, or its worker died."""
    waiting = services.free()
    db.session.commit()
    for packet_id in waiting:
        compile_packet(packet_id)
