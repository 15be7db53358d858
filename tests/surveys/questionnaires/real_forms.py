"""Questionnaires that others wrote, for tests; without the rows and columns that are in error."""

import os
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

from surveys.questionnaires.packages import Package
from surveys.questionnaires.problems import ProblemList
from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.workbook import Row, Sheet, read_workbook
from surveys.questionnaires.xlsform import Reading, _Reader, read

ROOT = Path(__file__).parents[3]
REAL = Path(os.environ.get("REAL_FORMS", ROOT.parent / "shared" / "forms"))
FORMS = sorted(path for path in REAL.glob("*") if path.suffix != ".md") if REAL.is_dir() else []
HOUSEHOLD = "household"
"""The Arabic household form, which came as two files."""
ROUNDS = 40


def sheets_of(data: bytes) -> dict[str, Sheet]:
    return read_workbook(data, "x", ProblemList())


def read_sheets(sheets: dict[str, Sheet]) -> Reading:
    return _Reader(Package(sheets, "x.xlsx"), ProblemList()).read()


def household() -> dict[str, Sheet]:
    names = ("household-arabic-survey.csv", "household-arabic-choices.csv")
    return sheets_of((REAL / names[0]).read_bytes()) | sheets_of((REAL / names[1]).read_bytes())


def mended(sheets: dict[str, Sheet]) -> Reading:
    """The form without the rows and columns that its problems name."""
    for _round in range(ROUNDS):
        reading = read_sheets(sheets)
        errors = [problem for problem in reading.problems if problem.severity == "error"]
        if not errors:
            return reading
        sheets = dict(sheets)
        for key, sheet in sheets.items():
            here = [p for p in errors if (p.sheet or "").lower() == sheet.title.lower()]
            rows = {p.row for p in here if p.row is not None} - {1}
            if not rows and not any(p.row == 1 for p in here):
                continue
            header = sheet.rows[0].cells
            gone = {
                header.index(p.column) if p.code != "duplicate_column" else _last(header, p.column)
                for p in here
                if p.row == sheet.rows[0].number and p.column in header
            }
            sheets[key] = Sheet(
                sheet.title,
                tuple(
                    Row(row.number, tuple(c for n, c in enumerate(row.cells) if n not in gone))
                    for row in sheet.rows
                    if row.number not in rows
                ),
            )
    raise AssertionError([(p.sheet, p.row, p.code, str(p.message)) for p in errors][:5])


def _last(header: tuple[str, ...], column: str) -> int:
    return len(header) - 1 - header[::-1].index(column)


def mended_limesurvey(path: Path) -> Reading:
    root = ET.fromstring(path.read_bytes())
    for _round in range(ROUNDS):
        reading = read(ET.tostring(root), path.name)
        errors = [problem for problem in reading.problems if problem.severity == "error"]
        if not errors:
            break
        for table in {problem.sheet for problem in errors}:
            rows = root.find(f"{table}/rows")
            for number in sorted({p.row for p in errors if p.sheet == table}, reverse=True):
                rows.remove(rows[number - 1])
    return reading


@cache
def form(name: str) -> Questionnaire:
    """One of them by the name of its file, or HOUSEHOLD."""
    path = REAL / name
    if name == HOUSEHOLD:
        reading = mended(household())
    elif path.suffix == ".lss":
        reading = mended_limesurvey(path)
    else:
        reading = mended(sheets_of(path.read_bytes()))
    assert reading.questionnaire is not None
    return reading.questionnaire


NAMES = [path.name for path in FORMS if not path.name.startswith(HOUSEHOLD)]
NAMES += [HOUSEHOLD] if FORMS else []
