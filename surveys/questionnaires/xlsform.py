"""Read an XLSForm and say everything that is wrong with it at once.

Format: https://xlsform.org. What we do not support is named in a problem, never left out
silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from portal.i18n import _l

from .assembly import Assembler
from .choice_lists import read_choices
from .circles import check_cycles, check_groups
from .columns import Record, Table, read_header, with_default_language
from .languages import language_code
from .limesurvey import convert, is_limesurvey
from .logic import check_logic
from .packages import Package, file_list, open_package
from .pictures import Gallery
from .problems import Problem, ProblemList
from .schema import UNSEEN, Questionnaire
from .survey_rows import Survey, read_rows, yes_or_no
from .tables import stem, tables_of
from .texts import check_texts
from .workbook import WorkbookError

__all__ = ["Problem", "Reading", "read"]

_FOR_OTHERS = ("entities", "osm")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file. `questionnaire` is None exactly when a problem is an error.

    `question_count` counts the rows of the survey that are questions or notes, unsupported ones
    too; not groups, calculations and hidden values.
    """

    questionnaire: Questionnaire | None
    problems: tuple[Problem, ...]
    languages: tuple[str, ...] = ()
    question_count: int = 0
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """Those that the questionnaire names, as they are to be kept."""

    @property
    def ok(self) -> bool:
        """Whether the form can be used."""
        return self.questionnaire is not None


def read(data: bytes, filename: str) -> Reading:
    """Read a file of any supported kind. Never raises for what is in it."""
    problems = ProblemList()
    try:
        if is_limesurvey(data):
            return _read_limesurvey(data, filename, problems)
        package = open_package(data, filename, problems)
    except WorkbookError as error:
        problems.add(error.code, error.message)
        return Reading(None, tuple(problems.found))
    return _Reader(package, problems).read()


def _read_limesurvey(data: bytes, filename: str, problems: ProblemList) -> Reading:
    """A LimeSurvey file, by way of the XLSForm that it becomes. Raises WorkbookError."""
    converted = convert(data, problems)
    reading = _Reader(Package(converted.sheets, filename), ProblemList()).read()
    found = [*problems.found, *map(converted.in_limesurvey, reading.problems)]
    tables = list(dict.fromkeys(problem.sheet for problem in found))
    found.sort(key=lambda p: (p.code == "more", tables.index(p.sheet), p.row or 0))
    return Reading(
        None if problems.errors else reading.questionnaire,
        tuple(found),
        reading.languages,
        reading.question_count,
    )


class _Reader:
    def __init__(self, package: Package, problems: ProblemList) -> None:
        self.sheets = package.sheets
        self.files = package.files
        self.filename = package.filename
        self.gallery = Gallery(package.pictures)
        self.problems = problems
        self.languages: list[str] = []

    def read(self) -> Reading:
        settings = self._table("settings", None)[0]
        setting = next(settings.records(), None) if settings else None
        wanted = self._wanted_language(setting)
        survey_table, bare = self._table("survey", wanted)
        choices_table, _ = self._table("choices", wanted or bare)
        self._report_sheets(survey_table)
        found = [
            code for table in (survey_table, choices_table) if table for code in table.languages()
        ]
        self.languages = list(dict.fromkeys(found))
        default = wanted or bare or (self.languages[0] if self.languages else "en")
        if default not in self.languages:
            if self.languages and wanted:
                self._default_without_texts(setting, wanted)
                default = self.languages[0]
            else:
                self.languages.insert(0, default)
        if bare and not wanted and len(self.languages) > 1 and survey_table:
            self._bare(survey_table, bare)
        allow = bool(setting and yes_or_no(setting.get("allow_choice_duplicates")))
        lists = read_choices(choices_table, self.languages, allow, self.problems)
        external, _bare = self._table("external_choices", wanted or bare)
        lists |= read_choices(external, self.languages, True, self.problems)
        if survey_table is None:
            return self._reading(None, 0)
        survey = read_rows(survey_table, self.problems)
        if not survey.items and not self.problems.errors:
            self.problems.add(
                "no_questions", _l("The form has no questions. Add a row."), survey_table.name
            )
        files = {
            name: file_list(sheet, default, self.problems) for name, sheet in self.files.items()
        }
        tables = {stem(name): found for name, found in files.items()} | lists
        check_logic(survey, self.problems, lists, tables)
        check_groups(survey, self.problems)
        assembler = Assembler(lists, self.languages, self.problems, files)
        pages = assembler.pages_of(survey)
        repeats = assembler.repeats_of(survey)
        questionnaire = Questionnaire(
            title=self._title(settings, default),
            languages=tuple(self.languages),
            default_language=default,
            pages=pages,
            form_id=setting.get("form_id") if setting else "",
            version=setting.get("version") if setting else "",
            repeats=repeats,
            tables=tables_of(tables, pages, repeats, default),
        )
        self._hang_pictures(survey, choices_table, external)
        questionnaire = self.gallery.hung(questionnaire)
        records = {group.key: group.record for group in survey.groups}
        records |= {item.key: item.record for item in survey.items}
        for question in questionnaire.questions:
            # Headings and questions added by or_other have no row of their own.
            records.setdefault(question.name, survey.items[0].record)
        check_cycles(questionnaire, records, self.problems)
        count = sum(
            item.type.kind != "question" or item.type.question not in UNSEEN
            for item in survey.items
        )
        return self._reading(questionnaire, count)

    def _reading(self, questionnaire: Questionnaire | None, count: int) -> Reading:
        problems = self.problems
        usable = None if problems.errors else questionnaire
        if problems.left_out:
            left_out, problems.left_out = problems.left_out, 0
            message = _l(
                "%(count)s more problems are not listed. Correct these first.", count=left_out
            )
            problems.found.append(Problem(None, None, None, None, "warning", "more", message))
        order = {"settings": 1, "survey": 2, "choices": 3}
        found = sorted(
            problems.found,
            key=lambda problem: (
                problem.code == "more",
                order.get((problem.sheet or "").lower(), 0 if problem.sheet is None else 4),
                problem.row or 0,
            ),
        )
        kept = self.gallery.drawn if usable else {}
        return Reading(usable, tuple(found), tuple(self.languages), count, kept)

    def _hang_pictures(self, survey: Survey, *choices: Table | None) -> None:
        for group in survey.groups:
            if group.record.texts("image"):
                self.problems.warn(
                    "unsupported_picture",
                    _l("A group shows no picture. Put it into a note in the group."),
                    group.record.table.name,
                    group.record.number,
                    group.record.header("image"),
                )
        self.gallery.look_at((item.record for item in survey.items), self.problems)
        for table in choices:
            if table is not None:
                self.gallery.look_at(table.records(), self.problems)
        for name in self.gallery.unused():
            self.problems.warn(
                "file_unused",
                _l("The file “%(name)s” in the .zip is not used here.", name=name[:100]),
            )

    def _table(self, name: str, default: str | None) -> tuple[Table | None, str | None]:
        sheet = self.sheets.get(name)
        if sheet is None or not sheet.rows:
            return None, None
        columns = read_header(sheet, name, self.problems)
        rows = list(sheet.rows[1:])
        bare = None
        if name != "settings":
            columns, bare = with_default_language(columns, rows, default)
        return Table(sheet.title, columns, rows), bare

    def _wanted_language(self, setting: Record | None) -> str | None:
        text = setting.get("default_language") if setting else ""
        # pyxform's own word for "no language".
        if setting is None or not text or text.lower() == "default":
            return None
        code = language_code(text)
        if code is None:
            self.problems.warn(
                "unknown_language",
                _l(
                    "The default language “%(name)s” is not known. Write it as “Persian (fa)”.",
                    name=text,
                ),
                setting.table.name,
                setting.number,
                setting.header("default_language"),
            )
        return code

    def _default_without_texts(self, setting: Record | None, wanted: str) -> None:
        if setting is not None:
            self.problems.warn(
                "default_language_unused",
                _l(
                    "No label is written in the default language “%(language)s”. "
                    "Add the texts or choose another language.",
                    language=wanted,
                ),
                setting.table.name,
                setting.number,
                setting.header("default_language"),
                language=wanted,
            )

    def _bare(self, table: Table, language: str) -> None:
        column = next((column for column in table.columns if not column.explicit), None)
        if column is not None:
            self.problems.warn(
                "language_assumed",
                _l(
                    "“%(header)s” names no language; it is taken as “%(language)s”. "
                    "Write “%(header)s::… (%(language)s)” or set default_language.",
                    header=column.header,
                    language=language,
                ),
                table.name,
                None,
                column.header,
                language=language,
            )

    def _report_sheets(self, survey: Table | None) -> None:
        if survey is None:
            self.problems.add(
                "missing_sheet",
                _l("The sheet “survey” is missing or empty. Add it with the questions."),
                "survey",
            )
        for name in _FOR_OTHERS:
            sheet = self.sheets.get(name)
            if sheet is not None and len(sheet.rows) > 1:
                self.problems.add(
                    "unsupported_sheet",
                    _l("The sheet “%(name)s” is not supported. Remove it.", name=sheet.title),
                    sheet.title,
                )

    def _title(self, settings: Table | None, default: str) -> dict[str, str]:
        fallback = {default: PurePath(self.filename).stem or "form"}
        if settings is None:
            return fallback
        columns, _ = with_default_language(settings.columns, settings.rows, default)
        record = next(Table(settings.name, columns, settings.rows).records(), None)
        if record is None:
            return fallback
        titles = record.texts("form_title")
        # Other tools know one title only, so a single one is no omission.
        if len(titles) > 1:
            check_texts(record, "form_title", titles, self.languages, self.problems)
        return titles or ({default: record.get("form_id")} if record.get("form_id") else fallback)
