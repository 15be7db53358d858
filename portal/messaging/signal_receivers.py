"""What messaging does on the host's signals."""

from portal import signals
from portal.messaging import inbound


def connect() -> None:
    """Connect the receivers; again changes nothing."""
    signals.opted_out.connect(inbound.on_opted_out)
