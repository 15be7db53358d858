"""Kavenegar's records, and its lists of SMS received and of numbers that stopped a line."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from portal.messaging.gateways import answers
from portal.messaging.gateways.base import LOST, GatewayError, Inbound, Inbox, Stops
from portal.messaging.gateways.numbers import international, is_e164
from portal.messaging.gateways.rounds import Round

Record = dict[str, object]
Ask = Callable[[str, Mapping[str, str]], list[Record]]

RECEIVE_PAGE: Final = 100
BLOCKED_PAGE: Final = 200
MAX_PAGES: Final = 500
BLOCKED_SECONDS: Final = 100.0
"""The list of the first look, 90 days back, may be long."""
STOPPED_BY_SMS: Final = "2"
"""blockReason of «لغو ۱۱»; the others (panel, administrator) are nobody's own word."""


def inbox(ask: Ask, line: str, cursor: str) -> Inbox:
    """The unread SMS of a line, at most RECEIVE_PAGE. Asking marks them as read, so after an answer
    that was lost the read ones are asked for too, as far back as the gateway gives them."""
    found = ask("sms/receive", {"linenumber": line, "isread": "1"}) if cursor == LOST else []
    unread = ask("sms/receive", {"linenumber": line, "isread": "0"})
    messages: list[tuple[Inbound, Record]] = []
    unreadable: list[Record] = []
    for entry in (*found, *unread):
        if (message := inbound(entry)) is not None:
            messages.append((message, entry))
        else:
            unreadable.append(entry)
    return Inbox(messages, "", len(unread) >= RECEIVE_PAGE, unreadable)


def blocked(ask: Ask, line: str, since: datetime) -> Stops:
    """The numbers that stopped a line by SMS since then, page by page."""
    found: dict[str, None] = {}
    asking = Round(BLOCKED_SECONDS, MAX_PAGES)
    page = 0
    while asking.begin_call():
        page += 1
        try:
            entries = ask(
                "line/blocked/list",
                {
                    "linenumber": line,
                    "blockreason": STOPPED_BY_SMS,
                    "startdate": str(int(since.timestamp())),
                    "page": str(page),
                },
            )
        except GatewayError:
            if not asking.failed():
                raise
            break  # what is known already is not thrown away
        found |= dict.fromkeys(_numbers(entries))
        if len(entries) < BLOCKED_PAGE:
            return Stops(list(found))
    return Stops(list(found), is_complete=False)


def _numbers(entries: Iterable[Record]) -> list[str]:
    # The name of the field is not documented.
    given = (
        entry.get("receptor") or entry.get("number") or entry.get("mobile") for entry in entries
    )
    numbers = (international(str(each)[:40]) for each in given if each)
    return [number for number in numbers if is_e164(number)]


def inbound(entry: Mapping[str, object]) -> Inbound | None:
    """An SMS received; the names of its fields vary with the source."""
    sender, line = entry.get("sender", entry.get("from")), entry.get("receptor", entry.get("to"))
    text = entry.get("message")
    if not sender or not line or not isinstance(text, str):
        return None
    gateway_id = answers.integer(entry.get("messageid", entry.get("id")))
    return Inbound(
        gateway_id=str(gateway_id) if gateway_id else None,
        sender=international(str(sender)[:40]),
        line=str(line)[:40],
        text=text[:10_000],
        received_at=answers.moment(answers.integer(entry.get("date"))),
    )
