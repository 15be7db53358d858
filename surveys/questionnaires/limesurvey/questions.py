"""Questions of LimeSurvey → rows of XLSForm, type by type.

https://www.limesurvey.org/manual/Question_types. What is kept: the codes of questions and of
answers, so that expressions and earlier data still fit. An array becomes a matrix (`table-list`),
a question of several fields a group of questions.
"""

from collections.abc import Callable

from portal.i18n import _l

from .arrays import ArrayRows
from .codes import FIELDS, OTHER, choice_name
from .document import Question
from .expression_script import ScriptError
from .plain_text import plain_text
from .rows import Origin
from .texts import concatenated, joined
from .translation import value
from .words import FIXED_LISTS, in_words

_IMAGES = frozenset({"png", "gif", "jpg", "jpeg", "webp", "heic", "bmp"})
_TEXT_TYPES = {"S": "text", "T": "text", "U": "text", "N": "decimal"}


class QuestionRows(ArrayRows):
    """Writes the rows of one question after the other."""

    def add(self, question: Question, relevant: str) -> None:
        """The rows of one question; `relevant` is its condition in XPath."""
        self.attributes.report_ignored(question)
        if question.is_on("hidden") and question.type not in "*SNTUL!DYG5OX":
            relevant = "false()"
            self._never_asked(question)
        handler = _HANDLERS.get(question.type)
        if handler is None:
            self.reports.say(
                "unsupported_type",
                _l(
                    "The question type “%(type)s” is not known. Change the type or remove the "
                    "question.",
                    type=question.type[:20],
                ),
                question.place,
                about=question.code,
                column="type",
                severity="error",
            )
            return
        handler(self, question, relevant)
        self._report_defaults(question)
        for column in question.rows(1):
            if column.relevance not in {"", "1"}:
                self.reports.no_effect(question, f"relevance ({column.code})", column.relevance)

    def single(self, question: Question, relevant: str) -> None:
        if self._hide(question):
            return
        fixed = question.type in FIXED_LISTS
        name = self._fixed_list(question) if fixed else self._answer_list(question)
        has_other = question.other and question.type in "L!O"
        if has_other:
            self.rows.add_choice(self._origin(question), name, OTHER, self._other_label(question))
        appearance = {"!": "minimal", "5": "likert"}.get(question.type, "")
        if not appearance and question.attribute("display_columns", "1") not in {"", "1"}:
            appearance = "columns"
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type=f"select_one {name}",
            appearance=appearance,
            default=self._default(question),
            constraint=self.attributes.constraint(question),
            parameters=self.attributes.parameters(question),
        )
        if has_other:
            self._other(question)
        if question.type == "O":
            self.rows.add(
                self._origin(question),
                type="text",
                name=self.codes.name(question, "_comment"),
                label=in_words("comment", self.languages),
                appearance="multiline",
                relevant=relevant,
            )

    def multiple(self, question: Question, relevant: str) -> None:
        name = self._list_name(question.code)
        rows = question.rows()
        for row in rows:
            self.rows.add_choice(
                Origin(row.place, f"{question.code} {row.code}"),
                name,
                choice_name(row),
                self._row_label(question, row),
            )
        if question.other:
            self.rows.add_choice(self._origin(question), name, OTHER, self._other_label(question))
        chosen = [choice_name(row) for row in rows if self._default(question, row.id) == "Y"]
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type=f"select_multiple {name}",
            default=" ".join(chosen),
            constraint=self.attributes.constraint(question),
            parameters=self.attributes.parameters(question),
            choice_filter=self._choice_filter(question),
        )
        for row in rows:
            if question.type == "P":
                label = joined(
                    self._row_label(question, row), in_words("comment", self.languages), by=": "
                )
                self.rows.add(
                    self._origin(question),
                    type="text",
                    name=self.codes.name(question, f"_{row.code}comment"),
                    label=label,
                    relevant=(f"selected(${{{self.codes.name(question)}}}, '{choice_name(row)}')"),
                )
            if row.relevance not in {"", "1"}:
                self.reports.no_effect(question, f"relevance ({row.code})", row.relevance)
        if question.other:
            self._other(question)
        if question.other and question.type == "P":
            self.rows.add(
                self._origin(question),
                type="text",
                name=self.codes.name(question, "_othercomment"),
                label=joined(
                    self._other_label(question), in_words("comment", self.languages), by=": "
                ),
                relevant=f"selected(${{{self.codes.name(question)}}}, '{OTHER}')",
            )

    def _choice_filter(self, question: Question) -> str:
        parts: list[str] = []
        for source, code, is_exclusion in self.attributes.filters(question):
            if source is None:
                continue
            if source.type not in "MP":
                self.reports.no_effect(question, "array_filter", code)
                continue
            chosen = f"selected(${{{self.codes.name(source)}}}, name)"
            parts.append(f"not({chosen})" if is_exclusion else chosen)
        if parts and question.other:
            return f"name = '{OTHER}' or ({' and '.join(parts)})"
        return " and ".join(parts)

    def text(self, question: Question, relevant: str) -> None:
        if self._hide(question):
            return
        is_number = question.type == "N" or question.is_on("numbers_only")
        kind = "decimal" if is_number else _TEXT_TYPES[question.type]
        if is_number and question.is_on("num_value_int_only"):
            kind = "integer"
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type=kind,
            appearance="multiline" if question.type in "TU" and not is_number else "",
            default=self._default(question),
            constraint=self.attributes.constraint(question, is_number=is_number),
        )

    def date(self, question: Question, relevant: str) -> None:
        if self._hide(question):
            return
        pattern = question.attribute("date_format")
        has_time = any(letter in pattern for letter in "HM") and "H" in pattern
        has_date = any(letter in pattern for letter in "djyY") or not pattern
        kind = ("dateTime" if has_date else "time") if has_time else "date"
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type=kind,
            default=self._default(question),
            constraint=self.attributes.constraint(question),
        )

    def note(self, question: Question, relevant: str) -> None:
        cells = self._cells(question, relevant)
        self.rows.add(self._origin(question), **{**cells, "required": "", "type": "note"})

    def ranking(self, question: Question, relevant: str) -> None:
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type=f"rank {self._answer_list(question)}",
            parameters=self.attributes.parameters(question),
        )

    def language(self, question: Question, _relevant: str) -> None:
        self.reports.say(
            "language_question",
            _l("The question about the language is left out: every page lets people change it."),
            question.place,
            about=question.code,
            column="type",
        )

    def upload(self, question: Question, relevant: str) -> None:
        allowed = set(question.attribute("allowed_filetypes").replace(" ", "").lower().split(","))
        most = question.attribute("max_num_of_files", "1")
        if most != "1":
            self.reports.no_effect(question, "max_num_of_files", most)
        self.rows.add(
            self._origin(question),
            **self._cells(question, relevant),
            type="image" if allowed <= _IMAGES else "file",
        )

    def equation(self, question: Question, relevant: str) -> None:
        text = question.attribute("equation")
        shown = bool(text)
        if not text:
            text = next(iter(question.texts.values()), "")
        try:
            calculation = concatenated(
                plain_text(text)[0], lambda inner: value(inner, self.codes).text
            )
        except ScriptError as error:
            self.reports.untranslated(error, text, question.place, question.code, "question")
            return
        name = self.codes.name(question)
        self.rows.add(
            self._origin(question),
            type="calculate",
            name=name,
            calculation=calculation,
            relevant=relevant,
        )
        if question.is_on("hidden"):
            return
        label = self._label(question) if shown else {}
        self.rows.add(
            self._origin(question),
            type="note",
            name=self.codes.name(question, "_text"),
            label=label or dict.fromkeys(self.languages, f"${{{name}}}"),
            hint=self._hint(question),
            relevant=relevant,
        )


_Handler = Callable[[QuestionRows, Question, str], None]
_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys("L!O5GY", QuestionRows.single),
    **dict.fromkeys("MP", QuestionRows.multiple),
    **dict.fromkeys("STUN", QuestionRows.text),
    **dict.fromkeys("ABCEFH1", QuestionRows.array),
    **dict.fromkeys(FIELDS, QuestionRows.fields),
    **dict.fromkeys(":;", QuestionRows.grid),
    "D": QuestionRows.date,
    "*": QuestionRows.equation,
    "X": QuestionRows.note,
    "R": QuestionRows.ranking,
    "I": QuestionRows.language,
    "|": QuestionRows.upload,
}
