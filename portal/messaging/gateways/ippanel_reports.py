"""IPPanel's reports: what it sent, to whom, and what became of it.

A request is a "bulk" with one identifier for all its recipients; a message is named by the bulk and
the number, "1123544244:+989121234567".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from portal import text
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, DeliveryState, Findings, GatewayError, Sent
from portal.messaging.gateways.numbers import international
from portal.messaging.gateways.rounds import Round

PAGE: Final = 100
MAX_PAGES: Final = 50
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
        """See Gateway.deliveries; bulk by bulk."""
        by_bulk: dict[str, set[str]] = {}
        for gateway_id in gateway_ids:
            bulk, _, number = gateway_id.partition(":")
            if bulk.isascii() and bulk.isdigit() and number:
                by_bulk.setdefault(bulk, set()).add(number)
        found: list[Delivery] = []
        asking = Round()
        for bulk, numbers in by_bulk.items():
            if asking.is_over:
                break
            try:
                states, is_whole = self._bulk(bulk, asking)
            except GatewayError as error:
                if error.code == "404":
                    states, is_whole = {}, True
                elif found:
                    break  # what is known already is not thrown away
                else:
                    raise
            for number in sorted(numbers):
                if number in states:
                    found.append(states[number])
                elif is_whole:
                    found.append(Delivery(name_of(int(bulk), number), "unknown"))
        return found

    def _bulk(self, bulk: str, asking: Round) -> tuple[dict[str, Delivery], bool]:
        asking.begin_call()
        data, _ = self._ask("GET", "api/report/by_bulk", {"messages_outbox_id": bulk}, None)
        if not isinstance(data, dict):
            raise GatewayError("retry", "entries", "an answer without a report")
        rows, is_whole = self._recipients(int(bulk), data, asking)
        return {row.to: row.delivery for row in rows}, is_whole

    def find(self, sent: Sequence[Sent], own_line: str | None) -> Findings:
        """By number, text, line and time; the recipients only of bulks with such a text."""
        asking = Round()
        known: dict[int, Delivery | None] = {}
        groups = lost.spells(sent)
        for place, group in enumerate(groups):
            left = (each.local_id for later in groups[place:] for each in later)
            if asking.is_over:
                return Findings(known, left)
            rows: list[lost.Row] = []
            try:
                is_complete = self._read_like(group, rows, asking)
            except GatewayError:
                if not place and not rows:
                    raise
                if not rows:
                    return Findings(known, left)
                is_complete = False  # what is known already is not thrown away
            known |= lost.match(group, rows, own_line=own_line, is_complete=is_complete)
        return Findings(known)

    def _read_like(self, sent: Sequence[Sent], rows: list[lost.Row], asking: Round) -> bool:
        """Add the messages of bulks with one of these texts; whether these are all."""
        since, until = lost.span(sent)
        span = {
            "create_from_date": str(int(since.timestamp())),
            "create_to_date": str(int(until.timestamp()) + 1),
        }
        keys = {text.search_key(message.text) for message in sent if message.text}
        is_complete = True
        given = {"filters": span}
        for page in self._pages("POST", "api/report/new_list", given, "limit", asking=asking):
            if page is None:
                return False
            for bulk in page:
                number = answers.integer(bulk.get("messages_outbox_id"))
                words = bulk.get("message")
                if not number or not isinstance(words, str) or _moment(bulk) is None:
                    is_complete = False
                elif _is_like(text.search_key(words), keys):
                    found, is_whole = self._recipients(number, bulk, asking)
                    rows += found
                    is_complete = is_complete and is_whole
        return is_complete

    def _recipients(self, number: int, bulk: Row, asking: Round) -> tuple[list[lost.Row], bool]:
        """Every recipient of a bulk, and whether these are all."""
        query = {"bulk_id": str(number)}
        state = BULK_STATES.get(answers.integer(bulk.get("state_id")) or 0, "unknown")
        if answers.integer(bulk.get("state_id")) is None:
            state = "unknown"
        is_alone = answers.integer(bulk.get("rcpts_count")) == 1
        cost = answers.rial(bulk.get("cost")) if is_alone else None
        at = _moment(bulk) or datetime.fromtimestamp(0, UTC)
        rows: list[lost.Row] = []
        for page in self._pages("GET", "api/report/recipients", query, "per_page", asking=asking):
            if page is None:
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

    def inbox(self, after: int, first: int, most: int) -> tuple[list[Row], int | None]:
        """What arrived after an identifier, the newest first, of at most so many pages from
        `first`; and the page to go on with, None where all was read."""
        rows: list[Row] = []
        document: dict[str, object] = {"filters": {"from_id": after}} if after else {}
        following = first
        for page in self._pages(
            "POST",
            "api/report/messages-inbox",
            document,
            "per_page",
            asking=Round(),
            first=first,
            most=most,
        ):
            if page is None:
                return rows, following
            if not page:
                break
            rows += page
            following += 1
        return rows, None

    def _pages(
        self,
        verb: str,
        path: str,
        given: Mapping[str, object],
        size: str,
        *,
        asking: Round,
        first: int = 1,
        most: int = MAX_PAGES,
    ) -> Iterator[list[Row] | None]:
        """The pages of a report; None at the end where there is more."""
        number = first
        while number < first + most and asking.begin_call():
            asked = {**given, "page": number, size: PAGE}
            query = {name: str(value) for name, value in asked.items()} if verb == "GET" else {}
            try:
                data, meta = self._ask(verb, path, query, asked if verb == "POST" else None)
            except GatewayError as error:
                if asking.stumbled(error):
                    continue
                raise
            if not isinstance(data, list):
                raise GatewayError("retry", "entries", "an answer without a list")
            records = answers.records(data)
            yield list(records)
            last = answers.integer(meta.get("last_page"))
            if len(records) != len(data) or last is None:
                break
            if number >= last:
                return
            number += 1
        yield None


def _is_like(key: str, keys: set[str]) -> bool:
    return not key or key in keys or any(each in key or key in each for each in keys)


def _moment(bulk: Row) -> datetime | None:
    seconds = answers.integer(bulk.get("time"))
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < 2**35 else None
