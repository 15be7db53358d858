"""Sendings that fail in every way, for what is said of them."""

import logging
import socket
from collections.abc import Callable, Iterator, Sequence

import pytest

from portal.messaging.gateways.base import Gateway, GatewayError, Outgoing
from portal.messaging.simulator.testing import RunningSimulator


def failing(
    simulator: RunningSimulator,
    gateway_of: Callable[..., Gateway],
    batch: Sequence[Outgoing],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[tuple[Gateway, GatewayError]]:
    """A gateway that does not answer, is not there, has no address, or is behind such a proxy.

    Everything is logged. Holds no secret: the locals of its frames stand in the traceback.
    """
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")  # an application quietens it
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    simulator.behaviour(timeout_rate=1, hang_seconds=30)
    for more in (
        {"read_timeout": "0.3"},
        {"url": f"http://127.0.0.1:{closed}"},
        {"url": "http://nowhere.invalid"},
        {"url": "http://[bad"},
        {"proxy": f"http://127.0.0.1:{closed}"},
    ):
        gateway = gateway_of(simulator, **more)
        with pytest.raises(GatewayError) as caught:
            gateway.send(batch)
        yield gateway, caught.value
