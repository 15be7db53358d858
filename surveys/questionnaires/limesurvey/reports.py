"""Problems in the words of somebody who works with LimeSurvey."""

from portal.i18n import _l

from ..problems import ProblemList, Severity
from .document import Place, Question
from .expression_script import ScriptError


class Reports:
    """Names what is wrong by the table of the file, its row, and the code of the question."""

    def __init__(self, problems: ProblemList) -> None:
        self.problems = problems
        self._once: set[tuple[str, ...]] = set()

    def say(
        self,
        code: str,
        message: object,
        place: Place,
        *,
        about: str = "",
        column: str | None = None,
        language: str | None = None,
        severity: Severity = "warning",
    ) -> None:
        """A problem; `about` is the code that the author sees in LimeSurvey."""
        if about:
            message = _l("%(code)s: %(message)s", code=about, message=message)
        self.problems.add(
            code, message, place.table, place.row, column, language=language, severity=severity
        )

    def once(self, code: str, message: object, place: Place, *, language: str | None) -> None:
        """A warning that would otherwise be repeated for every text of a language."""
        if (key := (code, language or "")) not in self._once:
            self._once.add(key)
            self.say(code, message, place, language=language)

    def untranslated(
        self,
        error: ScriptError,
        text: str,
        place: Place,
        about: str,
        column: str,
        *,
        severity: Severity = "error",
    ) -> None:
        """An expression that cannot be said in XPath."""
        if error.is_assignment:
            self.say(
                "assignment",
                _l(
                    "“%(expression)s” assigns with a single =. To compare, write ==.",
                    expression=short(text),
                ),
                place,
                about=about,
                column=column,
                severity=severity,
            )
            return
        self.say(
            "expression_not_translated",
            _l(
                "The expression “%(expression)s” cannot be translated because of “%(piece)s”. "
                "Write it with codes of questions, comparisons and simple functions.",
                expression=short(text),
                piece=short(error.reason),
            ),
            place,
            about=about,
            column=column,
            severity=severity,
        )

    def no_effect(self, question: Question, name: str, value: str) -> None:
        """An attribute that would change the survey and does not here."""
        self.say(
            "attribute_ignored",
            _l(
                "The setting “%(name)s” (%(value)s) is not supported; the question is asked "
                "without it. Look whether it still means the same.",
                name=name,
                value=short(value),
            ),
            question.place,
            about=question.code,
        )


def short(text: str, most: int = 80) -> str:
    """A text on one line, cut for a message."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
