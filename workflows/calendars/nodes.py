"""YAML as plain texts, lists and mappings, each with its line; nothing is ever constructed.

Every scalar stays the text that was written: YAML 1.1 would read 22:00 as a number to base 60 and
1404-01-31 as a Gregorian date.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from portal.i18n import _l

MOST_BYTES = 256 * 1024
MOST_LEVELS = 20
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What quoted text can name by its number although neither a database nor XML takes it."""
_NOTHING = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file: `path` like weekly.saturday[0], `line` from 1, both may be None.

    `message` is a lazy translation; an error makes the calendar useless, a warning does not.
    """

    path: str | None
    line: int | None
    message: object
    severity: str = "error"

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "line": self.line,
            "severity": self.severity,
            "message": str(self.message),
        }


@dataclass(frozen=True, slots=True)
class Node:
    """`value`: str, None, list[Node] or dict[str, Node]."""

    value: Any
    path: str
    line: int


def parse(data: bytes, problems: list[Problem]) -> Node | None:
    """The document as nodes; None, with a problem, where it cannot be read."""
    if len(data) > MOST_BYTES:
        problems.append(
            Problem(None, None, _l("The file is larger than %(kb)s KiB", kb=MOST_BYTES // 1024))
        )
        return None
    try:
        text = data.decode("utf-8-sig")
        if refused := _refused(text):
            problems.append(refused)
            return None
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        problems.append(Problem(None, None, _l("The file is not UTF-8 text")))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        problems.append(
            Problem(None, line, _l("This is not YAML: %(what)s", what=error.problem or ""))
        )
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The last two: the number of a letter, or of the version, beyond all numbers.
        what = str(error).splitlines()[0]
        problems.append(Problem(None, None, _l("This is not YAML: %(what)s", what=what)))
    else:
        if root is None:
            problems.append(Problem(None, None, _l("The file is empty")))
            return None
        return _convert(root, "", problems)
    return None


def _refused(text: str) -> Problem | None:
    """What a small file must not make us do: unfold aliases or thousands of levels."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            # A few nested aliases can stand for billions of values.
            message = _l("Anchors and aliases (& and *) are not used here")
            return Problem(None, token.start_mark.line + 1, message)
        if isinstance(token, _OPENING):
            depth += 1
        elif isinstance(token, _CLOSING):
            depth -= 1
        if depth > MOST_LEVELS:
            # The scanner's work grows with the square of the depth.
            message = _l("The file is nested too deeply")
            return Problem(None, token.start_mark.line + 1, message)
    return None


def _convert(node: yaml.Node, path: str, problems: list[Problem]) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        items = [_convert(item, f"{path}[{i}]", problems) for i, item in enumerate(node.value)]
        return Node(items, path, line)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = "?"
            if isinstance(key_node, yaml.ScalarNode):
                key = _seen(key_node, path, problems)
            below = f"{path}.{key}" if path else key
            if key in found:
                at = key_node.start_mark.line + 1
                problems.append(Problem(below, at, _l("“%(key)s” is given twice", key=key)))
            found[key] = _convert(value_node, below, problems)
        return Node(found, path, line)
    # Quoted, even "null" is a text.
    plain = getattr(node, "style", None) is None and node.value in _NOTHING
    return Node(None if plain else _seen(node, path, problems), path, line)


def _seen(node: yaml.Node, path: str, problems: list[Problem]) -> str:
    text = str(node.value)
    if found := _UNSEEN.search(text):
        message = _l("U+%(code)s is no letter that can be shown", code=f"{ord(found[0]):04X}")
        problems.append(Problem(path or None, node.start_mark.line + 1, message))
        text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return text
