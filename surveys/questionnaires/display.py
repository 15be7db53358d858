"""What a respondent sees of a page: plain values for the templates, in one language."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from portal.i18n import (
    LANGUAGES,
    _,
    digits,
    format_number,
    isolate,
    known_language,
    pick,
)

from . import answers as conversions
from . import controls, flow
from .controls import Part
from .expressions import latin_digits, plain
from .fields import NO_TEXT, Field, Option, Picture, Text
from .in_page import PageLogic
from .pictures import size_of
from .schema import HEADING, Choice, Page, Question, Questionnaire, Texts
from .texts import REFERENCE

SECONDS_PER_QUESTION = 12
"""A reading and a tap on a small screen; only for the promise "about 2 minutes"."""
MOST_STEPS = 11
"""Of a range that is shown as boxes to choose from, such as 0 to 10."""
MOST_LISTED = 100
"""Of a range that is shown as a list."""
_ONE_BOX = frozenset({"text", "textarea", "number", "decimal", "photo"})


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


def heading(
    q: Questionnaire, page: Page, answers: Mapping[str, Any], lang: str, at: datetime | None = None
) -> Text:
    """The heading of a page, answers filled in; in a repeat with the number of the round."""
    found = text_in(page.label, lang, q)
    if not page.repeat:
        if "${" not in found.text:
            return found
        state = flow.State(q, answers, at, lang)
        return Text(flow.fill(found.text, state, found.lang or lang), found.lang)
    state = flow.State(q, answers, at, lang)
    repeat = q.repeat_by_name[page.repeat]
    said = flow.fill(found.text, state, found.lang or lang, round=page.round)
    number = format_number(page.round, lang)
    if not said:
        return Text(number)
    if repeat.count:
        total = format_number(state.rounds(page.repeat), lang)
        number = _("%(number)s of %(total)s", number=number, total=total)
    return Text(f"{said} ({number})", found.lang)


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
    found = [
        (question, _Drawing(state, question, page.round, lang, logic).field(raw, errors or {}))
        for question in page.questions
        if question.is_shown and (question.name in hidden or state.asked(question, page.round))
    ]
    return list(_tabled(found))


def _tabled(found: list[tuple[Question, Field]]) -> Iterator[Field]:
    """Rows of one table marked as such, whichever of them are shown."""
    heading = ""
    for n, (question, field) in enumerate(found):
        before = found[n - 1][0].matrix if n else ""
        after = found[n + 1][0].matrix if n + 1 < len(found) else ""
        if not question.matrix:
            heading = field.id if field.kind == "heading" and not field.is_hidden else ""
            yield field
            continue
        yield replace(
            field,
            kind="row",
            layout="many" if field.kind == "checkbox" else "",
            opens_table=before != question.matrix,
            closes_table=after != question.matrix,
            table_label=heading if before != question.matrix else "",
        )


class _Drawing:
    """One question on its way to the page."""

    def __init__(
        self,
        state: flow.State,
        question: Question,
        round: int,
        lang: str,
        logic: PageLogic | None = None,
    ) -> None:
        self.state = state
        self.question = question
        self.round = round
        self.lang = lang
        self.quoted = logic.quoted if logic else frozenset()
        self.is_filtered = logic is not None and question.name in logic.filtered
        self.is_hidden = logic is not None and question.name in logic.hidden

    def text(self, texts: Texts) -> Text:
        found = text_in(texts, self.lang, self.state.questionnaire)
        said = flow.fill(
            found.text, self.state, found.lang or self.lang, self.shown, round=self.round
        )
        return Text(said, found.lang)

    def following(self, texts: Texts) -> Text:
        """The text; answers of this page stand in elements that the script keeps up to date."""
        found = text_in(texts, self.lang, self.state.questionnaire)
        if not self.quoted & set(REFERENCE.findall(found.text)):
            return self.text(texts)

        def answer(match: re.Match[str]) -> str:
            said = flow.fill(
                match[0], self.state, found.lang or self.lang, self.shown, round=self.round
            )
            if match[1] not in self.quoted:
                return str(escape(said))
            return f'<span data-answer="{escape(match[1])}">{escape(said)}</span>'

        html = REFERENCE.sub(answer, str(escape(found.text)))
        return Text(Markup(html), found.lang)  # noqa: S704 - escaped right above

    def picture(self, names: Texts) -> Picture | None:
        name = text_in(names, self.lang, self.state.questionnaire).text
        return Picture(name, *size_of(name)) if name else None

    def shown(self, value: str) -> str:
        return isolate(digits(value, self.lang)) if value else "…"

    def field(self, raw: Mapping[str, Sequence[str]] | None, errors: Mapping[str, str]) -> Field:
        question, state = self.question, self.state
        name = question.name
        told: dict[str, Any] = {
            "label": self.following(question.label),
            "hint": self.following(question.hint),
            "picture": self.picture(question.image),
            "guidance": self.following(question.guidance) if question.guidance else NO_TEXT,
            "is_hidden": self.is_hidden,
        }
        if question.type == "note":
            return Field(name, "heading" if question.appearance == HEADING else "note", **told)
        if state.is_read_only(question, self.round):
            value = flow.fill(f"${{{name}}}", state, self.lang, self.shown, round=self.round)
            return Field(name, "fixed", value=value, **told)
        kind = self.kind()
        # What was just submitted wins over what is stored, also where it was emptied.
        typed = raw.get(name) if raw is not None else None
        # What is hidden has no value, and shall be found as it was when it comes back.
        known = state.answered(question, self.round) if self.is_hidden else None
        known = known or state.value(name, self.round)
        values = list(typed) if typed is not None else _values(known)
        required = state.is_required(question, self.round)
        return Field(
            name=name,
            kind=kind,
            is_required=required,
            value=values[0] if values and kind in _ONE_BOX else "",
            options=self.options(values),
            pool=self.choices(values, question.choices) if self.is_filtered else (),
            parts=self.parts(values) if kind == "parts" else (),
            error=errors.get(name, ""),
            has_none=kind == "radio" and not required and bool(values),
            is_short=kind in {"number", "decimal"} or "numbers" in question.looks,
            layout=self.layout(kind),
            **told,
        )

    def kind(self) -> str:
        looks = self.question.looks
        match self.question.type:
            case "integer":
                return "number"
            case "decimal":
                return "decimal"
            case "select_multiple" | "acknowledge":
                return "checkbox"
            case "select_one":
                return "select" if looks & {"minimal", "autocomplete"} else "radio"
            case "date" | "time" | "dateTime" | "geopoint" | "rank":
                return "parts"
            case "image":
                return "photo"
            case "range":
                if "picker" not in looks and conversions.steps_of(self.question, MOST_STEPS):
                    return "radio"
                is_list = bool(conversions.steps_of(self.question, MOST_LISTED))
                return "select" if is_list else "decimal"
            case _:
                return "textarea" if "multiline" in looks else "text"

    def options(self, values: list[str]) -> tuple[Option, ...]:
        question = self.question
        if question.type == "acknowledge":
            box = Text(_("Yes, I have read it"))
            return (Option(f"q-{question.name}-0", conversions.CONFIRMED, box, bool(values)),)
        if question.type == "range":
            steps = [plain(step) for step in conversions.steps_of(question, MOST_LISTED)]
            typed = {latin_digits(value) for value in values}
            return tuple(
                Option(f"q-{question.name}-{n}", step, Text(digits(step, self.lang)), step in typed)
                for n, step in enumerate(steps)
            )
        if question.type not in {"select_one", "select_multiple"}:
            return ()
        offered = self.state.choices(question, self.round)
        if self.is_filtered:
            # Each keeps its id, whichever of the others are offered.
            pool = zip(self.choices(values, question.choices), question.choices, strict=True)
            return tuple(option for option, choice in pool if any(choice is x for x in offered))
        return self.choices(values, offered)

    def choices(self, values: list[str], choices: Sequence[Choice]) -> tuple[Option, ...]:
        name = self.question.name
        return tuple(
            Option(
                f"q-{name}-{n}",
                choice.name,
                self.text(choice.label),
                choice.name in values,
                self.picture(choice.image),
            )
            for n, choice in enumerate(choices)
        )

    def parts(self, values: list[str]) -> tuple[Part, ...]:
        question, lang = self.question, self.lang
        if question.type == "geopoint":
            return controls.of_place(question, values, lang)
        if question.type == "rank":
            choices = [
                (choice, self.text(choice.label).text or choice.name)
                for choice in self.state.choices(question, self.round)
            ]
            return controls.of_ranking(question, choices, values, lang)
        return controls.of_moment(question, values, lang)

    def layout(self, kind: str) -> str:
        question = self.question
        if kind == "parts":
            return {"rank": "rank", "geopoint": "place"}.get(question.type, "date")
        if question.type == "range":
            return "steps" if kind == "radio" else ""
        if kind == "radio" and "likert" in question.looks:
            return "scale"
        wide = any(word.startswith(("columns", "horizontal", "compact")) for word in question.looks)
        return "columns" if wide and kind in {"radio", "checkbox"} else ""


def _values(stored: Any) -> list[str]:
    if isinstance(stored, list):
        return [plain(value) for value in stored]
    return [plain(stored)] if stored is not None else []
