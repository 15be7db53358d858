"""Rules of the code that no linter knows."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("portal", "surveys", "workflows")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def templates() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("templates/**/*.html"))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if listed.returncode:
        pytest.skip("SKIPPED LOUDLY: not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_module_grows_past_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in modules()
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_the_database_is_never_asked_what_time_it_is() -> None:
    asked = re.compile(r"func\.(now|current_timestamp)\(|\b(now|clock_timestamp)\(\)::|NOW\(\)")
    guilty = [str(path) for path in modules() if asked.search(path.read_text())]
    assert guilty == []


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    # Data is no script: nothing runs it.
    script = r"<script(?! type=\"application/json\")(?![^>]*\bsrc=)"
    inline = re.compile(script + r"|<style|\sstyle=|\son[a-z]+=\"|javascript:", re.I)
    guilty = [str(path) for path in templates() if inline.search(path.read_text())]
    assert guilty == []


def test_templates_mark_nothing_safe() -> None:
    guilty = [
        str(p) for p in templates() if re.search(r"\|\s*safe\b|autoescape false", p.read_text())
    ]
    assert guilty == []


def test_every_post_form_of_a_session_page_carries_its_csrf_field() -> None:
    """The survey path, ballots, the citizen's messages and proposals and registrations for call-ins
    have no session, so no field; every other form that posts has one."""
    guilty = []
    for path in templates():
        sessionless = {"responses", "openlinks", "cases_public", "callins_public", "calls_public"}
        if (sessionless | {"ballots_public", "ballots_vote"}) & set(path.parts):
            continue
        for form in re.findall(
            r"<form[^>]*method=\"post\".*?</form>", path.read_text(), re.S | re.I
        ):
            if "csrf" not in form and "hidden_tag" not in form:
                guilty.append(f"{path.relative_to(ROOT)}: {form[:90]}")
    assert guilty == []


def test_the_project_speaks_of_itself_alone() -> None:
    # Spelt in pieces, or this file would find itself.
    unwanted = re.compile("|".join(["/wo" + "rk/", "py" + r"pi\.org", "npm" + r"js\.(org|com)"]))
    guilty = []
    for path in tracked():
        if path.suffix in {".mo", ".png", ".xlsx", ".woff2", ".pdf"} or not path.is_file():
            continue
        if unwanted.search(path.read_text(errors="replace")):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_nothing_is_left_unfinished() -> None:
    mark = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + "Error")
    guilty = [str(path) for path in [*modules(), *templates()] if mark.search(path.read_text())]
    assert guilty == []
