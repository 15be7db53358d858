"""The rates as a file: one line a rate, with numerator and denominator."""

import csv
import io
from typing import Final

from portal.i18n import pick
from workflows.cases.tables import harmless
from workflows.rates.counting import Wanted
from workflows.rates.pages import Report

COLUMNS: Final = (
    "first_day",
    "last_day",
    "group",
    "key",
    "name",
    "rate",
    "numerator",
    "denominator",
)


def write(found: Report, wanted: Wanted) -> str:
    """UTF-8 text with a mark at its beginning, which spreadsheets want."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    days = (wanted.period.first.isoformat(), wanted.period.last.isoformat())

    def line(group: str, key: str, name: str, rate: str, *numbers: int) -> None:
        writer.writerow((*days, group, key, harmless(name), rate, *numbers))

    line("city", "", "", "closed", found.total.done, found.total.received)
    line("city", "", "", "confirmed", found.total.confirmed, found.total.done)
    for group, rows in found.groups():
        for row in rows:
            line(group, row.key, row.name, "closed", row.tally.done, row.tally.received)
            line(group, row.key, row.name, "confirmed", row.tally.confirmed, row.tally.done)
    for way in found.ways:
        line("ways", way.way, "", "answered", way.answered, way.asked)
        line("ways", way.way, "", "accepted", way.accepted, way.answered)
        line("ways", way.way, "", "objected", way.objected, way.answered)
    for rate in found.others:
        line("others", rate.name, "", rate.name, rate.part, rate.whole)
    for official in found.officials:
        made = official["promises"]
        for state in ("kept", "late", "open", "overdue", "not_kept"):
            name = pick(official["officials"])
            line("promises", "", name, f"promises_{state}", made[state], made["made"])
    return text.getvalue()
