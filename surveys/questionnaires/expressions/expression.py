"""A parsed expression and what it mentions."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .nodes import (
    Call,
    Chain,
    Column,
    Current,
    Filter,
    Literal,
    Negate,
    Node,
    Path,
    Reference,
    Table,
    walk,
)

_QUOTED_REFERENCE = re.compile(r"\s*\$\{\s*([^{}]*?)\s*\}\s*")


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `text` is what the author wrote."""

    text: str
    root: Node

    def references(self) -> frozenset[str]:
        """The names of all questions the value may depend on (`.` is not among them)."""
        names: set[str] = set()
        for node in walk(self.root):
            match node:
                case Reference(name=name):
                    names.add(name)
                case Path(steps=steps) if steps:
                    names.add(steps[-1])
                case Call(name="jr:choice-name", arguments=(_, Literal(value=quoted))):
                    if found := _QUOTED_REFERENCE.fullmatch(quoted):
                        names.add(found[1])
                case Filter(source=source) if not isinstance(source, Table):
                    # The columns of a repeat are its questions.
                    names |= _columns(node)
                case _:
                    pass
        return frozenset(names)

    def paths(self) -> tuple[Path, ...]:
        """The locations written as paths instead of `${name}`, in reading order."""
        return tuple(node for node in walk(self.root) if isinstance(node, Path))

    def tables(self) -> frozenset[str]:
        """The names of the choice lists and tables that are looked into."""
        names: set[str] = set()
        for node in walk(self.root):
            match node:
                case Table(name=name):
                    names.add(name)
                case Call(name="pulldata", arguments=(Literal(value=name), *_)):
                    names.add(name.removesuffix(".csv"))
                case _:
                    pass
        return frozenset(names)

    def uses_current(self) -> bool:
        """Whether `.` occurs."""
        return any(isinstance(node, Current) for node in walk(self.root))

    def rewritten(self, name_of: Callable[[Path], str | None]) -> str:
        """The text with each path replaced by `${name}` where `name_of` knows its question."""
        text = self.text
        for path in sorted(self.paths(), key=lambda path: -path.start):
            if name := name_of(path):
                text = f"{text[: path.start]}${{{name}}}{text[path.end :]}"
        return text


def _columns(node: Filter) -> set[str]:
    """The columns that a filter takes of its own rows, not those of filters within it."""
    names = {node.column} - {""}
    waiting = list(node.predicates)
    while waiting:
        match waiting.pop():
            case Column(name=name):
                names.add(name)
            case Call(arguments=children) | Chain(operands=children):
                waiting.extend(children)
            case Negate(operand=child):
                waiting.append(child)
            case _:
                pass
    return names
