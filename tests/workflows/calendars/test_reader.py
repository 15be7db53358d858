"""Files of calendars: every problem at once, with its place."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.calendars.model import Shift
from workflows.calendars.reader import read

TEHRAN = ZoneInfo("Asia/Tehran")
GOOD = """
name: office
titles: {fa: اداره, ar: دائرة, en: Office}
weekly:
  saturday: [07:30-14:15]
  sunday: ["۲۲:۰۰-۰۶:۰۰"]
"""
BROKEN = """\
name: Office Hours
titles:
  de: Büro
zone: Asia/Teheran
weekly:
  saturday: ["7.30-14.15", "25:00-26:00", "08:00-08:00"]
  sunday: ["08:00-12:00", "11:00-13:00"]
  sonntag: ["08:00-12:00"]
  monday: 08:00-12:00
holidays:
  country: XX
  dates:
    - {date: 1405-13-01}
    - {date: 2026-01-01, from: 2026-01-01}
  yearly:
    - {calendar: lunar, month: 1, day: 10}
    - {calendar: persian, month: 7, day: 31}
closures:
  - {from: 2026-01-02, to: 2026-01-01}
  - {from: 2026-01-02 10:00, to: 2026-01-03}
  - {from: 2026-01-02, to: 2036-01-03}
openings:
  - {date: 2026-01-01}
weekly:
  friday: []
"""


def paths(text: str, stem: str | None = None) -> set[str | None]:
    reading = read(text.encode(), TEHRAN, stem)
    assert not reading.ok
    return {problem.path for problem in reading.problems if problem.severity == "error"}


def test_a_good_file() -> None:
    reading = read(GOOD.encode(), TEHRAN, "office")
    assert reading.calendar is not None
    assert reading.problems == ()
    assert reading.calendar.zone is TEHRAN
    assert reading.calendar.weekly[5:] == ((Shift(450, 855),), (Shift(1320, 1800),))


def test_all_problems_are_listed_with_their_lines() -> None:
    text = BROKEN.replace("weekly:\n  friday: []\n", "")
    reading = read(text.encode(), TEHRAN, "office")
    found = {(problem.path, problem.line) for problem in reading.problems}
    assert found >= {
        ("name", 1),
        ("titles.de", 3),
        ("zone", 4),
        ("weekly.saturday[0]", 6),
        ("weekly.saturday[1]", 6),
        ("weekly.saturday[2]", 6),
        ("weekly.sunday[1]", 7),
        ("weekly.sonntag", 8),
        ("weekly.monday", 9),
        ("holidays.country", 11),
        ("holidays.dates[0].date", 13),
        ("holidays.dates[1]", 14),
        ("holidays.yearly[0].calendar", 16),
        ("holidays.yearly[1]", 17),
        ("closures[0]", 19),
        ("closures[1]", 20),
        ("closures[2]", 21),
        ("openings[0]", 23),
    }
    assert reading.calendar is None
    lines = [problem.line or 0 for problem in reading.problems]
    assert lines == sorted(lines)


def test_a_key_given_twice_is_an_error() -> None:
    assert "weekly" in paths(BROKEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        "name: [\n",
        "name: &a office\ntitles: *a\n",
        "a: !!python/object/apply:os.system [true]\n",
        "[" * 20_000,
        "name: office\ntitles: {en: A}\nweekly: {}\n",
        "name: office\ntitles: {en: A}\nweekly: {friday: ~}\n",
        "\x00",
    ],
    ids=lambda text: text[:20],
)
def test_useless_files_say_so(text: str) -> None:
    reading = read(text.encode(), TEHRAN)
    assert not reading.ok
    assert all(str(problem.message) for problem in reading.problems)


def test_not_utf8_and_too_large() -> None:
    assert not read("name: اداره".encode("cp1256"), TEHRAN).ok
    assert not read(b"#" * 300_000, TEHRAN).ok


def test_a_missing_language_is_only_a_warning() -> None:
    reading = read(GOOD.replace("ar: دائرة, ", "").encode(), TEHRAN)
    assert reading.ok
    assert [problem.severity for problem in reading.problems] == ["warning"]


def test_the_name_is_that_of_the_file() -> None:
    assert paths(GOOD, "other") == {"name"}


def test_a_title_that_looks_like_something_else_stays_text() -> None:
    text = GOOD.replace("en: Office", "en: 1404-01-01").replace("fa: اداره", "fa: no")
    calendar = read(text.encode(), TEHRAN).calendar
    assert calendar is not None
    assert calendar.titles["en"] == "1404-01-01"
    assert calendar.titles["fa"] == "no"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    reading = read(data, TEHRAN)
    assert reading.ok or reading.problems


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.sampled_from(list(":-[]{}\n \"'#&*!|>%@\t۱9")))
def test_no_slip_of_the_pen_breaks_the_reader(place: int, char: str) -> None:
    reading = read((GOOD[:place] + char + GOOD[place:]).encode(), TEHRAN)
    assert reading.ok or reading.problems


def test_the_example_of_the_documentation_is_good() -> None:
    page = (Path(__file__).parents[3] / "docs" / "calendars.md").read_text()
    (example,) = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.S) if "name:" in text]
    reading = read(example.encode(), TEHRAN, "museum")
    assert [str(problem.message) for problem in reading.problems] == []
    assert reading.calendar is not None
    assert reading.calendar.seasons
    assert reading.calendar.timed_closures
    assert reading.calendar.openings
