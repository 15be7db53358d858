"""Where questions whose name others have too stand in an exported form, and how its expressions
mention them: by paths, which other tools know as well; in texts as `${group/name}`."""

import re
from collections.abc import Mapping
from typing import Final

from .schema import Questionnaire, Texts
from .texts import REFERENCE

Cells = dict[str, str | Texts]
"""Column → text, or {language: text}."""

_EXPRESSIONS: Final = frozenset({
    "required", "relevant", "constraint", "calculation", "choice_filter", "parameters", "default",
    "read_only", "repeat_count",
})  # fmt: skip
_UNQUOTED: Final = re.compile(r"""(?<!['"])\$\{([^{}]*)\}""")
"""A reference; in quotes, for a function that takes a name, it stays."""


class Places:
    """`inside` are the names of the groups that are open while the rows are written."""

    def __init__(self, form: Questionnaire) -> None:
        self.inside: list[str] = []
        keys = (*form.by_name, *form.repeat_by_name)
        self._shared = frozenset(key.rpartition("/")[2] for key in keys if "/" in key)
        self._paths: dict[str, tuple[str, ...]] = {}

    def around(self, key: str) -> list[str]:
        """The groups that must still be opened so that the name means this question."""
        groups = key.split("/")[:-1]
        return [] if not groups or self.inside[-len(groups) :] == groups else groups

    def name(self, key: str) -> str:
        """The name of a question or repeat in its group; its path is remembered."""
        name = key.rpartition("/")[2]
        if name in self._shared:
            self._paths[key] = (*self.inside, name)
        return name

    def mention(self, rows: list[Cells]) -> None:
        """Write out what rows mention of those that share a name; call it with all of them."""
        if not self._paths:
            return
        for row in rows:
            for column, cell in row.items():
                if isinstance(cell, Mapping):
                    said = {code: REFERENCE.sub(self._in_text, x) for code, x in cell.items()}
                    row[column] = said
                elif column in _EXPRESSIONS and "${" in cell:
                    row[column] = _UNQUOTED.sub(self._path, cell)

    def _path(self, found: re.Match[str]) -> str:
        key = found[1]
        return "/data/" + "/".join(self._paths[key]) if key in self._paths else found[0]

    def _in_text(self, found: re.Match[str]) -> str:
        is_outside = found[1] in self._paths and "/" not in found[1]
        return f"${{/{found[1]}}}" if is_outside else found[0]
