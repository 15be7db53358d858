"""Melipayamak's lists of messages that arrived (`in`) and were sent (`out`).

The vendor documents the call, not what a row holds. The fields are those that programs read from
it, and of `MessagesBL`, the record of its older interface; the times are those of Tehran. So a row
proves that a message was sent, and no list proves that one was not.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from portal import clock
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, Findings, GatewayError, Inbound, Sent
from portal.messaging.gateways.numbers import international
from portal.messaging.gateways.reading import Listing, Page, Row, read
from portal.messaging.gateways.rounds import Round

PAGE: Final = 100
LISTED: Final = "msg:"
"""Before the identifier of a message found in the list, which is none that states are asked by."""
_ZONE: Final = ZoneInfo("Asia/Tehran")
_TICKS: Final = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")

Ask = Callable[[str, str, int], Sequence[object]]
"""(type, line, index) -> the rows from that index; raises GatewayError."""


class Messages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def received(self, line: str, since: float, first: int) -> Listing:
        """What arrived on a line since a Unix time; a "page" is an index, from 1."""
        return read(self._pages("in", line, Round(), first), _seconds, since, first)

    def find(self, sent: Sequence[Sent], own_line: str | None) -> Findings:
        """By number, text, line and time; never "never seen"."""
        by_line: dict[str, list[Sent]] = {}
        for message in sent:
            by_line.setdefault(message.sender or own_line or "", []).append(message)
        asking = Round()
        known: dict[int, Delivery | None] = {}
        for line, those in by_line.items():
            pages = self._pages("out", line, asking, 1)
            found = read(pages, _seconds, lost.span(those)[0].timestamp())
            rows = [row for each in found.rows if (row := _sent(each)) is not None]
            known |= lost.match(those, rows, own_line=own_line, is_complete=False)
        return Findings(known)

    def _pages(self, kind: str, line: str, asking: Round, first: int) -> Iterator[Page]:
        index = first - 1
        while asking.begin_call():
            try:
                rows = self._ask(kind, line, index)
            except GatewayError:
                if not asking.failed():
                    raise
                return  # what is known already is not thrown away
            index += len(rows)
            yield [_lowered(row) for row in rows if isinstance(row, dict)], index + 1
            if not rows:
                return


def inbound_of(row: Row, own_line: str | None) -> Inbound | None:
    """A row of the list as an SMS; one that could not be told from another is unreadable."""
    sender, text, at = row.get("sender"), row.get("body"), _moment(row)
    line = row.get("receiver") or own_line
    if not sender or not line or not isinstance(text, str) or at is None:
        return None
    return Inbound(
        gateway_id=_name(row),
        sender=international(str(sender)[:40]),
        line=str(line)[:40],
        text=text[:10_000],
        received_at=min(at, clock.now()),
    )


def _sent(row: Row) -> lost.Row | None:
    to, at, number = row.get("receiver"), _moment(row), answers.integer(row.get("msgid"))
    if not to or at is None or not number:
        return None
    said = Delivery(f"{LISTED}{number}", "accepted")
    line, text = str(row.get("sender") or ""), str(row.get("body") or "")
    return lost.Row(international(str(to)), text, line, at, said)


def _name(row: Row) -> str:
    """Its identifier, or else what tells it from others."""
    if number := answers.integer(row.get("msgid")):
        return str(number)
    facts = "\n".join(str(row.get(name)) for name in ("sender", "receiver", "body", "senddate"))
    return hashlib.sha256(facts.encode("utf-8", "replace")).hexdigest()[:40]


def _lowered(row: Mapping[object, object]) -> dict[str, object]:
    """Its interfaces differ in how they write the names: sendDate, SendDate."""
    return {str(name).lower(): value for name, value in row.items()}


def _moment(row: Row) -> datetime | None:
    given = str(row.get("senddate") or "")
    try:
        if ticks := _TICKS.fullmatch(given):
            return datetime.fromtimestamp(int(ticks[1]) / 1000, UTC)
        found = datetime.fromisoformat(given)
    except (ValueError, OverflowError, OSError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=_ZONE)).astimezone(UTC)


def _seconds(row: Row) -> int | None:
    at = _moment(row)
    return int(at.timestamp()) if at else None
