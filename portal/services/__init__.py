"""The embedded PostgreSQL and queue server, for machines that bring neither.

Every process that calls ``ensure_running`` joins one group per data folder. A detached keeper
starts both servers for the first of the group, restarts a dead one, and stops both some seconds
after the last process of the group has ended. Importing this package starts nothing.
"""

from portal.services.errors import ServiceError
from portal.services.group import ensure_running, is_running, status, stop
from portal.services.places import ServiceUrls, locations
from portal.services.programs import postgres_program

__all__ = [
    "ServiceError",
    "ServiceUrls",
    "ensure_running",
    "is_running",
    "locations",
    "postgres_program",
    "status",
    "stop",
]
