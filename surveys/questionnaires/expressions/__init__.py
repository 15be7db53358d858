"""XPath 1.0 expressions with the functions of ODK, as XLSForm uses them.

`parse` reads, `evaluate` computes, `check_types` finds what cannot be meant. Not supported, and
refused by `parse` with a message: axes, searches (`//`), variables, attributes, and the functions
in `signatures.UNSUPPORTED`. Conditions in brackets are understood after a repeat, a question and
`instance('list')/root/item`.
"""

from .errors import EvaluationError, ExpressionError
from .evaluator import Context, Rows, answers_lookup, evaluate, truth
from .expression import Expression
from .parser import parse
from .trees import labelled_questions, to_tree
from .types import Subject, TypeProblem, check_types
from .values import (
    NodeSet,
    Value,
    latin_digits,
    number_to_string,
    plain,
    to_boolean,
    to_number,
    to_string,
)

__all__ = [
    "Context",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "NodeSet",
    "Rows",
    "Subject",
    "TypeProblem",
    "Value",
    "answers_lookup",
    "check_types",
    "evaluate",
    "labelled_questions",
    "latin_digits",
    "number_to_string",
    "parse",
    "plain",
    "to_boolean",
    "to_number",
    "to_string",
    "to_tree",
    "truth",
]
