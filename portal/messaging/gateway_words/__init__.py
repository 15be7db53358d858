"""The codes of each gateway in words, and what to do about them."""

from collections.abc import Mapping
from typing import Final

from portal.i18n import LazyText
from portal.messaging.gateway_words import ippanel, kavenegar, melipayamak, twilio
from portal.messaging.gateway_words.table import Table

_TABLES: Final[Mapping[str, Table]] = {
    "ippanel": ippanel.CODES,
    "kavenegar": kavenegar.CODES,
    "melipayamak": melipayamak.CODES,
    "twilio": twilio.CODES,
}


def of(gateway: str, code: str) -> tuple[LazyText, LazyText | str] | None:
    """What a gateway's code means and what to do; None where nobody wrote it down."""
    return _TABLES.get(gateway, {}).get(code)
