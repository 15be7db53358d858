"""A form together with its files in one .zip: lists of choices, sheets kept apart as CSV."""

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from portal.i18n import _l

from .choice_lists import ChoiceList
from .columns import Table, read_header, with_default_language
from .pictures import is_picture
from .problems import ProblemList
from .schema import Choice
from .workbook import Sheet, WorkbookError, csv_sheet, read_workbook, refuse_bomb

_FORMS = (".xlsx", ".xlsm", ".xls", ".md", ".csv")
MAX_FILES = 200


@dataclass
class Package:
    """`sheets` of the form, `files` that are none of them: tables by lower-case name."""

    sheets: dict[str, Sheet]
    filename: str
    files: dict[str, Sheet] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    """As they were sent, by lower-case name."""


def open_package(data: bytes, filename: str, problems: ProblemList) -> Package:
    """Read a form, alone or in a .zip. Raises WorkbookError."""
    members = _members(data)
    if members is None:
        return Package(read_workbook(data, filename, problems), filename)
    found = Package({}, filename)
    # A spreadsheet before CSV: a CSV beside it is most likely a list.
    for name, content in sorted(members.items(), key=lambda item: _rank(item[0])):
        file = PurePosixPath(name).name
        if is_picture(file):
            if found.pictures.setdefault(file.lower(), content) != content:
                problems.add(
                    "two_pictures",
                    _l(
                        "Two different pictures in the .zip are called “%(name)s”. Give one of "
                        "them another name, in the form too.",
                        name=file[:100],
                    ),
                )
            continue
        if not file.lower().endswith(_FORMS):
            problems.warn(
                "file_unused",
                _l("The file “%(name)s” in the .zip is not used here.", name=file[:100]),
            )
            continue
        try:
            sheets = read_workbook(content, file, problems)
        except WorkbookError:
            if not file.lower().endswith(".csv"):
                raise
            found.files[file.lower()] = csv_sheet(content, file, problems)
            continue
        if "survey" in sheets and "survey" not in found.sheets:
            found.sheets |= sheets
            found.filename = file
        elif "choices" in sheets and "choices" not in found.sheets:
            found.sheets["choices"] = sheets["choices"]
        elif file.lower().endswith(".csv"):
            found.files[file.lower()] = csv_sheet(content, file, problems)
    if not found.sheets:
        raise WorkbookError(
            "not_spreadsheet",
            _l("There is no form in this .zip. Put the spreadsheet with the questions into it."),
        )
    return found


def _rank(name: str) -> tuple[int, str]:
    suffix = PurePosixPath(name).suffix.lower()
    return (_FORMS.index(suffix) if suffix in _FORMS else len(_FORMS)), name


def _members(data: bytes) -> dict[str, bytes] | None:
    """The files of a .zip that is no office document, None for everything else."""
    if not data.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = {member.filename for member in members}
            if any(name.startswith(("xl/", "word/", "[Content")) for name in names):
                return None
            usable = [m for m in members if not m.filename.startswith("__MACOSX/")]
            refuse_bomb(usable[:])
            if len(usable) > MAX_FILES or not any(
                m.filename.lower().endswith(_FORMS) for m in usable
            ):
                return None
            return {member.filename: archive.read(member) for member in usable}
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return None


def file_list(sheet: Sheet, language: str | None, problems: ProblemList) -> ChoiceList:
    """A table as a list of choices: `name` and `label` unless the question says otherwise."""
    columns = read_header(sheet, "choices", problems)
    rows = list(sheet.rows[1:])
    columns, _bare = with_default_language(columns, rows, language)
    table = Table(sheet.title, columns, rows)
    keyed = frozenset(column.header for column in columns if column.key)
    found = ChoiceList(sheet.title, keyed=keyed)
    for record in table.records():
        cells = {column.header: record.cell(column) for column in columns}
        found.choices.append(Choice(record.get("name"), record.texts("label"), cells))
        found.rows.append(record.number)
    return found
