"""A round of questions to a gateway ends in time, with what it knows by then."""

import time
from typing import Final

from portal.messaging.gateways.base import GatewayError

SECONDS: Final = 25.0
"""After so long no further call of a round begins. The last one may last another 50, and the jobs
that ask have to be over in their own time."""
CALLS: Final = 200
STUMBLES: Final = 10
"""So many failed calls of a round are repeated: of a list of a hundred pages one fails often."""
PAUSE: Final = 1.0
"""Seconds before a call is repeated that a gateway found one too many."""


class Round:
    """The calls of one round. Its first call may always begin."""

    def __init__(self, seconds: float | None = None, calls: int | None = None) -> None:
        self._ends = time.monotonic() + (SECONDS if seconds is None else seconds)
        self._left = CALLS if calls is None else calls
        self._begun = 0
        self._stumbles = 0

    @property
    def is_over(self) -> bool:
        """Whether no further call may begin."""
        return self._begun > 0 and (self._left <= 0 or time.monotonic() > self._ends)

    def stumbled(self, error: GatewayError) -> bool:
        """Whether a reading call that failed is to be made again; after a pause where it must be.

        Not the first call: a gateway that is away is asked another time.
        """
        if error.kind not in {"retry", "rate_limited"} or self._begun < 2 or self.is_over:
            return False
        self._stumbles += 1
        if self._stumbles > STUMBLES:
            return False
        if error.kind == "rate_limited":
            time.sleep(PAUSE)
        return True

    def failed(self) -> bool:
        """End it because of an error; False for the first call, whose error says it all."""
        self._left = 0
        return self._begun > 1

    def begin_call(self) -> bool:
        """Whether a call may begin; if so it counts."""
        if self.is_over:
            return False
        self._begun += 1
        self._left -= 1
        return True
