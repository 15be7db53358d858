"""What an anonymous survey cannot ask: files, and answers into which the form writes the time."""

from collections.abc import Iterator
from typing import Final

from portal.i18n import _
from surveys.questionnaires.expressions import parse
from surveys.questionnaires.expressions.nodes import Call, walk
from surveys.questionnaires.schema import Question, Questionnaire

UNSUITABLE: Final = frozenset({"image", "audio", "video", "file"})
"""Question types whose answers are files of their own, beside a person's other traces."""


def problems(q: Questionnaire) -> Iterator[str]:
    """Why a questionnaire cannot be asked anonymously, in the reader's language."""
    if UNSUITABLE & {question.type for question in q.questions}:
        yield _(
            "An anonymous survey cannot take photos or other files: they would lie apart "
            "from the sealed answers. Remove these questions, or make it confidential."
        )
    if names := timed(q):
        yield _(
            "An anonymous survey cannot propose the present time as an answer: it would tell who "
            "answered when. Take now() out of the default or calculation of these questions, or "
            "write today(): %(names)s",
            names=", ".join(names),
        )


def timed(q: Questionnaire) -> list[str]:
    """Questions in whose field the form writes the moment, so that it comes back as an answer.

    What is only calculated needs no refusal: calculations of an anonymous survey see the day of
    the launch as now() (`surveys.responses.anonymity.told_moment`).
    """
    expressions = {
        question.name: [
            parse(text) for text in (question.calculation, question.default_expression) if text
        ]
        for question in q.questions
    }
    telling = {question.name for question in q.questions if question.type == "end"} | {
        name
        for name, found in expressions.items()
        if any(_asks_time(node) for each in found for node in walk(each.root))
    }
    while more := {
        name
        for name, found in expressions.items()
        if name not in telling and any(each.references() & telling for each in found)
    }:
        telling |= more
    return [each.name for each in q.questions if each.name in telling and _is_sent(each)]


def _asks_time(node: object) -> bool:
    return isinstance(node, Call) and node.name == "now"


def _is_sent(question: Question) -> bool:
    return question.is_answered and question.read_only is not True
