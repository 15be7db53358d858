"""The choices sheet."""

from dataclasses import dataclass, field

from portal.i18n import _l

from .columns import Table
from .problems import ProblemList
from .schema import Choice
from .texts import check_texts

MAX_NAME = 100


@dataclass(slots=True)
class ChoiceList:
    """One list; `rows` are the spreadsheet rows of its choices."""

    name: str
    choices: list[Choice] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    keyed: frozenset[str] = frozenset()
    """Of the columns of a file those that have a meaning of their own, such as label::fa."""


def read_choices(
    table: Table | None, languages: list[str], allow_duplicates: bool, problems: ProblemList
) -> dict[str, ChoiceList]:
    """All lists by name; mistakes go to `problems`."""
    lists: dict[str, ChoiceList] = {}
    if table is None:
        return lists
    for key in ("list_name", "name"):
        if table.rows and key not in table.by_key:
            problems.add(
                "missing_column",
                _l("The column “%(name)s” is missing. Add it.", name=key),
                table.name,
                None,
                key,
            )
            return lists
    extra = [column for column in table.columns if not column.key]
    seen: dict[tuple[str, str], int] = {}
    for record in table.records():
        list_name, name = record.get("list_name"), record.get("name")
        labels = record.texts("label")
        place = (table.name, record.number)
        if not list_name:
            if name or labels:
                problems.add(
                    "missing_list_name",
                    _l("This choice belongs to no list. Fill in its list_name."),
                    *place,
                    record.header("list_name"),
                )
            continue
        found = lists.setdefault(list_name, ChoiceList(list_name))
        if not name:
            problems.add(
                "missing_choice_name",
                _l("This choice has no name. Give it a short name without spaces."),
                *place,
                record.header("name"),
            )
            continue
        if any(map(str.isspace, name)) or len(name) > MAX_NAME:
            problems.add(
                "invalid_choice_name",
                _l(
                    "The choice name “%(name)s” is too long or has a space. "
                    "Use a short name without spaces; the label may have them.",
                    name=name[:MAX_NAME],
                ),
                *place,
                record.header("name"),
            )
            continue
        earlier = seen.setdefault((list_name, name), record.number)
        if earlier != record.number and not allow_duplicates:
            problems.add(
                "duplicate_choice",
                _l(
                    "The choice name “%(name)s” occurs in rows %(first)s and %(second)s of the "
                    "list “%(list)s”. Rename one, or set allow_choice_duplicates to yes.",
                    name=name,
                    first=earlier,
                    second=record.number,
                    list=list_name,
                ),
                *place,
                record.header("name"),
            )
            continue
        if not labels:
            problems.warn(
                "missing_label",
                _l("This choice has no label; its name is shown. Add a label."),
                *place,
                record.header("label"),
            )
        check_texts(record, "label", labels, languages, problems)
        columns = {column.header: record.cell(column) for column in extra}
        found.choices.append(Choice(name, labels, columns, record.texts("image")))
        found.rows.append(record.number)
    return lists
