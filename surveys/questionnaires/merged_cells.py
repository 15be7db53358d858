"""Cells merged downwards: each row of them means what the first says.

Cells merged sideways stay as they are: a text of one language is none of the next column's.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from openpyxl.utils.cell import range_boundaries

from portal.i18n import _l

from .problems import ProblemList

_MERGED: Final = re.compile(rb'<mergeCell\s[^>]*?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
MOST: Final = 5_000
"""Merged areas of a sheet that are looked at."""


def merged_in(data: bytes, sheet: Any, problems: ProblemList) -> dict[tuple[int, int], int]:
    """{(row from 1, column from 0) of the first cell: last row}; told of in a warning."""
    path = str(sheet._worksheet_path).lstrip("/")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = archive.read(path)
    found: dict[tuple[int, int], int] = {}
    for place in _MERGED.findall(part)[:MOST]:
        left, top, _right, bottom = range_boundaries(place.decode())
        if left is not None and top is not None and bottom is not None and bottom > top:
            found[top, left - 1] = bottom
    if found:
        problems.warn(
            "merged_cells",
            _l("Cells are merged; each row of them is read as what the first says. Unmerge them."),
            sheet.title,
            min(row for row, _column in found),
        )
    return found


def spread(
    rows: Iterable[Sequence[object]], merged: dict[tuple[int, int], int]
) -> Iterator[Sequence[object]]:
    """The rows, with what the first cell of a merged area says in each row of it."""
    if not merged:
        yield from rows
        return
    running: dict[int, tuple[int, object]] = {}
    for number, row in enumerate(rows, start=1):
        cells = list(row)
        for column, (last, value) in list(running.items()):
            if number > last:
                del running[column]
            elif column < len(cells) and cells[column] is None:
                cells[column] = value
        for column, value in enumerate(cells):
            if (number, column) in merged:
                running[column] = merged[number, column], value
        yield cells
