"""Call records of the telephone exchange from a CSV file. Nothing commits."""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from portal import audit
from portal.i18n import LazyText, _l
from workflows.callins import exchange
from workflows.callins.exchange import Report, ReportRefused

MOST_ROWS: Final = 100_000
MOST_CELL: Final = 2_000
MOST_REASONS: Final = 200
"""So many refused rows are listed; all are counted."""
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "call_id": ("call_id", "uniqueid", "callid", "id"),
    "offered": ("offered", "calldate", "start", "start_time", "offered_at"),
    "answered": ("answered", "answer", "answer_time", "answered_at"),
    "ended": ("ended", "end", "end_time", "ended_at"),
    "wait": ("wait", "waittime", "wait_seconds", "ring"),
    "duration": ("duration", "total_seconds"),
    "talk": ("talk", "billsec", "talk_seconds"),
    "number": ("number", "src", "caller", "callerid"),
    "line": ("line", "dst", "did", "called"),
}
"""What a file can say of a call -> names that its column usually has."""
NEEDED: Final = ("call_id", "offered")


class FileRefused(ValueError):  # noqa: N818
    """A file that cannot be read at all; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass
class Result:
    """What became of the rows. `refused`: row number as a spreadsheet shows it, reason."""

    new: int = 0
    known: int = 0
    refused_count: int = 0
    refused: list[tuple[int, LazyText]] = field(default_factory=list)


def import_text(content: str, columns: Mapping[str, str] | None = None) -> Result:
    """Take every row that can be used; a second time it changes nothing.

    `columns`: field of COLUMNS -> name of its column in this file; usual names are found without.
    Raises FileRefused before anything is written.
    """
    result = Result()
    reports: list[Report] = []
    for number, cells in _rows(content, columns or {}):
        try:
            reports.append(_report(cells))
        except ReportRefused as error:
            result.refused_count += 1
            if len(result.refused) < MOST_REASONS:
                result.refused.append((number, error.message))
        if len(reports) >= exchange.BATCH:
            _write(result, reports)
            reports = []
    _write(result, reports)
    audit.record(
        "callin.exchange_imported",
        "exchange",
        0,
        new=result.new,
        known=result.known,
        refused=result.refused_count,
    )
    return result


def _write(result: Result, reports: list[Report]) -> None:
    new, known = exchange.take(reports, "file")
    result.new += new
    result.known += known


def _rows(content: str, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number, cells by field of COLUMNS)."""
    csv.field_size_limit(MOST_CELL * 100)
    content = content.removeprefix("\ufeff")
    head = content.split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        places = _places(header, columns)
        for number, cells in enumerate(reader, start=2):
            if number > MOST_ROWS + 1:
                raise FileRefused(_l("The file has too many rows."))
            if any(cell.strip() for cell in cells):
                yield (
                    number,
                    {
                        name: cells[place][:MOST_CELL].strip() if place < len(cells) else ""
                        for name, place in places.items()
                    },
                )
    except csv.Error as error:
        raise FileRefused(_l("The file cannot be read as CSV in UTF-8.")) from error


def _places(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    missing: list[str] = []
    for name, usual in COLUMNS.items():
        chosen = columns.get(name, "").strip().casefold()
        if chosen:
            if chosen in header:
                found[name] = header.index(chosen)
            else:
                missing.append(chosen)
            continue
        place = next((header.index(each) for each in usual if each in header), None)
        if place is not None:
            found[name] = place
        elif name in NEEDED:
            missing.append(name)
    if missing:
        raise FileRefused(_l("The header has no column %(names)s.", names=", ".join(missing)))
    return found


def _report(cells: Mapping[str, str]) -> Report:
    """Raises ReportRefused."""
    offered = exchange.moment(cells["offered"])
    answered = exchange.moment(cells.get("answered"))
    ended = exchange.moment(cells.get("ended"))
    wait, duration, talk = (
        exchange.seconds(cells.get(name)) for name in ("wait", "duration", "talk")
    )
    if offered is None:
        raise ReportRefused(_l("There is no time."))
    if ended is None and duration is not None:
        ended = offered + dt.timedelta(seconds=duration)
    if answered is None and talk:
        # Exchanges count the ringing in the whole and leave it out of the talk.
        if ended is not None:
            answered = ended - dt.timedelta(seconds=talk)
        elif wait is not None:
            answered = offered + dt.timedelta(seconds=wait)
    elif answered is None and wait is not None and talk is None and "talk" not in cells:
        # Only a wait is told: whoever waited was answered, unless another column denies it.
        answered = offered + dt.timedelta(seconds=wait)
    return exchange.checked(
        call_id=cells["call_id"],
        moments={"offered": offered, "answered": answered, "ended": ended},
        line=cells.get("line"),
        number=cells.get("number"),
    )
