"""A questionnaire as an XLSForm workbook, for authors who go on working in a spreadsheet.

Reading the file gives the same questionnaire again: `read(export(q)).questionnaire == q`. What the
reader makes by itself (the page between groups, the question that or_other adds) is therefore not
written, and everything else is. Cells are written as texts, never as formulas or numbers.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import xlsxwriter

from .export_cells import PLAIN, TEXTS
from .export_places import Cells, Places
from .languages import header_name
from .schema import OTHER, SELECTS, Choice, Page, Question, Questionnaire, Repeat, Texts
from .tables import choices_of

MIMETYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST: Final = ("type", "name")
_LAST: Final = ("repeat_count", "disabled")
_CHOICE_TEXTS: Final = ("label", "media::image")
_TABLE: Final = "table-list"
_FIELD_LIST: Final = "field-list"
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


@dataclass
class _Form:
    questionnaire: Questionnaire
    rows: list[Cells] = field(default_factory=list)
    lists: list[tuple[tuple[Choice, ...], str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    opened: int = 0
    """Groups around the repeat that is open, to be closed after it."""

    def __post_init__(self) -> None:
        self.places = Places(self.questionnaire)

    def sheets(self) -> dict[str, list[tuple[str, ...]]]:
        """The rows of each sheet, the header first."""
        self._tables()
        self._pages()
        self.places.mention(self.rows)
        choices = list(self._choices())
        self._keep_languages(choices)
        plain = (*_FIRST, *PLAIN, *_LAST)
        columns = dict.fromkeys(
            name for choices, _ in self.lists for choice in choices for name in choice.columns
        )
        return {
            "survey": self._table(self.rows, plain, tuple(TEXTS)),
            "choices": self._table(choices, ("list_name", "name", *columns), _CHOICE_TEXTS),
            "settings": self._settings(),
        }

    # The survey sheet.

    def _pages(self) -> None:
        is_open = False
        inside = ""
        for number, page in enumerate(self.questionnaire.pages, start=1):
            if page.repeat != inside:
                self._end_repeat(inside)
                self._begin_repeat(page.repeat)
                inside = page.repeat
            # The reader makes such a page itself, of what stands outside of all groups.
            # A table is written as a group, which without one around it would be a page.
            has_table = any(question.matrix for question in page.questions)
            bare = page == Page(f"page_{number}", questions=page.questions)
            bare = bare and not is_open and not has_table
            is_open = bare
            if bare or self._is_repeat_itself(page):
                self._questions(page, page.repeat)
                continue
            self._begin(
                page.name,
                label=page.label,
                relevant=self._own_condition(page),
                appearance=page.appearance,
            )
            self._questions(page, page.name)
            self._end()
        self._end_repeat(inside)

    def _begin(self, name: str, **cells: str | Texts) -> None:
        self.rows.append({"type": "begin group", "name": name, **cells})
        self.places.inside.append(name)

    def _end(self) -> None:
        self.rows.append({"type": "end group"})
        self.places.inside.pop()

    def _open(self, groups: Sequence[str]) -> int:
        """Open groups in one of their own, lest two have one path; how many to close again."""
        if not groups:
            return 0
        for group in (self._free("section"), *groups):
            self._begin(group)
        return len(groups) + 1

    def _close(self, number: int) -> None:
        for _group in range(number):
            self._end()

    def _begin_repeat(self, name: str) -> None:
        """The row of a repeat; conditions of groups around it go to groups around it."""
        repeat = self.questionnaire.repeat_by_name.get(name)
        if repeat is None:
            return
        *outer, own = self._conditions(repeat)
        for condition in outer:
            self._begin(self._free("section"), relevant=condition)
        self.opened = len(outer) + self._open(self.places.around(repeat.name))
        name = self.places.name(repeat.name)
        self.places.inside.append(name)
        self.rows.append(
            {
                "type": "begin repeat",
                "name": name,
                "label": repeat.label,
                "relevant": own,
                "repeat_count": repeat.count,
                "appearance": next(
                    (
                        page.appearance
                        for page in self.questionnaire.pages
                        if page.repeat == repeat.name and self._is_repeat_itself(page)
                    ),
                    "",
                ),
            }
        )

    def _end_repeat(self, name: str) -> None:
        repeat = self.questionnaire.repeat_by_name.get(name)
        if repeat is not None:
            self.rows.append({"type": "end repeat"})
            self.places.inside.pop()
            self._close(self.opened)

    def _conditions(self, repeat: Repeat) -> list[str]:
        """The repeat's condition, in the pieces that a page in it shows it to be made of."""
        around = [
            page.relevant
            for page in self.questionnaire.pages
            if page.repeat == repeat.name and page.relevant != repeat.relevant
        ]
        whole = f"({repeat.relevant})"
        if not repeat.relevant or all(text.startswith(f"{whole} and (") for text in around):
            return [repeat.relevant]
        return repeat.relevant.removeprefix("(").removesuffix(")").split(") and (")

    def _own_condition(self, page: Page) -> str:
        """A page's condition without that of the repeat around it."""
        repeat = self.questionnaire.repeat_by_name.get(page.repeat)
        if repeat is None or not repeat.relevant:
            return page.relevant
        if page.relevant == repeat.relevant:
            return ""
        for start in (f"({repeat.relevant}) and (", f"{repeat.relevant} and ("):
            if page.relevant.startswith(start):
                return page.relevant.removeprefix(start).removesuffix(")")
        return page.relevant

    def _is_repeat_itself(self, page: Page) -> bool:
        """Whether the page's questions stand in a repeat without a group of their own."""
        repeat = self.questionnaire.repeat_by_name.get(page.repeat)
        return (
            repeat is not None
            and re.fullmatch(rf"{re.escape(repeat.name)}(?:_[0-9]+)?", page.name) is not None
            and (page.label, page.relevant) == (repeat.label, repeat.relevant)
            and (page.name == repeat.name or _FIELD_LIST not in page.appearance.split())
        )

    def _questions(self, page: Page, group: str) -> None:
        """The rows of a page; `group` is the group that they stand in."""
        is_table = _TABLE in page.appearance.split()
        for matrix, run in groupby(self._written(page), key=lambda question: question.matrix):
            if matrix and not (is_table and matrix == group):
                # The heading has the table's name: a group between keeps the two apart.
                rows = list(run)
                outer = max((row.name.split("/")[:-2] for row in rows), key=len)
                for each in (self._free("table"), *outer):
                    self._begin(each)
                self._begin(matrix, appearance=_TABLE)
                self.rows += map(self._row, rows)
                self._close(len(outer) + 2)
                continue
            for question in run:
                alone = is_table and not matrix and question.type in SELECTS
                if alone:
                    self._begin(self._free("section"))
                opened = self._open(self.places.around(question.name))
                self.rows.append(self._row(question))
                self._close(opened + alone)

    def _written(self, page: Page) -> Iterator[Question]:
        """The questions of a page, without those that the reader adds for or_other."""
        before: Question | None = None
        for question in page.questions:
            is_added = (
                before is not None and before.or_other and question.name == f"{before.name}_{OTHER}"
            )
            before = question
            if not is_added:
                yield question

    def _free(self, base: str) -> str:
        """A name for a group that nothing else has."""
        if not self.taken:
            form = self.questionnaire
            self.taken = {*form.by_name, *form.repeat_by_name, *(page.name for page in form.pages)}
        number = 1
        while (name := f"{base}_{number}") in self.taken:
            number += 1
        self.taken.add(name)
        return name

    def _row(self, question: Question) -> Cells:
        kind: str = question.type
        if kind in SELECTS:
            kind = f"{kind} {self._list(question)}{' or_other' if question.or_other else ''}"
        return {
            "type": kind,
            "name": self.places.name(question.name),
            **{key: cell(question) for key, cell in PLAIN.items()},
            **{key: texts(question) for key, texts in TEXTS.items()},
        }

    # The choices sheet.

    def _tables(self) -> None:
        """The lists that expressions look into keep their names."""
        form = self.questionnaire
        for name, rows in form.tables.items():
            self.names.add(name)
            found = choices_of(rows, form.questions, form.default_language)
            self.lists.append((found, name))

    def _list(self, question: Question) -> str:
        """The name of the list of a question's choices; equal lists are written once."""
        known = next((name for choices, name in self.lists if choices == question.choices), None)
        if known is not None:
            return known
        base = re.sub(r"[\s/]", "_", question.name)
        name, number = base, 2
        while name in self.names:
            name, number = f"{base}_{number}", number + 1
        self.names.add(name)
        self.lists.append((question.choices, name))
        return name

    def _choices(self) -> Iterator[Cells]:
        for choices, name in self.lists:
            for choice in choices:
                yield {
                    "list_name": name,
                    "name": choice.name,
                    "label": choice.label,
                    "media::image": choice.image,
                    **choice.columns,
                }

    # Languages and settings.

    def _keep_languages(self, choices: list[Cells]) -> None:
        """A language that no text is left of would be forgotten, or its place in the order: a
        row that is switched off keeps them."""
        wanted = self.questionnaire.languages
        # As the reader meets them: column by column, the choices last.
        found = dict.fromkeys(
            code
            for rows, keys in ((self.rows, tuple(TEXTS)), (choices, _CHOICE_TEXTS))
            for key in keys
            for code in wanted
            if code in _languages(rows, (key,))
        )
        if not found or list(found) == list(wanted):
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
        names = [[choice.name for choice in choices] for choices, _name in self.lists]
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


def _languages(rows: list[Cells], keys: Sequence[str]) -> set[str]:
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
