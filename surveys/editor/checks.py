"""What is wrong with a questionnaire that was edited here: the import's checks, on its JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.i18n import _l
from surveys.editor.documents import Document, TextRow, text_rows
from surveys.questionnaires import answers, logic
from surveys.questionnaires.expressions import ExpressionError, parse
from surveys.questionnaires.expressions.nodes import Call, Chain, Literal, Reference, walk
from surveys.questionnaires.problems import Severity
from surveys.questionnaires.schema import SELECTS, UNSEEN, Question, Questionnaire
from surveys.questionnaires.survey_rows import is_name
from surveys.questionnaires.texts import is_lost, references

EXPRESSIONS = (
    "relevant", "constraint", "calculation", "required", "read_only", "choice_filter", "seed",
    "default_expression",
)  # fmt: skip
_COMPARABLE = frozenset({"text", "integer", "decimal", "select_one", "select_multiple"})
"""Types whose default is written as a respondent writes the answer; a date, say, is not."""
MAX_TEXT = 5_000


@dataclass(frozen=True)
class Remark:
    """An error (cannot be published) or a warning (can), as `surveys.questionnaires.problems`
    has them, with the question it concerns in place of a row. `message` is lazy."""

    question: str
    column: str
    severity: Severity
    code: str
    message: object
    language: str = ""
    pointer: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """Equal for the same remark on two states of a document."""
        return (
            self.question,
            self.column,
            self.code,
            self.language,
            self.pointer,
            str(self.message),
        )


def check(document: Document) -> list[Remark]:
    """Everything at once: errors first, then in the order of the questionnaire."""
    q = Questionnaire.from_json(document)
    found = [
        *_names(q),
        *_texts(document, q),
        *_questions(q),
        *_expressions(q),
        *_circles(q),
    ]
    order = {question.name: number for number, question in enumerate(q.questions)}
    found.sort(key=lambda remark: (remark.severity != "error", order.get(remark.question, -1)))
    return found


def errors(document: Document) -> list[Remark]:
    return [remark for remark in check(document) if remark.severity == "error"]


def new_errors(before: Document, after: Document) -> list[Remark]:
    """The errors that a change brings: nobody has to mend what was wrong before it."""
    known = {remark.key for remark in errors(before)}
    return [remark for remark in errors(after) if remark.key not in known]


def _names(q: Questionnaire) -> Iterator[Remark]:
    if not any(question.is_shown for question in q.questions):
        yield Remark(
            "", "name", "error", "no_questions", _l("The form has no questions. Add a row.")
        )
    seen: set[str] = set()
    for question in q.questions:
        if not all(map(is_name, question.name.split("/"))):
            yield Remark(
                question.name,
                "name",
                "error",
                "invalid_name",
                _l(
                    "“%(name)s” cannot be a name. Use letters, digits, hyphens and underscores, "
                    "and begin with a letter.",
                    name=question.name,
                ),
            )
        if question.name in seen:
            yield Remark(
                question.name,
                "name",
                "error",
                "duplicate_name",
                _l(
                    "Another question has the name “%(name)s”. Choose one of its own.",
                    name=question.name,
                ),
            )
        seen.add(question.name)


def _texts(document: Document, q: Questionnaire) -> Iterator[Remark]:
    languages = list(q.languages)
    for row in text_rows(document):
        if not any(row.texts.values()):
            if row.key == "label":
                yield Remark(
                    row.question,
                    "label",
                    "error",
                    "missing_label",
                    _l("This question has no label. Write what the respondent reads."),
                    languages[0],
                    row.pointer,
                )
            continue
        # One title serves all languages in other tools, so a single one is no omission.
        if row.key != "title" or len(row.texts) > 1:
            for language in row.missing(languages):
                yield Remark(
                    row.question,
                    row.key,
                    "warning",
                    "missing_translation",
                    _l(
                        "The text “%(text)s” is missing in the language “%(language)s”. Add it; "
                        "until then another language is shown.",
                        text=short(next(iter(row.texts.values()))),
                        language=language,
                    ),
                    language,
                    row.pointer,
                )
        for language in row.texts:
            yield from _text_remarks(q, row, language)


def _text_remarks(q: Questionnaire, row: TextRow, language: str) -> Iterator[Remark]:
    """What is wrong with one text."""
    question, key, text, pointer = row.question, row.key, row.texts[language], row.pointer
    if is_lost(text):
        yield Remark(
            question,
            key,
            "warning",
            "text_lost",
            _l("“%(text)s” seems to have lost letters. Type it again.", text=short(text)),
            language,
            pointer,
        )
    if len(text) > MAX_TEXT:
        yield Remark(
            question,
            key,
            "error",
            "text_long",
            _l("This text is longer than %(most)s characters. Shorten it.", most=MAX_TEXT),
            language,
            pointer,
        )
    for name in references(text):
        if name not in _known(q):
            yield Remark(
                question, key, "error", "unknown_reference", unknown(name), language, pointer
            )


def unknown(name: str) -> object:
    return _l("There is no question “%(name)s”. Correct the name or add it.", name=name)


def _questions(q: Questionnaire) -> Iterator[Remark]:
    for question in q.questions:
        if question.type in SELECTS and not _has_choices(question):
            yield Remark(
                question.name,
                "choices",
                "error",
                "missing_list",
                _l("This question has no choices. Add at least one."),
            )
        if question.default and question.type in _COMPARABLE:
            many = question.type == "select_multiple"
            given = question.default.split() if many else [question.default]
            _value, wrong = answers.convert(question, given)
            if wrong:
                yield Remark(
                    question.name,
                    "default",
                    "error",
                    "invalid_default",
                    _l(
                        "The default “%(value)s” is not a possible answer. Correct it or clear it.",
                        value=question.default,
                    ),
                )
        names = [choice.name for choice in question.choices]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Remark(
                question.name,
                "choices",
                "warning",
                "duplicate_choice",
                _l("Two choices have the name “%(name)s”.", name=name),
            )
        if question.type == "calculate" and not question.calculation:
            yield Remark(
                question.name,
                "calculation",
                "error",
                "missing_calculation",
                _l("This row calculates nothing. Write an expression in “calculation”."),
            )


def _has_choices(question: Question) -> bool:
    # A list may also come from elsewhere, such as a file: then the question says from where.
    return bool(question.choices) or any(
        getattr(question, name, "") for name in ("itemset", "list_name", "choices_file", "source")
    )


def _cells(q: Questionnaire) -> Iterator[tuple[str, str, str]]:
    """(question or "", column, expression) of everything that is computed."""
    for page in q.pages:
        if page.relevant:
            first = page.questions[0].name if page.questions else ""
            yield first, "page", page.relevant
        for question in page.questions:
            for key in EXPRESSIONS:
                text = getattr(question, key, "")
                if isinstance(text, str) and text:
                    yield question.name, key, text


def _known(q: Questionnaire) -> set[str]:
    """Every name that an expression may mention: questions, and repeats where there are any."""
    return {*q.by_name, *(repeat.name for repeat in getattr(q, "repeats", ()))}


def _expressions(q: Questionnaire) -> Iterator[Remark]:
    known = _known(q)
    for name, column, text in _cells(q):
        try:
            expression = parse(text)
        except ExpressionError as error:
            yield Remark(name, column, "error", f"expression_{error.kind}", error.message)
            continue
        # In a filter a bare name is a column of the choice.
        columns = {path for path in expression.paths() if column == "choice_filter" and path.bare}
        for path in set(expression.paths()) - columns:
            if path.steps and path.steps[-1] in q.by_name:
                yield Remark(
                    name,
                    column,
                    "error",
                    "unknown_reference",
                    _l("Write ${%(name)s} instead of %(name)s.", name=path.steps[-1]),
                )
        for other in sorted(expression.references() - {path.steps[-1] for path in columns}):
            if other not in known:
                yield Remark(name, column, "error", "unknown_reference", unknown(other))
        for other, choice in sorted(_asked_for(expression.root)):
            question = q.by_name.get(other)
            if (
                question
                and question.type in SELECTS
                and question.choices
                and not question.choice(choice)
            ):
                yield Remark(
                    name,
                    column,
                    "warning",
                    "unknown_choice",
                    _l(
                        "“%(choice)s” is no choice of “%(name)s”: this condition may never hold.",
                        choice=choice,
                        name=other,
                    ),
                )


def _asked_for(root: Any) -> set[tuple[str, str]]:
    """(question, answer) of each comparison with a fixed answer, and of each selected()."""
    found: set[tuple[str, str]] = set()
    for node in walk(root):
        pair: tuple[Any, ...] = ()
        match node:
            case Chain(operands=operands, operators=operators) if set(operators) <= {"=", "!="}:
                pair = operands
            case Call(name="selected", arguments=arguments):
                pair = arguments
            case _:
                pass
        names = [each.name for each in pair if isinstance(each, Reference)]
        values = [each.value for each in pair if isinstance(each, Literal)]
        if len(names) == 1:
            found.update((names[0], value) for value in values if value)
    return found


def _circles(q: Questionnaire) -> Iterator[Remark]:
    try:
        graph = logic.dependencies(q)
    except ExpressionError:
        return  # said of the expression itself
    circles: list[list[str]] = []
    logic.in_order(graph, circles.append)
    for circle in circles:
        yield Remark(
            circle[0],
            "relevant",
            "error",
            "cycle",
            _l(
                "These depend on each other in a circle: %(names)s. Remove one of the references.",
                names=" → ".join([*circle, circle[0]]),
            ),
        )


def referrers(document: Mapping[str, Any], name: str) -> list[str]:
    """Names of the other questions whose logic or texts mention this one."""
    q = Questionnaire.from_json(document)
    found: list[str] = []
    for owner, _column, text in _cells(q):
        try:
            mentioned = name in parse(text).references()
        except ExpressionError:
            mentioned = False
        if mentioned and owner != name:
            found.append(owner)
    found += [
        row.question
        for row in text_rows(document)
        if row.question != name and any(name in references(text) for text in row.texts.values())
    ]
    return list(dict.fromkeys(found))


def visible_count(document: Mapping[str, Any]) -> int:
    """Questions and notes, as the import counts them."""
    return sum(
        question["type"] not in UNSEEN and question.get("appearance") != "heading"
        for page in document["pages"]
        for question in page["questions"]
    )


def short(text: str, most: int = 40) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
