"""Simulators in their own processes, and a portal-side listener for their callbacks."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask import Flask

from portal.messaging.simulator.testing import RunningSimulator, running_simulator
from tests.factories.messages import FakeGateway, use_gateways


@pytest.fixture
def gateway(app: Flask) -> Iterator[FakeGateway]:
    """The application's gateway, one that does as it is told."""
    fake = FakeGateway()
    use_gateways(app, fake)
    yield fake
    del app.extensions["pasokh_accounts"]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[RunningSimulator]:
    """A well-behaved one; change it with `simulator.behaviour(…)`."""
    with running_simulator(tmp_path, delivery_seconds=0.2, seed=7) as running:
        yield running


class Listener(ThreadingHTTPServer):
    """Keeps what it is called with; answers `statuses` one after the other, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ListenerHandler)
        self.received: list[tuple[str, dict[str, str]]] = []
        self.statuses: list[int] = []
        self.hangs_up = False
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str]]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.received) >= count, timeout=30)
            return list(self.received)


class ListenerHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with self.server.changed:
            self.server.received.append((self.path, dict(parse_qsl(body, keep_blank_values=True))))
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            self.server.changed.notify_all()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        # Without a word: the caller meant to use the connection again.
        self.close_connection = self.server.hangs_up

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
