"""Contact files, row by row: CSV in the encodings and separators of the world, and XLSX."""

import codecs
import csv
import io
import itertools
import re
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, cast

from portal import phones, text
from portal.contacts.columns import map_headers
from portal.i18n import LazyText, _l, format_number, known_language

MAX_ROWS = 200_000
MAX_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
MAX_PACKING = 200
MAX_COLUMNS = 100
MAX_CELL = 2_000
_TITLE_ROWS = 10
_SAMPLE_ROWS = 20
_MAX_LINES_IN_ROW = 20
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|style|\?xml)\b", re.IGNORECASE
)
"""What some programs save under the name of a spreadsheet."""
_DELIMITERS = (",", ";", "\t", "|")

Source = str | Path | IO[bytes]


class FileError(ValueError):
    """A file that cannot be read as contacts; `message` is for the person who chose it."""

    def __init__(self, code: str, message: LazyText) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row. `number` is what a spreadsheet shows; `values` by field, `extra` by column name."""

    number: int
    values: dict[str, str]
    extra: dict[str, str] = field(default_factory=dict)


_Cells = tuple[int, list[str]]


def open_rows(source: Source, filename: str = "") -> Iterator[RawRow]:
    """The rows of a CSV, TSV or XLSX file, without the blank ones.

    `source` is a path or a binary stream, which stays open. Columns are found by their names
    (portal.contacts.columns) below at most ten title rows, or by content where nothing names
    them. Raises FileError, at the first row or where the trouble is.
    """
    if isinstance(source, str | Path):
        try:
            with Path(source).open("rb") as stream:
                yield from _rows(stream, filename or str(source))
        except OSError as error:
            raise FileError("unreadable", _l("The file cannot be opened")) from error
        return
    yield from _rows(source, filename)


def _rows(stream: IO[bytes], filename: str) -> Iterator[RawRow]:
    with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as copy:
        _copy_bounded(stream, cast("IO[bytes]", copy))
        copy.seek(0)
        start = copy.read(256)
        magic = start[:4]
        copy.seek(0)
        if not magic:
            raise FileError("empty", _l("The file is empty"))
        if magic.startswith(b"PK"):
            cells = _xlsx_cells(cast("IO[bytes]", copy))
        elif magic in {b"\xd0\xcf\x11\xe0", b"%PDF"} or _MARKUP.match(start):
            raise _unknown_format(filename)
        else:
            cells = _csv_cells(cast("IO[bytes]", copy), filename)
        yield from _named(_bounded(cells))


def _unknown_format(filename: str) -> FileError:
    return FileError(
        "format",
        _l(
            "%(file)s is neither CSV nor XLSX. Save it as one of these and try again",
            file=Path(filename).name[:80] or "?",
        ),
    )


def _copy_bounded(source: IO[bytes], target: IO[bytes]) -> None:
    size = 0
    while chunk := source.read(1 << 16):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FileError("too_big", _l("The file is larger than 64 MB"))
        target.write(chunk)


def _bounded(cells: Iterable[_Cells]) -> Iterator[_Cells]:
    """Cleaned, not blank, at most MAX_ROWS."""
    count = 0
    for number, row in cells:
        clean = [text.strip_controls(cell[:MAX_CELL]).strip() for cell in row[:MAX_COLUMNS]]
        if not any(clean):
            continue
        count += 1
        if count > MAX_ROWS + 1:
            raise _too_many()
        yield number, clean


def _too_many() -> FileError:
    return FileError(
        "too_many_rows",
        _l(
            "The file has more than %(limit)s rows. Divide it and import the parts",
            limit=LazyText(format_number, MAX_ROWS),
        ),
    )


# Columns


def _named(cells: Iterator[_Cells]) -> Iterator[RawRow]:
    head = list(itertools.islice(cells, _SAMPLE_ROWS))
    if not head:
        raise FileError("empty", _l("The file is empty"))
    named = _header(head)
    if named is not None:
        index, columns = named
        headers = head[index][1]
        rows = itertools.chain(head[index + 1 :], cells)
    else:
        columns = _columns_by_content([row for _number, row in head])
        if "phone" not in columns:
            raise _no_phone_column(head[0][1])
        headers = []
        rows = itertools.chain(head, cells)
    used = set(columns.values())
    first = next(rows, None)
    if first is None:
        raise FileError("empty", _l("Below the row that names the columns there is no row"))
    for number, row in itertools.chain([first], rows):
        yield RawRow(
            number,
            {name: row[at] for name, at in columns.items() if at < len(row) and row[at]},
            {
                (headers[at] if at < len(headers) else "") or f"#{at + 1}": cell
                for at, cell in enumerate(row)
                if at not in used and cell
            },
        )


def _header(head: list[_Cells]) -> tuple[int, dict[str, int]] | None:
    """(index, columns) of the row that names the columns; numbers below it speak for a row."""
    candidates = []
    for index, (_number, row) in enumerate(head[:_TITLE_ROWS]):
        columns = map_headers(row)
        at = columns.get("phone")
        if at is None or _is_phone(row[at]):
            continue
        below = [cells[at] for _number, cells in head[index + 1 :] if at < len(cells)]
        if any(map(_is_phone, below)):
            return index, columns
        candidates.append((index, columns))
    return candidates[0] if candidates else None


def _is_phone(cell: str) -> bool:
    try:
        phones.parse_mobile(cell)
    except phones.PhoneError as error:
        return error.code == "landline"
    return True


def _columns_by_content(sample: list[list[str]]) -> dict[str, int]:
    """Columns of a file without names: most telephone numbers, first words, languages."""
    width = max(map(len, sample))
    by_column = [[row[at] for row in sample if at < len(row) and row[at]] for at in range(width)]
    hits = [sum(map(_is_phone, column)) for column in by_column]
    best = max(range(width), key=lambda at: hits[at])
    # A title or a broken number among them is no reason to refuse the file.
    if not hits[best] or hits[best] * 3 < len(by_column[best]):
        return {}
    columns = {"phone": best}
    for at, column in enumerate(by_column):
        if at == best or not column:
            continue
        if all(known_language(cell) for cell in column):
            columns.setdefault("language", at)
        elif all(any(char.isalpha() for char in cell) for cell in column):
            columns.setdefault("name", at)
    return columns


def _no_phone_column(row: list[str]) -> FileError:
    seen = " · ".join(cell[:40] for cell in row[:12] if cell)
    return FileError(
        "no_phone_column",
        _l("No column with telephone numbers was found. The first row reads: %(seen)s", seen=seen),
    )


# CSV


def _csv_cells(stream: IO[bytes], filename: str) -> Iterator[_Cells]:
    encoding = _encoding(stream)
    stream.seek(0)
    with io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="") as lines:
        sample = lines.read(32 * 1024)
        if sample.count("\0") > 1:
            raise _unknown_format(filename)
        delimiter, skip = _delimiter(sample)
        lines.seek(0)
        record: list[str] = []
        reader = csv.reader(_watched(lines, record), delimiter=delimiter)
        try:
            for number, row in enumerate(reader, start=1):
                # A quotation mark that nothing closes would swallow the rows behind it.
                if len(record) > _MAX_LINES_IN_ROW:
                    raise _unclosed(reader.line_num - len(record) + 1)
                if len(record) > 1 and sum(line.count('"') for line in record) % 2:
                    raise _unclosed(reader.line_num - len(record) + 1)
                record.clear()
                if number > skip:
                    yield number, row
        except csv.Error as error:
            raise _unclosed(reader.line_num - len(record) + 1) from error


def _watched(lines: Iterable[str], record: list[str]) -> Iterator[str]:
    """The lines without NUL, each also noted in `record`."""
    for line in lines:
        clean = line.replace("\0", "")
        record.append(clean)
        yield clean


def _unclosed(line: int) -> FileError:
    return FileError(
        "broken",
        _l(
            "A quotation mark is not closed at line %(line)s of the file",
            line=LazyText(format_number, line),
        ),
    )


def _encoding(stream: IO[bytes]) -> str:
    """UTF-8, UTF-16 (with a mark or by its zero bytes) or, when neither, windows-1256."""
    start = stream.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if b"\0" in start[:200]:
        return "utf-16-le" if start[:200:2].count(0) < start[1:200:2].count(0) else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while start:
            decoder.decode(start)
            start = stream.read(1 << 16)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # Every byte means something in it: old Persian Excel writes this.
        return "windows-1256"
    return "utf-8"


def _delimiter(sample: str) -> tuple[str, int]:
    """(separator, rows to skip): Excel's `sep=` line, or what splits most rows alike."""
    first = sample.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r").lower()
    if first.startswith("sep=") and first[4:] in _DELIMITERS:
        return first[4:], 1
    best = (0.0, ",")
    for delimiter in _DELIMITERS:
        try:
            rows = list(itertools.islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 30))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows[:-1] or rows if row)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item))
        score = 0.0 if width < 2 else count / widths.total() + width / 1000
        if score > best[0]:
            best = (score, delimiter)
    return best[1], 0


# XLSX


def _xlsx_cells(stream: IO[bytes]) -> Iterator[_Cells]:
    broken = FileError("broken", _l("The workbook is damaged or is not an XLSX file"))
    try:
        _refuse_bomb(stream)
        from openpyxl import load_workbook

        with warnings.catch_warnings():
            # About colours and validations of the workbook, which do not concern us.
            warnings.simplefilter("ignore")
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except FileError:
        raise
    except Exception as error:  # openpyxl raises whatever its XML and zip readers raise
        raise broken from error
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise FileError("empty", _l("The file is empty"))
        sheet = sheets[0]
        # The stated size may be a lie of a million columns.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        try:
            for number, row in enumerate(rows, start=1):
                if number > 2 * MAX_ROWS:
                    raise _too_many()
                yield number, [_cell_text(value) for value in row]
        except FileError:
            raise
        except Exception as error:
            raise broken from error
    finally:
        book.close()


def _refuse_bomb(stream: IO[bytes]) -> None:
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        dense = any(
            member.file_size > 10_000_000
            and member.file_size > MAX_PACKING * max(member.compress_size, 1)
            for member in members
        )
        if len(members) > 2_000 or unpacked > MAX_UNPACKED_BYTES or dense:
            raise FileError("too_big", _l("The workbook unpacks to far more than it should"))
    stream.seek(0)


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        # Excel holds telephone numbers as floats; 9.12E9 must come out as 9120000000.
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    shown = str(value)
    return "" if shown in {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#DIV/0!"} else shown
