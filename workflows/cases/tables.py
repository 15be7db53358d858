"""CSV files as these commands read and write them."""

import csv
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from portal.i18n import LazyText, _l

MOST_ROWS = 200_000
MOST_CELL = 20_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class FileRefused(ValueError):  # noqa: N818
    """A file that cannot be read at all; `message` is for people."""

    def __init__(self, message: LazyText) -> None:
        super().__init__(str(message))
        self.message = message


def read(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number as a spreadsheet shows it, cells by column name) of a UTF-8 file.

    Raises FileRefused, at the first row or where the trouble is.
    """
    csv.field_size_limit(MOST_CELL * 10)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip().lower() for name in next(reader, [])]
            missing = [name for name in required if name not in header]
            if missing:
                raise FileRefused(
                    _l("The header has no column %(names)s.", names=", ".join(missing))
                )
            for number, cells in enumerate(reader, start=2):
                if number > MOST_ROWS + 1:
                    raise FileRefused(_l("The file has too many rows."))
                if any(cell.strip() for cell in cells):
                    # A row that ends early has nothing in the columns that are left.
                    full = zip_longest(header, cells[: len(header)], fillvalue="")
                    yield (
                        number,
                        {name: cell[:MOST_CELL].replace("\0", "").strip() for name, cell in full},
                    )
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise FileRefused(_l("The file cannot be read as CSV in UTF-8.")) from error


def harmless(cell: str) -> str:
    """Not a formula, whatever a citizen's text begins with (OWASP: CSV injection)."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
