"""What a simulated gateway's API is to the server: requests in, answers and callbacks out.

The ledger speaks one language whatever the dialect: its states are Kavenegar's numbers (1 queued,
2 scheduled, 5 at the operator, 6 failed, 10 delivered, 11 not delivered, 13 cancelled, 14 blocked).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

GIVES_UP: Final = 60
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is split and unquoted; `document` the JSON body, None without."""

    verb: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    form: Mapping[str, str]
    document: object
    headers: Mapping[str, str]

    @property
    def params(self) -> dict[str, str]:
        """Query and form together, the form first."""
        return {**self.query, **self.form}


@dataclass(frozen=True, slots=True)
class Answer:
    """`fate` is answer, hang (keep silent) or drop (reset the connection)."""

    status: int
    body: bytes
    fate: str = "answer"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Push:
    """A call of the city's server. `query` is added to the address, for those that call by GET."""

    verb: str
    body: str
    content_type: str = "application/x-www-form-urlencoded"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An SMS that a handset sent to a line. `number` is E.164, `at` a Unix time."""

    messageid: int
    number: str
    line: str
    text: str
    at: int

    @property
    def is_late(self) -> bool:
        """Whether whoever hands an SMS over once has given it up: then it is only in the list."""
        return time.time() - self.at > GIVES_UP


class Dialect(Protocol):
    """One gateway's API over the ledger."""

    name: str
    codes: frozenset[int]
    """The codes that can be forced, or come by chance."""
    mishaps: str
    """Those that come by chance unless others are asked for."""

    def answer(self, request: Request) -> Answer: ...

    def status_push(self, url: str, messageid: int, status: int) -> Push | None:
        """What it calls `url` with when a message's state changed; None: it never does."""

    def inbound_push(self, url: str, arrived: Arrived) -> Push | None: ...
