"""SMS.ir's lists of what was sent and received, page by page.

Today's messages are in `live`, those until yesterday in `archive`. Neither the order of the pages
nor the zone of that midnight is documented, so nothing here depends on either: a list is complete
only where its empty last page was seen, or where it was sorted by time and went back far enough.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal import clock
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, DeliveryState, Findings, GatewayError, Sent
from portal.messaging.gateways.numbers import international
from portal.messaging.gateways.rounds import Round

PAGE: Final = 100
MAX_PAGES: Final = 200
LIVE: Final = "receive/live"
ARCHIVE: Final = "receive/archive"
DAY: Final = 86_400
_OVERLAP: Final = 600
"""Seconds read again at each look into the inbox: rows may turn up out of order."""
_MARK: Final = re.compile(
    rf"(?P<since>[0-9]{{1,11}})(?: (?P<newest>[0-9]{{1,11}}) (?P<path>{LIVE}|{ARCHIVE})"
    r" (?P<page>[0-9]{1,6}))?"
)
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
    """`is_complete`: every message of the time asked for is among the rows. `next_page`: where to
    go on; None where the list was read to its end."""

    rows: Sequence[Row]
    is_complete: bool
    next_page: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the inbox is read: up to the Unix time `since`; in the middle of a reading also of
    `path` the pages before `page`, and `newest` is the newest seen."""

    since: int
    newest: int
    path: str = LIVE
    page: int = 1

    @staticmethod
    def read(cursor: str, now: int) -> "Mark":
        """What `str` of a mark said; of anything else, the last day."""
        found = _MARK.fullmatch(cursor)
        if found is None:
            return Mark(now - DAY, now - DAY)
        since = min(int(found["since"]), now)
        if found["newest"] is None:
            return Mark(since, since)
        return Mark(since, min(int(found["newest"]), now), found["path"], int(found["page"]))

    @property
    def is_cut(self) -> bool:
        return (self.path, self.page) != (LIVE, 1)

    def __str__(self) -> str:
        if not self.is_cut:
            return str(self.newest)
        return f"{self.since} {self.newest} {self.path} {self.page}"


class Lists:
    """`ask` makes a reading call; it raises GatewayError."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def find(self, sent: Sequence[Sent], own_line: str | None) -> Findings:
        """By mobile, text, line and time. What surely is archived is looked for there only, in
        lists of its own time: those of today may be too long to be read to their end."""
        asking = Round()
        known: dict[int, Delivery | None] = {}
        groups = _groups(sent)
        for number, group in enumerate(groups):
            if asking.is_over:
                return Findings(known, (each.local_id for left in groups[number:] for each in left))
            listing = self._sent(group, asking)
            rows = [row for each in listing.rows if (row := _row(each)) is not None]
            known |= lost.match(group, rows, own_line=own_line, is_complete=listing.is_complete)
        return Findings(known)

    def _sent(self, group: Sequence[Sent], asking: Round) -> Listing:
        """Every message sent about the time of these."""
        since, until = lost.span(group)
        if _is_archived(until):
            return self._rows("send/archive", "sendDateTime", since, _span(since, until), asking)
        # Today's first: a message that is moved between the two calls is seen twice, not never.
        found = self._rows("send/live", "sendDateTime", since, {}, asking)
        if since >= max(_midnights()):
            return found
        old = self._rows("send/archive", "sendDateTime", since, _span(since, until), asking)
        is_complete = (
            found.is_complete and old.is_complete and clock.now() >= max(_midnights()) + _ARCHIVED
        )
        return Listing([*found.rows, *old.rows], is_complete)

    def received(self, mark: Mark) -> tuple[Sequence[Row], Mark]:
        """What arrived since a mark, and how far it is read now. A page that was read moves
        behind its place when more arrives, so going on at a page leaves nothing out."""
        asking = Round()
        now, midnight = clock.now(), max(_midnights())
        since = datetime.fromtimestamp(mark.since - _OVERLAP, UTC)
        rows: list[Row] = []
        page = mark.page
        if mark.path == LIVE:
            newest_first = {"sortByNewest": "true"}
            found = self._rows(LIVE, "receivedDateTime", since, newest_first, asking, first=page)
            rows += found.rows
            if found.next_page is not None:
                return rows, replace(mark, page=found.next_page)
            if since >= midnight and now >= midnight + _WATCH:
                return rows, Mark(mark.newest, mark.newest)
            page = 1
        # What came in before midnight, and what is only now moved to the archive.
        since = min(since, now - 2 * _WATCH)
        old = self._rows(ARCHIVE, "receivedDateTime", since, _span(since, now), asking, first=page)
        rows += old.rows
        if old.next_page is not None:
            return rows, replace(mark, path=ARCHIVE, page=old.next_page)
        return rows, Mark(mark.newest, mark.newest)

    def states(self, wanted: set[str], asking: Round) -> dict[str, Delivery]:
        """The states of those that the lists hold, while pages cost no more than they save."""
        found: dict[str, Delivery] = {}
        now = clock.now()
        pages, free = 0, 2 + len(wanted) // 20
        for path, query in (
            ("send/live", {}),
            ("send/archive", _span(now - timedelta(days=3), now)),
        ):
            for rows in self._pages(path, query, asking):
                for row in rows:
                    delivery = state_of(row)
                    if delivery is not None and delivery.gateway_id in wanted:
                        found[delivery.gateway_id] = delivery
                pages += 1
                if len(wanted) - len(found) <= 1 or pages >= free + len(found):
                    return found
        return found

    def _pages(
        self, path: str, query: Mapping[str, str], asking: Round, first: int = 1
    ) -> Iterator[list[Row]]:
        """The pages that hold something, and, where they were read to the end, one that is
        empty."""
        for number in range(first, first + MAX_PAGES):
            if not asking.begin_call():
                return
            asked = {"pageSize": str(PAGE), "pageNumber": str(number), **query}
            try:
                data = self._ask(path, asked)
            except GatewayError:
                if not asking.failed():
                    raise
                return  # what is known already is not thrown away
            rows: list[Row] = list(answers.records(data)) if isinstance(data, list) else []
            yield rows
            if not rows:
                return

    def _rows(
        self,
        path: str,
        time_field: str,
        since: datetime,
        query: Mapping[str, str],
        asking: Round,
        *,
        first: int = 1,
    ) -> Listing:
        found: list[Row] = []
        last, is_readable = float("inf"), True
        is_sorted, falls = True, False  # the newest first, and that was seen
        following = first
        for rows in self._pages(path, query, asking, first):
            if not rows:
                return Listing(found, is_readable)
            following += 1
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
        return Listing(found, False, following)


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


def _row(row: Row) -> lost.Row | None:
    at, delivery = answers.integer(row.get("sendDateTime")), state_of(row)
    if at is None or at >= 2**35 or delivery is None:
        return None
    line = answers.integer(row.get("lineNumber"))
    return lost.Row(
        international(str(row.get("mobile"))),
        str(row.get("messageText") or ""),
        str(line or ""),
        datetime.fromtimestamp(at, UTC),
        delivery,
    )


def _groups(sent: Sequence[Sent]) -> list[list[Sent]]:
    """Those that are looked for in one list, the group of the first one first."""
    archived = [message for message in sent if _is_archived(lost.span([message])[1])]
    groups = lost.spells(archived)
    if others := [message for message in sent if message not in archived]:
        places = {message.local_id: place for place, message in enumerate(sent)}
        groups.append(others)
        groups.sort(key=lambda group: min(places[each.local_id] for each in group))
    return groups


def _is_archived(until: datetime) -> bool:
    """Whether what was sent until then surely has been moved to the archive."""
    return until < min(_midnights()) and clock.now() >= max(_midnights()) + _ARCHIVED


def _midnights() -> list[datetime]:
    """The moments at which today may have begun."""
    now = clock.now()
    return [
        now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) for zone in _ZONES
    ]


def _span(since: datetime, until: datetime) -> dict[str, str]:
    return {
        "fromDate": str(int(since.timestamp())),
        "toDate": str(int(until.timestamp()) + 1),
    }
