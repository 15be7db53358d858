"""The jobs of messaging. Each finds its work in the tables, and several may run at once."""

from typing import Final

from portal import jobs
from portal.alone import alone
from portal.db import db
from portal.messaging import delivery, fetching, hints, hygiene
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
    """Ask for the delivery states that are due. Of gateways that are asked about each message this
    takes hours for a campaign: other workers are kept free for what is urgent."""
    with alone("pull_deliveries") as is_alone:
        if is_alone:
            delivery.pull()


@jobs.job(queue="urgent", timeout_seconds=300)
def fetch_inbound() -> None:
    """Fetch SMS that arrived at gateways which do not push them, or whose push was lost."""
    fetching.fetch_inbound()


@jobs.job(queue="default", timeout_seconds=300)
def fetch_stops() -> None:
    """Fetch the numbers that stopped a line at its gateway."""
    fetching.fetch_stops()


@jobs.job(queue="default", timeout_seconds=300)
def mark_unreachable() -> None:
    """Mark numbers to which messages keep coming back, forgive those that answer again."""
    hygiene.sweep()
    db.session.commit()
