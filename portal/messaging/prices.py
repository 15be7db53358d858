"""What an SMS costs: prices of one part by gateway, operator and encoding, and estimates by them.

Money is in rial here. The operator is guessed from the number's prefix: numbers may be ported.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from portal import audit, links
from portal.db import db
from portal.messaging import account, segments
from portal.messaging.models import SmsPrice
from portal.messaging.segments import Encoding, LinePlan, Segments

Operator = Literal["mci", "other"]
OPERATORS: Final[tuple[Operator, ...]] = ("mci", "other")
ENCODINGS: Final[tuple[Encoding, ...]] = ("UCS-2", "GSM-7")
MOST: Final = 1_000_000
"""Rial for one part: more is a typing mistake."""

_MCI_PREFIXES: Final = r"^\+98(91|932|99[0-46])"
_MCI = re.compile(_MCI_PREFIXES)
_LINK: Final = "{link}"
_CODE: Final = "{code}"

Key = tuple[Operator, Encoding]


def operator_of(e164: str) -> Operator:
    """The operator that gave the number out: MCI, or any other."""
    return "mci" if _MCI.match(e164) else "other"


def is_mci(e164: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The same in SQL."""
    return e164.regexp_match(_MCI_PREFIXES)


def toman(rial: int) -> int:
    """Rial as the toman that people reckon in."""
    return (rial + 5) // 10


@dataclass(frozen=True, slots=True)
class PriceList:
    """A gateway's prices of one part in rial."""

    gateway: str
    parts: Mapping[Key, int]

    def of(self, operator: Operator, found: Segments) -> int | None:
        """The price of one SMS; None where none is entered."""
        price = self.parts.get((operator, found.encoding))
        return None if price is None else price * found.segments

    @property
    def complete(self) -> bool:
        return all((o, e) in self.parts for o in OPERATORS for e in ENCODINGS)


def of(gateway: str) -> PriceList:
    """The prices that were entered for a gateway."""
    return lists([gateway])[gateway]


def lists(gateways: Collection[str]) -> dict[str, PriceList]:
    """gateway -> its prices, in one query."""
    found: dict[str, dict[Key, int]] = {name: {} for name in gateways}
    for row in db.session.execute(
        select(SmsPrice.gateway, SmsPrice.operator, SmsPrice.encoding, SmsPrice.rial).where(
            SmsPrice.gateway.in_(found)
        )
    ):
        found[row.gateway][(row.operator, row.encoding)] = row.rial
    return {name: PriceList(name, parts) for name, parts in found.items()}


def preferred() -> PriceList | None:
    """The prices of the gateway that sends as a rule; None where none is configured."""
    first = next(iter(account.accounts()), None)
    return of(first.name) if first else None


def change(gateway: str, wanted: Mapping[Key, int | None]) -> bool:
    """Enter a gateway's prices; None takes one away. False where nothing changed.

    Flushes, never commits; writes an audit row.
    """
    before = of(gateway).parts
    after = {key: rial for key, rial in wanted.items() if rial is not None}
    if before == after:
        return False
    for (operator, encoding), rial in sorted(after.items()):
        db.session.execute(
            insert(SmsPrice)
            .values(gateway=gateway, operator=operator, encoding=encoding, rial=rial)
            .on_conflict_do_update(
                index_elements=["gateway", "operator", "encoding"], set_={"rial": rial}
            )
        )
    for operator, encoding in sorted(before.keys() - after.keys()):
        db.session.execute(
            delete(SmsPrice).where(
                SmsPrice.gateway == gateway,
                SmsPrice.operator == operator,
                SmsPrice.encoding == encoding,
            )
        )
    audit.record(
        "messages.prices_changed",
        "gateway",
        gateway,
        before={f"{o} {e}": rial for (o, e), rial in sorted(before.items())},
        after={f"{o} {e}": rial for (o, e), rial in sorted(after.items())},
    )
    db.session.flush()
    return True


@dataclass(slots=True)
class Estimator:
    """Estimates of many messages: equal texts are counted once.

    Exact in segments, for links and codes are as long as the ones that are sent.
    """

    prices: PriceList | None
    plan: LinePlan
    _counted: dict[tuple[str, str | None], Segments] = field(default_factory=dict)

    def of(self, e164: str, body: str, link_purpose: str | None) -> int | None:
        """Rial for one SMS with a personal link of that purpose; None where no price is known."""
        if self.prices is None or not self.prices.parts:
            return None
        found = self._counted.get((body, link_purpose))
        if found is None:
            found = segments.count(as_long(body, link_purpose), chars_per_part=self.plan)
            self._counted[body, link_purpose] = found
        return self.prices.of(operator_of(e164), found)


def as_long(body: str, link_purpose: str | None) -> str:
    """A body with a link and a code as long as the real ones."""
    if link_purpose is None:
        return body
    if _CODE in body:
        body = body.replace(_CODE, "0" * links.CODE_LENGTH)
    if _LINK in body:
        try:
            url = links.url_for_token(link_purpose, "0" * links.TOKEN_LENGTH)
        except KeyError:
            return body  # sending will fail for the same reason
        body = body.replace(_LINK, url)
    return body


def estimator() -> Estimator:
    """For messages whose gateway is not chosen yet: by the preferred one."""
    return Estimator(preferred(), account.plan())
