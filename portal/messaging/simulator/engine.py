"""What all dialects share: chances, limits, prices and the taking of messages."""

import random
import re
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portal.messaging import segments
from portal.messaging.simulator.behaviour import Behaviour
from portal.messaging.simulator.ledger import Ledger, Sms
from portal.messaging.simulator.texts import FINAL_BY_ENDING

LINK: Final = re.compile(
    r"https?://|www\.|\b[a-z0-9-]+\.(?:ir|com|org|net|city|io|me)\b", re.IGNORECASE
)
_MCI: Final = re.compile(r"\+989(?:1[0-9]|9[0-6])")


def price_rial(number: str, text: str) -> tuple[int, int]:
    """(parts, cost). The prices are invented; as in life they differ by script and operator."""
    found = segments.count(text)
    part = 1_500 if found.encoding == "UCS-2" else 3_400
    if not _MCI.match(number):
        part = part * 105 // 100
    return found.segments, found.segments * part


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a sending call: the records of its messages, or the code that refused it.

    With both, the messages were accepted all the same: that is what makes a code ambiguous.
    """

    rows: Sequence[sqlite3.Row]
    code: int | None
    fate: str


class Engine:
    """`ambiguous`: the codes after which half of the calls were accepted nevertheless."""

    def __init__(
        self, ledger: Ledger, behaviour: Behaviour, seed: int, ambiguous: frozenset[int]
    ) -> None:
        self.ledger = ledger
        self.behaviour = behaviour
        self._ambiguous = ambiguous
        self._dice = random.Random(seed)  # noqa: S311 - chances, not secrets
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()

    def forced(self, method: str) -> int | None:
        """The code that this call shall be answered with, if one is forced."""
        with self._lock:
            return self.behaviour.forced(method)

    def over_limit(self) -> bool:
        """Count a call; whether there were too many in the last second."""
        with self._lock:
            limit = self.behaviour.rate_limit
            if not limit:
                return False
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= limit:
                return True
            self._recent.append(now)
            return False

    def mishap(self) -> int | None:
        """A code by chance, for a call that has nothing wrong."""
        with self._lock:
            codes = self.behaviour.codes()
            unlucky = self._dice.random() < self.behaviour.error_rate
            return self._dice.choice(codes) if unlucky and codes else None

    def refuses_link(self, text: str) -> bool:
        return self.behaviour.refuse_links and bool(LINK.search(text))

    def credit(self) -> int:
        """What is left, in rial."""
        return self.behaviour.credit_rial - self.ledger.spent()

    def blocked(self, line: str, numbers: Sequence[str]) -> set[str]:
        """Those of the numbers (E.164) that stopped a line."""
        pairs = self.ledger.blocked([(line, number) for number in numbers])
        return {number for stopped, number in pairs if stopped == line}

    def sms(
        self,
        number: str,
        line: str,
        text: str,
        *,
        local_id: int | None = None,
        date: int | None = None,
        is_blocked: bool = False,
    ) -> Sms:
        """A message ready to be accepted, with its price and its fate."""
        parts, cost = price_rial(number, text)
        final = 14 if is_blocked else FINAL_BY_ENDING.get(number[-2:], 10)
        return Sms(number, line, text, local_id, parts, cost, final, date)

    def take(self, method: str, batch: Sequence[Sms]) -> Taken:
        """Accept a batch, or not, as chance and behaviour decide; the call is written down."""
        code = self.mishap()
        with self._lock:
            fate = self.behaviour.fate(self._dice) if code is None else "answer"
            accepts = code is None or (code in self._ambiguous and self._dice.random() < 0.5)
        if not accepts:
            assert code is not None  # noqa: S101
            self.ledger.log_call(method, code, recipients=len(batch))
            return Taken([], code, fate)
        rows = self.ledger.accept(
            batch,
            method=method,
            result=code or 200,
            fate=fate,
            delay=self.behaviour.delivery_seconds / 2,
        )
        return Taken(rows, code, fate)
