"""What the pages, the file and the packet show: named rows, from the counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal import plugin
from portal.i18n import LazyText, _, _l, pick
from portal.packet import Period
from workflows.callins import figures as callins
from workflows.cases.stages import CHANNEL_NAMES
from workflows.rates import counting, small
from workflows.rates.counting import Tally, Units, Wanted, Way

WAY_NAMES: Final[dict[str, LazyText]] = {
    "sms": _l("By SMS"),
    "link": _l("On the tracking page"),
    "call": _l("In a feedback call"),
}
MOST_ROWS: Final = 200


@dataclass(frozen=True)
class Row:
    """A line of a table: `key` for files, `name` for people."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True)
class Rate:
    """A rate that somebody else counts."""

    name: str
    label: str
    part: int
    whole: int


@dataclass(frozen=True)
class Report:
    """Everything of one period, for staff."""

    total: Tally
    districts: Sequence[Row]
    units: Sequence[Row]
    categories: Sequence[Row]
    urgent: Sequence[Row]
    channels: Sequence[Row]
    ways: Sequence[Way]
    others: Sequence[Rate]
    officials: Sequence[dict[str, Any]]

    def groups(self) -> Iterator[tuple[str, Sequence[Row]]]:
        for name in ("districts", "units", "categories", "urgent", "channels"):
            yield name, getattr(self, name)


def report(wanted: Wanted, tree: Units) -> Report:
    """At most MOST_ROWS rows a table, the most messages first for units and categories."""
    found = counting.count(wanted)
    by_id = tree.by_id
    names = counting.category_names(found.categories)
    return Report(
        total=found.total,
        districts=districts(tree, found.units),
        units=_most(
            [
                Row(
                    by_id[unit].code if unit in by_id else "",
                    pick(by_id[unit].names) if unit in by_id else _("No unit yet"),
                    tally,
                )
                for unit, tally in found.units.items()
            ]
        ),
        categories=_most(
            [
                Row(
                    str(category or ""),
                    pick(names[category]) if category in names else _("No category yet"),
                    tally,
                )
                for category, tally in found.categories.items()
            ]
        ),
        urgent=[
            Row("urgent" if key else "ordinary", _("Urgent") if key else _("Not urgent"), tally)
            for key, tally in sorted(found.urgent.items(), reverse=True)
        ],
        channels=[
            Row(key, str(CHANNEL_NAMES.get(key, key)), tally)
            for key, tally in sorted(found.channels.items())
        ],
        ways=counting.ways(wanted),
        others=others(wanted.period),
        officials=callins.by_official(wanted.period.since, wanted.period.until),
    )


def districts(tree: Units, units: dict[int | None, Tally]) -> list[Row]:
    return [
        Row(unit.code, pick(unit.names), tally)
        if unit is not None
        else Row("", _("Outside the districts"), tally)
        for unit, tally in tree.by_district(units)
    ]


def others(period: Period) -> list[Rate]:
    """Rates that other plugins count, such as satisfaction."""
    found = []
    for each in plugin.active():
        for rate in each.published_rates:
            if (numbers := rate.count(period)) is not None:
                found.append(Rate(rate.name, str(rate.label), *numbers))
    return found


def _most(rows: list[Row]) -> list[Row]:
    rows.sort(key=lambda row: (-row.tally.received, row.name))
    return rows[:MOST_ROWS]


# For everybody


@dataclass(frozen=True)
class PublicRow:
    """Counts as they may be published: None where a number is too small."""

    name: str
    received: int | None
    done: int | None
    confirmed: int | None


@dataclass(frozen=True)
class PublicReport:
    total: PublicRow
    districts: Sequence[PublicRow]
    ways: Sequence[tuple[str, int | None, int | None, int | None]]
    """name, asked, accepted, objected"""
    others: Sequence[Rate]


def public_report(period: Period) -> PublicReport:
    """City and districts; numbers under five are left out, and what would give them away."""
    wanted = Wanted(period)
    found = counting.count(wanted)
    rows = districts(counting.read_units(), found.units)
    columns = [
        small.hidden([getattr(row.tally, name) for row in rows])
        for name in ("received", "done", "confirmed")
    ]
    total = [
        small.hidden([getattr(found.total, name)])[0] for name in ("received", "done", "confirmed")
    ]
    asked = counting.ways(wanted)
    accepted = small.hidden([way.accepted for way in asked])
    objected = small.hidden([way.objected for way in asked])
    return PublicReport(
        total=PublicRow(_("The whole city"), *total),
        districts=[
            PublicRow(row.name, *numbers) for row, *numbers in zip(rows, *columns, strict=True)
        ],
        ways=[
            (str(WAY_NAMES[way.way]), small.hidden([way.asked])[0], yes, no)
            for way, yes, no in zip(asked, accepted, objected, strict=True)
        ],
        others=[rate for rate in others(period) if rate.part >= small.LEAST],
    )
