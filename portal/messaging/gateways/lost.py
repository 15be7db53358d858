"""Which of the messages a gateway says it sent is the one whose answer was lost."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portal import text
from portal.messaging.gateways.base import Delivery, Sent

SKEW: Final = timedelta(minutes=2)
"""How far the clocks may be apart."""
LONGEST: Final = timedelta(minutes=5)
"""From the claim of a message, `Sent.at`, to its acceptance."""
SPELL: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a gateway's list. `to` is E.164; an empty `line` is any."""

    to: str
    text: str
    line: str
    at: datetime
    delivery: Delivery


def spells(sent: Sequence[Sent]) -> list[list[Sent]]:
    """The same in groups sent at about the same time, so that a list of that time is short; the
    group of the first one first."""
    groups: list[list[Sent]] = []
    for message in sorted(sent, key=lambda each: each.at):
        if not groups or message.at - groups[-1][0].at > SPELL:
            groups.append([])
        groups[-1].append(message)
    places = {message.local_id: place for place, message in enumerate(sent)}
    return sorted(groups, key=lambda group: min(places[each.local_id] for each in group))


def span(sent: Sequence[Sent]) -> tuple[datetime, datetime]:
    """The time in which a gateway may have written them down."""
    moments = [message.at for message in sent]
    return min(moments) - SKEW, max(moments) + LONGEST + SKEW


def match(
    sent: Sequence[Sent],
    rows: Sequence[Row],
    *,
    own_line: str | None,
    is_complete: bool | Collection[str],
) -> dict[int, Delivery | None]:
    """By number, text, line and time. Of two messages that are alike each gets a row of its own.

    None only where the list surely holds everything to that number (`is_complete`: to all, or the
    numbers) and nothing else was sent there at that time: a gateway may have changed the text.
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
        is_whole = is_complete if isinstance(is_complete, bool) else message.to in is_complete
        if message.text and not others and is_whole:
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
