"""The choice lists that expressions look into: `instance('list')/root/item[…]`, `pulldata()`."""

from collections.abc import Iterable

from .columns import Table
from .expressions import parse
from .schema import Page, TableRows


def tables_of(choices: Table | None, pages: Iterable[Page], language: str) -> dict[str, TableRows]:
    """The lists that the expressions of `pages` mention, each row with its filled cells.

    A row has `name`, `label` (in `language`, else in any) and the author's own columns.
    """
    wanted = _mentioned(pages)
    if choices is None or not wanted:
        return {}
    own = [column for column in choices.columns if not column.key]
    found: dict[str, list[dict[str, str]]] = {}
    for record in choices.records():
        name = record.get("list_name")
        if name not in wanted:
            continue
        labels = record.texts("label")
        cells = {
            column.header: record.cells[column.index]
            for column in own
            if column.index < len(record.cells)
        }
        cells["name"] = record.get("name")
        cells["label"] = labels.get(language) or next(iter(labels.values()), "")
        found.setdefault(name, []).append({key: text for key, text in cells.items() if text})
    return {name: tuple(rows) for name, rows in found.items()}


def _mentioned(pages: Iterable[Page]) -> set[str]:
    texts: set[str] = set()
    for page in pages:
        texts.add(page.relevant)
        for one in page.questions:
            texts |= {one.relevant, one.constraint, one.calculation}
            texts |= {one.required} if isinstance(one.required, str) else set()
    return {name for text in texts if text for name in parse(text).tables()}
