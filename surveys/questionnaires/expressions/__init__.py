"""XPath 1.0 expressions with the functions of ODK, as XLSForm uses them.

`parse` reads, `evaluate` computes. Not supported, and refused by `parse` with a message: axes,
predicates, searches (`//`), variables, and the functions in `signatures.UNSUPPORTED`.
"""

from .errors import EvaluationError, ExpressionError
from .evaluator import Context, answers_lookup, evaluate, truth
from .parser import Expression, parse
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
    "Value",
    "answers_lookup",
    "evaluate",
    "latin_digits",
    "number_to_string",
    "parse",
    "plain",
    "to_boolean",
    "to_number",
    "to_string",
    "truth",
]
