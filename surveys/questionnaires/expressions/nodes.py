"""The syntax tree. Frozen and hashable, so that parsed expressions can be shared and cached."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Literal:
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`${name}`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Current:
    """`.`: the answer of the question that owns the expression."""


@dataclass(frozen=True, slots=True)
class Here:
    """`.` inside brackets: the text of the node that is being looked at."""


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name inside brackets: a column of the row that is being looked at."""

    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """`instance('name')/root/item`: the rows of a choice list or a table."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Filter:
    """`source[condition]…/column`: some rows of a table or repeat, or one column of them.

    `column` is "" where the rows themselves are meant.
    """

    source: "Node"
    predicates: tuple["Node", ...]
    column: str


@dataclass(frozen=True, slots=True)
class Path:
    """`/data/a/b`, `../a`, `./a`, `a`, `..`: a location without predicates.

    `bare` is true for a single name without any slash: a column in a choice filter, and almost
    always a forgotten `${}` elsewhere.
    """

    absolute: bool
    ups: int
    steps: tuple[str, ...]
    bare: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]
    position: int


@dataclass(frozen=True, slots=True)
class Negate:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """`a op b op c` where all operators bind equally tightly, evaluated from left to right.

    One flat node instead of nested pairs: a sum of a thousand terms must not be a thousand
    levels deep.
    """

    operands: tuple["Node", ...]
    operators: tuple[str, ...]


Node = (
    Number
    | Literal
    | Reference
    | Current
    | Here
    | Column
    | Table
    | Filter
    | Path
    | Call
    | Negate
    | Chain
)


def walk(root: Node) -> Iterator[Node]:
    """Every node of the tree, in reading order."""
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case Call(arguments=children) | Chain(operands=children):
                stack.extend(reversed(children))
            case Negate(operand=child):
                stack.append(child)
            case Filter(source=source, predicates=predicates):
                stack.extend((*reversed(predicates), source))
            case _:
                pass
