"""SMS.ir's lists of what was sent and received, page by page.

Today's messages are in `live`, those until yesterday in `archive`. Neither the order of the pages
nor the zone of that midnight is documented, so nothing here depends on either: a list is complete
only where its empty last page was seen, or where it was sorted by time and went back far enough.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal import clock
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, DeliveryState, Findings, GatewayError, Sent
from portal.messaging.gateways.numbers import international
from portal.messaging.gateways.reading import Mark, Page, Row, read
from portal.messaging.gateways.rounds import Round

PAGE: Final = 100
MAX_PAGES: Final = 200
_ARCHIVE: Final = "archive"
"""The part of the inbox that is read after today's."""
_OVERLAP: Final = 600
"""Seconds read again at each look into the inbox: rows may turn up out of order."""
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

Ask = Callable[[str, Mapping[str, str]], object]


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
            rows, is_complete = self._sent(group, asking)
            read = [row for each in rows if (row := _row(each)) is not None]
            known |= lost.match(group, read, own_line=own_line, is_complete=is_complete)
        return Findings(known)

    def _sent(self, group: Sequence[Sent], asking: Round) -> tuple[list[Row], bool]:
        """Every message sent about the time of these, and whether these are all."""
        since, until = lost.span(group)
        if _is_archived(until):
            return self._rows("send/archive", since, _span(since, until), asking)
        # Today's first: a message that is moved between the two calls is seen twice, not never.
        today, is_complete = self._rows("send/live", since, {}, asking)
        if since >= max(_midnights()):
            return today, is_complete
        old, is_old_complete = self._rows("send/archive", since, _span(since, until), asking)
        is_moved = clock.now() >= max(_midnights()) + _ARCHIVED
        return [*today, *old], is_complete and is_old_complete and is_moved

    def _rows(
        self, path: str, since: datetime, query: Mapping[str, str], asking: Round
    ) -> tuple[list[Row], bool]:
        """The messages sent since then, and whether these are all and readable."""
        found = read(self._pages(path, query, asking), _sent_at, since.timestamp())
        is_readable = all(_sent_at(row) and row.get("mobile") for row in found.rows)
        return list(found.rows), found.next_page is None and is_readable

    def received(self, mark: Mark) -> tuple[Sequence[Row], Mark]:
        """What arrived since a mark, and how far it is read now."""
        asking = Round()
        now, midnight = clock.now(), max(_midnights())
        since = datetime.fromtimestamp(mark.since - _OVERLAP, UTC)
        rows: list[Row] = []
        page = mark.page
        if mark.part != _ARCHIVE:
            newest_first = {"sortByNewest": "true"}
            pages = self._pages("receive/live", newest_first, asking, page)
            found = read(pages, _received_at, since.timestamp(), page)
            rows += found.rows
            if found.next_page is not None:
                return rows, replace(mark, page=found.next_page)
            if since >= midnight and now >= midnight + _WATCH:
                return rows, Mark(mark.newest, mark.newest)
            page = 1
        # What came in before midnight, and what is only now moved to the archive.
        since = min(since, now - 2 * _WATCH)
        pages = self._pages("receive/archive", _span(since, now), asking, page)
        old = read(pages, _received_at, since.timestamp(), page)
        rows += old.rows
        if old.next_page is not None:
            return rows, replace(mark, page=old.next_page, part=_ARCHIVE)
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
            for rows, _ in self._pages(path, query, asking):
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
    ) -> Iterator[Page]:
        """The pages that hold something, and, where they were read to the end, one that is
        empty."""
        number = first
        while number < first + MAX_PAGES and asking.begin_call():
            asked = {"pageSize": str(PAGE), "pageNumber": str(number), **query}
            try:
                data = self._ask(path, asked)
            except GatewayError as error:
                if asking.stumbled(error):
                    continue
                if not asking.failed():
                    raise
                return  # what is known already is not thrown away
            number += 1
            rows: list[Row] = list(answers.records(data)) if isinstance(data, list) else []
            yield rows, number
            if not rows:
                return


def _sent_at(row: Row) -> int | None:
    return answers.integer(row.get("sendDateTime"))


def _received_at(row: Row) -> int | None:
    return answers.integer(row.get("receivedDateTime"))


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
    at, delivery = _sent_at(row), state_of(row)
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
