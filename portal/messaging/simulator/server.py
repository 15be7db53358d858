"""The simulator's HTTP/1.1 server: a thread for each connection, kept alive."""

import contextlib
import ipaddress
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.messaging.simulator.behaviour import DEFAULT_MISHAPS, Behaviour
from portal.messaging.simulator.control import Control, ControlError
from portal.messaging.simulator.delivery import Delivery
from portal.messaging.simulator.dialect import Answer, Request
from portal.messaging.simulator.dialects import DIALECTS
from portal.messaging.simulator.ledger import Ledger

MAX_BODY: Final = 8 * 1024 * 1024
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Simulator(ThreadingHTTPServer):
    """One simulated gateway with its ledger. Call `serve_forever`, then `close`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(
        self,
        host: str,
        port: int,
        data: Path,
        *,
        api_key: str,
        behaviour: Behaviour | None = None,
        seed: int | None = None,
        dialect: str = "kavenegar",
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)
        self.stopping = threading.Event()
        self.ledger = Ledger(data)
        start = time.time_ns() if seed is None else seed
        self.dialect = DIALECTS[dialect](self.ledger, self.behaviour, api_key, start)
        Behaviour.known_codes = self.dialect.codes
        if self.behaviour.error_codes == DEFAULT_MISHAPS:
            self.behaviour.error_codes = self.dialect.mishaps
        self.behaviour.check()
        self.delivery = Delivery(self.ledger, self.behaviour, self.dialect)
        self.control = Control(self.ledger, self.behaviour, self.delivery)
        self.delivery.start()

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        name = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{name}:{port}"

    def close(self) -> None:
        """Stop the threads and close the ledger, after `serve_forever` has returned."""
        self.stopping.set()
        self.server_close()
        self.delivery.stop()
        self.ledger.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "PasokhSimulator"
    sys_version = ""
    timeout = 120  # of an idle connection, seconds
    disable_nagle_algorithm = True
    server: Simulator

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def do_DELETE(self) -> None:
        self._route("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the key is in the path."""

    def _route(self, verb: str) -> None:
        body = self._body()
        if body is None:
            return
        parts = urlsplit(self.path)
        path = unquote(parts.path).strip("/").split("/")
        if path[0] == "sim":
            self._control(verb, "/".join(path[1:]), parts.query, body)
            return
        if self.server.behaviour.latency_ms:
            self.server.stopping.wait(self.server.behaviour.latency_ms / 1000)
        is_json = self.headers.get_content_type() == "application/json"
        request = Request(
            verb,
            tuple(path),
            _form(parts.query),
            _form(body) if verb != "GET" and not is_json else {},
            _document(body) if is_json else None,
            dict(self.headers.items()),
        )
        self._finish(self.server.dialect.answer(request))

    def _finish(self, answer: Answer) -> None:
        if answer.fate == "hang":
            self.server.stopping.wait(self.server.behaviour.hang_seconds)
            self.close_connection = True
        elif answer.fate == "drop":
            # Linger 0: the client sees a reset, not an orderly end.
            with contextlib.suppress(OSError):
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            self.connection.close()
            self.close_connection = True
        else:
            html = answer.body.startswith(b"<")
            kind = "text/html" if html else "application/json"
            self._write(answer.status, answer.body, kind, answer.headers)

    def _control(self, verb: str, path: str, query: str, body: bytes) -> None:
        try:
            self._check_local()
            if verb == "GET":
                document = self.server.control.get(path, _form(query))
            else:
                document = self.server.control.post(path, self._json(body))
            status = 200
        except ControlError as error:
            document, status = {"error": str(error)}, error.status
        text = json.dumps(document, ensure_ascii=False).encode()
        self._write(status, text, "application/json")

    def _check_local(self) -> None:
        """Only this machine, and no page of another site in a browser on it."""
        client = ipaddress.ip_address(self.client_address[0].split("%")[0])
        mapped = getattr(client, "ipv4_mapped", None)
        host = urlsplit("//" + self.headers.get("Host", "")).hostname
        site = self.headers.get("Sec-Fetch-Site", "none")
        if (
            not (mapped or client).is_loopback
            or host not in _LOCAL_NAMES
            or "Origin" in self.headers
            or site not in {"none", "same-origin"}
        ):
            raise ControlError(403, "only for this machine")

    def _json(self, body: bytes) -> Mapping[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise ControlError(415, "send JSON")
        found = _document(body)
        if not isinstance(found, dict):
            raise ControlError(400, "send a JSON object")
        return found

    def _body(self) -> bytes | None:
        """The request's body; None (answered) if it cannot be read."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            self._write(411, b"{}", "application/json")
            return None
        if int(length) > MAX_BODY:
            self.close_connection = True
            self._write(413, b"{}", "application/json")
            return None
        return self.rfile.read(int(length))

    def _write(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        # Headers and body in one segment: two would wait for each other's acknowledgement.
        self._headers_buffer: list[bytes]
        self._headers_buffer.append(b"\r\n" + body)
        self.flush_headers()


def _document(body: bytes) -> object:
    """The JSON document of a body; None where it is none."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _form(text: str | bytes) -> dict[str, str]:
    """Form or query fields; the first of a name counts, at most 50."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    return dict(reversed(pairs))
