"""`flask workflows …` as an administrator or a script meets it: no services, one document."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result
from flask import Flask

from workflows.engine import catalogue

Run = Callable[..., Result]


@pytest.fixture
def here(make_app: Callable[..., Flask], tmp_path: Path) -> Run:
    runner = make_app(data_dir=tmp_path).test_cli_runner()

    def run(*arguments: object) -> Result:
        return runner.invoke(args=["workflows", *map(str, arguments)])

    return run


def test_shipped_files_are_good(here: Run) -> None:
    result = here("check", catalogue.path_of("special"), "--json")
    assert result.exit_code == 0, result.output
    definition = catalogue.shipped()["special"]
    assert json.loads(result.stdout) == {
        "ok": True,
        "name": "special",
        "states": len(definition.states),
        "transitions": len(definition.transitions),
        "problems": [],
    }


def test_all_that_is_wrong_is_listed_with_its_line(here: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = catalogue.path_of("follow-up").read_text()
    file.write_text(
        text.replace("roles: [operator]", "roles: [king]", 1)
        .replace("calendar: category", "calendar: moon", 1)
        .replace("case.has_phone and", "case.has_fax and", 1)
    )
    result = here("check", file, "--json", "--lang", "en")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["ok"], document["name"]) == (False, "follow-up")
    lines = file.read_text().splitlines()
    places = {problem["path"]: problem for problem in document["problems"]}
    for path, part in {
        "transitions[7].roles[0]": "king",
        "clocks[0].calendar": "moon",
        "transitions[5].guard": "has_fax",
    }.items():
        assert part in lines[places[path]["line"] - 1]
        assert part in places[path]["message"]
        assert set(places[path]) == {"path", "line", "severity", "message"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"name: [", b"x" * 300_000])
def test_what_is_no_definition_is_a_problem_not_a_crash(
    here: Run, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(content)
    document = json.loads(here("check", file, "--json").stdout)
    assert document["ok"] is False
    assert (document["name"], document["states"]) == (None, 0)
    assert document["problems"]


def test_diagram_and_scxml_of_a_shipped_one_and_of_a_file(here: Run, tmp_path: Path) -> None:
    drawn = tmp_path / "out.svg"
    assert here("diagram", "urgent", "--lang", "ar", "-o", drawn).exit_code == 0
    assert ET.fromstring(drawn.read_text()).get("lang") == "ar"
    exported = here("scxml", "urgent")
    assert exported.exit_code == 0
    mine = tmp_path / "urgent.yaml"
    mine.write_text(catalogue.path_of("urgent").read_text())
    assert here("scxml", mine).stdout == exported.stdout
    assert here("diagram", "nothing", "-o", drawn).exit_code == 1
    mine.write_text("name: x")
    assert here("scxml", mine).exit_code == 1
    assert here("check", tmp_path / "missing.yaml").exit_code == 2


def test_the_list_names_all(here: Run) -> None:
    document = json.loads(here("list", "--json").stdout)
    assert [one["name"] for one in document["workflows"]] == sorted(catalogue.shipped())


def test_the_example_of_the_documentation_is_good(here: Run, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text()
    file = tmp_path / "lost-property.yaml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0])
    document = json.loads(here("check", file, "--json").stdout)
    assert (document["ok"], document["problems"]) == (True, [])
