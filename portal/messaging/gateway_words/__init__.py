"""The codes of each gateway in words, and what to do about them."""

from collections.abc import Mapping
from typing import Final

from portal.i18n import LazyText
from portal.messaging.gateway_words import (
    generic,
    ippanel,
    kavenegar,
    melipayamak,
    smsir,
    twilio,
)
from portal.messaging.gateway_words.table import Table

_TABLES: Final[Mapping[str, Table]] = {
    "ippanel": ippanel.CODES,
    "kavenegar": kavenegar.CODES,
    "smsir": smsir.CODES,
    "generic": generic.CODES,
    "melipayamak": melipayamak.CODES,
    "twilio": twilio.CODES,
}

_BAD_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ippanel": ("recipients",),
    "kavenegar": ("411",),
    # A null in an id's place is a wrong number or too long a text; ours have ten parts at most.
    "smsir": ("104", "null"),
    "generic": ("number",),
    "melipayamak": ("number",),
    "twilio": ("21211", "21614", "30005", "30006"),
}
"""The codes that say of a number that it is none, or out of service."""


def bad_number_reasons() -> list[str]:
    """The same of all gateways, as messages keep them."""
    return [f"{gateway}:{code}" for gateway, codes in _BAD_NUMBERS.items() for code in codes]


def of(gateway: str, code: str) -> tuple[LazyText, LazyText | str] | None:
    """What a gateway's code means and what to do; None where nobody wrote it down."""
    return _TABLES.get(gateway, {}).get(code)
