"""One `send` made of several calls: what came of an earlier one is never lost by a later one."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Literal

from portal.messaging.gateways.base import (
    Deferred,
    GatewayError,
    Outcome,
    Outgoing,
    Refused,
    Unknown,
)

PATIENCE: Final = 25.0
"""Seconds after which no further call begins. A dispatcher begins within 30 seconds of its claim,
and the last call may take another 50: so all is over before `Adapter.settles`, after which a
message that the gateway has never seen would be sent again."""

Send = Callable[[Sequence[Outgoing]], list[Outcome]]


class BlameError(Exception):
    """One of the messages failed the call; nothing of it was accepted."""

    def __init__(self, code: str, kind: Literal["permanent", "blocked"], reason: str) -> None:
        super().__init__(code)
        self.refused = Refused(code, kind, reason)


class Calls:
    """The calls of one `send`, with the time they may take together (seconds).

    `goes_on`: a lost answer does not end them; for gateways that send no local id twice.
    """

    def __init__(self, seconds: float = PATIENCE, *, goes_on: bool = False) -> None:
        self._ends = time.monotonic() + seconds
        self._goes_on = goes_on

    def each(self, parts: Sequence[Sequence[Outgoing]], send: Send) -> list[Outcome]:
        """The outcomes of one call for each part. An error ends it: those after it were surely not
        accepted, for nobody asked. Raises GatewayError where it speaks for all."""
        outcomes: list[Outcome] = []
        for number, part in enumerate(parts):
            after = [message for later in parts[number + 1 :] for message in later]
            if number and self._is_late():
                return [*outcomes, *deferred([*part, *after], not_made())]
            try:
                outcomes += send(part)
            except GatewayError as error:
                if error.kind != "ambiguous":
                    if number == 0:
                        raise
                    return [*outcomes, *deferred([*part, *after], error)]
                if len(parts) == 1:
                    raise
                outcomes += [Unknown(error.code)] * len(part)
                if not self._goes_on:
                    return [*outcomes, *deferred(after, not_made())]
            if outcomes and isinstance(outcomes[-1], Deferred):
                return [*outcomes, *deferred(after, outcomes[-1].error)]
        return outcomes

    def blaming(self, batch: Sequence[Outgoing], send: Send) -> list[Outcome]:
        """Send; while a message to blame (BlameError) fails the call, send the halves."""
        try:
            return send(batch)
        except BlameError as blame:
            refused = blame.refused
        if len(batch) == 1:
            return [refused]
        if self._is_late():
            return deferred(batch, not_made())
        middle = len(batch) // 2
        return self.each([batch[:middle], batch[middle:]], lambda part: self.blaming(part, send))

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends


def not_made() -> GatewayError:
    """For messages whose call was not made: no fault of the gateway, they are claimed again."""
    return GatewayError("retry", "busy", "the call was not made")


def deferred(batch: Sequence[Outgoing], error: GatewayError) -> list[Outcome]:
    return [Deferred(error) for _ in batch]
