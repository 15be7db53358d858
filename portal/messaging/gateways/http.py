"""A call that says how far it got, and never shows its URL."""

import os
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import requests
import urllib3

from portal.messaging.gateways.base import ErrorKind
from portal.messaging.gateways.redact import Secret

MAX_BODY: Final = 4 * 1024 * 1024

# Raised before the first byte of the request left: surely not accepted.
_BEFORE_SENDING = (
    urllib3.exceptions.NewConnectionError,  # refused, unreachable, name not found
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request. The address is `base` and the pieces of `path`, with slashes between; at most one
    of `form` and `document` (sent as JSON) is given."""

    verb: str
    base: str
    path: Sequence[str | Secret]
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    document: object = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    auth: tuple[str, Secret] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete answer. `kind` is retry (nothing was sent), ambiguous or config."""

    kind: ErrorKind
    code: str
    message: str


class Client:
    """Keeps connections per process and thread; timeouts are in seconds."""

    def __init__(self, connect_timeout: float, read_timeout: float, proxy: str | None) -> None:
        if not (0 < connect_timeout <= 600 and 0 < read_timeout <= 600):
            raise ValueError("a timeout is more than 0 and at most 600 seconds")
        self._timeout = (connect_timeout, read_timeout)
        self._proxy = proxy
        self._local = threading.local()

    def _session(self) -> requests.Session:
        # A forked child must not write into its parent's connections.
        if getattr(self._local, "pid", None) != os.getpid():
            session = requests.Session()
            # No ~/.netrc and no proxy by accident of the environment.
            session.trust_env = False
            session.headers["Accept"] = "application/json"
            if self._proxy:
                session.proxies = {"http": self._proxy, "https": self._proxy}
            self._local.session, self._local.pid = session, os.getpid()
        session = self._local.session
        assert isinstance(session, requests.Session)  # noqa: S101
        return session

    def close(self) -> None:
        """Close the calling thread's connections."""
        if getattr(self._local, "pid", None) == os.getpid():
            self._local.session.close()
            del self._local.pid

    def call(self, request: Call) -> Reply | Failure:
        """Make a call. Never raises what the HTTP client raises: its exceptions hold the URL, which
        may hold a key, and so would their traceback."""
        try:
            with self._session().request(
                request.verb,
                request.base + "".join(f"/{_piece(each)}" for each in request.path),
                params=dict(request.query) or None,
                data=None if request.form is None else dict(request.form),
                json=request.document,
                headers={name: _plain(value) for name, value in request.headers.items()},
                auth=request.auth and (request.auth[0], request.auth[1].reveal()),
                timeout=self._timeout,
                allow_redirects=False,  # a redirect would carry the key to somebody else
                stream=True,
            ) as response:
                body = _read(response, time.monotonic() + self._timeout[1])
                if body is None:
                    return Failure("ambiguous", "timeout", "the answer was too long or too slow")
                return Reply(response.status_code, body, _retry_after(response))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return _failure(error)


def _plain(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _piece(piece: str | Secret) -> str:
    """A part of the path: a secret is quoted whole, a string may hold slashes of its own."""
    return quote(piece.reveal(), safe="") if isinstance(piece, Secret) else piece


def _read(response: requests.Response, deadline: float) -> bytes | None:
    """The body within the deadline; the client's own timeout is only between two bytes."""
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > MAX_BODY or time.monotonic() > deadline:
            return None
    return bytes(body)


def _retry_after(response: requests.Response) -> float | None:
    given = response.headers.get("Retry-After", "")
    return min(float(given), 3600.0) if given.isascii() and given.isdigit() else None


def _failure(error: BaseException) -> Failure:
    causes = _causes(error)
    if any(isinstance(cause, _BEFORE_SENDING) for cause in causes):
        return Failure("retry", "connect", "no connection to the gateway")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Failure("config", "certificate", "the gateway's certificate is not trusted")
    if any(
        isinstance(cause, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema)
        for cause in causes
    ):
        return Failure("config", "address", "the gateway's address is wrong")
    if any(isinstance(cause, requests.Timeout | TimeoutError) for cause in causes):
        return Failure("ambiguous", "timeout", "no answer in time")
    # type names only: the texts of these exceptions hold the URL
    return Failure("ambiguous", "connection", f"connection lost ({type(error).__name__})")


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and everything it wraps, in whichever way the client wraps it."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(found) < 30:
        item = todo.pop()
        if isinstance(item, BaseException) and not any(item is seen for seen in found):
            found.append(item)
            todo += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found
