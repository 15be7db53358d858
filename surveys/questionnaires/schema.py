"""The frozen questionnaire: what a published version keeps, as plain JSON.

Expressions are stored as text in which every question is written `${name}`; paths of the
spreadsheet are resolved when it is read. A page's `relevant` holds the conditions of all groups
around it; a question's holds those of groups inside the page and its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, get_args

Texts = Mapping[str, str]
"""{BCP 47 code: text}."""
TableRows = tuple[Mapping[str, str], ...]
"""Rows of a choice list, each with its filled columns."""

QuestionType = Literal[
    "text", "integer", "decimal", "select_one", "select_multiple", "note", "calculate", "hidden"
]
QUESTION_TYPES: Final[frozenset[str]] = frozenset(get_args(QuestionType))
ANSWERED: Final[frozenset[str]] = frozenset(
    {"text", "integer", "decimal", "select_one", "select_multiple"}
)
"""The types a respondent gives an answer to."""
UNSEEN: Final[frozenset[str]] = frozenset({"calculate", "hidden"})
SELECTS: Final[frozenset[str]] = frozenset({"select_one", "select_multiple"})

HEADING: Final = "heading"
"""Appearance of a note that carries the label of a group inside a page."""
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list. `name` is what is stored."""

    name: str
    label: Texts = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One row of a survey. `required` is yes, no, or an expression."""

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
    read_only: bool = False
    choices: tuple[Choice, ...] = ()
    appearance: str = ""
    or_other: bool = False
    """Whether the last choice, `other`, was added and the next question asks what it is."""

    @property
    def is_answered(self) -> bool:
        """Whether a respondent can give an answer."""
        return self.type in ANSWERED

    @property
    def is_shown(self) -> bool:
        """Whether it stands on the page at all."""
        return self.type not in UNSEEN

    def choice(self, name: str) -> Choice | None:
        """The choice of that name, or None."""
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True)
class Page:
    """Questions shown together."""

    name: str
    label: Texts = field(default_factory=dict)
    relevant: str = ""
    questions: tuple[Question, ...] = ()
    appearance: str = ""


@dataclass(frozen=True)
class Questionnaire:
    """A whole form. Equal questionnaires have equal JSON."""

    title: Texts
    languages: tuple[str, ...]
    default_language: str
    pages: tuple[Page, ...]
    form_id: str = ""
    version: str = ""
    tables: Mapping[str, TableRows] = field(default_factory=dict)
    """The choice lists that expressions look into."""

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions in order, notes and calculations too."""
        return tuple(question for page in self.pages for question in page.questions)

    @cached_property
    def by_name(self) -> dict[str, Question]:
        """Questions by name; names are unique in a questionnaire."""
        return {question.name: question for question in self.questions}

    @cached_property
    def page_of(self) -> dict[str, Page]:
        """The page of each question's name."""
        return {question.name: page for page in self.pages for question in page.questions}

    def page(self, name: str) -> Page | None:
        """The page of that name, or None."""
        return next((page for page in self.pages if page.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, empty fields left out. `from_json` is its inverse."""
        return {
            "format": FORMAT,
            "title": dict(self.title),
            "languages": list(self.languages),
            "default_language": self.default_language,
            **_filled(
                form_id=self.form_id,
                version=self.version,
                tables={name: [dict(row) for row in rows] for name, rows in self.tables.items()},
            ),
            "pages": [
                {
                    "name": page.name,
                    **_filled(
                        label=dict(page.label), relevant=page.relevant, appearance=page.appearance
                    ),
                    "questions": [_question_json(question) for question in page.questions],
                }
                for page in self.pages
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Questionnaire":
        """Raises ValueError for what `to_json` cannot have written."""
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"questionnaire format {data['format']!r} is not known")
            return cls(
                title=_texts(data["title"]),
                languages=tuple(str(code) for code in data["languages"]),
                default_language=str(data["default_language"]),
                form_id=str(data.get("form_id", "")),
                version=str(data.get("version", "")),
                pages=tuple(_page(page) for page in data["pages"]),
                tables={
                    str(name): tuple(_texts(row) for row in rows)
                    for name, rows in data.get("tables", {}).items()
                },
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a questionnaire: {error!r}") from error


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _question_json(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "type": question.type,
        **_filled(
            label=dict(question.label),
            hint=dict(question.hint),
            required=question.required,
            required_message=dict(question.required_message),
            relevant=question.relevant,
            constraint=question.constraint,
            constraint_message=dict(question.constraint_message),
            calculation=question.calculation,
            default=question.default,
            read_only=question.read_only,
            choices=[
                {"name": choice.name, "label": dict(choice.label)} for choice in question.choices
            ],
            appearance=question.appearance,
            or_other=question.or_other,
        ),
    }


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(language): str(text) for language, text in data.items()}


def _page(data: Mapping[str, Any]) -> Page:
    return Page(
        name=str(data["name"]),
        label=_texts(data.get("label", {})),
        relevant=str(data.get("relevant", "")),
        appearance=str(data.get("appearance", "")),
        questions=tuple(_question(question) for question in data["questions"]),
    )


def _question(data: Mapping[str, Any]) -> Question:
    if data["type"] not in QUESTION_TYPES:
        raise ValueError(f"question type {data['type']!r} is not known")
    required = data.get("required", False)
    return Question(
        name=str(data["name"]),
        type=data["type"],
        label=_texts(data.get("label", {})),
        hint=_texts(data.get("hint", {})),
        required=required if isinstance(required, bool) else str(required),
        required_message=_texts(data.get("required_message", {})),
        relevant=str(data.get("relevant", "")),
        constraint=str(data.get("constraint", "")),
        constraint_message=_texts(data.get("constraint_message", {})),
        calculation=str(data.get("calculation", "")),
        default=str(data.get("default", "")),
        read_only=bool(data.get("read_only", False)),
        choices=tuple(
            Choice(str(choice["name"]), _texts(choice.get("label", {})))
            for choice in data.get("choices", ())
        ),
        appearance=str(data.get("appearance", "")),
        or_other=bool(data.get("or_other", False)),
    )
