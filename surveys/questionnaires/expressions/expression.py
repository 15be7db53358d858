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
        in_paths = {path.steps[-1] for path in self.paths() if path.steps}
        return self.named() | self.columns() | in_paths

    def named(self) -> frozenset[str]:
        """The names written `${name}`, in quotes too where a function takes them so."""
        names: set[str] = set()
        for node in walk(self.root):
            match node:
                case Reference(name=name):
                    names.add(name)
                case Call(name="jr:choice-name", arguments=(_, Literal(value=quoted))):
                    if found := _QUOTED_REFERENCE.fullmatch(quoted):
                        names.add(found[1])
                case _:
                    pass
        return frozenset(names)

    def columns(self) -> frozenset[str]:
        """The columns of a repeat that conditions in brackets look at: they are its questions."""
        names: set[str] = set()
        for node in walk(self.root):
            if isinstance(node, Filter) and not isinstance(node.source, Table):
                names |= _columns(node)
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

    def rewritten(
        self,
        name_of: Callable[[Path], str | None],
        key_of: Callable[[str], str | None] = lambda name: name,
    ) -> str:
        """The text with each path replaced by `${name}` where `name_of` knows its question, and
        each `${name}` by what `key_of` makes of it."""
        text = self.text
        found = [node for node in walk(self.root) if isinstance(node, Path | Reference)]
        for node in sorted(found, key=lambda node: -node.start):
            name = name_of(node) if isinstance(node, Path) else key_of(node.name)
            if name and (isinstance(node, Path) or name != node.name):
                text = f"{text[: node.start]}${{{name}}}{text[node.end :]}"

        def quoted(match: re.Match[str]) -> str:
            name = key_of(match[2])
            return f"{match[1]}${{{name}}}{match[1]}" if name else match[0]

        return re.sub(r"""(['"])\s*\$\{\s*([^{}]*?)\s*\}\s*\1""", quoted, text)


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
