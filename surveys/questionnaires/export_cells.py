"""What stands in the columns of an exported form's survey sheet."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from .schema import Question, Texts


def _yes_or(value: bool | str) -> str:
    return value if isinstance(value, str) else "yes" if value else ""


def _parameters(question: Question) -> str:
    parts = []
    if question.bounds is not None:
        pairs = zip(("start", "end", "step"), question.bounds, strict=True)
        parts = [f"{name}={_number(number)}" for name, number in pairs]
    if question.randomize:
        parts.append("randomize=true")
    if question.seed:
        parts.append(f"seed={question.seed}")
    return " ".join(parts)


def _number(number: float) -> str:
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")


TEXTS: Final[Mapping[str, Callable[[Question], Texts]]] = {
    "label": lambda question: question.label,
    "hint": lambda question: question.hint,
    "guidance_hint": lambda question: question.guidance,
    "constraint_message": lambda question: question.constraint_message,
    "required_message": lambda question: question.required_message,
    "media::image": lambda question: question.image,
}
PLAIN: Final[Mapping[str, Callable[[Question], str]]] = {
    "required": lambda question: _yes_or(question.required),
    "relevant": lambda question: question.relevant,
    "constraint": lambda question: question.constraint,
    "calculation": lambda question: question.calculation,
    "choice_filter": lambda question: question.choice_filter,
    "appearance": lambda question: question.appearance,
    "parameters": _parameters,
    "default": lambda question: question.default or question.default_expression,
    "read_only": lambda question: _yes_or(question.read_only),
}
"""Column → its cell for a question. A new field of questions needs one line here or above."""
