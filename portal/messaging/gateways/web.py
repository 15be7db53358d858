"""What adapters of gateways on the web share: the connection, and what a failed call means."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from portal.messaging.gateways.base import Adapter, ErrorKind, GatewayError
from portal.messaging.gateways.http import Call, Client, Failure, Reply


class Connection(TypedDict, total=False):
    """Timeouts are in seconds."""

    sender: str | None
    connect_timeout: float
    read_timeout: float
    proxy: str | None


def connection_of(settings: Mapping[str, str]) -> Connection:
    """Settings as in the catalog. Raises ValueError."""
    return Connection(
        sender=settings["line"] or None,
        read_timeout=float(settings["read_timeout"]),
        proxy=settings["proxy"] or None,
    )


class WebAdapter(Adapter):
    """An account at one address. Safe to share between threads and across a fork."""

    name: str

    def __init__(self, base_url: str, **connection: Unpack[Connection]) -> None:
        if not base_url.startswith(("https://", "http://")):
            raise ValueError(f"{self.name}: url is not a web address")
        self.base_url = base_url.rstrip("/")
        self.sender = connection.get("sender")
        self._client = Client(
            connection.get("connect_timeout", 3.05),
            connection.get("read_timeout", 20),
            connection.get("proxy"),
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"


def reply(client: Client, call: Call, *, sends: bool) -> Reply:
    """The answer to a call. Raises GatewayError where there is none; a question is never
    `ambiguous`: nothing is the worse for asking again."""
    answer = client.call(call)
    del call  # it may hold a secret, and a traceback would keep it
    if isinstance(answer, Failure):
        is_harmless = answer.kind == "ambiguous" and not sends
        raise GatewayError("retry" if is_harmless else answer.kind, answer.code, answer.message)
    return answer


def refusal(
    answer: Reply,
    kind: ErrorKind,
    code: str,
    reason: str,
    *,
    sends: bool,
    same_gateway_only: bool = False,
) -> GatewayError:
    """The error that an answer stands for; see `reply` for `ambiguous`."""
    if kind == "ambiguous" and not sends:
        kind = "retry"
    return GatewayError(
        kind,
        code,
        reason,
        retry_after=answer.retry_after if kind in {"retry", "rate_limited"} else None,
        same_gateway_only=same_gateway_only,
    )
