"""What a respondent sees of a page: plain values for the templates, in one language."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from portal.i18n import LANGUAGES, digits, direction, isolate, known_language, pick

from . import flow
from .expressions import plain, truth
from .in_page import PageLogic
from .schema import HEADING, Page, Question, Questionnaire, Texts
from .texts import REFERENCE

SECONDS_PER_QUESTION = 12
"""A reading and a tap on a small screen; only for the promise "about 2 minutes"."""
FEW = 12
"""Characters of an answer that fits a short box."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is shown. `lang` is empty where it is in the page's own language."""

    text: str
    lang: str = ""

    @property
    def dir(self) -> str:
        """Direction of a text in another language than the page's."""
        return direction(self.lang[:2]) if self.lang else ""

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines() or [""]

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question."""

    id: str
    value: str
    label: Text
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A question or note of a page. `kind`: note heading fixed text textarea number decimal radio
    checkbox select."""

    name: str
    kind: str
    label: Text
    hint: Text
    is_required: bool = False
    value: str = ""
    options: tuple[Option, ...] = ()
    error: str = ""
    is_short: bool = False
    has_none: bool = False
    """Whether "no answer" is offered: a radio once chosen cannot be taken back otherwise."""
    is_hidden: bool = False
    """Sent along unseen, for the script to show."""

    @property
    def inputmode(self) -> str:
        return {"number": "numeric", "decimal": "decimal"}.get(self.kind, "")

    @property
    def id(self) -> str:
        return f"q-{self.name}"

    @property
    def anchor(self) -> str:
        """Where a link to the answer leads: the control, or the first of a group."""
        return self.options[0].id if self.kind in {"radio", "checkbox"} else self.id

    @property
    def described_by(self) -> str:
        parts = [f"{self.id}-hint"] * bool(self.hint) + [f"{self.id}-error"] * bool(self.error)
        return " ".join(parts)


def text_in(texts: Texts, lang: str, q: Questionnaire) -> Text:
    """The text for a reader of `lang`; where it is missing the form's own language, then any."""
    for code in (lang, *(code for code in texts if code.split("-")[0] == lang)):
        if found := texts.get(code):
            return Text(found)
    if found := texts.get(q.default_language):
        return Text(found, q.default_language)
    found = pick(texts, lang)
    code = next((code for code, text in texts.items() if text == found), "")
    return Text(found, code)


def languages(q: Questionnaire, lang: str) -> dict[str, str]:
    """code → own name of the portal's languages in which a form can be read; `lang` always."""
    offered = {known_language(code) for code in q.languages} | {lang}
    return {code: name for code, name in LANGUAGES.items() if code in offered}


def minutes(q: Questionnaire) -> int:
    """How long answering takes, at least 1."""
    return max(1, math.ceil(sum(x.is_answered for x in q.questions) * SECONDS_PER_QUESTION / 60))


def fields(
    q: Questionnaire,
    page: Page,
    answers: Mapping[str, Any],
    lang: str,
    *,
    raw: Mapping[str, Sequence[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    at: datetime | None = None,
    logic: PageLogic | None = None,
) -> list[Field]:
    """The questions and notes of a page to show. `raw` has what was just typed, kept as it is;
    `logic` says which to send along for the script."""
    state = logic.state if logic else flow.State(q, answers, at, lang)
    hidden = logic.hidden if logic else frozenset()
    return [
        _field(state, question, lang, raw, (errors or {}).get(question.name, ""), logic=logic)
        for question in page.questions
        if question.is_shown and (question.name in hidden or state.relevant(question))
    ]


def _field(
    state: flow.State,
    question: Question,
    lang: str,
    raw: Mapping[str, Sequence[str]] | None,
    error: str,
    *,
    logic: PageLogic | None = None,
) -> Field:
    is_hidden = logic is not None and question.name in logic.hidden

    def shown(value: str) -> str:
        return isolate(digits(value, lang)) if value else "…"

    def text(texts: Texts) -> Text:
        found = text_in(texts, lang, state.questionnaire)
        if logic and set(REFERENCE.findall(found.text)) & logic.live:
            return Text(_following(found.text, state, found.lang or lang, shown), found.lang)
        return Text(flow.fill(found.text, state, found.lang or lang, shown), found.lang)

    label, hint = text(question.label), text(question.hint)
    if question.type == "note":
        kind = "heading" if question.appearance == HEADING else "note"
        return Field(question.name, kind, label, hint, is_hidden=is_hidden)
    if question.read_only:
        value = flow.fill(f"${{{question.name}}}", state, lang, shown)
        return Field(question.name, "fixed", label, hint, value=value, is_hidden=is_hidden)
    kind = _kind(question)
    # What was just submitted wins over what is stored, also where it was emptied.
    typed = raw.get(question.name) if raw is not None else None
    stored = state.answers.get(question.name) if is_hidden else state.value(question.name)
    values = list(typed) if typed is not None else _values(stored)
    required = question.required
    if isinstance(required, str):
        required = bool(required) and truth(required, state.context(question.name))
    return Field(
        name=question.name,
        kind=kind,
        label=label,
        hint=hint,
        is_required=required,
        value=values[0] if values and kind not in {"radio", "checkbox", "select"} else "",
        options=tuple(
            Option(f"q-{question.name}-{n}", choice.name, text(choice.label), choice.name in values)
            for n, choice in enumerate(question.choices)
        ),
        error=error,
        has_none=kind == "radio" and not required and bool(values),
        is_hidden=is_hidden,
        is_short=kind in {"number", "decimal"} or "numbers" in question.appearance.split(),
    )


def _following(text: str, state: flow.State, lang: str, shown: Callable[[str], str]) -> Markup:
    """The text as HTML, each answer in an element that the script keeps up to date."""

    def answer(found: re.Match[str]) -> str:
        value = escape(flow.fill(found[0], state, lang, shown))
        return f'<span data-answer="{escape(found[1])}">{value}</span>'

    return Markup(REFERENCE.sub(answer, str(escape(text))))  # noqa: S704 - escaped right above


def _kind(question: Question) -> str:
    looks = question.appearance.split()
    match question.type:
        case "integer":
            return "number"
        case "decimal":
            return "decimal"
        case "select_multiple":
            return "checkbox"
        case "select_one":
            return "select" if "minimal" in looks else "radio"
        case _:
            return "textarea" if "multiline" in looks else "text"


def _values(stored: Any) -> list[str]:
    if isinstance(stored, list):
        return [plain(value) for value in stored]
    return [plain(stored)] if stored is not None else []
