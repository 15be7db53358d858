"""What people read about a due time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.i18n import use_language
from tests.workflows.calendars.test_clock import calendar_of, every_day, tehran
from workflows.calendars import catalogue, clock
from workflows.calendars.explain import MOST_COUNTED, cells, explain, length

TEHRAN = ZoneInfo("Asia/Tehran")


def told(name: str, start: str, hours: float, lang: str) -> list[str]:
    calendar = catalogue.find(name, None, TEHRAN)
    return explain(clock.due(calendar, tehran(start), timedelta(hours=hours)), lang)


@pytest.mark.parametrize(("lang", "ran"), [("fa", "در ساعت کاری"), ("ar", "ضمن وقت الدوام")])
def test_the_hours_that_count_are_no_command_to_open_something(lang: str, ran: str) -> None:
    calendar = catalogue.find("tehran-office", None, TEHRAN)
    found = clock.due(calendar, tehran("2025-10-29T10:00"), timedelta(hours=6))
    with use_language(lang):
        rows = [cells(step)[1] for step in found.steps]
    assert rows.count(ran) == 2, rows


def test_a_weekend_in_english() -> None:
    assert told("tehran-office", "2025-10-29T10:00", 6, "en") == [
        "Calendar “Office hours in Tehran”. Start: Wednesday 29 October 2025, 10:00",
        "Wednesday 29 October 2025: 10:00 to 14:15, 4 hours and 15 minutes",
        "Thursday 30 October 2025 and Friday 31 October 2025: closed (weekly day off)",
        "Saturday 1 November 2025: 07:30 to 09:15, 1 hour and 45 minutes",
        "Due: Saturday 1 November 2025, 09:15, after 6 hours",
    ]


@pytest.mark.parametrize(
    ("lang", "day", "hours", "name"),
    [
        ("fa", "شنبه ۳ آبان ۱۴۰۴", "۰۷:۳۰", "ساعت اداری تهران"),
        ("ar", "السبت، ٢٥ تشرين الأول ٢٠٢٥", "٠٧:٣٠", "أوقات الدوام الرسمي في طهران"),
    ],
)
def test_the_readers_calendar_and_digits(lang: str, day: str, hours: str, name: str) -> None:
    first, counted, *_rest = told("tehran-office", "2025-10-25T07:30", 16, lang)
    assert name in first
    assert counted.startswith(day)
    assert hours in counted
    assert not any(digit in " ".join([first, counted]) for digit in "0123456789")


def test_nowruz_names_its_holidays_and_marks_the_moon() -> None:
    sentences = told("tehran-office", "2026-03-18T14:00", 1, "en")
    assert sentences[2].startswith("Thursday 19 March 2026 to Tuesday 24 March 2026: closed for 6")
    assert "Nowruz" in sentences[2]
    assert "Eid al-Fitr" in sentences[2]
    assert not any("estimated" in sentence for sentence in sentences)
    later = told("tehran-office", "2035-03-17T14:00", 20, "en")
    assert any("Tasua, estimated" in sentence for sentence in later)
    assert any("follow the moon" in sentence for sentence in later)


def test_a_long_way_is_summed_up() -> None:
    calendar = catalogue.find("tehran-office", None, TEHRAN)
    found = clock.due(calendar, tehran("2025-10-25T07:30"), timedelta(hours=400))
    sentences = explain(found, "en")
    assert len(sentences) < MOST_COUNTED + 8
    (middle,) = [sentence for sentence in sentences if " times, " in sentence]
    counted = [step for step in found.steps if isinstance(step, clock.Counted)]
    assert f"open {len(counted) - 8} times" in middle
    assert "closed days" in middle


def test_a_timed_closure_is_named_and_an_ordinary_night_is_not() -> None:
    calendar = calendar_of(
        weekly=every_day("08:00-12:00", "13:00-17:00"),
        closures=[
            {
                "from": "1404-08-03 10:00",
                "to": "1404-08-03 11:30",
                "titles": {"en": "Fire drill", "fa": "مانور"},
            },
            {"from": "1404-08-03 22:00", "to": "1404-08-03 23:00", "titles": {"en": "Nobody"}},
        ],
    )
    found = clock.due(calendar, tehran("2025-10-25T09:00"), timedelta(hours=7))
    assert explain(found, "en")[1:-1] == [
        "Saturday 25 October 2025: 09:00 to 10:00, 1 hour",
        "Saturday 25 October 2025: 10:00 to 11:30, closed (Fire drill)",
        "Saturday 25 October 2025: 11:30 to 12:00, 30 minutes",
        "Saturday 25 October 2025: 13:00 to 17:00, 4 hours",
        "Sunday 26 October 2025: 08:00 to 09:30, 1 hour and 30 minutes",
    ]


def test_midnight_clock_changes_and_nothing_at_all() -> None:
    calendar = calendar_of(weekly=every_day("16:00-24:00"))
    full = explain(clock.due(calendar, tehran("2025-10-25T16:00"), timedelta(hours=8)), "en")
    assert full[1] == "Saturday 25 October 2025: 16:00 to 24:00, 8 hours"
    changed = told("always", "2022-03-21T20:00", 8, "en")
    assert changed[1] == (
        "Monday 21 March 2022, 20:00 to Tuesday 22 March 2022, 05:00, 8 hours "
        "(the clock was changed in this time)"
    )
    assert len(told("always", "2022-03-21T20:00", 0, "en")) == 2


def test_a_start_in_another_zone_is_told_by_the_citys_clock() -> None:
    calendar = catalogue.find("always", None, TEHRAN)
    start = datetime.fromisoformat("2025-10-25T10:00:00+00:00")
    assert "13:30" in explain(clock.due(calendar, start, timedelta(hours=1)), "en")[0]


def test_lengths_are_never_days() -> None:
    with use_language("en"):
        assert length(timedelta(days=2, minutes=5, seconds=1)) == (
            "48 hours and 5 minutes and 1 second"
        )
        assert length(timedelta()) == "0 seconds"


@pytest.mark.parametrize(("lang", "mark"), [("fa", "؛ "), ("ar", "؛ "), ("en", "; ")])
def test_reasons_are_parted_as_the_language_does(lang: str, mark: str) -> None:
    assert mark in told("tehran-office", "2026-03-18T14:00", 1, lang)[2]
