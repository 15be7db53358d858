"""Melipayamak's codes, and the code behind the words that its console answers with.

Its older interfaces answer with the numbers, the console with a sentence in `status`; which
sentence is documented nowhere, so a word of it decides.
"""

from collections.abc import Mapping
from typing import Final

from portal import text
from portal.messaging.gateways.base import DeliveryState, ErrorKind

# Codes of a sending call. Those below zero are about templates, which we do not send.
KINDS: Final[Mapping[int, ErrorKind]] = {
    0: "stop_gateway",
    2: "pause",
    3: "pause",  # the day's limit
    4: "pause",  # the limit of volume
    5: "config",
    6: "retry",
    7: "stop_campaign",
    9: "config",
    10: "stop_gateway",
    12: "stop_gateway",
    14: "stop_campaign",
    15: "stop_campaign",
    **dict.fromkeys(range(-7, 0), "bug"),
}
# Delivery codes
STATES: Final[Mapping[int, DeliveryState]] = {
    0: "at_operator",
    1: "delivered",
    2: "undelivered",
    3: "undelivered",
    5: "unknown",
    8: "at_operator",
    16: "undelivered",
    35: "blocked",
    100: "unknown",
    200: "at_operator",
    300: "failed",  # filtered
    400: "accepted",
    500: "failed",
}
NUMBER: Final = "number"
"""Our code for a recipient that is refused."""
PER_MESSAGE: Final = frozenset({"11", NUMBER})
"""Nothing of the call was accepted; the message to blame is looked for."""
TEXT: Final = "text"
"""Our code for a sentence that holds none of these words."""

# The first that is found counts.
_WORDS: Final = tuple(
    (text.search_key(word), code)
    for word, code in (
        ("لینک", "14"),
        ("لغو", "15"),
        ("فیلتر", "7"),
        ("کلمه", "7"),
        ("روزانه", "3"),
        ("حجم", "4"),
        ("اعتبار", "2"),
        ("مدارک", "12"),
        ("عمومی", "9"),
        ("گیرنده", NUMBER),
        ("فرستنده", "5"),
        ("روزرسانی", "6"),
        ("روز رسانی", "6"),
        ("کاربری", "0"),
        ("رمز", "0"),
        ("توکن", "0"),
        ("token", "0"),
        ("فعال", "10"),
        ("ارسال نشد", "11"),
    )
)


def code_of(status: object) -> str | None:
    """The code that a `status` stands for; None where it says nothing or that all is well."""
    said = str(status).strip() if isinstance(status, str | int) else ""
    if said.lstrip("-").isdecimal():
        number = int(said)
        return None if number == 1 else str(number) if number in {*KINDS, 11} else TEXT
    key = text.search_key(said)
    return next((code for word, code in _WORDS if word in key), TEXT) if key else None
