"""The choice lists that expressions look into: `instance('list')/root/item[…]`, `pulldata()`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .choice_lists import ChoiceList
from .expressions import parse
from .schema import Choice, Page, Question, Repeat, TableRows

_PULLED: Final = re.compile(r"""pulldata\s*\((?:\s*(?:'[^']*'|"[^"]*")\s*,){3}""")
"""A call that names its table and both columns."""


def stem(file_name: str) -> str:
    """The name under which expressions look into a file: `cities` for `cities.csv`."""
    return file_name.rpartition(".")[0] or file_name


def tables_of(
    lists: Mapping[str, ChoiceList], pages: Iterable[Page], repeats: Iterable[Repeat], language: str
) -> dict[str, TableRows]:
    """The lists that the expressions mention, each row with its filled cells.

    A row has `name` (in a file without such a column the number of its row), `label` (in
    `language`, else in any) and the author's own columns.
    """
    wanted = sorted(_mentioned(pages, repeats) & set(lists))
    return {name: _rows(lists[name], language) for name in wanted}


def _rows(found: ChoiceList, language: str) -> TableRows:
    rows = []
    for choice, number in zip(found.choices, found.rows, strict=True):
        columns = {key: text for key, text in choice.columns.items() if key not in found.keyed}
        rows.append(row_of(Choice(choice.name or str(number), choice.label, columns), language))
    return tuple(rows)


def row_of(choice: Choice, language: str) -> dict[str, str]:
    """A choice as a row of a table."""
    label = choice.label.get(language) or next(iter(choice.label.values()), "")
    cells = {**choice.columns, "name": choice.name, "label": label}
    return {name: text for name, text in cells.items() if text}


def choices_of(rows: TableRows, questions: Iterable[Question], language: str) -> tuple[Choice, ...]:
    """The choices that give these rows: those of a question where it shows the same list."""
    for question in questions:
        if len(question.choices) == len(rows) and _gives(question.choices, rows, language):
            return question.choices
    own = {"name", "label"}
    return tuple(
        Choice(
            row["name"],
            {language: row["label"]} if "label" in row else {},
            {column: text for column, text in row.items() if column not in own},
        )
        for row in rows
    )


def _gives(choices: Sequence[Choice], rows: TableRows, language: str) -> bool:
    return all(row_of(one, language) == row for one, row in zip(choices, rows, strict=True))


def narrowed(rows: TableRows, texts: Iterable[str]) -> list[dict[str, str]]:
    """The rows with the columns that these expressions can look at, for a page of a respondent:
    the others may be nobody's business, and make the page larger."""
    texts = [text for text in texts if text]
    if any(len(_PULLED.findall(text)) != text.count("pulldata") for text in texts):
        return [dict(row) for row in rows]  # a name of a column that is worked out
    names = {name for row in rows for name in row}
    named = {"name", "label"} | {name for name in names if any(name in text for text in texts)}
    return [{name: cell for name, cell in row.items() if name in named} for row in rows]


def _mentioned(pages: Iterable[Page], repeats: Iterable[Repeat]) -> set[str]:
    texts: set[str] = set()
    for repeat in repeats:
        texts |= {repeat.count, repeat.relevant}
    for page in pages:
        texts.add(page.relevant)
        for one in page.questions:
            texts |= {one.relevant, one.constraint, one.calculation, one.choice_filter}
            texts |= {one.default_expression, one.seed}
            texts |= {text for text in (one.required, one.read_only) if isinstance(text, str)}
    return {name for text in texts if text for name in parse(text).tables()}
