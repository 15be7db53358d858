"""What every gateway adapter takes and gives back.

The one question behind all of it: after a call, was this message surely accepted, surely not
accepted, or is it unknown? A message that may have been accepted is never sent again blindly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, runtime_checkable

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


@dataclass(frozen=True, slots=True)
class Sent:
    """A message whose fate is unknown, for `find`. `at`: when the call began."""

    local_id: int
    to: str
    text: str
    sender: str | None
    at: datetime


class Findings(dict[int, Delivery | None]):
    """What `find` says, by local id. None: the gateway has never seen it. What is left out it
    cannot say, or, where it is `unasked`, there was no time to look for."""

    def __init__(
        self, known: Mapping[int, Delivery | None] | None = None, unasked: Iterable[int] = ()
    ) -> None:
        super().__init__(known or {})
        self.unasked = frozenset(unasked)


LOST: Final = "?"
"""The cursor of an inbox that can be read once, after a reading whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """SMS fetched from a gateway, each with what the gateway gave. `cursor`: where to go on.

    `unreadable`: records that the adapter does not understand, kept for a person.
    """

    messages: Sequence[tuple[Inbound, Mapping[str, object]]]
    cursor: str
    has_more: bool
    unreadable: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Stops:
    """Numbers (E.164) on a gateway's list of stops. `is_complete`: the list was read to its end."""

    numbers: Sequence[str]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Callback:
    """A call of the gateway, for a check of its signature. `url` is as the gateway called it."""

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


@runtime_checkable
class Gateway(Protocol):
    """One account at one gateway. `send`, `deliveries`, `find`, `inbox`, `blocked` and
    `credit_rial` call the network and raise GatewayError; all of these but `send` only read, and
    are never `ambiguous` and end in time, with what they know by then (rounds.Round). Most
    adapters begin as an `Adapter`."""

    @property
    def name(self) -> str: ...

    @property
    def max_batch(self) -> int:
        """Most messages in one `send`."""

    @property
    def asks(self) -> int:
        """Most messages in one question for their states."""

    @property
    def supports_local_id(self) -> bool:
        """True where sending the same local id again is answered from the earlier record."""

    @property
    def reads_once(self) -> bool:
        """True where `inbox` gives each SMS only once: it is given LOST as the cursor when an
        earlier answer did not arrive."""

    @property
    def pushes_ids(self) -> bool:
        """False where an SMS that it pushes lacks the identifier which it has in `inbox`."""

    @property
    def settles(self) -> timedelta:
        """How long after a call "never seen" may be wrong: reports come late."""

    @property
    def remembers(self) -> timedelta:
        """How long after a call "never seen" is still a proof."""

    @property
    def hook_answer(self) -> tuple[str, str]:
        """What its callbacks are answered with: body and media type."""

    def send(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One outcome for each message, in the order of the batch.

        Keep the messages of a batch to one campaign: an error such as `stop_campaign` is about
        the call. Raises GatewayError when one cause befell the whole batch; ValueError for a
        batch that is too large or holds a local id twice.
        """

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """The present states, those asked for first first. What is left out there was no time
        for; what the gateway does not know is `unknown`."""

    def find(self, sent: Sequence[Sent]) -> Findings:
        """What became of messages whose answer was lost; looked for in this order.

        "Never seen" proves something only between `settles` and `remembers`.
        """

    def inbox(self, cursor: str) -> Inbox | None:
        """SMS that arrived since `cursor` ("": as far back as is sensible); None where the gateway
        only pushes them. May give one twice: storing it counts it once."""

    def blocked(self, since: datetime) -> Stops | None:
        """Who stopped our line at the gateway since then; None: it cannot say."""

    def accepts(self, callback: Callback) -> bool:
        """Whether a callback is signed by the gateway; True where it signs none."""

    def parse_status_callback(self, form: Mapping[str, str], json: object) -> list[Delivery]:
        """The deliveries of a pushed report: a hint, where nothing proves who sent it."""

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]: ...

    def credit_rial(self) -> int | None: ...


class Adapter:
    """What a gateway can do less than others, for adapters to inherit."""

    asks: int = 500
    supports_local_id = False
    reads_once = False
    pushes_ids = True
    settles: timedelta = timedelta(minutes=3)
    remembers: timedelta = timedelta(hours=20)
    hook_answer: tuple[str, str] = ("ok\n", "text/plain")

    def find(self, sent: Sequence[Sent]) -> Findings:  # noqa: ARG002
        return Findings()

    def inbox(self, cursor: str) -> Inbox | None:  # noqa: ARG002
        return None

    def blocked(self, since: datetime) -> Stops | None:  # noqa: ARG002
        return None

    def accepts(self, callback: Callback) -> bool:  # noqa: ARG002
        return True

    def parse_status_callback(
        self,
        form: Mapping[str, str],  # noqa: ARG002
        json: object,  # noqa: ARG002
    ) -> list[Delivery]:
        return []

    def parse_inbound(self, form: Mapping[str, str], json: object) -> list[Inbound]:  # noqa: ARG002
        return []

    def credit_rial(self) -> int | None:
        return None
