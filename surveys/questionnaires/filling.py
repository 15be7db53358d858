"""Answers inside texts: `${name}` in labels, hints and messages."""

from collections.abc import Callable
from typing import Any

from portal.i18n import digits

from . import dateparts
from .expressions import plain
from .schema import DATES, SELECTS, Question
from .state import State
from .texts import REFERENCE


def fill(
    text: str,
    state: State,
    lang: str,
    show: Callable[[str], str] = lambda value: value,
    round: int = 0,
) -> str:
    """A label with each `${name}` replaced by the answer: choices by their labels, dates in the
    reader's calendar. In a round of a repeat its own answers are meant.

    `show` formats one answer (isolate it in right-to-left text, write its digits).
    """
    if "${" not in text:
        return text
    return REFERENCE.sub(lambda found: show(_said(state, found[1], lang, round)), text)


def _said(state: State, name: str, lang: str, round: int) -> str:
    q = state.questionnaire
    separator = "، " if lang in {"fa", "ar"} else ", "
    if name in q.repeat_by_name:
        return str(state.rounds(name))
    question = q.by_name.get(name)
    if question is None:
        return plain(state.value(name))
    numbers = [round] if q.repeat_of(name) and round else list(state.rounds_of(name))
    values = [state.value(name, number) for number in numbers]
    return separator.join(
        said for value in values if (said := as_text(state, question, value, lang))
    )


def as_text(state: State, question: Question, value: Any, lang: str) -> str:
    """One answer in words: choices by their labels, dates in the reader's calendar."""
    separator = "، " if lang in {"fa", "ar"} else ", "
    if question.type in SELECTS and value:
        chosen = [value] if isinstance(value, str) else value
        return separator.join(state.choice_label(question.name, choice) for choice in chosen)
    if question.type in DATES | {"time", "today"} and value:
        kind = "date" if question.type == "today" else question.type
        return digits(dateparts.shown(str(value), kind, question.looks, lang), lang)
    return plain(value)
