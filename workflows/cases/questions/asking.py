"""A category's questions on a form: drawn, read, checked on the server, kept with the case.

Two steps without script: whoever chooses a category sees its questions after the first press. The
hidden field `asked` says whose questions a form has shown. Nothing commits.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from portal import audit
from portal.db import db
from portal.i18n import InputError, _, _l, current_language, digits, parse_date, pick
from portal.text import ascii_digits, fold, strip_controls
from workflows.cases.moves import InputRefused
from workflows.cases.questions import services
from workflows.cases.questions.models import CaseAnswer, CaseQuestion

ASKED: Final = "asked"
MOST_TEXT: Final = 1_000
_NUMBER: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")
YES, NO = "yes", "no"


@dataclass
class Asked:
    """One question on a form, with what was typed."""

    question: CaseQuestion
    typed: list[str]
    errors: list[str] = field(default_factory=list)
    value: Any = None
    """What is stored; None: nothing was answered."""

    @property
    def name(self) -> str:
        """The input's: of the question through its versions, so that a change of its words while
        somebody types loses nothing."""
        return f"q{self.question.category_id}-{self.question.key}"

    @property
    def first_id(self) -> str:
        """Where a link from the list of errors leads."""
        grouped = self.question.kind in {"choice", "several", "yesno"}
        return f"{self.name}-0" if grouped else self.name

    @property
    def label(self) -> str:
        return pick(self.question.texts)

    @property
    def hint(self) -> str:
        return pick(self.question.hints) if self.question.hints else ""

    @property
    def text(self) -> str:
        return self.typed[0] if self.typed else ""

    @property
    def options(self) -> list[tuple[str, str]]:
        if self.question.kind == "yesno":
            return [(YES, _("Yes")), (NO, _("No"))]
        return [(one["value"], pick(one["texts"])) for one in self.question.options]


@dataclass
class Questions:
    """All questions of the chosen category."""

    category_id: int | None
    rows: list[Asked]
    shown: bool
    """Whether the form that was sent had these questions on it."""

    @property
    def mark(self) -> str:
        return str(self.category_id or "")

    @property
    def example(self) -> str:
        """A date as this reader types it."""
        return digits("1404/05/12" if current_language() == "fa" else "2025/08/03")

    @property
    def unseen(self) -> bool:
        """There are questions, and whoever sent the form has not seen them."""
        return bool(self.rows) and not self.shown

    def validate(self) -> bool:
        for row in self.rows:
            row.errors = []
            try:
                row.value = read(row.question, row.typed)
            except InputRefused as refused:
                row.errors.append(str(refused.message))
        return not any(row.errors for row in self.rows)

    def errors(self) -> list[tuple[str, str]]:
        """(id, message) for the list at the head of the page."""
        return [
            (row.first_id, f"{row.label}: {message}") for row in self.rows for message in row.errors
        ]

    def digest(self) -> bytes:
        """Equal for equal answers; nothing where nothing was asked."""
        if not self.rows:
            return b""
        typed = {row.name: row.typed for row in self.rows}
        return hashlib.sha256(json.dumps(typed, sort_keys=True).encode()).digest()


def of_form(
    category_id: int | None, sent: MultiDict[str, str] | None = None, *, staff: bool
) -> Questions:
    """The questions of a category with what a form brought; one query, none without category."""
    rows = services.current(category_id, staff=staff) if category_id is not None else ()
    found = Questions(category_id, [Asked(row, []) for row in rows], False)
    if sent is not None:
        found.shown = sent.get(ASKED) == found.mark
        for row in found.rows:
            row.typed = [value[: MOST_TEXT * 2] for value in sent.getlist(row.name)][:50]
    return found


def read(question: CaseQuestion, typed: Sequence[str]) -> Any:
    """The value of an answer, None for none. Raises InputRefused."""
    given = [one.strip() for one in typed if one.strip()]
    if not given:
        if question.required:
            raise InputRefused(question.key, _l("Answer this question"))
        return None
    match question.kind:
        case "choice" | "several":
            values = {one["value"] for one in question.options}
            if not set(given) <= values or (question.kind == "choice" and len(given) > 1):
                raise InputRefused(question.key, _l("Choose one of the answers"))
            if question.kind == "choice":
                return given[0]
            return [one["value"] for one in question.options if one["value"] in given]
        case "yesno":
            if given[0] not in {YES, NO}:
                raise InputRefused(question.key, _l("Choose one of the answers"))
            return given[0] == YES
        case "number":
            return _number(question, given[0])
        case "date":
            try:
                return parse_date(given[0]).isoformat()
            except InputError as error:
                raise InputRefused(question.key, error.message) from None
        case _:
            text = fold(strip_controls(given[0])).strip()
            if len(text) > MOST_TEXT:
                raise InputRefused(question.key, _l("Please write less."))
            if question.required and not text:
                raise InputRefused(question.key, _l("Answer this question"))
            return text or None


def from_file(question: CaseQuestion, cell: str) -> Any:
    """The value of a cell of a file: options by value or by their words, dates as in ISO 8601.

    Raises InputRefused.
    """
    parts = [part.strip() for part in cell.split("|")] if question.kind == "several" else [cell]
    if question.kind in {"choice", "several"}:
        values = {
            text: one["value"]
            for one in question.options
            for text in (one["value"], *one["texts"].values())
        }
        parts = [values.get(part, part) for part in parts]
    if question.kind == "yesno":
        words = {"true": YES, "1": YES, "بله": YES, "نعم": YES, "false": NO, "0": NO, "خیر": NO}
        parts = [words.get(ascii_digits(cell).strip().lower(), cell.strip().lower())]
    if question.kind == "date" and cell.strip():
        try:
            return dt.date.fromisoformat(ascii_digits(cell).strip()).isoformat()
        except ValueError:
            raise InputRefused(question.key, _l("Write the date like 2025-08-03.")) from None
    return read(question, parts)


def store(case_id: int, answers: Mapping[int, Any], *, by: int | None) -> None:
    """Keep answers (question id -> value) with a new case, each with the version it answers."""
    kept = {key: value for key, value in answers.items() if value is not None}
    if not kept:
        return
    for question_id, value in kept.items():
        db.session.add(
            CaseAnswer(case_id=case_id, question_id=question_id, value=value, answered_by=by)
        )
    audit.record("case.answers_given", "case", case_id, questions=sorted(kept))
    db.session.flush()


def values(questions: Questions) -> dict[int, Any]:
    """For `store`, of a form that is valid."""
    return {row.question.id: row.value for row in questions.rows}


def _number(question: CaseQuestion, typed: str) -> int | float:
    plain = ascii_digits(strip_controls(typed)).replace("٫", ".").replace("\u2212", "-")
    for mark in ("٬", ",", "،", " "):
        plain = plain.replace(mark, "")
    if not _NUMBER.fullmatch(plain):
        raise InputRefused(question.key, _l("Write a number"))
    return float(plain) if "." in plain else int(plain)
