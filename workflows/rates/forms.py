"""What is asked of the rates: typed in the address, so a page can be kept and sent on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.i18n import (
    InputError,
    _,
    _l,
    current_language,
    digits,
    format_date,
    parse_date,
    today,
)
from portal.packet import Period
from workflows.cases.stages import CHANNEL_NAMES
from workflows.rates.counting import Units, Wanted

USUAL: Final = dt.timedelta(days=29)
LONGEST: Final = dt.timedelta(days=750)


@dataclass(frozen=True)
class Asked:
    """The form as it was filled in, and what is counted for it."""

    wanted: Wanted
    first: str
    last: str
    unit: int | None
    errors: tuple[tuple[str, str], ...] = ()

    def to_args(self) -> dict[str, Any]:
        """For the address of the file with the same numbers."""
        wanted = self.wanted
        urgent = {None: "", True: "yes", False: "no"}[wanted.urgent]
        found: dict[str, Any] = {
            "first": self.first,
            "last": self.last,
            "unit": self.unit,
            "category": wanted.category_id,
            "urgent": urgent,
            "channel": wanted.channel,
        }
        return {key: value for key, value in found.items() if value not in {None, ""}}


def typed(day: dt.date) -> str:
    """A day as the reader types it."""
    return format_date(day, "short") if current_language() == "fa" else digits(f"{day:%Y/%m/%d}")


def read(args: Mapping[str, str], tree: Units) -> Asked:
    """Nonsense in an address narrows nothing; days that cannot be used are explained."""
    errors: list[tuple[str, str]] = []

    def day(name: str, usual: dt.date) -> dt.date:
        text = args.get(name, "").strip()[:40]
        if not text:
            return usual
        try:
            return parse_date(text)
        except InputError as error:
            errors.append((name, str(error.message)))
            return usual

    last = day("last", today())
    first = day("first", last - USUAL)
    if last < first:
        errors.append(("last", _("The last day comes before the first.")))
        first = last
    if last - first > LONGEST:
        errors.append(("first", str(_l("The period is too long; two years at most."))))
        first = last - LONGEST
    unit = _number(args.get("unit"))
    unit = unit if unit in tree.by_id else None
    channel = args.get("channel", "")
    return Asked(
        Wanted(
            Period(first, last),
            unit_ids=tree.under(unit) if unit is not None else (),
            category_id=_number(args.get("category")),
            urgent={"yes": True, "no": False}.get(args.get("urgent", "")),
            channel=channel if channel in CHANNEL_NAMES else "",
        ),
        first=typed(first),
        last=typed(last),
        unit=unit,
        errors=tuple(errors),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
