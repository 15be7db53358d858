"""A questionnaire as an XLSForm workbook, for authors who go on working in a spreadsheet.

Reading the file gives the same questionnaire again: `read(export(q)).questionnaire == q`. What the
reader makes by itself (the page between groups, the question that or_other adds) is therefore not
written, and everything else is. Cells are written as texts, never as formulas or numbers.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import xlsxwriter

from .languages import header_name
from .schema import SELECTS, Choice, Page, Question, Questionnaire, Texts

Cells = dict[str, str | Texts]
"""Column → text, or {language: text}."""

_TEXTS: Final[Mapping[str, Callable[[Question], Texts]]] = {
    "label": lambda question: question.label,
    "hint": lambda question: question.hint,
    "constraint_message": lambda question: question.constraint_message,
    "required_message": lambda question: question.required_message,
}
_PLAIN: Final[Mapping[str, Callable[[Question], str]]] = {
    "required": lambda question: _yes_or(question.required),
    "relevant": lambda question: question.relevant,
    "constraint": lambda question: question.constraint,
    "calculation": lambda question: question.calculation,
    "appearance": lambda question: question.appearance,
    "default": lambda question: question.default,
    "read_only": lambda question: _yes_or(question.read_only),
}
"""Column → its cell for a question. A new field of questions needs one line here or above."""
_FIRST: Final = ("type", "name")
_LAST: Final = ("disabled",)
_WIDTHS: Final = {"type": 24, "name": 24, "label": 44, "hint": 32, "list_name": 20}


def export(questionnaire: Questionnaire) -> bytes:
    """The workbook (.xlsx)."""
    form = _Form(questionnaire)
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#eef2f7"})
        body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        is_rtl = questionnaire.default_language.partition("-")[0] in _RTL
        for name, rows in form.sheets().items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            if is_rtl:
                sheet.right_to_left()
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if cell:
                        sheet.write_string(number, column, cell, body if number else head)
            for column, header in enumerate(rows[0]):
                sheet.set_column(column, column, _WIDTHS.get(header.partition("::")[0], 18))
    return out.getvalue()


_RTL: Final = frozenset({"fa", "ar", "ps", "ur", "he", "ckb", "sd", "ug", "yi", "dv"})


def _yes_or(value: bool | str) -> str:
    return value if isinstance(value, str) else "yes" if value else ""


@dataclass(slots=True)
class _Form:
    questionnaire: Questionnaire
    rows: list[Cells] = field(default_factory=list)
    lists: dict[tuple[Choice, ...], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def sheets(self) -> dict[str, list[tuple[str, ...]]]:
        """The rows of each sheet, the header first."""
        self._pages()
        choices = list(self._choices())
        self._keep_languages(choices)
        plain = (*_FIRST, *_PLAIN, *_LAST)
        return {
            "survey": self._table(self.rows, plain, tuple(_TEXTS)),
            "choices": self._table(choices, ("list_name", "name"), ("label",)),
            "settings": self._settings(),
        }

    # The survey sheet.

    def _pages(self) -> None:
        is_open = False
        for number, page in enumerate(self.questionnaire.pages, start=1):
            # The reader makes such a page itself, of what stands outside of all groups.
            bare = page == Page(f"page_{number}", questions=page.questions) and not is_open
            is_open = bare
            if bare:
                self._questions(page.questions)
                continue
            self.rows.append(
                {
                    "type": "begin group",
                    "name": page.name,
                    "label": page.label,
                    "relevant": page.relevant,
                    "appearance": page.appearance,
                }
            )
            self._questions(page.questions)
            self.rows.append({"type": "end group"})

    def _questions(self, questions: Sequence[Question]) -> None:
        before: Question | None = None
        for question in questions:
            # The reader makes the question that or_other adds, and lets no other have its name.
            is_added = before and before.or_other and question.name == f"{before.name}_other"
            before = question
            if not is_added:
                self.rows.append(self._row(question))

    def _row(self, question: Question) -> Cells:
        kind: str = question.type
        if kind in SELECTS:
            kind = f"{kind} {self._list(question)}{' or_other' if question.or_other else ''}"
        return {
            "type": kind,
            "name": question.name,
            **{key: cell(question) for key, cell in _PLAIN.items()},
            **{key: texts(question) for key, texts in _TEXTS.items()},
        }

    # The choices sheet.

    def _list(self, question: Question) -> str:
        """The name of the list of a question's choices; equal lists are written once."""
        known = next((name for key, name in self.lists.items() if key == question.choices), None)
        if known is not None:
            return known
        base = "".join("_" if letter.isspace() else letter for letter in question.name)
        name, number = base, 2
        while name in self.names:
            name, number = f"{base}_{number}", number + 1
        self.names.add(name)
        self.lists[question.choices] = name
        return name

    def _choices(self) -> Iterator[Cells]:
        for choices, name in self.lists.items():
            for choice in choices:
                yield {"list_name": name, "name": choice.name, "label": choice.label}

    # Languages and settings.

    def _keep_languages(self, choices: list[Cells]) -> None:
        """A language that no text is left of would be forgotten, or its place in the order: a
        row that is switched off keeps them."""
        labels = _languages(self.rows, ("label",))
        found = dict.fromkeys([*labels, *_languages(self.rows, _TEXTS), *_languages(choices)])
        wanted = self.questionnaire.languages
        order = sorted(found, key=lambda code: (code not in labels, code not in found))
        in_order = [code for code in wanted if code in labels]
        in_order += [code for code in wanted if code not in labels and code in found]
        if not found or (in_order == list(wanted) and set(order) == set(wanted)):
            return
        self.rows.append(
            {
                "type": "note",
                "disabled": "yes",
                "label": {code: header_name(code) for code in wanted},
            }
        )

    def _settings(self) -> list[tuple[str, ...]]:
        questionnaire = self.questionnaire
        cells = {
            "form_id": questionnaire.form_id,
            "version": questionnaire.version,
            **{_header("form_title", code): text for code, text in questionnaire.title.items()},
        }
        if not questionnaire.default_language.startswith("x-"):
            cells["default_language"] = header_name(questionnaire.default_language)
        names = [[choice.name for choice in choices] for choices in self.lists]
        if any(len(set(found)) < len(found) for found in names):
            cells["allow_choice_duplicates"] = "yes"
        cells = {key: text for key, text in cells.items() if text}
        return [tuple(cells), tuple(cells.values())]

    def _table(
        self, rows: list[Cells], plain: tuple[str, ...], texts: tuple[str, ...]
    ) -> list[tuple[str, ...]]:
        """Header and rows, without columns that are empty."""
        columns = [key for key in plain if key in _FIRST or any(row.get(key) for row in rows)]
        if "list_name" in plain:
            columns = list(plain)
        spoken = {
            key: [code for code in self.questionnaire.languages if code in _languages(rows, (key,))]
            for key in texts
        }
        header = [*columns, *(_header(key, code) for key in texts for code in spoken[key])]
        table = [tuple(header)]
        for row in rows:
            cells = [str(row.get(key) or "") for key in columns]
            for key in texts:
                found = row.get(key) or {}
                cells += [
                    found.get(code, "") if isinstance(found, Mapping) else ""
                    for code in spoken[key]
                ]
            table.append(tuple(cells))
        return table


def _languages(rows: list[Cells], keys: Sequence[str] | Mapping[str, object] = ("label",)) -> set[str]:
    """The languages that have a text in one of the columns."""
    return {
        code
        for row in rows
        for key in keys
        if isinstance(found := row.get(key), Mapping)
        for code, text in found.items()
        if text
    }


def _header(key: str, code: str) -> str:
    return f"{key}::{header_name(code)}"
