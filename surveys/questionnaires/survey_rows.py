"""The survey sheet as a list of questions that know the groups around them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from portal.i18n import _l

from .columns import Record, Table
from .problems import ProblemList
from .row_types import RowType, read_type, similar_type
from .schema import META

MAX_NAME = 100
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_YES = frozenset({"yes", "true", "true()", "1", "required"})
_NO = frozenset({"", "no", "false", "false()", "0"})


@dataclass(slots=True)
class Group:
    """A group or repeat, with its spreadsheet row."""

    name: str
    record: Record
    container: str
    parents: tuple["Group", ...]
    relevant: str = ""
    count: str = ""
    """Of a repeat: the expression that says how many rounds there are."""
    key: str = ""
    """Of a repeat: what it is called in the whole form."""

    @property
    def path(self) -> tuple[str, ...]:
        return (*(parent.name for parent in self.parents), self.name)

    @property
    def appearance(self) -> str:
        return self.record.get("appearance")


@dataclass(slots=True)
class Item:
    """A question row. `expressions` are filled, checked and rewritten, by logic.py. `key` is what
    it is called in the whole form: its name, where that is needed with groups before it."""

    name: str
    record: Record
    type: RowType
    groups: tuple[Group, ...]
    expressions: dict[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        return (*(group.name for group in self.groups), self.name)


@dataclass(slots=True)
class Survey:
    """All rows in order. `items` holds questions of unsupported types too; `meta` is left out."""

    items: list[Item] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)


def yes_or_no(cell: str) -> bool | None:
    """The truth of a yes/no cell; None for anything else, such as an expression."""
    word = cell.strip().lower()
    if word in _YES:
        return True
    return False if word in _NO else None


def read_rows(table: Table, problems: ProblemList) -> Survey:
    """Walk through the rows; mistakes of structure and names go to `problems`."""
    survey = Survey()
    if not _has_columns(table, problems):
        return survey
    open_groups: list[Group] = []
    for record in table.records():
        if yes_or_no(record.get("disabled")):
            continue
        cell = record.get("type")
        if not cell:
            _without_type(record, problems)
            continue
        row_type = read_type(cell)
        match row_type.kind:
            case "begin":
                _begin(record, row_type, open_groups, survey, problems)
            case "end":
                _end(record, row_type, open_groups, problems)
            case "meta":
                survey.meta[record.get("name")] = row_type.word
                problems.warn(
                    "not_recorded",
                    _l("“%(type)s” is not recorded here; the row is left out.", type=row_type.word),
                    table.name,
                    record.number,
                    record.header("type"),
                )
            case _:
                _question(record, row_type, tuple(open_groups), survey, problems)
    for group in open_groups:
        problems.add(
            "group_not_closed",
            _l(
                "The %(container)s “%(name)s” is never closed. Add a row of type "
                "“end %(container)s” after its last question.",
                container=group.container,
                name=group.name,
            ),
            table.name,
            group.record.number,
            group.record.header("type"),
        )
    _report_duplicates(survey, problems)
    name_apart(survey)
    return survey


def _has_columns(table: Table, problems: ProblemList) -> bool:
    missing = [key for key in ("type", "name") if key not in table.by_key]
    for key in missing:
        problems.add(
            "missing_column",
            _l("The column “%(name)s” is missing. Add it.", name=key),
            table.name,
            None,
            key,
        )
    return not missing


def _without_type(record: Record, problems: ProblemList) -> None:
    if record.get("name") or record.texts("label"):
        problems.add(
            "missing_type",
            _l("This row has no type. Write one, such as “text”, or clear the row."),
            record.table.name,
            record.number,
            record.header("type"),
        )
    elif any(column.key and record.get(column.key) for column in record.table.columns):
        problems.warn(
            "stray_row",
            _l("This row has neither type nor name; it is left out."),
            record.table.name,
            record.number,
        )


def _begin(
    record: Record,
    row_type: RowType,
    open_groups: list[Group],
    survey: Survey,
    problems: ProblemList,
) -> None:
    place = (record.table.name, record.number, record.header("type"))
    if row_type.container == "loop":
        problems.add(
            "unsupported_type",
            _l(
                "“%(type)s” is not supported. Use “begin repeat” or a group.",
                type=row_type.word,
            ),
            *place,
        )
    if row_type.container == "repeat" and any(g.container == "repeat" for g in open_groups):
        problems.add(
            "nested_repeat",
            _l("A repeat inside another repeat is not supported. Ask its questions after it."),
            *place,
        )
    # A page needs no name of the author's: ODK tools disagree on whether groups must have one.
    name = record.get("name") or f"group_{record.number}"
    if record.get("name"):
        _check_name(record, name, problems)
    group = Group(name, record, row_type.container, tuple(open_groups))
    open_groups.append(group)
    survey.groups.append(group)


def _end(
    record: Record, row_type: RowType, open_groups: list[Group], problems: ProblemList
) -> None:
    place = (record.table.name, record.number, record.header("type"))
    if not open_groups:
        problems.add(
            "nothing_to_close",
            _l(
                "“%(type)s” closes nothing. Remove the row or add the row that begins it.",
                type=row_type.word,
            ),
            *place,
        )
        return
    group = open_groups.pop()
    if group.container != row_type.container:
        problems.add(
            "wrong_end",
            _l(
                "“%(type)s” stands where the %(container)s “%(name)s” of row %(row)s must be "
                "closed first. Correct the order.",
                type=row_type.word,
                container=group.container,
                name=group.name,
                row=group.record.number,
            ),
            *place,
        )


def _question(
    record: Record,
    row_type: RowType,
    groups: tuple[Group, ...],
    survey: Survey,
    problems: ProblemList,
) -> None:
    place = (record.table.name, record.number)
    if row_type.kind == "unknown":
        near = similar_type(row_type.word)
        problems.add(
            "unknown_type",
            _l(
                "There is no type “%(type)s”. Did you mean “%(near)s”?",
                type=row_type.word,
                near=near,
            )
            if near
            else _l("There is no type “%(type)s”. Check its spelling.", type=row_type.word),
            *place,
            record.header("type"),
        )
    elif row_type.kind == "unsupported":
        problems.add(
            "unsupported_type",
            _l(
                "The type “%(type)s” is not supported. Remove the question or ask it in words; "
                "for places there is geopoint, for pictures image.",
                type=row_type.word,
            ),
            *place,
            record.header("type"),
        )
    name = record.get("name")
    if name:
        _check_name(record, name, problems)
    elif row_type.kind == "question" and row_type.question in META:
        name = row_type.question
    elif row_type.question == "note" and row_type.kind == "question":
        name = f"note_{record.number}"
    else:
        problems.add(
            "missing_name",
            _l("This question has no name. Give it a short name without spaces."),
            *place,
            record.header("name"),
        )
    survey.items.append(Item(name, record, row_type, groups))


def is_name(name: str) -> bool:
    """Whether a question may be called so."""
    return _NAME.fullmatch(name) is not None and len(name) <= MAX_NAME


def _check_name(record: Record, name: str, problems: ProblemList) -> None:
    if is_name(name):
        return
    problems.add(
        "invalid_name",
        _l(
            "“%(name)s” cannot be a name. Use letters, digits, hyphens and underscores, and begin "
            "with a letter.",
            name=name[:MAX_NAME],
        ),
        record.table.name,
        record.number,
        record.header("name"),
    )


def name_apart(survey: Survey) -> None:
    """Give each question and repeat its key: its name where no other has it, else so many of the
    groups around it before it as it takes, `contact/name`."""
    rows: list[Item | Group] = [item for item in survey.items if item.name]
    rows += [group for group in survey.groups if group.container == "repeat"]
    alike: dict[str, set[tuple[str, ...]]] = {}
    for row in rows:
        alike.setdefault(row.name, set()).add(row.path)
    for row in rows:
        row.key = "/".join(_shortest(row.path, alike[row.name]))
    for group in survey.groups:
        group.key = group.key or group.name


def _shortest(path: tuple[str, ...], others: Collection[tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest end of a path that no other one of them ends with."""
    for length in range(1, len(path)):
        if sum(other[-length:] == path[-length:] for other in others) == 1:
            return path[-length:]
    return path


def _report_duplicates(survey: Survey, problems: ProblemList) -> None:
    seen: dict[tuple[str, ...], Record] = {}
    rows: list[Item | Group] = [item for item in survey.items if item.name]
    for row in [*rows, *survey.groups]:
        first = seen.setdefault(row.path, row.record)
        if first is not row.record:
            pair = sorted((first, row.record), key=lambda record: record.number)
            _duplicate(row.name, pair[0], pair[1], problems)


def _duplicate(name: str, first: Record, second: Record, problems: ProblemList) -> None:
    problems.add(
        "duplicate_name",
        _l(
            "The name “%(name)s” is used in rows %(first)s and %(second)s of the same group. "
            "Give one of them another name.",
            name=name,
            first=first.number,
            second=second.number,
        ),
        second.table.name,
        second.number,
        second.header("name"),
    )
