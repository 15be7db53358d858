"""The fields of a sheet as they are typed: numbered like those on paper."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.i18n import digits
from surveys.paper import blanks
from surveys.paper.blanks import Blank
from surveys.questionnaires import display, filling, flow
from surveys.questionnaires.fields import Field, Text
from surveys.questionnaires.schema import Page, Questionnaire

Raw = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Part:
    """A page of the questionnaire: its heading and its fields."""

    heading: Text
    fields: tuple[Field, ...]


def parts(
    q: Questionnaire, lang: str, *, raw: Raw | None = None, errors: Mapping[str, str] | None = None
) -> list[Part]:
    """The whole sheet. Nothing that was typed before is in it but `raw`, just sent."""
    blank = blanks.of(q)
    return [
        Part(_heading(blank, page, lang), tuple(_fields(blank, page, lang, raw, errors)))
        for page in blank.pages
    ]


def _heading(blank: Blank, page: Page, lang: str) -> Text:
    return display.heading(blank.questionnaire, page, {}, lang)


def _fields(
    blank: Blank,
    page: Page,
    lang: str,
    raw: Raw | None,
    errors: Mapping[str, str] | None,
) -> Iterator[Field]:
    numbers = {slot.key: number for number, slot in enumerate(blank.slots(), 1)}
    suffix = f"@{page.round}" if page.round else ""
    own_raw = None
    if raw is not None:
        own_raw = {x.name: raw.get(x.name + suffix, ()) for x in page.questions}
    own_errors = (
        {
            x.name: errors[x.name + suffix]
            for x in page.questions
            if x.name + suffix in (errors or {})
        }
        if errors
        else {}
    )
    for field in display.fields(
        blank.questionnaire, page, {}, lang, raw=own_raw, errors=own_errors
    ):
        key = field.name + suffix
        number = numbers.get(key)
        label = field.label
        if number is not None:
            label = replace(label, text=f"{digits(number, lang)}. {label.text}")
        yield replace(
            field,
            name=key,
            label=label,
            layout="" if field.options else field.layout,
            options=tuple(_options(field, suffix, lang)),
            parts=tuple(replace(part, id=part.id + suffix) for part in field.parts),
        )


def _options(field: Field, suffix: str, lang: str) -> Iterator[Any]:
    for number, option in enumerate(field.options, 1):
        # The steps of a scale are numbers already.
        is_step = field.layout == "steps" or field.kind == "select"
        text = option.label.text or option.value
        said = text if is_step else f"{digits(number, lang)}. {text}"
        yield replace(option, id=option.id + suffix, label=replace(option.label, text=said))


def said(q: Questionnaire, key: str, value: Any, lang: str) -> str:
    """A typed value in words: choices by their labels, dates in the calendar of the sheet."""
    name = key.partition("@")[0]
    question = q.by_name[name]
    state = flow.State(blanks.of(q).questionnaire, {}, None, lang)
    return filling.as_text(state, question, value, lang)
