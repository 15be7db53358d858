"""`pip install -r requirements.txt`, then `pytest`: what the tests import must be in that file."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _pinned(file: str) -> set[str]:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in found if name}


def test_requirements_hold_what_the_tests_import() -> None:
    pinned, owners = _pinned("requirements.txt"), packages_distributions()
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()}
    missing = {}
    for path in (ROOT / "tests").rglob("*.py"):
        for module in _imported(path):
            if module in sys.stdlib_module_names or module in ours:
                continue
            names = {re.sub(r"[-_.]+", "-", name).lower() for name in owners.get(module, [module])}
            if not names & pinned:
                missing[module] = str(path.relative_to(ROOT))
    assert missing == {}
    assert "flask" in pinned
    assert "mypy" not in pinned, "the file would hold everything, and this test could not fail"
