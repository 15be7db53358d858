"""IPPanel's reports: what it sent, to whom, and what became of it.

A request is a "bulk" with one identifier for all its recipients; a message is named by the bulk and
the number, "1123544244:+989121234567".
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from portal import text
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, DeliveryState, GatewayError, Sent
from portal.messaging.gateways.numbers import international

PAGE: Final = 100
MAX_PAGES: Final = 50
SECONDS: Final = 25.0
"""What is not read in this time is left for the next question."""
SENT: Final = 6

# state_id of a bulk; when it is SENT, the recipient's message_status decides.
BULK_STATES: Final[Mapping[int, DeliveryState]] = {
    0: "accepted",
    1: "accepted",  # waits for the operator's people to look at it
    2: "accepted",
    3: "failed",  # they rejected it
    4: "failed",  # the recipients are not valid
    5: "accepted",
    SENT: "at_operator",
    7: "cancelled",
    8: "failed",  # no credit
    9: "failed",  # system error
}
STATES: Final[Mapping[int, DeliveryState]] = {
    0: "at_operator",
    1: "at_operator",
    2: "delivered",
    3: "undelivered",
    4: "blocked",
}

Row = Mapping[str, object]
Ask = Callable[[str, str, Mapping[str, str], object], tuple[object, Row]]
"""(verb, path, query, document) -> (data, meta); raises GatewayError."""


def name_of(bulk: int, number: str) -> str:
    return f"{bulk}:{number}"


class Reports:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def deliveries(self, gateway_ids: Sequence[str]) -> list[Delivery]:
        """The present state of each message, bulk by bulk; what there was no time for is left
        out."""
        by_bulk: dict[str, set[str]] = {}
        for gateway_id in gateway_ids:
            bulk, _, number = gateway_id.partition(":")
            if bulk.isascii() and bulk.isdigit() and number:
                by_bulk.setdefault(bulk, set()).add(number)
        found: list[Delivery] = []
        ends = time.monotonic() + SECONDS
        for bulk, numbers in by_bulk.items():
            if found and time.monotonic() > ends:
                break
            try:
                states = self._bulk(bulk, ends)
            except GatewayError as error:
                if error.code == "404":
                    continue
                if found:
                    break  # what is known already is not thrown away
                raise
            found += [states[number] for number in numbers if number in states]
        return found

    def _bulk(self, bulk: str, ends: float) -> dict[str, Delivery]:
        data, _ = self._ask("GET", "api/report/by_bulk", {"messages_outbox_id": bulk}, None)
        if not isinstance(data, dict):
            raise GatewayError("retry", "entries", "an answer without a report")
        rows, _ = self._recipients(int(bulk), data, ends)
        return {row.to: row.delivery for row in rows}

    def find(self, sent: Sequence[Sent], own_line: str | None) -> dict[int, Delivery | None]:
        """By number, text, line and time; the recipients only of bulks with such a text."""
        if not sent:
            return {}
        ends = time.monotonic() + SECONDS
        since = min(message.at for message in sent) - lost.SKEW
        until = max(message.at for message in sent) + lost.LONGEST + lost.SKEW
        span = {
            "create_from_date": str(int(since.timestamp())),
            "create_to_date": str(int(until.timestamp()) + 1),
        }
        keys = {text.search_key(message.text) for message in sent if message.text}
        rows: list[lost.Row] = []
        try:
            is_complete = self._read_like(keys, span, rows, ends)
        except GatewayError:
            if not rows:
                raise
            is_complete = False  # what is known already is not thrown away
        return lost.match(sent, rows, own_line=own_line, is_complete=lambda _: is_complete)

    def _read_like(
        self, keys: set[str], span: Mapping[str, str], rows: list[lost.Row], ends: float
    ) -> bool:
        """Add the messages of bulks with one of these texts; whether these are all."""
        is_complete = True
        for page in self._pages("POST", "api/report/new_list", {"filters": span}, "limit"):
            if page is None or time.monotonic() > ends:
                return False
            for bulk in page:
                number = answers.integer(bulk.get("messages_outbox_id"))
                given = bulk.get("message")
                if not number or not isinstance(given, str) or _moment(bulk) is None:
                    is_complete = False
                elif _is_like(text.search_key(given), keys):
                    found, is_whole = self._recipients(number, bulk, ends)
                    rows += found
                    is_complete = is_complete and is_whole
        return is_complete

    def _recipients(self, number: int, bulk: Row, ends: float) -> tuple[list[lost.Row], bool]:
        """Every recipient of a bulk, and whether these are all."""
        query = {"bulk_id": str(number)}
        state = BULK_STATES.get(answers.integer(bulk.get("state_id")) or 0, "unknown")
        if answers.integer(bulk.get("state_id")) is None:
            state = "unknown"
        is_alone = answers.integer(bulk.get("rcpts_count")) == 1
        cost = answers.rial(bulk.get("cost")) if is_alone else None
        at = _moment(bulk) or datetime.fromtimestamp(0, UTC)
        rows: list[lost.Row] = []
        for page in self._pages("GET", "api/report/recipients", query, "per_page"):
            if page is None or time.monotonic() > ends:
                return rows, False
            for each in page:
                to = international(str(each.get("recipient") or ""))
                status = answers.integer(each.get("message_status"))
                own = STATES.get(status, state) if status is not None else state
                rows.append(
                    lost.Row(
                        to,
                        str(each.get("message") or bulk.get("message") or ""),
                        str(bulk.get("number") or ""),
                        at,
                        Delivery(
                            name_of(number, to), own if state == "at_operator" else state, cost
                        ),
                    )
                )
        return rows, True

    def inbox(self, after: int, most: int) -> tuple[list[Row], bool]:
        """What arrived after an identifier, the newest first, of at most so many pages."""
        rows: list[Row] = []
        document: dict[str, object] = {"filters": {"from_id": after}} if after else {}
        pages = self._pages("POST", "api/report/messages-inbox", document, "per_page", most)
        for page in pages:
            if page is None:
                return rows, False
            rows += page
        return rows, True

    def _pages(
        self, verb: str, path: str, given: Mapping[str, object], size: str, most: int = MAX_PAGES
    ) -> Iterator[list[Row] | None]:
        """The pages of a report; None at the end where there are more than `most`."""
        for number in range(1, most + 1):
            asked = {**given, "page": number, size: PAGE}
            query = {name: str(value) for name, value in asked.items()} if verb == "GET" else {}
            data, meta = self._ask(verb, path, query, asked if verb == "POST" else None)
            if not isinstance(data, list):
                raise GatewayError("retry", "entries", "an answer without a list")
            records = answers.records(data)
            yield list(records)
            last = answers.integer(meta.get("last_page"))
            if len(records) != len(data) or last is None:
                break
            if number >= last:
                return
        yield None


def _is_like(key: str, keys: set[str]) -> bool:
    return not key or key in keys or any(each in key or key in each for each in keys)


def _moment(bulk: Row) -> datetime | None:
    seconds = answers.integer(bulk.get("time"))
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < 2**35 else None
