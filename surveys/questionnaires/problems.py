"""What is wrong with a spreadsheet, for its author to read."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake (error: the form cannot be used) or doubt (warning: it can).

    `row` counts from 1 as the spreadsheet does; `column` is the header as the author wrote it;
    `message` is a lazy translation that says what to do: str() it in the reader's language.
    """

    sheet: str | None
    row: int | None
    column: str | None
    language: str | None
    severity: Severity
    code: str
    message: object


class ProblemList:
    """Collects problems while a form is read; bounded, for a broken file may have a million."""

    MOST = 2_000

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.left_out = 0
        self.errors = 0

    def add(
        self,
        code: str,
        message: object,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        *,
        language: str | None = None,
        severity: Severity = "error",
    ) -> None:
        if severity == "error":
            self.errors += 1
        if len(self.found) >= self.MOST:
            self.left_out += 1
            return
        self.found.append(Problem(sheet, row, column, language, severity, code, message))

    def warn(
        self,
        code: str,
        message: object,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        *,
        language: str | None = None,
    ) -> None:
        self.add(code, message, sheet, row, column, language=language, severity="warning")
