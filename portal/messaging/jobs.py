"""The jobs of messaging. Each finds its work in the tables, and several may run at once."""

from typing import Final

from portal import jobs
from portal.db import db
from portal.messaging import delivery, hints, hygiene
from portal.messaging import dispatch as dispatcher
from portal.messaging import reconcile as reconciler

SLICE_SECONDS: Final = 5.0
"""A dispatcher gives its worker back so often, so that urgent jobs come in between."""


@jobs.job(queue="default", timeout_seconds=300)
def dispatch() -> None:
    """Send what waits; where there is more, have other workers help and come again."""
    hints.dispatch_started()
    _, more = dispatcher.run(SLICE_SECONDS, busy=hints.dispatch_soon)
    if more:
        hints.dispatch_soon()


@jobs.job(queue="urgent", timeout_seconds=120)
def reconcile() -> None:
    """Settle claims that ran out and messages whose fate is unknown."""
    reconciler.run()


@jobs.job(queue="default", timeout_seconds=300)
def pull_deliveries() -> None:
    """Ask for the delivery states that are due."""
    delivery.pull()


@jobs.job(queue="default", timeout_seconds=300)
def mark_unreachable() -> None:
    """Mark numbers to which messages keep coming back, forgive those that answer again."""
    hygiene.sweep()
    db.session.commit()
