"""Relevance, offered choices and values of all questions, for given answers.

Answers are a mapping of names to stored values: docs/answers.md lists what each type stores. A
repeat is a list of such mappings under its name. A name that begins with a dot is not an answer
but about the respondent: `.seed` decides the order of randomised choices. None, "" and absence
are "not answered". Everything here is pure; `at` is the moment for today() and now(), an aware
datetime.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from portal import clock
from portal.i18n import local, pick

from . import answers as conversions
from .expressions import Context, EvaluationError, evaluate, plain, to_number, truth
from .expressions.values import NodeSet, Value, nodes
from .logic import dependencies, in_order
from .rounds import ALL_ROUNDS, Columns, parsed
from .schema import MAX_ROUNDS, META, OTHER, Choice, Page, Question, Questionnaire

Answers = Mapping[str, Any]
SEED: Final = ".seed"

Place = tuple[str, int]
"""A name and the round it is asked in, 0 outside repeats."""


@dataclass
class State:
    """Computed once and when asked. An irrelevant question has no value, whatever is stored.

    `round` is counted from 1 in a repeat and is 0 outside.
    """

    questionnaire: Questionnaire
    answers: Answers
    at: datetime | None = None
    lang: str | None = None
    _relevant: dict[Place, bool] = field(default_factory=dict)
    _values: dict[Place, Any] = field(default_factory=dict)
    _pages: dict[Place, bool] = field(default_factory=dict)
    _rounds: dict[str, int] = field(default_factory=dict)
    _choices: dict[Place, tuple[Choice, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # What depends on nothing comes first, so that no chain recurses deeply.
        for name in _order(self.questionnaire):
            if name in self.questionnaire.repeat_by_name:
                self.rounds(name)
            else:
                for number in self.rounds_of(name):
                    self.value(name, number)

    # Rounds and pages

    def rounds(self, repeat: str) -> int:
        """How many rounds a repeat has at present; one whose number is open has at least one."""
        known = self._rounds.get(repeat)
        if known is None:
            self._rounds[repeat] = 0  # a circle, refused at import, ends here
            known = self._rounds[repeat] = self._counted(repeat)
        return known

    def _counted(self, repeat: str) -> int:
        found = self.questionnaire.repeat_by_name[repeat]
        if found.relevant and not truth(parsed(found.relevant), self._context(0, "", "")):
            return 0
        if not found.count:
            rows = self.answers.get(repeat)
            return min(MAX_ROUNDS, max(1, len(rows) if isinstance(rows, list) else 1))
        try:
            number = to_number(evaluate(parsed(found.count), self._context(0, "", "")))
        except EvaluationError:
            return 0
        return int(max(0, min(MAX_ROUNDS, number))) if math.isfinite(number) else 0

    def rounds_of(self, name: str) -> range:
        """The rounds in which a question is asked."""
        repeat = self.questionnaire.repeat_of(name)
        return range(1, self.rounds(repeat) + 1) if repeat else range(1)

    def pages(self) -> Iterator[Page]:
        """Every page in the order it is met, those of a repeat once for each round."""
        pages = self.questionnaire.pages
        place = 0
        while place < len(pages):
            repeat = pages[place].repeat
            end = place + 1
            while repeat and end < len(pages) and pages[end].repeat == repeat:
                end += 1
            if not repeat:
                yield pages[place]
            else:
                for number in range(1, self.rounds(repeat) + 1):
                    yield from (page.in_round(number) for page in pages[place:end])
            place = end

    def shown(self, page: Page) -> list[Question]:
        """The questions and notes of a page to show, in order."""
        return [
            question
            for question in page.questions
            if question.is_shown and self.asked(question, page.round)
        ]

    # Relevance

    def relevant(self, question: Question, round: int = 0) -> bool:
        """Whether a question counts at present."""
        place = (question.name, round)
        known = self._relevant.get(place)
        if known is None:
            self._relevant[place] = False  # a circle, refused at import, ends here
            known = self.page_relevant(self.questionnaire.page_of[question.name], round) and (
                not question.relevant
                or truth(parsed(question.relevant), self.context(question.name, round=round))
            )
            self._relevant[place] = known
        return known

    def asked(self, question: Question, round: int = 0) -> bool:
        """Whether it is relevant and, where a filter decides on its choices, has some."""
        return self.relevant(question, round) and (
            not question.choice_filter or bool(self.choices(question, round))
        )

    def page_relevant(self, page: Page, round: int = 0) -> bool:
        """Whether the conditions of a page's groups hold."""
        if not page.relevant:
            return True
        place = (page.base, round)
        if place not in self._pages:
            context = self.page_context(page.in_round(round) if round else page)
            self._pages[place] = truth(parsed(page.relevant), context)
        return self._pages[place]

    # Choices

    def choices(self, question: Question, round: int = 0) -> tuple[Choice, ...]:
        """The choices offered, in the order shown."""
        place = (question.name, round)
        if place not in self._choices:
            found = question.choices
            if question.choice_filter:
                filtered = enumerate(found, 1)
                found = tuple(x for n, x in filtered if self._offers(question, x, n, round))
            self._choices[place] = self._shuffled(question, found, round)
        return self._choices[place]

    def _offers(self, question: Question, choice: Choice, number: int, round: int) -> bool:
        if question.or_other and choice.name == OTHER:
            return True
        columns = {**choice.columns, "name": choice.name}
        context = self.context(question.name, round=round, columns=columns)
        return truth(parsed(question.choice_filter), context, place=number)

    def _shuffled(
        self, question: Question, choices: tuple[Choice, ...], round: int
    ) -> tuple[Choice, ...]:
        if not question.randomize:
            return choices
        recorded = self.stored(order_name(question.name), round, question.name)
        if isinstance(recorded, list):
            places = {name: place for place, name in enumerate(recorded)}
            return tuple(sorted(choices, key=lambda x: places.get(x.name, len(places))))
        seed = str(self.answers.get(SEED, ""))
        if question.seed:
            seed = self._text(question.seed, round, question.name)

        def key(choice: Choice) -> tuple[bool, bytes]:
            text = f"{seed}\n{question.name}\n{round}\n{choice.name}"
            is_last = question.or_other and choice.name == OTHER
            return is_last, hashlib.sha256(text.encode()).digest()

        return tuple(sorted(choices, key=key))

    # Values

    def stored(self, name: str, round: int = 0, beside: str = "") -> Any:
        """What is stored; in a round that was never sent the fixed default.

        `beside`: a question in whose repeat the name lies, where it is none itself."""
        if not round:
            return self.answers.get(name)
        rows = self.answers.get(self.questionnaire.repeat_of(beside or name))
        if isinstance(rows, list) and len(rows) >= round and isinstance(rows[round - 1], Mapping):
            return rows[round - 1].get(name)
        return fixed_defaults(self.questionnaire).get(name)

    def value(self, name: str, round: int = 0) -> Any:
        """The effective value of a question, None where it has none."""
        place = (name, round)
        if place in self._values:
            return self._values[place]
        self._values[place] = None  # a circle, refused at import, ends here
        question = self.questionnaire.by_name.get(name)
        if question is None:
            value = self.answers.get(name)
        elif not self.relevant(question, round):
            value = None
        elif question.calculation:
            value = self._calculated(question, question.calculation, round)
        elif question.type in META:
            value = self.stored(name, round) or self.moment(question)
        else:
            value = self.answered(question, round)
        self._values[place] = value
        return value

    def answered(self, question: Question, round: int = 0) -> Any:
        """The answer, else what is proposed, whether or not it is asked."""
        value = self.stored(question.name, round)
        if value is None:
            value = self._default(question, round)
        if value == "":
            return None
        if question.choice_filter and value is not None:
            return self._still_offered(question, value, round)
        return value

    def _default(self, question: Question, round: int) -> Any:
        if question.default_expression:
            value = self._calculated(question, question.default_expression, round)
            if value is None or not question.is_answered:
                return value
            found, error = conversions.convert(question, [plain(value)], self.lang)
            return None if error else found
        return question.default or None if not question.is_answered else None

    def _still_offered(self, question: Question, value: Any, round: int) -> Any:
        """An answer whose choice a filter has meanwhile taken away is none."""

        def offered(name: str) -> bool:
            same = ((n, x) for n, x in enumerate(question.choices, 1) if x.name == name)
            return any(self._offers(question, x, n, round) for n, x in same)

        if isinstance(value, list):
            return [name for name in value if offered(name)] or None
        return value if offered(value) else None

    def _calculated(self, question: Question, text: str, round: int) -> Any:
        context = self._context(
            round,
            self.questionnaire.repeat_of(question.name),
            question.name,
            self.stored(question.name, round),
        )
        try:
            return _storable(evaluate(parsed(text), context))
        except EvaluationError:
            return None

    def _text(self, text: str, round: int, name: str) -> str:
        context = self._context(round, self.questionnaire.repeat_of(name), name)
        try:
            return plain(_storable(evaluate(parsed(text), context)))
        except EvaluationError:
            return ""

    def moment(self, question: Question) -> str:
        """What start, end and today record at this moment: wall time, today a date."""
        moment = local(self.at or clock.now())
        if question.type == "today":
            return moment.date().isoformat()
        return moment.isoformat(timespec="seconds")

    def is_read_only(self, question: Question, round: int = 0) -> bool:
        return self._holds(question.read_only, question, round)

    def is_required(self, question: Question, round: int = 0) -> bool:
        return self._holds(question.required, question, round)

    def _holds(self, condition: bool | str, question: Question, round: int) -> bool:
        if isinstance(condition, bool):
            return condition
        context = self.context(question.name, round=round)
        return bool(condition) and truth(parsed(condition), context)

    # What expressions see

    def context(
        self,
        name: str,
        current: Any = None,
        *,
        round: int = 0,
        columns: Mapping[str, str] | None = None,
    ) -> Context:
        """What an expression of question `name` sees; `current` stands in for its answer."""
        if current is None:
            current = self.stored(name, round)
        repeat = self.questionnaire.repeat_of(name)
        return self._context(round, repeat, name, current, columns or {})

    def page_context(self, page: Page) -> Context:
        """What the conditions of a page see."""
        return self._context(page.round, page.repeat, "")

    def _context(
        self,
        round: int,
        repeat: str,
        asking: str,
        current: Any = None,
        columns: Mapping[str, str] | None = None,
    ) -> Context:
        at = self.at
        return Context(
            lookup=lambda name: self._lookup(name, round, repeat, asking),
            current=current,
            now=lambda: local(at or clock.now()),
            choice_label=self.choice_label,
            columns=columns or {},
            position=max(1, round),
            size=max(1, self._rounds.get(repeat, 1)),
            table=self.questionnaire.tables.get,
        )

    def _lookup(self, name: str, round: int, repeat: str, asking: str) -> Any:
        is_all = name.startswith(ALL_ROUNDS)
        name = name.removeprefix(ALL_ROUNDS)
        if name in self.questionnaire.repeat_by_name:
            rows = tuple(self._row(name, number) for number in self._all(name))
            return NodeSet(("•",) * len(rows), rows)
        own = self.questionnaire.repeat_of(name)
        if not own:
            return self.value(name)
        if own == repeat and not is_all:
            return self.value(name, round)

        def text(number: int) -> str:
            # A running total: of itself it sees only the rounds before.
            if name == asking and own == repeat and number >= round:
                return ""
            return nodes(self.value(name, number)).values[0]

        return NodeSet(tuple(text(number) for number in self._all(own)))

    def _all(self, repeat: str) -> range:
        return range(1, self.rounds(repeat) + 1)

    def _row(self, repeat: str, number: int) -> Columns:
        """One round as conditions in brackets see it."""
        pages = (page for page in self.questionnaire.pages if page.repeat == repeat)
        names = {question.name for page in pages for question in page.questions}
        return Columns(names, lambda name: self.value(name, number))

    def choice_label(self, name: str, choice: str) -> str:
        """The label of a choice in the reader's language; its name where it has none."""
        question = self.questionnaire.by_name.get(name)
        found = question.choice(choice) if question else None
        return (pick(found.label, self.lang) if found else "") or choice


def order_name(name: str) -> str:
    """Under which name the order is recorded in which randomised choices were shown."""
    return f"{name}_order"


def fixed_defaults(q: Questionnaire) -> dict[str, Any]:
    """The fixed defaults of all questions, as stored values."""
    found: dict[str, Any] | None = q.__dict__.get("_fixed_defaults")
    if found is None:
        found = {}
        for question in q.questions:
            if question.default and question.is_answered:
                value, error = conversions.convert(question, [question.default], "en")
                if error is None:
                    found[question.name] = value
        q.__dict__["_fixed_defaults"] = found
    return found


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
