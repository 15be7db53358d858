"""Every command, option, target, module and setting that the documents name exists."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from flask import Flask

from portal.config import ROOT, Settings
from portal.messaging.gateways import catalog
from portal.processes import DEFAULTS
from tests.docs.pages import PAGES, blocks, name, prose

FLASKS_OWN = {"run", "routes", "shell", "db", "pasokh"}
OTHER_VARIABLES = {"PASOKH_KEEPER_LINGER", "DEMO_DIR"}
_SHELL = ("sh", "console")
_FLASK = re.compile(r"(?:^|\s)(?:\S*/)?flask (?!COMMAND)(.+)$")


def _lines(page: Path) -> Iterator[str]:
    """Shell lines of a page (output of commands left out) and its inline code."""
    for language in _SHELL:
        for block in blocks(page, language):
            for line in block.replace("\\\n", " ").splitlines():
                if language == "sh" or line.startswith("$ "):
                    yield line.removeprefix("$ ").split("   # ")[0].strip()
    yield from re.findall(r"`([^`\n]+)`", prose(page))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _flask_calls(page: Path) -> list[list[str]]:
    found = []
    for line in _lines(page):
        if match := _FLASK.search(line.replace("sudo -u pasokh pasokh", "flask")):
            words = _words(match.group(1))
            if words[:1] == ["--app"]:
                words = words[2:]
            if words and re.fullmatch(r"[a-z-]+", words[0]):
                found.append(words)
    return found


def _problem(group: click.Group, words: list[str]) -> str | None:
    command: click.Command = group
    rest = list(words)
    context = click.Context(group)
    while isinstance(command, click.Group) and rest:
        word = rest.pop(0)
        if word == "…":
            return None
        found = command.get_command(context, word)
        if found is None:
            return f"there is no command {word!r}"
        command = found
    known = {option for each in command.params for option in each.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("-") and word != "-" and word not in known]
    return f"no option {unknown}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_flask_commands_exist(page: Path, _shared_app: Flask) -> None:
    problems = []
    plugins = {each.name for each in _shared_app.extensions["pasokh_plugins"]}
    absent = set() if "surveys" in plugins else {"surveys"}
    if "workflows" not in plugins:
        absent |= {"calendars", "callins", "cases", "packets", "redactions", "workflows"}
    for call in _flask_calls(page):
        words = call[1:] if call[0] == "pasokh" else call
        if not words or words[0] in (FLASKS_OWN - {"db"}) | absent:
            continue
        if problem := _problem(_shared_app.cli, words):
            problems.append(f"{' '.join(words)}: {problem}")
    assert problems == []


def test_the_documents_name_commands_at_all() -> None:
    calls = [words[0] for page in PAGES for words in _flask_calls(page)]
    assert {"accounts", "contacts", "messages", "surveys", "audit", "doctor", "db"} <= set(calls)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    named = set()
    for line in _lines(page):
        if match := re.match(r"(?:[A-Z_]+=\S+ )*make (?:-C \S+ )?([a-z-]+)$", line):
            named.add(match.group(1))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"python -m ([a-z][a-z_.]*[a-z])", text)) - {"venv", "pip", "flask"}
    assert {module for module in named if find_spec(module) is None} == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_exist(page: Path) -> None:
    known = {item.name.upper() for item in fields(Settings)} | set(DEFAULTS) | OTHER_VARIABLES
    known |= {
        f"{gateway}_{option.name}".upper()
        for gateway, spec in {**catalog.known(), "gateway": catalog.Spec("", ())}.items()
        for option in spec.all_options()
    }
    named: set[str] = set()
    for block in blocks(page, "ini"):
        named |= set(re.findall(r"^([A-Z][A-Z_]+)=", block, re.MULTILINE))
    for code in re.findall(r"`([^`\n]+)`", prose(page)):
        if match := re.match(r"([A-Z]+_[A-Z_]+)(?:=|$)", code):
            named.add(match.group(1))
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_of_the_repository_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"\b((?:demo|portal|tests|surveys|tools)/[\w./-]+\.\w+)", text))
    assert {path for path in named if not (ROOT / path).exists()} == set()
