"""A sheet on a page of staff: its questions in its own language, what is wrong in the reader's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import get_template_attribute
from markupsafe import Markup

from portal import clock
from portal.i18n import current_language, digits, direction, ngettext, use_language
from surveys.paper import blanks, fields
from surveys.paper import excluded as exclusions
from surveys.paper.excluded import Excluded
from surveys.questionnaires import display
from surveys.questionnaires.fields import Field, Text
from surveys.questionnaires.schema import Questionnaire

MOST_NAMED: Final = 20
"""Numbers of questions in one sentence."""


@dataclass(frozen=True)
class Row:
    """A field and its markup."""

    field: Field
    html: Markup


@dataclass(frozen=True)
class Part:
    """A page of the questionnaire: its heading and its fields."""

    heading: Text
    rows: tuple[Row, ...]


def language_of_errors(q: Questionnaire, lang: str) -> str:
    """That of the reader; where the questionnaire, whose authors wrote some of the messages, is
    not in it, that of the sheet."""
    reader = current_language()
    return reader if reader in display.languages(q, lang) else lang


def marked(message: str, q: Questionnaire, lang: str) -> str:
    """A message with its language, wherever on the page it stands."""
    if not message:
        return ""
    own = language_of_errors(q, lang)
    return Markup('<span lang="{}" dir="{}">{}</span>').format(own, direction(own), message)


def drawn(
    q: Questionnaire, lang: str, *, raw: fields.Raw | None = None, errors: Any = None
) -> list[Part]:
    """The whole sheet, with the words around the answers ("No answer") in its language too."""
    told = {key: marked(message, q, lang) for key, message in (errors or {}).items()}
    draw = get_template_attribute("questionnaires/_fields.html", "field")
    with use_language(lang):
        return [
            Part(part.heading, tuple(Row(field, draw(field)) for field in part.fields))
            for part in fields.parts(q, lang, raw=raw, errors=told)
        ]


def excluded(q: Questionnaire, found: Mapping[str, Excluded], lang: str) -> list[dict[str, Any]]:
    """What will not be stored, in words."""
    if not found:
        return []
    with use_language(lang):
        parts = fields.parts(q, lang)
    labels = {each.name: each.label.lines[0] for part in parts for each in part.fields}
    return [
        {
            "key": key,
            "label": labels[key],
            "said": fields.said(q, key, each.value, lang),
            "is_asked": each.is_asked,
            "because": [labels[name] for name in each.because],
        }
        for key, each in found.items()
    ]


def left_out(q: Questionnaire, entry: Mapping[str, Any], lang: str) -> str:
    """Which answers of a sheet that counts were not stored, by the numbers on it."""
    blank = blanks.of(q)
    found = exclusions.of(q, blank, entry, lang, clock.now())
    if not found:
        return ""
    numbers = [digits(n) for n, slot in enumerate(blank.slots(), 1) if slot.key in found]
    separator = ", " if current_language() == "en" else "، "
    listed = separator.join(numbers[:MOST_NAMED]) + ("…" if len(numbers) > MOST_NAMED else "")
    return ngettext(
        "Not stored, because other answers on the sheet exclude it: the answer to question "
        "%(numbers)s.",
        "Not stored, because other answers on the sheet exclude them: the answers to questions "
        "%(numbers)s.",
        len(found),
        numbers=listed,
    )
