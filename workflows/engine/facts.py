"""What a guard may know of a case: the names after `case.`, and their types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portal.i18n import LazyText, _l

from .model import FormField

TRUTH: Final = "yesno"
TEXT: Final = "text"
NUMBER: Final = "number"


@dataclass(frozen=True)
class Fact:
    """`kind`: yesno, text or number."""

    name: str
    kind: str
    title: LazyText


FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("urgent", TRUTH, _l("whether the message is urgent")),
        Fact("special", TRUTH, _l("whether it is a special message")),
        Fact("has_phone", TRUTH, _l("whether the citizen can be asked by telephone")),
        Fact("channel", TEXT, _l("how it came: portal, sms, phone …")),
        Fact("category", TEXT, _l("code of its category; empty without one")),
        Fact("outcome", TEXT, _l("how it ended; empty before that")),
        Fact("language", TEXT, _l("the citizen's language: fa, ar, en")),
        Fact("reopened", NUMBER, _l("how often it was opened again")),
    )
}
"""A category and an outcome that are missing are None: equal to no text."""

FIELD_TYPES: Final[Mapping[str, str]] = {
    "text": TEXT,
    "words": TEXT,
    "choice": TEXT,
    "number": NUMBER,
    "yesno": TRUTH,
    "date": TEXT,
}
"""Type of a form's field in a guard; a date is text as 2026-11-27. A photo cannot be used."""


def fact_types() -> dict[str, str]:
    return {fact.name: fact.kind for fact in FACTS.values()}


def field_types(fields: tuple[FormField, ...]) -> dict[str, str]:
    return {field.name: FIELD_TYPES[field.kind] for field in fields if field.kind in FIELD_TYPES}
