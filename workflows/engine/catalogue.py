"""The shipped definitions: what a city begins with, and may publish its own versions of."""

import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from . import reader
from .model import Definition

FOLDER = Path(__file__).resolve().parent / "data"


def path_of(name: str) -> Path:
    """The file of a shipped definition. Raises LookupError."""
    if name not in shipped():
        raise LookupError(name)
    return FOLDER / f"{name}.yaml"


@functools.cache
def shipped() -> Mapping[str, Definition]:
    """Name -> definition, in the order of their names; read once a process."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        definition, problems = reader.read(path.read_text(encoding="utf-8"))
        if definition is None or definition.name != path.stem:
            raise RuntimeError(f"The shipped {path.name} is broken: {problems[:1]}")
        found[definition.name] = definition
    return MappingProxyType(found)
