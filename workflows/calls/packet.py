"""Calls to the centre, as the council reads of them."""

from typing import Any

from portal.i18n import _l
from portal.packet import PacketSection, Period, day, figures, note, number, rate, section, table
from workflows.calls import counting, labels
from workflows.calls.models import RESULTS


def calls(period: Period) -> dict[str, Any]:
    """The days of a month one by one; of a longer period only the sums."""
    total = counting.sums(period.first, period.last)
    blocks = [
        figures(
            (_l("Answered at once, of the calls taken"), rate(total.at_once, total.taken)),
            (_l("Calls"), number(total.total)),
            *((labels.RESULTS[result], number(total.by[result])) for result in RESULTS),
        ),
        note(
            _l(
                "Calls taken are those in which somebody was talked to; callers who were gone "
                "are left out of the rate."
            )
        ),
    ]
    if (period.last - period.first).days < counting.MONTHS_FROM:
        found = counting.figures(period.first, period.last)
        blocks.append(
            table(
                _l("Calls by day"),
                [
                    (_l("Day"), "day"),
                    (_l("Calls"), "number"),
                    (_l("Answered at once, of the calls taken"), "rate"),
                ],
                [
                    [day(date), number(sums.total), rate(sums.at_once, sums.taken)]
                    for date, sums in found.days.items()
                    if sums.total
                ],
                _l("No call was recorded in this period."),
            )
        )
    return section(*blocks)


SECTION = PacketSection("calls", _l("Calls to the centre"), calls, 35)
