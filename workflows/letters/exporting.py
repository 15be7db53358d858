"""The register as a file: CSV for machines, a workbook for people. Nothing in it is a formula."""

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jdatetime
import xlsxwriter
from flask import current_app
from sqlalchemy import select

from portal import audit
from portal.db import db
from portal.formats import local
from portal.i18n import RIGHT_TO_LEFT, LazyText, _l, current_language
from portal.units.models import Unit
from workflows.cases.tables import harmless
from workflows.letters import register, words
from workflows.letters.models import Letter

COLUMNS: Final[dict[str, LazyText]] = {
    "reference": _l("Number"),
    "dated_on": _l("Date"),
    "dated_persian": _l("Date, Persian calendar"),
    "direction": _l("Direction"),
    "state": _l("State"),
    "unit": _l("Unit"),
    "subject": _l("Subject"),
    "party_name": _l("Name"),
    "party_position": _l("Position"),
    "party_organisation": _l("Organisation"),
    "their_reference": _l("Number of the sender"),
    "their_date": _l("Date of the sender"),
    "signatory_name": _l("Who signs"),
    "due_at": _l("Reply due"),
    "sent_at": _l("Sent out"),
    "ended_at": _l("Ended"),
    "end_note": _l("Why it ended"),
}
MOST_SHEET_ROWS: Final = 100_000
_CHUNK: Final = 1 << 15


def record(wanted: register.RegisterFilter, kind: str) -> None:
    """That somebody took the register; the caller commits it before the file goes out."""
    audit.record("letter.exported", "letter", "all", filter=wanted.to_args(), format=kind)


def as_csv(wanted: register.RegisterFilter, user_id: int) -> Iterator[str]:
    """Pieces of the file, oldest letter first, in constant memory; times are ISO 8601 in UTC."""
    buffer = io.StringIO()
    out = csv.writer(buffer)
    # Spreadsheets take a file for UTF-8 only with this mark.
    buffer.write("\ufeff")
    out.writerow(COLUMNS)
    for letter, unit in _rows(wanted, user_id):
        cells = _cells(letter, unit)
        out.writerow([harmless(_machine(cells[name])) for name in COLUMNS])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def as_workbook(wanted: register.RegisterFilter, user_id: int) -> bytes:
    """At most 100,000 letters in the reader's words; written row by row, not held in memory."""
    with tempfile.TemporaryDirectory(dir=_folder()) as parts:
        target = Path(parts) / "letters.xlsx"
        options = {
            "tmpdir": parts,
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(str(target), options) as book:
            sheet = book.add_worksheet("letters")
            if current_language() in RIGHT_TO_LEFT:
                sheet.right_to_left()
            bold = book.add_format({"bold": True, "bottom": 1})
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(COLUMNS) - 1, 20)
            for place, label in enumerate(COLUMNS.values()):
                sheet.write_string(0, place, str(label), bold)
            for number, (letter, unit) in enumerate(_rows(wanted, user_id, MOST_SHEET_ROWS), 1):
                cells = _cells(letter, unit)
                cells["state"] = str(words.STATES[letter.state])
                cells["direction"] = str(words.DIRECTIONS[letter.direction])
                for place, name in enumerate(COLUMNS):
                    value = cells[name]
                    if isinstance(value, dt.datetime):
                        sheet.write_datetime(number, place, local(value), moment)
                    elif isinstance(value, dt.date):
                        sheet.write_datetime(number, place, value, day)
                    else:
                        sheet.write_string(number, place, value or "")
        return target.read_bytes()


def _folder() -> Path:
    """Parts that a killed process leaves lie where a redaction looks, not in the system's /tmp."""
    data: Path = current_app.extensions["pasokh_settings"].data_dir
    folder = data / "tmp"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _rows(
    wanted: register.RegisterFilter, user_id: int, most: int | None = None
) -> Iterator[tuple[Letter, str]]:
    rows = db.session.execute(
        select(Letter, Unit.code)
        .join(Unit, Unit.id == Letter.unit_id)
        .where(*register.conditions(wanted, user_id))
        .order_by(Letter.id)
        .limit(most)
        .execution_options(yield_per=500)
    )
    for letter, code in rows:
        yield letter, code
        # A long export must not keep every letter in the session.
        db.session.expunge(letter)


def _cells(letter: Letter, unit: str) -> dict[str, Any]:
    cells = {name: getattr(letter, name, None) for name in COLUMNS}
    day = letter.dated_on
    persian = jdatetime.date.fromgregorian(date=day).strftime("%Y/%m/%d") if day else ""
    return {**cells, "unit": unit, "dated_persian": persian}


def _machine(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value or "")
