"""The rate limiter; its storage is the queue server, or memory where that is away."""

import ipaddress
import logging

from flask import current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem
from redis import ConnectionPool
from werkzeug.local import LocalProxy

log = logging.getLogger(__name__)


def _queue_connections() -> ConnectionPool:
    pool: ConnectionPool = current_app.extensions["pasokh_redis"].connection_pool
    return pool


queue_connections = LocalProxy(_queue_connections)
"""The one limiter serves every application of this process and would keep the storage of the one
made last; so its storage asks whose request it is."""

limiter = Limiter(get_remote_address, default_limits=[], headers_enabled=True)


def subscriber() -> str:
    """Whose request this is: an address, or the /64 of one subscriber of the new internet, who
    could take another address of it for each guess."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:  # a proxy that says ip:port, or nothing
        return request.remote_addr or "unknown"
    if address.version == 6:
        address = ipaddress.ip_network((address, 64), strict=False).network_address
    return str(address)


def over_limit(item: RateLimitItem, name: str, who: str | None = None) -> bool:
    """Count one more of `name` for `who` (None: the subscriber); True beyond the limit.

    Where nothing can be counted nobody is over the limit.
    """
    try:
        return not limiter.limiter.hit(item, name, subscriber() if who is None else who)
    except Exception:
        log.warning("Could not count %s", name, exc_info=True)
        return False
