"""What every gateway adapter takes and gives back.

The one question behind all of it: after a call, was this message surely accepted, surely not
accepted, or is it unknown? A message that may have been accepted is never sent again blindly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

DeliveryState = Literal[
    "accepted",  # the gateway has it
    "at_operator",
    "delivered",
    "undelivered",
    "blocked",  # the subscriber blocks this kind of line
    "cancelled",
    "failed",
    "unknown",  # the gateway cannot say (too old, not its own): not a failure
]

ErrorKind = Literal[
    "retry",  # surely not accepted: send again after a pause
    "rate_limited",  # the same, after a longer pause and more slowly
    "ambiguous",  # maybe accepted: reconcile, never send again blindly
    "stop_gateway",  # the account is refused: nothing will pass until somebody acts
    "stop_campaign",  # this text will not pass (links restricted)
    "pause",  # no credit: everything waits, nothing is dropped
    "config",  # a setting at the gateway or here is wrong
    "bug",  # we called it wrongly
]


class GatewayError(Exception):
    """A call failed as a whole. The text never holds the request's URL, which may hold the key.

    `code` is the gateway's own ("418") or ours ("timeout"). `retry_after` is in seconds.
    `same_gateway_only`: safe to repeat here because of the local id, but the gateway did not
    promise that nothing was accepted, so another gateway must not be tried before asking.
    """

    def __init__(
        self,
        kind: ErrorKind,
        code: str,
        message: str,
        *,
        retry_after: float | None = None,
        same_gateway_only: bool = False,
    ) -> None:
        super().__init__(kind, code, message)
        self.kind: ErrorKind = kind
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.same_gateway_only = same_gateway_only

    def __str__(self) -> str:
        return f"{self.kind} [{self.code}] {self.message}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One SMS to send. `local_id` is ours, a positive 63-bit integer, the same on every attempt."""

    local_id: int
    to: str
    text: str
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took it. `status` may already be final (a blocked number)."""

    gateway_id: str
    status: DeliveryState
    cost_rial: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """This recipient or text was refused for good; the others were not touched by it."""

    code: str
    kind: Literal["permanent", "blocked"]
    reason: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not accepted, because of `error` (never of kind `ambiguous`): follow its kind."""

    error: GatewayError


@dataclass(frozen=True, slots=True)
class Unknown:
    """Maybe accepted: reconcile before anything else."""

    reason: str


Outcome = Accepted | Refused | Deferred | Unknown


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the gateway says about one message. `cost_rial` only where it says that too."""

    gateway_id: str
    state: DeliveryState
    cost_rial: int | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """An SMS to one of our lines. `sender` is E.164 where it is a telephone number."""

    gateway_id: str | None
    sender: str
    line: str
    text: str
    received_at: datetime


@runtime_checkable
class Gateway(Protocol):
    """One account at one gateway. Every method but the two `parse_` ones calls the network
    and raises GatewayError; a read (`deliveries`, `by_local_id`, `credit_rial`) is never
    `ambiguous`."""

    @property
    def name(self) -> str: ...

    @property
    def max_batch(self) -> int:
        """Most messages in one `send`."""

    @property
    def supports_local_id(self) -> bool:
        """True where sending the same local id again is answered from the earlier record."""

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One outcome for each message, in the order of the batch.

        Keep the messages of a batch to one campaign: an error such as `stop_campaign` is about
        the call. Raises GatewayError when one cause befell the whole batch; ValueError for a
        batch that is too large or holds a local id twice.
        """

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]: ...

    def by_local_id(self, local_ids: Sequence[int]) -> dict[int, Delivery | None]:
        """What became of each local id; None where the gateway has never seen it.

        Only as far back as the gateway remembers (Kavenegar: 12 hours).
        """

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:
        """The deliveries of a pushed report: a hint, for nothing proves who sent it."""

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]: ...

    def credit_rial(self) -> int | None: ...
