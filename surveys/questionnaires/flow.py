"""Which questions a respondent sees, what their answers are worth, where they go next.

Answers are a mapping of names to stored values: text and select_one a str, integer an int,
decimal a float, select_multiple a list of names; None or absence is "not answered".
Everything here is pure; `at` is the moment for today() and now(), an aware datetime.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal import clock
from portal.i18n import _, local, pick

from . import answers as conversions
from .expressions import Context, EvaluationError, evaluate, plain, truth
from .expressions.values import NodeSet, Value
from .logic import dependencies, in_order
from .schema import SELECTS, Page, Question, Questionnaire
from .texts import REFERENCE

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of a submitted page.

    `values` are the answers to store (None: no answer); `errors` {name: message}. `revealed` are
    questions that these answers brought onto the page and the respondent has not seen yet: show
    the page again, without an error, when there are any.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    revealed: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the respondent may go on."""
        return not self.errors and not self.revealed


@dataclass
class State:
    """Relevance and values of all questions for given answers, computed once and when asked.

    An irrelevant question has no value, whatever is stored for it.
    """

    questionnaire: Questionnaire
    answers: Answers
    at: datetime | None = None
    lang: str | None = None
    _relevant: dict[str, bool] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)
    _pages: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # What depends on nothing comes first, so that no chain recurses deeply.
        for name in _order(self.questionnaire):
            self.value(name)

    def relevant(self, question: Question) -> bool:
        """Whether a question counts at present."""
        known = self._relevant.get(question.name)
        if known is None:
            self._relevant[question.name] = False  # a circle, refused at import, ends here
            known = self.page_relevant(self.questionnaire.page_of[question.name]) and (
                not question.relevant or truth(question.relevant, self.context(question.name))
            )
            self._relevant[question.name] = known
        return known

    def page_relevant(self, page: Page) -> bool:
        """Whether the conditions of a page's groups hold."""
        if not page.relevant:
            return True
        if page.name not in self._pages:
            self._pages[page.name] = truth(page.relevant, self.context(None))
        return self._pages[page.name]

    def value(self, name: str) -> Any:
        """The effective value of a question, None where it has none."""
        if name in self._values:
            return self._values[name]
        self._values[name] = None  # a circle, refused at import, ends here
        question = self.questionnaire.by_name.get(name)
        if question is None:
            value = self.answers.get(name)
        elif not self.relevant(question):
            value = None
        elif question.calculation:
            value = self._calculated(question)
        else:
            value = self.answers.get(name)
            if value is None and not question.is_answered and question.default:
                value = question.default
        self._values[name] = value
        return value

    def _calculated(self, question: Question) -> Any:
        stored = self.answers.get(question.name)
        try:
            return _storable(evaluate(question.calculation, self.context(None, stored)))
        except EvaluationError:
            return None

    def context(self, name: str | None, current: Any = None) -> Context:
        """What an expression of question `name` sees; `current` stands in for its answer."""
        if current is None and name is not None:
            current = self.answers.get(name)
        at = self.at
        return Context(
            lookup=self.value,
            current=current,
            now=lambda: local(at or clock.now()),
            choice_label=self.choice_label,
            table=self.questionnaire.tables.get,
        )

    def choice_label(self, name: str, choice: str) -> str:
        """The label of a choice in the reader's language; its name where it has none."""
        question = self.questionnaire.by_name.get(name)
        found = question.choice(choice) if question else None
        return (pick(found.label, self.lang) if found else "") or choice


def visible_pages(q: Questionnaire, answers: Answers, at: datetime | None = None) -> list[Page]:
    """The pages with at least one question or note to show."""
    state = State(q, answers, at)
    return [page for page in q.pages if _shown(state, page)]


def page_questions(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> list[Question]:
    """The questions and notes of a page to show, in order."""
    return _shown(State(q, answers, at), page)


def _shown(state: State, page: Page) -> list[Question]:
    return [
        question for question in page.questions if question.is_shown and state.relevant(question)
    ]


def initial_answers(q: Questionnaire) -> dict[str, Any]:
    """The fixed defaults of the form, as stored values."""
    found: dict[str, Any] = {}
    for question in q.questions:
        if question.default and question.is_answered:
            value, error = conversions.convert(question, [question.default])
            if error is None:
                found[question.name] = value
    return found


def clean(
    q: Questionnaire,
    question: Question,
    raw_values: Sequence[str],
    answers: Answers,
    lang: str,
    *,
    at: datetime | None = None,
) -> tuple[Any, str | None]:
    """One submitted answer as (value to store, error message or None).

    The error is in the reader's language; a value with an error is not to be stored.
    """
    if question.read_only:
        return answers.get(question.name), None
    value, error = conversions.convert(question, raw_values)
    if error is not None:
        return None, error
    state = State(q, {**answers, question.name: value}, at, lang)
    return value, _objection(state, question, value, lang)


def _objection(state: State, question: Question, value: Any, lang: str) -> str | None:
    """What is wrong with a converted answer, None if nothing."""
    if value is None:
        required = question.required
        if isinstance(required, str):
            required = truth(required, state.context(question.name)) if required else False
        if not required or question.read_only:
            return None
        own = question.required_message.get(lang) or pick(question.required_message, lang)
        return fill(own, state, lang) if own else conversions.missing(question)
    if question.constraint and not truth(question.constraint, state.context(question.name, value)):
        own = question.constraint_message.get(lang) or pick(question.constraint_message, lang)
        return (
            fill(own, state, lang)
            if own
            else _("This answer does not fit the question. Check it and change it.")
        )
    return None


def validate_page(
    q: Questionnaire,
    page: Page,
    raw: Mapping[str, Sequence[str]],
    answers: Answers,
    lang: str,
    *,
    shown: Collection[str] | None = None,
    at: datetime | None = None,
) -> PageResult:
    """Check everything a respondent submitted on a page.

    `raw` has the submitted texts by name; `shown` the names that stood on the page, where the
    form says so (None: all that are relevant now). Questions made irrelevant by the same
    submission keep what they had.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for question in page.questions:
        if not question.is_answered or question.read_only:
            continue
        if shown is not None and question.name not in shown:
            continue
        value, error = conversions.convert(question, raw.get(question.name, ()))
        if error is None:
            values[question.name] = value
        else:
            errors[question.name] = error
    known = {name: value for name, value in answers.items() if name not in errors}
    state = State(q, {**known, **values}, at, lang)
    relevant = {question.name for question in page.questions if state.relevant(question)}
    for question in page.questions:
        name = question.name
        if name in values and name in relevant:
            objection = _objection(state, question, values[name], lang)
            if objection is not None:
                errors[name] = objection
    revealed = tuple(
        question.name
        for question in page.questions
        if shown is not None
        and question.name in relevant
        and question.name not in shown
        and question.is_shown
    )
    return PageResult(
        values={
            name: value for name, value in values.items() if name in relevant and name not in errors
        },
        errors={
            question.name: errors[question.name]
            for question in page.questions
            if question.name in errors and question.name in relevant
        },
        revealed=revealed,
    )


def calculate(q: Questionnaire, answers: Answers, at: datetime | None = None) -> dict[str, Any]:
    """The values of all relevant calculations and hidden values, those without a value as None."""
    state = State(q, answers, at)
    return {
        question.name: state.value(question.name)
        for question in q.questions
        if not question.is_shown or (question.calculation and not question.is_answered)
    }


def prune(q: Questionnaire, answers: Answers, at: datetime | None = None) -> dict[str, Any]:
    """What to keep at the end: answers of relevant questions, and all calculations."""
    state = State(q, answers, at)
    kept = {
        question.name: state.value(question.name)
        for question in q.questions
        if question.type != "note"
    }
    return {name: value for name, value in kept.items() if value is not None and value != []}


def unfinished(
    q: Questionnaire, answers: Answers, lang: str, at: datetime | None = None
) -> tuple[Page, dict[str, str]] | None:
    """The first page whose stored answers do not stand, with the errors; None if all is well.

    For the final submission: answers may have become wrong or due by changes on later pages.
    """
    state = State(q, answers, at, lang)
    for page in q.pages:
        errors = {
            question.name: objection
            for question in _shown(state, page)
            if question.is_answered
            and (objection := _objection(state, question, state.value(question.name), lang))
        }
        if errors:
            return page, errors
    return None


def next_page(
    q: Questionnaire, page: Page | None, answers: Answers, at: datetime | None = None
) -> Page | None:
    """The visible page after `page` (None: the first), None after the last."""
    return _neighbour(q, page, answers, at, forward=True)


def previous_page(
    q: Questionnaire, page: Page | None, answers: Answers, at: datetime | None = None
) -> Page | None:
    """The visible page before `page` (None: the last), None before the first."""
    return _neighbour(q, page, answers, at, forward=False)


def _neighbour(
    q: Questionnaire, page: Page | None, answers: Answers, at: datetime | None, *, forward: bool
) -> Page | None:
    visible = {found.name for found in visible_pages(q, answers, at)}
    names = [found.name for found in q.pages]
    if page is None:
        candidates = list(q.pages) if forward else list(reversed(q.pages))
    else:
        index = names.index(page.name)
        candidates = list(q.pages[index + 1 :] if forward else reversed(q.pages[:index]))
    return next((found for found in candidates if found.name in visible), None)


def progress(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> tuple[int, int]:
    """(number of this page from 1, number of pages) among those visible at present."""
    visible = visible_pages(q, answers, at)
    position = next((n for n, found in enumerate(visible, 1) if found.name == page.name), 1)
    return position, max(1, len(visible))


def fill(
    text: str, state: State, lang: str, show: Callable[[str], str] = lambda value: value
) -> str:
    """A label with each `${name}` replaced by the answer, choices by their labels.

    `show` formats one answer (isolate it in right-to-left text, write its digits).
    """
    if "${" not in text:
        return text

    def answer(name: str) -> str:
        question, value = state.questionnaire.by_name.get(name), state.value(name)
        if question is not None and question.type in SELECTS and value:
            chosen = [value] if isinstance(value, str) else value
            return ("، " if lang in {"fa", "ar"} else ", ").join(
                state.choice_label(name, choice) for choice in chosen
            )
        return plain(value)

    return REFERENCE.sub(lambda found: show(answer(found[1])), text)


def _storable(value: Value) -> Any:
    """A calculated value as JSON: a text, a number, or None for "" and NaN."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, NodeSet):
        value = value.values[0] if value.values else ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value or None


def _order(q: Questionnaire) -> list[str]:
    """Evaluation order, remembered with the questionnaire itself."""
    order: list[str] | None = q.__dict__.get("_evaluation_order")
    if order is None:
        order = in_order(dependencies(q))
        q.__dict__["_evaluation_order"] = order
    return order
