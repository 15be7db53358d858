"""`flask calendars …` as a person or a script meets it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

Run = Callable[..., Result]


@pytest.fixture
def here(make_app: Callable[..., Flask], tmp_path: Path) -> Run:
    runner = make_app(data_dir=tmp_path).test_cli_runner()

    def run(*arguments: str) -> Result:
        return runner.invoke(args=["calendars", *arguments])

    return run


def due(run: Run, *arguments: str, **options: str) -> Result:
    values = {
        "calendar": "tehran-office",
        "start": "2025-10-25T08:00:00+03:30",
        "duration": "PT16H",
        **options,
    }
    given = [text for key, value in values.items() for text in (f"--{key}", value)]
    return run("due", *given, *arguments)


def test_one_document_with_the_citys_offset(here: Run) -> None:
    result = due(here, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "due": "2025-10-27T10:30:00+03:30",
        "calendar": "tehran-office",
    }


def test_the_explanation_is_a_list_in_the_language_asked_for(here: Run) -> None:
    document = json.loads(due(here, "--explain", "--json").stdout)
    assert set(document) == {"due", "calendar", "explanation"}
    assert "شنبه ۳ آبان ۱۴۰۴" in document["explanation"][0]
    english = json.loads(due(here, "--explain", "--json", "--lang", "en").stdout)
    assert english["explanation"][-1] == "Due: Monday 27 October 2025, 10:30, after 16 hours"


def test_a_start_without_offset_is_in_the_citys_zone(here: Run) -> None:
    with_offset = due(here, "--json", start="2025-10-25T04:30:00Z").stdout
    assert due(here, "--json", start="2025-10-25T08:00").stdout == with_offset
    assert due(here, "--json", start="۲۰۲۵-۱۰-۲۵T۰۸:۰۰").stdout == with_offset


def test_without_json_it_reads_as_text(here: Run) -> None:
    assert "2025-10-27T10:30:00+03:30" in due(here).stdout
    assert "6 hours and 45 minutes" in due(here, "--explain", "--lang", "en").stdout


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [("PT0S", 0), ("PT90M", 90), ("PT1H30M", 90), ("PT5400S", 90), ("pt1h30m0.0s", 90)],
)
def test_durations(here: Run, duration: str, minutes: int) -> None:
    document = json.loads(due(here, "--json", calendar="always", duration=duration).stdout)
    assert document["due"] == f"2025-10-25T{8 + minutes // 60:02}:{minutes % 60:02}:00+03:30"


@pytest.mark.parametrize(
    ("duration", "says"),
    [("P2D", "hours"), ("P1W", "hours"), ("P1M", "hours"), ("P1DT2H", "hours")]
    + [(bad, "PT16H") for bad in ("16h", "PT", "P", "-PT1H", "PT1.5H", "PT99999999H", "T" * 99)],
)
def test_other_durations_are_refused_with_the_way_out(here: Run, duration: str, says: str) -> None:
    result = due(here, "--json", "--lang", "en", duration=duration)
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["option"] == "--duration"
    assert says in problem["message"]


def test_everything_wrong_is_said_at_once(here: Run) -> None:
    result = due(
        here, "--json", "--lang", "en", calendar="mars", start="1404-08-03T08:00", duration="x"
    )
    assert result.exit_code == 1
    problems = json.loads(result.stdout)["problems"]
    assert [p["option"] for p in problems] == ["--calendar", "--start", "--duration"]
    assert "tehran-office" in problems[0]["message"]
    assert "2025-10-25" in problems[1]["message"]


def test_an_hour_that_the_clock_skipped(here: Run) -> None:
    result = due(here, "--json", "--lang", "en", start="2022-03-22T00:30")
    assert result.exit_code == 1
    assert "skipped 00:30" in json.loads(result.stdout)["problems"][0]["message"]


def test_wrong_usage_is_exit_2(here: Run) -> None:
    assert here("due", "--calendar", "always").exit_code == 2
    assert here("check", "no-such-file.yaml").exit_code == 2


def test_a_file_of_the_city_replaces_and_adds(here: Run, tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    own = "titles: {fa: ما, ar: نحن, en: Ours}\nweekly: {sunday: ['09:00-10:00']}\n"
    for name in ("tehran-office", "museum"):
        (folder / f"{name}.yaml").write_text(f"name: {name}\n{own}")
        found = json.loads(due(here, "--json", calendar=name, duration="PT1H").stdout)
        assert found["due"] == "2025-10-26T10:00:00+03:30"
    listed = {item["name"]: item for item in json.loads(here("list", "--json").stdout)["calendars"]}
    assert listed["museum"]["source"] == listed["tehran-office"]["source"] == "city"
    assert listed["always"]["source"] == "shipped"
    # A change is seen at once, a broken file never falls back to the shipped hours.
    (folder / "tehran-office.yaml").write_text("name: tehran-office\nweekly: {sunday: ['9-10']}\n")
    result = due(here, "--json", "--lang", "en")
    assert result.exit_code == 1
    paths = {p.get("path") for p in json.loads(result.stdout)["problems"]}
    assert "weekly.sunday[0]" in paths
    assert here("list").exit_code == 1


def test_check_lists_the_problems(here: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: broken\ntitles: {en: A}\nweekly: {sunday: ['9-10', '1'], x: []}\n")
    result = here("check", str(broken), "--json", "--lang", "en")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["ok"] is False
    errors = [p for p in document["problems"] if p["severity"] == "error"]
    assert {p["path"] for p in errors} == {"weekly.sunday[0]", "weekly.sunday[1]", "weekly.x"}
    assert all(p["line"] == 3 and p["message"] for p in errors)
    broken.write_text("name: broken\ntitles: {en: A}\nweekly: {sunday: ['09:00-10:00']}\n")
    mended = here("check", str(broken), "--json")
    assert mended.exit_code == 0
    assert json.loads(mended.stdout)["ok"] is True
    assert "weekly" not in here("check", str(broken)).stdout
