"""Which questions a respondent sees, whether their answers stand, where they go next.

Pure functions of a questionnaire and of answers as `state.py` describes them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.i18n import _, pick

from . import answers as conversions
from . import dateparts
from .expressions import latin_digits, truth
from .filling import fill
from .repeats import add_round, can_add, can_remove, remove_round, rows_of
from .rounds import parsed
from .schema import DATES, META, Page, Question, Questionnaire
from .state import Answers, State, fixed_defaults, order_name

__all__ = [
    "Answers", "PageResult", "State", "add_round", "calculate", "can_add", "can_remove", "clean",
    "fill", "initial_answers", "next_page", "objections", "page_questions",
    "previous_page", "progress", "prune", "remove_round", "unfinished", "validate_page",
    "visible_pages",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of a submitted page.

    `values` are the answers to store (None: no answer), for a page in a repeat the whole repeat
    under its name; `errors` {name: message}. `revealed` are questions that these answers brought
    onto the page, or gave other choices, and the respondent has not seen so yet: show the page
    again, without an error, when there are any.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    revealed: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the respondent may go on."""
        return not self.errors and not self.revealed


def visible_pages(q: Questionnaire, answers: Answers, at: datetime | None = None) -> list[Page]:
    """The pages with at least one question or note to show, those of repeats in each round."""
    state = State(q, answers, at)
    return [page for page in state.pages() if state.shown(page)]


def page_questions(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> list[Question]:
    """The questions and notes of a page to show, in order."""
    return State(q, answers, at).shown(page)


def initial_answers(q: Questionnaire, at: datetime | None = None) -> dict[str, Any]:
    """What the form holds before anything is answered: fixed defaults, and when it began."""
    defaults = fixed_defaults(q)
    found = {name: value for name, value in defaults.items() if not q.repeat_of(name)}
    begun = [x for x in q.questions if x.type in {"start", "today"} and not q.repeat_of(x.name)]
    if begun:
        state = State(q, found, at)
        found |= {question.name: state.value(question.name) for question in begun}
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
    """One submitted answer outside repeats as (value to store, error message or None).

    The error is in the reader's language; a value with an error is not to be stored.
    """
    if State(q, answers, at, lang).is_read_only(question):
        return answers.get(question.name), None
    value, error = conversions.convert(question, raw_values, lang)
    if error is not None:
        return None, error
    state = State(q, {**answers, question.name: value}, at, lang)
    return value, _objection(state, question, value, lang)


def _objection(
    state: State, question: Question, value: Any, lang: str, round: int = 0
) -> str | None:
    """What is wrong with a converted answer, None if nothing."""
    if value is None or value == "":
        if not state.is_required(question, round) or state.is_read_only(question, round):
            return None
        own = question.required_message.get(lang) or pick(question.required_message, lang)
        return fill(own, state, lang, round=round) if own else conversions.missing(question)
    if question.type == "rank":
        incomplete = conversions.incomplete_rank(value, state.choices(question, round))
        if incomplete:
            return incomplete
    context = state.context(question.name, value, round=round)
    if question.constraint and not truth(parsed(question.constraint), context):
        own = question.constraint_message.get(lang) or pick(question.constraint_message, lang)
        return (
            fill(own, state, lang, round=round)
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
    told: datetime | None = None,
) -> PageResult:
    """Check everything a respondent submitted on a page.

    `raw` has the submitted texts by name; `shown` the names that stood on the page, where the
    form says so (None: all that are relevant now), and `name!` where a script kept the choices
    right. Questions made irrelevant by the same submission keep what they had. `told`: what
    calculations that are made once and kept see as now(), where that is another moment than `at`.
    """
    before = State(q, answers, at, lang)
    values, errors = _converted(before, page, raw, lang, shown)
    state = State(q, _with(q, page, answers, values, without=errors), at, lang)
    relevant = {x.name for x in page.questions if state.relevant(x, page.round)}
    asked = {x.name for x in page.questions if state.asked(x, page.round)}
    revealed: list[str] = []
    for question in page.questions:
        name = question.name
        if name in values and name in asked:
            value = values[name]
            if question.choice_filter and value is not None:
                value = state.value(name, page.round)
                values[name] = value
            objection = _objection(state, question, value, lang, page.round)
            if objection is not None:
                errors[name] = objection
        if shown is not None and question.is_shown and name in asked:
            is_other = question.choice_filter and (
                state.choices(question, page.round) != before.choices(question, page.round)
            )
            # "name!": the script has kept the choices right.
            is_old = is_other and name not in errors and f"{name}!" not in shown
            if name not in shown or is_old:
                revealed.append(name)
    for question in page.questions:
        # That a proposed answer was taken out must not bring the proposal back.
        if question.default_expression and values.get(question.name, ...) is None:
            values[question.name] = ""
    kept = {name: x for name, x in values.items() if name in relevant and name not in errors}
    return PageResult(
        values=_placed(q, page, answers, {**kept, **_once(_at(state, told))}),
        errors={x.name: errors[x.name] for x in page.questions if x.name in errors.keys() & asked},
        revealed=tuple(revealed),
    )


def _converted(
    before: State,
    page: Page,
    raw: Mapping[str, Sequence[str]],
    lang: str,
    shown: Collection[str] | None,
) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for question in page.questions:
        name = question.name
        if not question.is_answered or before.is_read_only(question, page.round):
            continue
        if shown is not None and name not in shown:
            continue
        sent = raw.get(name, ())
        stored = before.stored(name, page.round)
        value, error = conversions.convert(question, sent, lang)
        if error is not None:
            errors[name] = error
        elif _is_unchanged(question, sent, stored):
            values[name] = stored
        else:
            values[name] = value
    return values, errors


def _is_unchanged(question: Question, sent: Sequence[str], stored: Any) -> bool:
    """A photo that was neither replaced nor removed; a month or year that the same form would
    show in another calendar: reading it back there would move it by days."""
    if question.type == "image":
        return not any(
            isinstance(x, conversions.Upload) or x == conversions.REMOVE for x in sent
        )  # fmt: skip
    if question.type not in DATES or not stored:
        return False
    parts = dateparts.wanted(question.type, question.looks)
    typed = [latin_digits(text).strip() for text in sent]
    calendars = (dateparts.PERSIAN, dateparts.GREGORIAN)
    return "day" not in parts and typed in [
        dateparts.split(str(stored), parts, calendar) for calendar in calendars
    ]


def _at(state: State, told: datetime | None) -> State:
    return State(state.questionnaire, state.answers, told, state.lang) if told else state


def _once(state: State) -> dict[str, Any]:
    """Calculations that shall be made once are kept from their first value on."""
    return {
        question.name: state.value(question.name)
        for question in state.questionnaire.questions
        if "once(" in question.calculation and not state.questionnaire.repeat_of(question.name)
    }


def _with(
    q: Questionnaire,
    page: Page,
    answers: Answers,
    values: Mapping[str, Any],
    without: Collection[str] = (),
) -> dict[str, Any]:
    """All answers with those of a page in their place."""
    if not page.repeat:
        kept = {name: value for name, value in answers.items() if name not in without}
        return {**kept, **values}
    rows = rows_of(q, page.repeat, answers, page.round)
    row = {name: value for name, value in rows[page.round - 1].items() if name not in without}
    rows[page.round - 1] = {**row, **values}
    return {**answers, page.repeat: rows}


def _placed(
    q: Questionnaire, page: Page, answers: Answers, values: dict[str, Any]
) -> dict[str, Any]:
    """The values as `answers` takes them: those of a round inside the whole repeat."""
    if not page.repeat:
        return values
    own = {name: value for name, value in values.items() if q.repeat_of(name) == page.repeat}
    rows: list[dict[str, Any]] = _with(q, page, answers, own)[page.repeat]
    rows[page.round - 1] = {n: v for n, v in rows[page.round - 1].items() if v is not None}
    outside = {name: value for name, value in values.items() if name not in own}
    return {**outside, page.repeat: rows}


def calculate(q: Questionnaire, answers: Answers, at: datetime | None = None) -> dict[str, Any]:
    """The values of all relevant calculations and hidden values outside repeats, those without a
    value as None."""
    state = State(q, answers, at)
    return {
        question.name: state.value(question.name)
        for question in q.questions
        if not q.repeat_of(question.name)
        and (not question.is_shown or (question.calculation and not question.is_answered))
    }


def prune(q: Questionnaire, answers: Answers, at: datetime | None = None) -> dict[str, Any]:
    """What to keep at the end: answers of relevant questions, all calculations, and the order in
    which randomised choices were shown."""
    state = State(q, answers, at)
    kept: dict[str, Any] = {}
    for question in q.questions:
        repeat = q.repeat_of(question.name)
        for number in state.rounds_of(question.name):
            found = _final(state, question, number)
            if not repeat:
                kept.update(found)
            else:
                rows = kept.setdefault(repeat, [])
                while len(rows) < number:
                    rows.append({})
                rows[number - 1].update(found)
    return {
        name: value
        for name, value in kept.items()
        if name not in q.repeat_by_name or any(value)
    }  # fmt: skip


def _final(state: State, question: Question, round: int) -> dict[str, Any]:
    if question.type == "note":
        return {}
    found = {}
    value = state.value(question.name, round)
    if question.type in META and value is not None:
        # Where the moment given is a coarse one on purpose, nothing finer is kept.
        value = min(str(value), state.moment(question))
    if value is not None and value not in ("", []):
        found[question.name] = value
    if question.randomize and state.asked(question, round):
        order = [choice.name for choice in state.choices(question, round)]
        found[order_name(question.name)] = order
    return found


def unfinished(
    q: Questionnaire, answers: Answers, lang: str, at: datetime | None = None
) -> tuple[Page, dict[str, str]] | None:
    """The first page whose stored answers do not stand, with the errors; None if all is well.

    For the final submission: answers may have become wrong or due by changes on later pages.
    """
    return next(objections(State(q, answers, at, lang), lang), None)


def objections(state: State, lang: str) -> Iterator[tuple[Page, dict[str, str]]]:
    """Every page with answers that do not stand, and the errors."""
    for page in state.pages():
        errors = {
            question.name: objection
            for question in state.shown(page)
            if question.is_answered
            and (
                objection := _objection(
                    state, question, state.value(question.name, page.round), lang, page.round
                )
            )
        }
        if errors:
            yield page, errors


def next_page(
    q: Questionnaire, page: Page | None, answers: Answers, at: datetime | None = None
) -> Page | None:
    """The visible page after `page` (None: the first), None after the last."""
    pages = visible_pages(q, answers, at)
    if page is None:
        return next(iter(pages), None)
    place = _place(q, page)
    return next((found for found in pages if _place(q, found) > place), None)


def previous_page(
    q: Questionnaire, page: Page | None, answers: Answers, at: datetime | None = None
) -> Page | None:
    """The visible page before `page` (None: the last), None before the first."""
    pages = visible_pages(q, answers, at)[::-1]
    if page is None:
        return next(iter(pages), None)
    place = _place(q, page)
    return next((found for found in pages if _place(q, found) < place), None)


def _place(q: Questionnaire, page: Page) -> tuple[int, int, int]:
    """Where a page comes: all pages of a repeat in one round before those of the next."""
    number = q.number_of(page) % 1_000
    if not page.repeat:
        return number, 0, 0
    first = next(n for n, found in enumerate(q.pages, 1) if found.repeat == page.repeat)
    return first, page.round, number


def progress(
    q: Questionnaire, page: Page, answers: Answers, at: datetime | None = None
) -> tuple[int, int]:
    """(number of this page from 1, number of pages) among those visible at present."""
    visible = visible_pages(q, answers, at)
    position = next((n for n, found in enumerate(visible, 1) if found.name == page.name), 1)
    return position, max(1, len(visible))
