"""Expressions that look over all rounds of a repeat from inside one.

Inside a round `${age}` is the answer of that round. The first argument of indexed-repeat() means
the answers of all rounds all the same; its references are marked, and whoever looks a name up
gives all of them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from .expressions import Expression, parse
from .expressions.nodes import Call, Chain, Filter, Negate, Node, Reference

ALL_ROUNDS: Final = "*"
"""Put before a name; no name of a question has it."""


@lru_cache(maxsize=8192)
def parsed(text: str) -> Expression:
    """The expression, marked. Raises ExpressionError."""
    expression = parse(text)
    if "indexed-repeat" not in text:
        return expression
    return Expression(text, _marked(expression.root))


def _marked(node: Node) -> Node:
    match node:
        case Call(name="indexed-repeat", arguments=(first, *others)):
            return replace(node, arguments=(_all(first), *map(_marked, others)))
        case Call(arguments=arguments):
            return replace(node, arguments=tuple(map(_marked, arguments)))
        case Chain(operands=operands):
            return replace(node, operands=tuple(map(_marked, operands)))
        case Negate(operand=operand):
            return Negate(_marked(operand))
        case Filter(source=source, predicates=predicates):
            inside = tuple(map(_marked, predicates))
            return replace(node, source=_marked(source), predicates=inside)
        case _:
            return node


def _all(node: Node) -> Node:
    if isinstance(node, Reference) and not node.name.startswith(ALL_ROUNDS):
        return replace(node, name=ALL_ROUNDS + node.name)
    return _marked(node)


class Columns(Mapping[str, Any]):
    """The answers of one round, each computed when it is looked at."""

    def __init__(self, names: Collection[str], value: Callable[[str], Any]) -> None:
        self._names = names
        self._value = value

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
