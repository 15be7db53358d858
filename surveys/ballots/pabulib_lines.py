"""The lines and fields of a `.pb` file."""

import csv
import io
from collections.abc import Iterator

from portal.i18n import _l
from surveys.ballots.pabulib_format import MAX_CELL
from surveys.questionnaires.problems import ProblemList


class TooManyError(Exception):
    """Reading on is of no use: the message and the line."""


def rows(text: str, problems: ProblemList) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            problems.add(
                "line", _l("This line is too long or not text. Look for a lost quote."), row=line
            )
            continue
        if any(len(cell) > MAX_CELL for cell in cells):
            problems.add(
                "line", _l("This line is too long or not text. Look for a lost quote."), row=line
            )
            continue
        yield line, cells


def split(cell: str) -> tuple[str, ...]:
    if cell.lower() == "none":
        return ()
    return tuple(part for each in cell.split(",") if (part := each.strip()))
