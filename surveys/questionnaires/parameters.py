"""The `parameters` cell: `start=1 end=10 step=2`, `randomize=true seed=${q}`, `value=code`."""

import re

from .columns import Record

_PAIR = re.compile(r"([\w\-]+)\s*=\s*(\$\{[^}]*\}|[^\s,;]+)")


def parameters(record: Record) -> dict[str, str]:
    """By lower-case name; what is no pair is left out."""
    return {found[1].lower(): found[2] for found in _PAIR.finditer(record.get("parameters"))}
