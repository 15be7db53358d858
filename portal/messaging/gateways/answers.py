"""Reading what a gateway answered: nothing in it is to be trusted."""

import json
import math
from datetime import UTC, datetime
from typing import Final

from portal import clock
from portal.messaging.gateways.http import Reply
from portal.messaging.gateways.redact import redact

MAX_RECORDS: Final = 1000


def document(answer: Reply) -> object:
    """The JSON document of an answer; None where it is none."""
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found


def records(value: object) -> list[dict[str, object]]:
    """The objects of an array, or of an object alone."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items[:MAX_RECORDS] if isinstance(item, dict)]


def integer(value: object) -> int | None:
    """A non-negative integer of at most 19 digits, however it was written."""
    if isinstance(value, float) and value.is_integer() and 0 <= value < 2**53:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None


def rial(value: object) -> int | None:
    """An amount, rounded to whole rial."""
    if isinstance(value, float) and math.isfinite(value) and 0 <= value < 2**53:
        return round(value)
    return integer(value)


def moment(seconds: int | None) -> datetime:
    """A Unix time the gateway gave, or this moment where it is missing or absurd."""
    now = clock.now()
    if seconds is None or not 0 < seconds < now.timestamp() + 86_400:
        return now
    return datetime.fromtimestamp(seconds, UTC)


def words(value: object) -> str:
    """What the gateway said, for a log: short, and without our keys."""
    return redact(str(value or ""))[:200]
