"""SMS.ir's lists of what was sent and received, page by page.

Today's messages are in `live`, those until yesterday in `archive`. Neither the order of the pages
nor the zone of that midnight is documented, so nothing here depends on either: a list is complete
only where its empty last page was seen, or where it was sorted by time and went back far enough.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal import clock, text
from portal.messaging.gateways import answers
from portal.messaging.gateways.base import Delivery, DeliveryState, Sent
from portal.messaging.gateways.numbers import international

PAGE: Final = 100
MAX_PAGES: Final = 200
SECONDS: Final = 30.0
"""A list that takes longer is cut short."""
SKEW: Final = timedelta(minutes=2)
"""How far the clocks may be apart."""
LONGEST: Final = timedelta(minutes=5)
"""From the claim of a message, `Sent.at`, to its acceptance."""
_ARCHIVED: Final = timedelta(hours=1)
"""After midnight, when yesterday's messages surely are in the archive."""
_WATCH: Final = timedelta(hours=2)
_ZONES: Final = (UTC, ZoneInfo("Asia/Tehran"))

# deliveryState; it is null for a message that has not left
STATES: Final[Mapping[int, DeliveryState]] = {
    1: "delivered",
    2: "undelivered",
    3: "at_operator",
    4: "undelivered",
    5: "at_operator",
    6: "failed",
    7: "blocked",
}

Row = Mapping[str, object]
Ask = Callable[[str, Mapping[str, str]], object]


@dataclass(frozen=True, slots=True)
class Listing:
    """`is_complete`: every message of the time asked for is among the rows."""

    rows: Sequence[Row]
    is_complete: bool


class Lists:
    """`ask` makes a reading call; it raises GatewayError."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @staticmethod
    def deadline() -> float:
        return time.monotonic() + SECONDS

    @staticmethod
    def is_before(deadline: float) -> bool:
        return time.monotonic() < deadline

    def sent_around(self, moments: Sequence[datetime]) -> Listing:
        """Every message sent about these moments."""
        if not moments:
            return Listing([], True)
        since, until = min(moments) - SKEW, max(moments) + LONGEST + SKEW
        # Today's first: a message that is moved between the two calls is seen twice, not never.
        found = self._rows("send/live", "sendDateTime", since, {})
        if since >= _latest_midnight():
            return found
        old = self._rows("send/archive", "sendDateTime", since, _span(since, until))
        is_complete = (
            found.is_complete and old.is_complete and clock.now() >= _latest_midnight() + _ARCHIVED
        )
        return Listing([*found.rows, *old.rows], is_complete)

    def received_since(self, seconds: int) -> Listing:
        """Every SMS that arrived after a Unix time."""
        since, now = datetime.fromtimestamp(seconds, UTC), clock.now()
        found = self._rows("receive/live", "receivedDateTime", since, {"sortByNewest": "true"})
        midnight = _latest_midnight()
        if since >= midnight and now >= midnight + _WATCH:
            return found
        # What came in before midnight, and what is only now moved to the archive.
        since = min(since, now - 2 * _WATCH)
        old = self._rows("receive/archive", "receivedDateTime", since, _span(since, now))
        return Listing([*old.rows, *found.rows], found.is_complete and old.is_complete)

    def states(self, wanted: set[str]) -> dict[str, Delivery]:
        """The states of those that the lists hold, while pages cost no more than they save."""
        found: dict[str, Delivery] = {}
        now, ends = clock.now(), self.deadline()
        pages, free = 0, 2 + len(wanted) // 20
        for path, query in (
            ("send/live", {}),
            ("send/archive", _span(now - timedelta(days=3), now)),
        ):
            for rows in self._pages(path, query):
                for row in rows:
                    delivery = state_of(row)
                    if delivery is not None and delivery.gateway_id in wanted:
                        found[delivery.gateway_id] = delivery
                pages += 1
                if not self._pays(len(wanted) - len(found), pages, free + len(found), ends):
                    return found
        return found

    def _pays(self, left: int, pages: int, most: int, ends: float) -> bool:
        return left > 1 and pages < most and self.is_before(ends)

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[list[Row]]:
        """The pages that hold something, at most MAX_PAGES and, after that, one that is empty."""
        for number in range(1, MAX_PAGES + 1):
            asked = {"pageSize": str(PAGE), "pageNumber": str(number), **query}
            data = self._ask(path, asked)
            rows: list[Row] = list(answers.records(data)) if isinstance(data, list) else []
            yield rows
            if not rows:
                return

    def _rows(
        self, path: str, time_field: str, since: datetime, query: Mapping[str, str]
    ) -> Listing:
        found: list[Row] = []
        ends, last, is_readable = self.deadline(), float("inf"), True
        is_sorted, falls = True, False  # the newest first, and that was seen
        for rows in self._pages(path, query):
            if not rows:
                return Listing(found, is_readable)
            for row in rows:
                at = answers.integer(row.get(time_field))
                is_readable = is_readable and bool(at and row.get("mobile"))
                is_sorted = is_sorted and at is not None and at <= last
                falls = falls or (at or 0) < last < float("inf")
                last = at or 0
                if at is None or at >= since.timestamp():
                    found.append(row)
            if is_sorted and falls and last < since.timestamp():
                return Listing(found, is_readable)
            if not self.is_before(ends):
                break
        return Listing(found, False)


def match(
    sent: Sequence[Sent], listing: Listing, own_line: str | None
) -> dict[int, Delivery | None]:
    """Which row of a list is which message: by mobile, text, line and time. Of two messages that
    are alike each gets a row of its own.

    None only where the list is complete and holds nothing else to that mobile at that time: a
    gateway may have changed the text.
    """
    rows: dict[str, list[tuple[int, Row]]] = {}
    for row in listing.rows:
        at = answers.integer(row.get("sendDateTime"))
        if at is not None and answers.integer(row.get("messageId")):
            rows.setdefault(international(str(row.get("mobile"))), []).append((at, row))
    for those in rows.values():
        those.sort(key=lambda each: each[0])
    found: dict[int, Delivery | None] = {}
    used: set[str] = set()
    unsettled: list[Sent] = []
    for message in sorted(sent, key=lambda each: each.at):
        alike = [
            row
            for row in _around(rows.get(message.to, []), message)
            if str(row["messageId"]) not in used and _is_like(row, message, own_line)
        ]
        if not alike:
            unsettled.append(message)
            continue
        gateway_id = str(alike[0]["messageId"])
        used.add(gateway_id)
        found[message.local_id] = state_of(alike[0]) or Delivery(gateway_id, "unknown")
    for message in unsettled:
        others = [
            each
            for each in _around(rows.get(message.to, []), message)
            if str(each["messageId"]) not in used
        ]
        if listing.is_complete and message.text and not others:
            found[message.local_id] = None
    return found


def state_of(row: Row) -> Delivery | None:
    """What a row of a list, or the answer about one message, says; None without an identifier."""
    gateway_id, state = answers.integer(row.get("messageId")), row.get("deliveryState")
    if not gateway_id:
        return None
    number = answers.integer(state)
    said: DeliveryState = "accepted" if state is None else "unknown"
    if number is not None:
        said = STATES.get(number, "unknown")
    return Delivery(str(gateway_id), said, answers.rial(row.get("cost")))


def _around(rows: Sequence[tuple[int, Row]], message: Sent) -> Iterator[Row]:
    first, last = (message.at - SKEW).timestamp(), (message.at + LONGEST + SKEW).timestamp()
    return (row for at, row in rows if first <= at <= last)


def _is_like(row: Row, message: Sent, own_line: str | None) -> bool:
    line = answers.integer(row.get("lineNumber"))
    wanted = answers.integer(message.sender or own_line)
    if line is not None and wanted is not None and line != wanted:
        return False
    given = text.search_key(str(row.get("messageText") or ""))
    return bool(message.text) and given == text.search_key(message.text)


def _latest_midnight() -> datetime:
    """The last moment at which today may have begun."""
    now = clock.now()
    return max(
        now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) for zone in _ZONES
    )


def _span(since: datetime, until: datetime) -> dict[str, str]:
    return {
        "fromDate": str(int(since.timestamp())),
        "toDate": str(int(until.timestamp()) + 1),
    }
