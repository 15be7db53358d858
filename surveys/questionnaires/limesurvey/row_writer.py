"""What the rows of all question types share: texts, lists of choices, groups."""

from collections.abc import Callable, Mapping

from portal.i18n import _l

from .attributes import Attributes
from .codes import OTHER, CodeBook, safe
from .document import Answer, Place, Question, Subquestion, Texts
from .reports import Reports
from .rows import Origin, Rows
from .texts import TextReader, joined
from .words import FIXED_LISTS, LIST_NAMES, in_words, is_known


class RowWriter:
    """What the rows of all question types share."""

    def __init__(
        self,
        rows: Rows,
        codes: CodeBook,
        texts: TextReader,
        *,
        reports: Reports,
        condition: Callable[[str, Place, str], str],
    ) -> None:
        self.rows = rows
        self.codes = codes
        self.texts = texts
        self.attributes = Attributes(codes, reports)
        self.reports = reports
        self.condition = condition
        """(ExpressionScript, its place, the code it belongs to) → XPath."""
        self.languages = dict(rows.languages)
        self.defaults_used: set[tuple[str, str]] = set()
        """(question's id, running row of the table of defaults)."""

    # What most rows have.

    def _origin(self, question: Question) -> Origin:
        return Origin(question.place, question.code)

    def _label(self, question: Question) -> Texts:
        return self.texts.read(question.texts, question.place, question.code)

    def _row_label(self, question: Question, row: Subquestion) -> Texts:
        found = self.texts.read(row.texts, row.place, f"{question.code} {row.code}")
        # left|right are the two ends of a scale.
        label = {language: text.replace("|", " – ") for language, text in found.items()}
        return label or dict.fromkeys(self.languages, row.code)

    def _hint(self, question: Question) -> Texts:
        hint = self.texts.read(question.help, question.place, question.code, "help")
        around: Texts = {}
        for language in self.languages:
            parts = [
                values.get(language) or values.get("") or ""
                for values in map(question.attributes.get, ("prefix", "suffix"))
                if values
            ]
            if any(parts):
                around[language] = " … ".join(parts) if len(parts) == 2 else f"… {parts[0]}"
        if around:
            around = self.texts.read(around, question.place, question.code)
        return joined(hint, around)

    def _required(self, question: Question) -> str:
        if question.mandatory == "S":
            self.reports.say(
                "soft_mandatory",
                _l("A soft-mandatory question is asked as one that may be left empty."),
                question.place,
                about=question.code,
                column="mandatory",
            )
        return "yes" if question.mandatory == "Y" else ""

    def _message(self, question: Question) -> Texts:
        tips = question.attributes.get("em_validation_q_tip", {})
        texts = {language: tips.get(language) or tips.get("") or "" for language in self.languages}
        return self.texts.read(texts, question.place, question.code)

    def _cells(self, question: Question, relevant: str) -> dict[str, str | Mapping[str, str]]:
        return {
            "name": self.codes.name(question),
            "label": self._label(question),
            "hint": self._hint(question),
            "required": self._required(question),
            "relevant": relevant,
            "constraint_message": self._message(question),
        }

    def _default(self, question: Question, row_id: str = "") -> str:
        for default in question.defaults:
            same_row = default.get("sqid", "0").strip() in {row_id, row_id or "0"}
            if same_row and not default.get("specialtype", "").strip():
                self.defaults_used.add((question.id, default["row"]))
                text = default["value"]
                if "{" in text:
                    self.reports.no_effect(question, "default", text)
                    return ""
                return OTHER if text == "-oth-" else text
        return ""

    def _hidden(self, question: Question) -> None:
        self.reports.say(
            "hidden_question",
            _l(
                "This question is hidden: nobody is asked, only its default answer remains. "
                "Remove it if nothing depends on it."
            ),
            question.place,
            about=question.code,
        )

    def _never_asked(self, question: Question) -> None:
        self.reports.say(
            "hidden_question",
            _l(
                "This question is hidden: nobody is asked, and its answer stays empty. Remove it "
                "if nothing depends on it."
            ),
            question.place,
            about=question.code,
        )
        for default in question.defaults:
            self.reports.no_effect(question, "default", default["value"])

    def _report_defaults(self, question: Question) -> None:
        """Name the defaults that the type has no place for, and those of other languages."""
        for default in question.defaults:
            if (question.id, default["row"]) not in self.defaults_used:
                self.reports.no_effect(question, "default", default["value"])
            if default["others"]:
                self.reports.no_effect(question, "default", default["others"])

    def _hide(self, question: Question) -> bool:
        """Write a question that nobody sees as a fixed value."""
        if not question.is_on("hidden"):
            return False
        self._hidden(question)
        name = self.codes.name(question)
        self.rows.add(
            self._origin(question), type="hidden", name=name, default=self._default(question)
        )
        return True

    # Lists of choices.

    def _list_name(self, base: str) -> str:
        name, number = safe(base), 2
        while name in self.rows.lists:
            name, number = f"{safe(base)}_{number}", number + 1
        return name

    def _fixed_list(self, question: Question) -> str:
        name = LIST_NAMES[question.type]
        if name in self.rows.lists:
            return name
        unknown = [code for code in self.languages.values() if not is_known(code)]
        words = {word for _code, word in FIXED_LISTS[question.type]}
        if unknown and not words <= {str(number) for number in range(11)}:
            self.reports.say(
                "fixed_answers_in_english",
                _l(
                    "The answers of this type are not known in the language “%(language)s” and "
                    "stand there in English. Use a list with answers of your own.",
                    language=unknown[0],
                ),
                question.place,
                about=question.code,
                language=unknown[0],
            )
        for code, word in FIXED_LISTS[question.type]:
            self.rows.add_choice(self._origin(question), name, code, in_words(word, self.languages))
        return name

    def _answer_list(self, question: Question, scale: int = 0) -> str:
        name = self._list_name(f"{question.code}{f'_{scale}' if scale else ''}")
        answers = [answer for answer in question.answers if answer.scale == scale]
        for answer in answers:
            self.rows.add_choice(
                Origin(answer.place, f"{question.code} {answer.code}"),
                name,
                answer.code,
                self._answer_label(question, answer),
            )
        if not answers:
            self.reports.say(
                "no_answers",
                _l("This question offers no answers. Add some in LimeSurvey."),
                question.place,
                about=question.code,
                severity="error",
            )
        return name

    def _answer_label(self, question: Question, answer: Answer) -> Texts:
        return self.texts.read(
            answer.texts, answer.place, f"{question.code} {answer.code}", "answer"
        )

    def _other_label(self, question: Question) -> Texts:
        own = question.attributes.get("other_replace_text", {})
        texts = {language: own.get(language) or own.get("") or "" for language in self.languages}
        found = self.texts.read(texts, question.place, question.code)
        return {**in_words("other", self.languages), **found}

    def _other(self, question: Question) -> None:
        """The field that asks what the other is."""
        chosen = f"selected(${{{self.codes.name(question)}}}, '{OTHER}')"
        self.rows.add(
            self._origin(question),
            type="decimal" if question.is_on("other_numbers_only") else "text",
            name=self.codes.name(question, "_other"),
            label=in_words("specify", self.languages),
            required="yes" if question.is_on("other_comment_mandatory") else "",
            relevant=chosen,
        )

    def _row_relevant(self, question: Question, row: Subquestion) -> str:
        parts = self.attributes.filter_of_row(question, row.code)
        if row.relevance not in {"", "1"}:
            parts.insert(0, self.condition(row.relevance, row.place, f"{question.code} {row.code}"))
        return " and ".join(part for part in parts if part)

    def _begin(
        self, question: Question, relevant: str, label: Texts, part: str = "", appearance: str = ""
    ) -> None:
        name = self.codes.name(question, part)
        self.rows.add(
            self._origin(question),
            type="begin group",
            name=name,
            label=label or dict.fromkeys(self.languages, question.code),
            hint=self._hint(question),
            appearance=appearance,
            relevant=relevant,
        )

    def _end(self, question: Question) -> None:
        self.rows.add(self._origin(question), type="end group")
