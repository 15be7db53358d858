"""The documents as their readers get them: files, links, code blocks."""

import re
from pathlib import Path

from portal.config import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, *languages: str) -> list[str]:
    """Contents of the fenced blocks in one of the languages."""
    return [body for language, body in _BLOCK.findall(path.read_text()) if language in languages]


def prose(path: Path) -> str:
    """The text without fenced blocks."""
    return _BLOCK.sub("", path.read_text())


def links(path: Path) -> list[tuple[bool, str]]:
    """(is an image, target) of every link outside of code."""
    text = re.sub(r"`[^`\n]*`", "", prose(path))
    return [(mark == "!", target) for mark, target in _LINK.findall(text)]


def anchors(path: Path) -> set[str]:
    """Addresses of the headings, as Markdown viewers make them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
