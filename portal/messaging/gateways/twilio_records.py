"""Twilio's codes, and what its records and callbacks say.

The codes are those of the facts collected in the vendor's documents and in the handlers of
nyaruka/courier.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from portal import clock
from portal.messaging.gateways import answers, lost
from portal.messaging.gateways.base import Delivery, DeliveryState, ErrorKind, Inbound

STATES: Final[Mapping[str, DeliveryState]] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "at_operator",
    "delivered": "delivered",
    "read": "delivered",
    "partially_delivered": "undelivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "cancelled",
}
# error_code of a message that ended undelivered or failed; any other leaves the state as it is.
ENDS: Final[Mapping[int, DeliveryState]] = {
    21610: "blocked",
    30003: "undelivered",
    30004: "blocked",
    30005: "undelivered",
    30006: "undelivered",
    30007: "failed",  # filtered
    30008: "unknown",
    30410: "undelivered",
}
# `code` of a call that was refused.
KINDS: Final[Mapping[int, ErrorKind]] = {
    14107: "rate_limited",
    20003: "stop_gateway",
    20404: "config",  # no such account
    20429: "rate_limited",
    21603: "config",  # no From
    21606: "config",
    21608: "config",  # a trial account reaches verified numbers only
    21609: "config",  # the address for reports
    21611: "rate_limited",  # the queue of this line is full
    21703: "config",  # the messaging service has no number
    21705: "config",  # no such messaging service
    30001: "retry",
    30002: "stop_gateway",
    30009: "bug",  # of messages that arrive
    30010: "config",  # dearer than the highest price set for the account
    30410: "ambiguous",
}
# Of this recipient or text alone, as is every other code of a 4xx answer.
PER_MESSAGE: Final = frozenset(
    {21211, 21408, 21602, 21612, 21614, 21617, 30003, 30005, 30006, 30007, 30008}
)
BLOCKED: Final = frozenset({21610, 30004})
SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def signature(token: str, url: str, posted: Mapping[str, str]) -> str:
    """The signature of a callback, in base64."""
    text = url + "".join(name + value for name, value in sorted(posted.items()))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def delivery_of(row: Mapping[str, object]) -> Delivery | None:
    """What a record says of its message; None without an identifier."""
    sid = row.get("sid")
    if not isinstance(sid, str) or not SID.fullmatch(sid):
        return None
    state = STATES.get(str(row.get("status")))
    code = answers.integer(row.get("error_code"))
    if state in {"undelivered", "failed"} and code is not None and code in ENDS:
        state = ENDS[code]
    return Delivery(sid, state or "unknown")


def row_of(given: Mapping[str, object]) -> lost.Row | None:
    delivery, at = delivery_of(given), moment(given.get("date_created"))
    to, text = given.get("to"), given.get("body")
    if delivery is None or at is None or not isinstance(to, str) or not isinstance(text, str):
        return None
    return lost.Row(to, text, str(given.get("from") or ""), at, delivery)


def inbound_of(
    sid: object, sender: object, line: object, text: object, at: datetime | None
) -> Inbound | None:
    if not (isinstance(sid, str) and sender and line and isinstance(text, str)):
        return None
    received = at or clock.now()
    return Inbound(sid[:64], str(sender)[:40], str(line)[:40], text[:10_000], received)


def moment(given: object) -> datetime | None:
    """A time as in e-mail: Fri, 13 Aug 2010 01:16:22 +0000."""
    try:
        found = parsedate_to_datetime(str(given))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
