"""A LimeSurvey survey → the sheets of an XLSForm, which the one reader then checks.

So that the questionnaire, its checks and their messages are the same for both. A problem that the
reader finds in a sheet is given back with the place in the LimeSurvey file and the code there.
"""

import re
from dataclasses import dataclass, replace

from portal.i18n import _l

from ..languages import language_code
from ..problems import Problem, ProblemList
from ..workbook import Sheet
from .codes import CodeBook
from .document import Group, Place, Question, Survey, read_survey
from .expression_script import ScriptError
from .questions import QuestionRows
from .reports import Reports, short
from .rows import Origin, Rows
from .texts import TextReader
from .translation import condition

_SETTINGS = "surveys_languagesettings"
_OPERATORS = frozenset({"==", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Converted:
    """The sheets, and the way back to the file."""

    sheets: dict[str, Sheet]
    rows: Rows

    def in_limesurvey(self, problem: Problem) -> Problem:
        """A problem of the sheets with its place in the LimeSurvey file."""
        origin = self.rows.origin(problem.sheet, problem.row)
        if origin is None:
            return replace(problem, sheet=None, row=None, column=None)
        message: object = problem.message
        if origin.code:
            message = _l("%(code)s: %(message)s", code=origin.code, message=message)
        return replace(
            problem,
            sheet=origin.place.table,
            row=origin.place.row,
            column=origin.column(problem.column),
            message=message,
        )


def convert(data: bytes, problems: ProblemList) -> Converted:
    """Raises WorkbookError where nothing can be made of the file; all else goes to `problems`."""
    return _Converter(read_survey(data), problems).converted()


class _Converter:
    def __init__(self, survey: Survey, problems: ProblemList) -> None:
        self.survey = survey
        self.reports = Reports(problems)
        self.languages = _languages(survey.languages)
        self.rows = Rows(self.languages)
        self.groups = {
            question.id: group for group in survey.groups for question in group.questions
        }
        self.codes = CodeBook(survey.questions, self._asked_when)
        self.texts = TextReader(self.codes, self.languages, self.reports, self._calculation)
        self.writer = QuestionRows(
            self.rows,
            self.codes,
            self.texts,
            reports=self.reports,
            condition=self._condition,
        )
        self.old_conditions = self._old_conditions()

    def converted(self) -> Converted:
        self._settings()
        self._opening()
        for number, group in enumerate(self.survey.groups, start=1):
            if group.questions or group.descriptions:
                self._group(group, number)
        self._report_the_rest()
        return Converted(self.rows.sheets(), self.rows)

    # Texts of the survey as a whole.

    def _settings(self) -> None:
        base = self.survey.languages[0]
        code = self.languages[base]
        self.rows.settings["default_language"] = f"{code} ({code})"
        if form_id := self.survey.settings.get("sid", "").strip():
            self.rows.settings["form_id"] = form_id
        texts = {
            language: row.get("surveyls_title", "") for language, row in self.survey.texts.items()
        }
        place = Place(_SETTINGS, 1 if texts else None)
        self.rows.titles = self.texts.read(texts, place, "", "surveyls_title")

    def _opening(self) -> None:
        """The welcome as a first page; what our pages have no place for is named."""
        place = Place(_SETTINGS, 1)
        found = {}
        for name in ("surveyls_description", "surveyls_welcometext", "surveyls_policy_notice"):
            texts = {language: row.get(name, "") for language, row in self.survey.texts.items()}
            wanted = name != "surveyls_policy_notice" or self.survey.settings.get(
                "showsurveypolicynotice", "0"
            ) not in {"0", ""}
            if wanted and (text := self.texts.read(texts, place, "", name)):
                found[name] = text
        if found:
            group = self.codes.unique("welcome")
            self.rows.add(
                Origin(place, ""), type="begin group", name=group, appearance="field-list"
            )
            for name, text in found.items():
                self.rows.begin()
                self.rows.add(
                    Origin(place, ""),
                    type="note",
                    name=self.codes.unique(f"{group}_{name.removeprefix('surveyls_')}"),
                    label=text,
                )
            self.rows.add(Origin(place, ""), type="end group")
        if any(row.get("surveyls_endtext", "").strip() for row in self.survey.texts.values()):
            self.reports.say(
                "end_text",
                _l("The end message is not taken over: after the last page Pasokh says thanks."),
                place,
                column="surveyls_endtext",
            )

    def _calculation(self, expression: str, place: Place, about: str) -> str:
        name = self.codes.unique(f"{re.sub(r'[^A-Za-z0-9]+', '_', about) or 'text'}_value")
        name = name if name[0].isalpha() else self.codes.unique(f"q{name}")
        self.rows.add_before(
            Origin(place, about), type="calculate", name=name, calculation=expression
        )
        return name

    # Groups and questions.

    def _group(self, group: Group, number: int) -> None:
        name = self.codes.unique(f"group_{number}")
        about = short(next(iter(group.names.values()), ""))
        origin = Origin(group.place, about)
        self.rows.begin()
        label = self.texts.read(group.names, group.place, about, "group_name")
        self.rows.add(
            origin,
            type="begin group",
            name=name,
            label=label,
            appearance="field-list",
            relevant=self._condition(group.relevance, group.place, about, "grelevance"),
        )
        if group.is_random:
            self.reports.say(
                "random_groups",
                _l("The order of groups is not drawn by lot here; they follow as in the file."),
                group.place,
                about=about,
                column="randomization_group",
            )
        self.rows.begin()
        if text := self.texts.read(group.descriptions, group.place, about, "description"):
            self.rows.add(origin, type="note", name=self.codes.unique(f"{name}_text"), label=text)
        for question in group.questions:
            self._report_name(question)
            self.rows.begin()
            relevant = self._condition(self._relevance_of(question), question.place, question.code)
            self.writer.add(question, relevant)
        self.rows.add(origin, type="end group")

    def _condition(self, text: str, place: Place, about: str, column: str = "relevance") -> str:
        try:
            return condition(_without_braces(text), self.codes)
        except ScriptError as error:
            self.reports.untranslated(error, text, place, about, column)
            return ""

    def _report_name(self, question: Question) -> None:
        if (name := self.codes.name(question)) != question.code:
            self.reports.say(
                "renamed",
                _l(
                    "The code “%(code)s” is used twice or is no name; the question is called "
                    "“%(name)s” here. Look at the conditions that mention it.",
                    code=question.code,
                    name=name,
                ),
                question.place,
                about=question.code,
                column="title",
            )

    def _relevance_of(self, question: Question) -> str:
        if question.relevance not in {"", "1"}:
            return question.relevance
        return self.old_conditions.get(question.id, "")

    def _asked_when(self, question: Question) -> str:
        """XPath of the condition under which a question is asked, of its group too."""
        texts = (self.groups[question.id].relevance, self._relevance_of(question))
        found = [condition(_without_braces(text), self.codes) for text in texts]
        return " and ".join(f"({text})" for text in found if text)

    def _old_conditions(self) -> dict[str, str]:
        """ExpressionScript of the table of conditions, which came before `relevance`.

        Scenarios are alternatives; in one, conditions about the same question are alternatives
        and different questions must agree.
        """
        found: dict[str, dict[str, dict[str, list[str]]]] = {}
        questions = {question.id: question for question in self.survey.questions}
        for number, row in self.survey.conditions:
            question = questions.get(row.get("qid", ""))
            if question is None or question.relevance not in {"", "1"}:
                continue
            text = self._old_condition(row, questions)
            if text is None:
                self.reports.say(
                    "condition_not_translated",
                    _l(
                        "The condition “%(field)s %(method)s %(value)s” cannot be translated. "
                        "Write it as a relevance equation in LimeSurvey.",
                        field=row.get("cfieldname", ""),
                        method=row.get("method", ""),
                        value=short(row.get("value", "")),
                    ),
                    Place("conditions", number),
                    about=question.code,
                    severity="error",
                )
                continue
            scenario = found.setdefault(question.id, {}).setdefault(row.get("scenario", "1"), {})
            scenario.setdefault(row.get("cqid", ""), []).append(text)
        return {
            qid: " or ".join(
                "(" + " and ".join(f"({' or '.join(same)})" for same in by_question.values()) + ")"
                for by_question in scenarios.values()
            )
            for qid, scenarios in found.items()
        }

    def _old_condition(self, row: dict[str, str], questions: dict[str, Question]) -> str | None:
        field, method = row.get("cfieldname", "").strip(), row.get("method", "").strip()
        wanted = row.get("value", "")
        if field.startswith("{") or not field:
            return None
        asked = questions.get(row.get("cqid", ""))
        if field.startswith("+"):
            field = field[1:]
        elif asked is not None and asked.type in "MP" and wanted:
            # "option 2 of the question", in the oldest files.
            field, wanted = f"{field}{wanted}", "Y"
        if wanted.startswith("@") and wanted.endswith("@"):
            operand = f"{wanted.strip('@')}.NAOK"
        elif wanted.startswith("{"):
            return None
        else:
            operand = '"' + wanted.strip().replace("\\", "\\\\").replace('"', '\\"') + '"'
        if method == "RX":
            return f"regexMatch({operand}, {field}.NAOK)"
        if method in {"", "LIKE"}:
            method = "=="
        method = {"a<b": "<", "a<=b": "<=", "a>=b": ">=", "a>b": ">"}.get(method, method)
        return f"{field}.NAOK {method} {operand}" if method in _OPERATORS else None

    # What has no equivalent.

    def _report_the_rest(self) -> None:
        for number, row in self.survey.quotas:
            self.reports.say(
                "quota",
                _l(
                    "The quota “%(name)s” (%(limit)s answers) is not taken over. Set it up again "
                    "in the campaign.",
                    name=short(row.get("name", "")),
                    limit=row.get("qlimit", "") or "?",
                ),
                Place("quota", number),
            )
        if self.survey.has_assessments:
            self.reports.say(
                "assessments",
                _l("Assessments (points for answers) are not supported and are left out."),
                Place("assessments", 1),
            )
        settings = self.survey.settings
        if (layout := settings.get("format", "G")) in {"S", "A"}:
            self.reports.say(
                "layout",
                _l(
                    "The survey shows %(layout)s; here each group of questions is one page.",
                    layout=_l("one question at a time")
                    if layout == "S"
                    else _l("all questions on one page"),
                ),
                Place("surveys", 1),
                column="format",
            )


def _languages(codes: list[str]) -> dict[str, str]:
    """LimeSurvey's codes → ours; "de-informal" is "de" where both are not there."""
    found: dict[str, str] = {}
    for code in codes:
        plain = re.sub(r"-(?:informal|easy)$", "", code)
        own = language_code(plain) or language_code(code)
        if own is None or own in found.values():
            own = language_code(code) or f"x-{re.sub('[^a-z0-9]', '', code.lower())[:8] or 'none'}"
        found[code] = own
    return found


def _without_braces(text: str) -> str:
    """Some write {a == 1} where only a == 1 is asked for."""
    stripped = text.strip()
    return stripped[1:-1] if stripped.startswith("{") and stripped.endswith("}") else stripped
