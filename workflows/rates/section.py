"""What the council reads of it: closed, confirmed, and how citizens were asked."""

from typing import Any

from portal.i18n import _l
from portal.packet import Cell, PacketSection, Period, figures, note, rate, section, table, words
from workflows.rates import counting
from workflows.rates.counting import Tally, Wanted
from workflows.rates.pages import WAY_NAMES


def closed_and_confirmed(period: Period) -> dict[str, Any]:
    """By district and by way of asking; both numbers of every rate."""
    wanted = Wanted(period)
    found = counting.count(wanted)
    tree = counting.read_units()
    asked = counting.ways(wanted)
    districts: list[list[Cell]] = [
        [words(unit.names if unit else _l("Outside the districts")), *_rates(tally)]
        for unit, tally in tree.by_district(found.units)
    ]
    return section(
        figures(
            (_l("Closed as done, of the messages received"), _rates(found.total)[0]),
            (_l("Confirmed by the citizen, of those closed as done"), _rates(found.total)[1]),
        ),
        table(
            _l("By district"),
            [
                (_l("District"), "text"),
                (_l("Closed as done, of the messages received"), "rate"),
                (_l("Confirmed by the citizen, of those closed as done"), "rate"),
            ],
            districts,
            _l("No message was received in this period."),
        ),
        table(
            _l("How citizens were asked"),
            [
                (_l("Way"), "text"),
                (_l("Answered, of those asked"), "rate"),
                (_l("Accepted, of the answers"), "rate"),
                (_l("Objected, of the answers"), "rate"),
            ],
            [
                [
                    words(WAY_NAMES[way.way]),
                    rate(way.answered, way.asked),
                    rate(way.accepted, way.answered),
                    rate(way.objected, way.answered),
                ]
                for way in asked
            ],
            _l("Nobody was asked in this period."),
        ),
        note(
            _l(
                "Counted are messages of citizens received in the period. Only what was carried "
                "out counts as done: planned, impossible, not the municipality's, duplicate and "
                "irrelevant never do. A message belongs to the district that has it now."
            )
        ),
    )


def _rates(tally: Tally) -> list[dict[str, Any]]:
    return [rate(tally.done, tally.received), rate(tally.confirmed, tally.done)]


SECTIONS = (
    PacketSection("closed", _l("Closed and confirmed by the citizen"), closed_and_confirmed, 45),
)
