"""What every template and stylesheet of ours must keep, read from the files."""

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path
    for package in ("portal", "surveys", "workflows")
    for path in (ROOT / package).rglob("templates/**/*.html")
)
CSS = ROOT / "portal" / "static" / "css"
PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)\b|float:\s*(?:left|right)|"
    r"text-align:\s*(?:left|right)"
)


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 15


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_inline(path: Path) -> None:
    """The content policy refuses inline styles, scripts and handlers, so they would do nothing."""
    html = path.read_text()
    assert not re.search(r"<[^>]*\sstyle\s*=", html)
    assert not re.search(r"<style\b", html)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=\s*[\"']", html)
    # Data is no script: nothing runs it.
    assert not re.search(r"<script(?! type=\"application/json\")(?![^>]*\ssrc=)", html)
    assert "javascript:" not in html
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", html), "nothing from another host"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_filter_on_a_literal(path: Path) -> None:
    """Jinja computes `'137'|digits` once, at compile time, in the language of the first reader."""
    literal = r"(?:[\"'][^\"']*[\"']|\b\d[\d.]*)"
    localised = r"(?:number|decimal|percent|date|datetime|time|duration|phone|digits)\b"
    found = re.search(rf"\{{\{{\s*{literal}\s*\|\s*{localised}", path.read_text())
    assert found is None, found


@pytest.mark.parametrize("name", ["portal.css", "survey.css"])
def test_one_sheet_serves_both_directions(name: str) -> None:
    lines = (CSS / name).read_text().splitlines()
    physical = [
        line
        for line in lines
        if PHYSICAL.search(line) and '[dir="ltr"]' not in line and "legend{float" not in line
    ]
    assert physical == []


def test_the_survey_sheet_is_light_and_old() -> None:
    sheet = (CSS / "survey.css").read_text()
    assert len(gzip.compress(sheet.encode(), 9)) <= 3 * 1024
    too_new = re.compile(
        r"[;{\s](?:row-|column-)?gap:|clamp\(|:has\(|:is\(|:where\(|:focus-visible|[;{\s]inset|"
        r"(?:margin|padding)-(?:inline|block):|\b(?:min|max)\(|@import|url\("
    )
    body = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    assert too_new.findall(body) == []
