"""The frozen questionnaire: what a published version keeps.

Expressions are stored as text in which every question is written `${name}`; paths of the
spreadsheet are resolved when it is read. A page's `relevant` holds the conditions of all groups
around it; a question's holds those of groups inside the page and its own. `frozen.py` writes it
as JSON and reads it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, get_args

Texts = Mapping[str, str]
"""{BCP 47 code: text}."""
TableRows = tuple[Mapping[str, str], ...]
"""Rows of a choice list, each with its filled columns."""

QuestionType = Literal[
    "text", "integer", "decimal", "range", "select_one", "select_multiple", "rank", "acknowledge",
    "date", "time", "dateTime", "geopoint", "image", "barcode",
    "note", "calculate", "hidden", "start", "end", "today",
]  # fmt: skip
QUESTION_TYPES: Final[frozenset[str]] = frozenset(get_args(QuestionType))
META: Final[frozenset[str]] = frozenset({"start", "end", "today"})
"""Recorded by themselves: when answering began and ended, and on what day."""
UNSEEN: Final[frozenset[str]] = frozenset({"calculate", "hidden"}) | META
ANSWERED: Final[frozenset[str]] = QUESTION_TYPES - UNSEEN - {"note"}
"""The types a respondent gives an answer to."""
SELECTS: Final[frozenset[str]] = frozenset({"select_one", "select_multiple", "rank"})
DATES: Final[frozenset[str]] = frozenset({"date", "dateTime"})

HEADING: Final = "heading"
"""Appearance of a note that carries the label of a group inside a page."""
OTHER: Final = "other"
"""Name of the choice that or_other adds."""
MAX_ROUNDS: Final = 50
"""Rounds of a repeat."""
ROUND_STEP: Final = 1_000
"""In the number of a page in a round: its place + ROUND_STEP × the round."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list. `name` is what is stored; `columns` are what filters look at."""

    name: str
    label: Texts = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    image: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One row of a survey. `required` and `read_only` are yes, no, or an expression."""

    name: str
    type: QuestionType
    label: Texts = field(default_factory=dict)
    hint: Texts = field(default_factory=dict)
    required: bool | str = False
    required_message: Texts = field(default_factory=dict)
    relevant: str = ""
    constraint: str = ""
    constraint_message: Texts = field(default_factory=dict)
    calculation: str = ""
    default: str = ""
    read_only: bool | str = False
    choices: tuple[Choice, ...] = ()
    appearance: str = ""
    or_other: bool = False
    """Whether the last choice, `other`, was added and the next question asks what it is."""
    guidance: Texts = field(default_factory=dict)
    """A longer explanation, folded away."""
    choice_filter: str = ""
    """Which choices are offered; a bare name in it is a column of the choice."""
    randomize: bool = False
    seed: str = ""
    """An expression; "" for an order of each respondent's own."""
    bounds: tuple[float, float, float] | None = None
    """Of a range: start, end, step."""
    default_expression: str = ""
    matrix: str = ""
    """Consecutive questions of one page with the same word here are the rows of one table."""
    image: Texts = field(default_factory=dict)
    """Names of pictures shown with the label."""

    @property
    def is_answered(self) -> bool:
        """Whether a respondent can give an answer."""
        return self.type in ANSWERED

    @property
    def is_shown(self) -> bool:
        """Whether it stands on the page at all."""
        return self.type not in UNSEEN

    @cached_property
    def looks(self) -> frozenset[str]:
        """The words of the appearance."""
        return frozenset(self.appearance.split())

    @cached_property
    def by_choice(self) -> dict[str, Choice]:
        """The choices by name; of two alike the first."""
        return {choice.name: choice for choice in reversed(self.choices)}

    def choice(self, name: str) -> Choice | None:
        """The choice of that name, or None."""
        return self.by_choice.get(name)


@dataclass(frozen=True)
class Page:
    """Questions shown together. In a repeat the page as such has no round and is never shown;
    `in_round` makes the pages that are."""

    name: str
    label: Texts = field(default_factory=dict)
    relevant: str = ""
    questions: tuple[Question, ...] = ()
    appearance: str = ""
    repeat: str = ""
    """The name of the repeat it belongs to."""
    round: int = 0
    """Counted from 1; 0 outside repeats."""

    @property
    def base(self) -> str:
        """The name without the round."""
        return self.name.partition("@")[0] if self.round else self.name

    def in_round(self, number: int) -> "Page":
        """This page of a repeat in one of its rounds, `name@number`."""
        return replace(self, name=f"{self.base}@{number}", round=number)


@dataclass(frozen=True)
class Repeat:
    """Pages that are asked several times. `count` is an expression, "" where the respondent
    decides. Its answers are a list of mappings under its name, one for each round."""

    name: str
    label: Texts = field(default_factory=dict)
    count: str = ""
    relevant: str = ""


@dataclass(frozen=True)
class Questionnaire:
    """A whole form. Equal questionnaires have equal JSON."""

    title: Texts
    languages: tuple[str, ...]
    default_language: str
    pages: tuple[Page, ...]
    form_id: str = ""
    version: str = ""
    repeats: tuple[Repeat, ...] = ()
    tables: Mapping[str, TableRows] = field(default_factory=dict)
    """The choice lists that expressions look into."""

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions in order, notes and calculations too."""
        return tuple(question for page in self.pages for question in page.questions)

    @cached_property
    def by_name(self) -> dict[str, Question]:
        """Questions by name; names are unique in a questionnaire, also over repeats:
        where several rows have one name, the groups that tell them apart stand before it,
        `contact/name`."""
        return {question.name: question for question in self.questions}

    @cached_property
    def page_of(self) -> dict[str, Page]:
        """The page of each question's name, without a round."""
        return {question.name: page for page in self.pages for question in page.questions}

    @cached_property
    def repeat_by_name(self) -> dict[str, Repeat]:
        return {repeat.name: repeat for repeat in self.repeats}

    def repeat_of(self, name: str) -> str:
        """The repeat that a question belongs to, "" for none."""
        page = self.page_of.get(name)
        return page.repeat if page else ""

    @cached_property
    def _places(self) -> dict[str, int]:
        return {page.name: place for place, page in enumerate(self.pages)}

    def page(self, name: str) -> Page | None:
        """The page of that name (`name@2` in the second round), or None."""
        base, _, text = name.partition("@")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        return self._page_at(self._places.get(base, -1), number)

    def page_at(self, number: int) -> Page | None:
        """The page of a number: conditions and rounds never renumber the others."""
        rounds, place = divmod(number, ROUND_STEP)
        return self._page_at(place - 1, rounds)

    def number_of(self, page: Page) -> int:
        """The number of a page, counted from 1 over all pages: what stands in addresses."""
        return self._places[page.base] + 1 + ROUND_STEP * page.round

    def _page_at(self, place: int, rounds: int) -> Page | None:
        if not 0 <= place < len(self.pages) or rounds > MAX_ROUNDS:
            return None
        page = self.pages[place]
        if bool(page.repeat) != bool(rounds):
            return None
        return page.in_round(rounds) if rounds else page

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, empty fields left out. `from_json` is its inverse."""
        from . import frozen

        return frozen.to_json(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Questionnaire":
        """Raises ValueError for what `to_json` cannot have written."""
        from . import frozen

        return frozen.from_json(data)
