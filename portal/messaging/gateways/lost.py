"""Which of the messages a gateway says it sent is the one whose answer was lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portal import text
from portal.messaging.gateways.base import Delivery, Sent

SKEW: Final = timedelta(minutes=2)
"""How far the clocks may be apart."""
LONGEST: Final = timedelta(minutes=5)
"""From the claim of a message, `Sent.at`, to its acceptance."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a gateway's list. `to` is E.164; an empty `line` is any."""

    to: str
    text: str
    line: str
    at: datetime
    delivery: Delivery


def match(
    sent: Sequence[Sent],
    rows: Sequence[Row],
    *,
    own_line: str | None,
    is_complete: Callable[[Sent], bool],
) -> dict[int, Delivery | None]:
    """By number, text, line and time. Of two messages that are alike each gets a row of its own.

    None only where the list surely holds everything to that number and nothing else was sent
    there at that time: a gateway may have changed the text.
    """
    by_number: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda each: each.at):
        by_number.setdefault(row.to, []).append(row)
    found: dict[int, Delivery | None] = {}
    used: set[str] = set()
    left: list[Sent] = []
    for message in sorted(sent, key=lambda each: each.at):
        mine = next(
            (
                row
                for row in _around(by_number.get(message.to, []), message)
                if row.delivery.gateway_id not in used and _is_like(row, message, own_line)
            ),
            None,
        )
        if mine is None:
            left.append(message)
        else:
            used.add(mine.delivery.gateway_id)
            found[message.local_id] = mine.delivery
    for message in left:
        others = [
            row
            for row in _around(by_number.get(message.to, []), message)
            if row.delivery.gateway_id not in used
        ]
        if message.text and not others and is_complete(message):
            found[message.local_id] = None
    return found


def _around(rows: Sequence[Row], message: Sent) -> Iterator[Row]:
    first, last = message.at - SKEW, message.at + LONGEST + SKEW
    return (row for row in rows if first <= row.at <= last)


def _is_like(row: Row, message: Sent, own_line: str | None) -> bool:
    wanted = message.sender or own_line
    if row.line and wanted and not _same_line(row.line, wanted):
        return False
    return bool(message.text) and text.search_key(row.text) == text.search_key(message.text)


def _same_line(one: str, other: str) -> bool:
    """Whether two spellings are one line: +983000505, 983000505 and 3000505 are."""
    longer, shorter = sorted((one.lstrip("+0"), other.lstrip("+0")), key=len, reverse=True)
    return longer in {shorter, f"98{shorter}"}
