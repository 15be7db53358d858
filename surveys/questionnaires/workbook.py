"""Any file an author may send → sheets of text cells with their row numbers.

The content decides, not the extension: .xlsx and .xlsm, old .xls, CSV (one table, or several with
the sheet's name in the first column, in UTF-8, UTF-16 or windows-1256) and Markdown tables.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice

import openpyxl
import xlrd  # type: ignore[import-untyped]

from portal.i18n import _l

from .merged_cells import merged_in, spread
from .problems import ProblemList

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 50 * 1024 * 1024
MAX_MEMBERS = 2_000
MAX_RATIO = 200
MAX_ROWS = 20_000
MAX_BLANK = 2 * MAX_ROWS
"""How far blank rows are followed to see whether anything stands below them."""
MAX_COLUMNS = 300
MAX_CELL = 32_767
SHEETS = ("survey", "choices", "settings", "external_choices", "entities", "osm", "columns")
_SHEET_ALIASES = {"choices_and_columns": "choices", "select_choices": "choices"}

_ZIP = b"PK\x03\x04"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f]")


class WorkbookError(Exception):
    """The file cannot be read at all. `message` is a lazy translation."""

    def __init__(self, code: str, message: object) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the spreadsheet's row number; `cells` are stripped texts, "" where empty."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The non-empty rows of one sheet. `title` is the name as written."""

    title: str
    rows: tuple[Row, ...]


def read_workbook(data: bytes, filename: str, problems: ProblemList) -> dict[str, Sheet]:
    """Sheets by lower-case name. Raises WorkbookError; lesser doubts go to `problems`."""
    if not data.strip(b"\x00 \t\r\n"):
        raise WorkbookError("empty_file", _l("The file is empty. Choose the file again."))
    if len(data) > MAX_BYTES:
        raise WorkbookError("too_large", _l("The file is larger than 20 MB. Make it smaller."))
    if data.startswith(_ZIP):
        sheets = _read_zip(data, problems)
    elif data.startswith(_OLE):
        sheets = _read_xls(data, problems)
    else:
        sheets = _read_text(_decoded(data, filename, problems), problems)
    return {_canonical(sheet.title): sheet for sheet in reversed(sheets)}


def _canonical(title: str) -> str:
    name = re.sub(r"\s+", "_", title.strip().lower())
    return _SHEET_ALIASES.get(name, name)


def _not_spreadsheet() -> WorkbookError:
    return WorkbookError(
        "not_spreadsheet",
        _l("This file is not a spreadsheet. Save the form as .xlsx, .xls or .csv and try again."),
    )


def _damaged() -> WorkbookError:
    return WorkbookError(
        "damaged",
        _l("This spreadsheet is damaged or locked by a password. Open it and save it again."),
    )


def _collect(title: str, rows: Iterable[Sequence[object]], problems: ProblemList) -> Sheet:
    kept: list[Row] = []
    wide = False
    for number, row in enumerate(rows, start=1):
        cells = [_text(value) for value in islice(row, MAX_COLUMNS + 1)] if any(row) else []
        while cells and not cells[-1]:
            cells.pop()
        # Rows that were cleared, or only formatted, are no rows of the form.
        if number > MAX_ROWS and (cells or number > MAX_BLANK):
            problems.add(
                "too_many_rows",
                _l("Only the first 20,000 rows are read. Split the form."),
                title,
                number,
            )
            break
        if len(cells) > MAX_COLUMNS:
            wide = True
            del cells[MAX_COLUMNS:]
        if cells:
            kept.append(Row(number, tuple(cells)))
    if wide:
        problems.add(
            "too_many_columns", _l("Only the first 300 columns are read. Remove the others."), title
        )
    return Sheet(title, tuple(kept))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\x00", "")[:MAX_CELL].strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Spreadsheets keep every number as a float: 3 comes as 3.0.
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        if value.time() == time():
            return value.date().isoformat()
        return value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _read_zip(data: bytes, problems: ProblemList) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            refuse_bomb(members)
            if "xl/workbook.xml" not in names:
                raise _not_spreadsheet()
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    with archive.open(member) as part:
                        # Office never writes one; entities in it could grow without end.
                        if b"<!DOCTYPE" in part.read(4096):
                            raise _damaged()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error
    except Exception as error:
        if isinstance(error, WorkbookError):
            raise
        raise _damaged() from error
    return _read_xlsx(data, problems)


def refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    """Raises WorkbookError for what would fill the memory."""
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if (
        len(members) > MAX_MEMBERS
        or unpacked > MAX_UNPACKED
        or (unpacked > 1024 * 1024 and unpacked > MAX_RATIO * max(packed, 1))
    ):
        raise WorkbookError(
            "too_large",
            _l("This file unpacks to an unreasonable size. Copy the form into a new spreadsheet."),
        )


def _read_xlsx(data: bytes, problems: ProblemList) -> list[Sheet]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                return [
                    _collect(
                        sheet.title,
                        spread(
                            sheet.iter_rows(
                                max_row=MAX_BLANK + 1, max_col=MAX_COLUMNS + 1, values_only=True
                            ),
                            merged_in(data, sheet, problems),
                        ),
                        problems,
                    )
                    for sheet in book.worksheets
                ]
            finally:
                book.close()
    # The libraries raise whatever a malformed part leads them into.
    except Exception as error:
        raise _damaged() from error


def _read_xls(data: bytes, problems: ProblemList) -> list[Sheet]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO())
            return [
                _collect(sheet.name, _xls_rows(sheet, book.datemode), problems)
                for sheet in book.sheets()
            ]
    except Exception as error:
        raise _damaged() from error


def _xls_rows(sheet: xlrd.sheet.Sheet, datemode: int) -> Iterator[list[object]]:
    for number in range(min(sheet.nrows, MAX_BLANK + 1)):
        yield [_xls_value(cell, datemode) for cell in sheet.row(number)]


def _xls_value(cell: xlrd.sheet.Cell, datemode: int) -> object:
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR!")
    return cell.value


def _decoded(data: bytes, filename: str, problems: ProblemList) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        try:
            return _only_text(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            encoding = "windows-1256"
    try:
        text = _only_text(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise _not_spreadsheet() from error
    if encoding == "windows-1256" and _ARABIC_SCRIPT.search(text):
        problems.warn(
            "encoding_repaired",
            _l(
                "%(filename)s is not in UTF-8; it was read as windows-1256. Look at the texts, "
                "and save it as “CSV UTF-8” next time.",
                filename=filename,
            ),
        )
    return text


def _only_text(text: str) -> str:
    if _NOT_TEXT.search(text):
        raise _not_spreadsheet()
    start = text.lstrip()[:200].lower()
    if start.startswith(("<?xml", "<!doctype", "<html", "%pdf", "{\\rtf", "{", "[")):
        raise _not_spreadsheet()
    return text


def _read_text(text: str, problems: ProblemList) -> list[Sheet]:
    lines = text.splitlines()
    tables = sum(line.lstrip().startswith("|") for line in lines)
    filled = sum(bool(line.strip()) for line in lines)
    if tables and tables * 2 >= filled:
        rows: Iterator[list[str]] = _markdown_rows(lines)
    else:
        rows = _csv_rows(text)
    numbered = list(islice(rows, MAX_BLANK + 1))
    sheets = _by_first_column(numbered, problems)
    if sheets:
        return sheets
    header = next((row for row in numbered if any(row)), [])
    keys = {re.sub(r"[\s_]+", " ", cell.strip().lower()) for cell in header}
    if "list name" in keys:
        return [_collect("choices", numbered, problems)]
    if "type" in keys:
        return [_collect("survey", numbered, problems)]
    raise _not_spreadsheet()


def _markdown_rows(lines: list[str]) -> Iterator[list[str]]:
    for line in lines:
        stripped = line.strip()
        if not stripped.startswith("|") or re.fullmatch(r"[|\s:\-]+", stripped):
            yield []
            continue
        inner = stripped[1:-1] if stripped.endswith("|") else stripped[1:]
        yield [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _csv_rows(text: str) -> Iterator[list[str]]:
    first, end, rest = text.partition("\n")
    delimiter = max(",;\t", key=first.count)
    # Excel's own line above the table says what parts the cells.
    if named := re.fullmatch(r"\ufeff?sep=(.)\r?", first, re.IGNORECASE):
        delimiter, text = named[1], end + rest
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise _not_spreadsheet() from error


def csv_sheet(data: bytes, filename: str, problems: ProblemList) -> Sheet:
    """Any CSV table as it is. Raises WorkbookError."""
    return _collect(filename, _csv_rows(_decoded(data, filename, problems)), problems)


def _by_first_column(rows: list[list[str]], problems: ProblemList) -> list[Sheet]:
    """Several sheets in one table: a row with a sheet's name first, then rows shifted by one."""
    first = next((row for row in rows if any(cell.strip() for cell in row)), None)
    if first is None or _canonical(first[0]) not in SHEETS:
        return []
    grouped: dict[str, list[list[str]]] = {}
    current = ""
    for row in rows:
        if row and row[0].strip():
            current = row[0].strip()
            grouped.setdefault(current, [[] for _ in range(_last(grouped))])
        if current:
            # Blank rows stand for what other sheets hold, so that row numbers stay the file's.
            for title, kept in grouped.items():
                kept.append(row[1:] if title == current else [])
    return [_collect(title, kept, problems) for title, kept in grouped.items()]


def _last(grouped: dict[str, list[list[str]]]) -> int:
    return max((len(rows) for rows in grouped.values()), default=0)
