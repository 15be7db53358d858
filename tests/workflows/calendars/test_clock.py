"""Due times: Iranian dates by hand, arbitrary calendars against a clock watched by the minute."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.calendars import catalogue, clock
from workflows.calendars.model import DAYS, Calendar
from workflows.calendars.reader import read

TEHRAN = ZoneInfo("Asia/Tehran")
DAY_MINUTES = 1440
WATCHED = timedelta(days=8)


def calendar_of(**parts: Any) -> Calendar:
    document = {"name": "test", "titles": {"fa": "آ", "ar": "ا", "en": "A"}, **parts}
    text = yaml.safe_dump(document, allow_unicode=True, default_style='"')
    reading = read(text.encode(), TEHRAN)
    assert reading.calendar is not None, [problem.as_json() for problem in reading.problems]
    return reading.calendar


def every_day(*shifts: str) -> dict[str, list[str]]:
    return {day: list(shifts) for day in DAYS}


@pytest.fixture(scope="module")
def office() -> Calendar:
    return catalogue.find("tehran-office", None, TEHRAN)


def tehran(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TEHRAN)


def due_in_tehran(calendar: Calendar, start: str, hours: float) -> str:
    found = clock.due(calendar, tehran(start), timedelta(hours=hours))
    return found.local.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        pytest.param("2025-10-25T10:00", 2, "2025-10-25 12:00", id="within a day"),
        pytest.param("2025-10-25T07:30", 6.75, "2025-10-25 14:15", id="ends with the day"),
        pytest.param("2025-10-25T05:00", 1, "2025-10-25 08:30", id="before opening"),
        pytest.param("2025-10-25T14:15", 1, "2025-10-26 08:30", id="at closing time"),
        pytest.param("2025-10-29T14:00", 1, "2025-11-01 08:15", id="over Thursday and Friday"),
        pytest.param("2025-10-31T12:00", 1, "2025-11-01 08:30", id="from a Friday"),
        # 1404: 29 Esfand is a Friday; 1-4 Farvardin 1405 are Saturday to Tuesday.
        pytest.param("2026-03-18T14:00", 1, "2026-03-25 08:15", id="over Nowruz"),
        pytest.param("2025-03-19T08:00", 1, "2025-03-25 08:30", id="over Nowruz of a leap year"),
        # 1 and 2 Shawwal 1446 and the day of the Republic: Monday and Tuesday.
        pytest.param("2025-03-30T14:00", 1, "2025-04-05 08:15", id="Fitr, then 13 Farvardin"),
    ],
)
def test_office_hours(office: Calendar, start: str, hours: float, expected: str) -> None:
    assert due_in_tehran(office, start, hours) == expected


def test_shorter_days_in_ramadan_and_a_closure_at_its_end() -> None:
    weekdays = {day: ["07:30-14:15"] for day in DAYS if day not in {"thursday", "friday"}}
    short = {day: ["09:00-14:00"] for day in weekdays}
    calendar = calendar_of(
        weekly=weekdays,
        # Ramadan 1446 began on 12 Esfand 1403.
        seasons=[{"from": "1403-12-12", "to": "1404-01-10", "weekly": short}],
        closures=[{"from": "1404-01-09", "to": "1404-01-12"}],
    )
    assert due_in_tehran(calendar, "2025-03-01T07:30", 6.75) == "2025-03-01 14:15"
    assert due_in_tehran(calendar, "2025-03-02T07:30", 6) == "2025-03-03 10:00"
    assert due_in_tehran(calendar, "2025-03-26T13:00", 2) == "2025-04-02 08:30"


def test_an_opening_works_on_a_holiday_and_except_keeps_a_wrong_estimate_open() -> None:
    days = {day: ["08:00-12:00"] for day in DAYS}
    nowruz = "1405-01-01"
    closed = calendar_of(weekly=days, holidays={"country": "IR"})
    opened = calendar_of(
        weekly=days,
        holidays={"country": "IR"},
        openings=[{"date": nowruz, "shifts": ["10:00-11:00"]}],
    )
    kept = calendar_of(weekly=days, holidays={"country": "IR", "except": [nowruz]})
    for calendar, expected in ((closed, 0), (opened, 1), (kept, 4)):
        open_time = clock.business_time(
            calendar, tehran("2026-03-21T00:00"), tehran("2026-03-22T00:00")
        )
        assert open_time == timedelta(hours=expected)


def test_a_yearly_day_of_the_persian_calendar() -> None:
    day = {"calendar": "persian", "month": "2", "day": "25"}
    calendar = calendar_of(weekly=every_day("08:00-12:00"), holidays={"yearly": [day]})
    for closed in (date(2025, 5, 15), date(2026, 5, 15), date(2024, 5, 14)):
        assert calendar.shifts_on(closed) == ()
    assert calendar.shifts_on(date(2025, 5, 14))


def test_iranian_clock_changes_of_history_and_none_since_1402() -> None:
    always = catalogue.find("always", None, TEHRAN)
    night = calendar_of(weekly=every_day("22:00-06:00"))

    def length(start: str, end: str) -> timedelta:
        return clock.business_time(always, tehran(start), tehran(end))

    # On 1 Farvardin 1401 the clock went from 24:00 to 01:00, on 30 Shahrivar from 24:00 to 23:00.
    assert length("2022-03-21T12:00", "2022-03-22T12:00") == timedelta(hours=23)
    assert length("2022-09-21T12:00", "2022-09-22T12:00") == timedelta(hours=25)
    assert length("2023-03-21T12:00", "2023-03-22T12:00") == timedelta(hours=24)
    assert clock.business_time(
        night, tehran("2022-03-21T12:00"), tehran("2022-03-22T12:00")
    ) == timedelta(hours=7)
    assert due_in_tehran(night, "2022-09-21T22:00", 9) == "2022-09-22 06:00"


def test_to_the_microsecond(office: Calendar) -> None:
    start = tehran("2025-10-25T14:14:59.999998")
    assert clock.due(office, start, timedelta(microseconds=3)).local == tehran(
        "2025-10-26T07:30:00.000001"
    )


def test_nothing_is_due_at_once(office: Calendar) -> None:
    friday = tehran("2025-10-31T12:00")
    assert clock.due(office, friday, timedelta()).at == friday


def test_refusals(office: Calendar) -> None:
    start, hour = tehran("2025-10-25T10:00"), timedelta(hours=1)
    with pytest.raises(ValueError, match="aware"):
        clock.due(office, start.replace(tzinfo=None), hour)
    with pytest.raises(ValueError, match="negative"):
        clock.due(office, start, -hour)
    with pytest.raises(ValueError, match="before"):
        clock.business_time(office, start, start - hour)
    with pytest.raises(clock.OutOfRangeError):
        clock.due(office, datetime(1979, 6, 1, tzinfo=UTC), hour)
    with pytest.raises(clock.OutOfRangeError):
        clock.due(office, datetime(2100, 12, 31, tzinfo=UTC), timedelta(days=30))


@pytest.mark.parametrize("asked_before", [False, True])
def test_a_calendar_closed_for_two_years_has_no_due_times(asked_before: bool) -> None:
    calendar = calendar_of(
        weekly=every_day("08:00-12:00"),
        closures=[{"from": "2026-02-01", "to": "2028-12-31"}],
    )
    if asked_before:
        clock.due(calendar, tehran("2031-05-01T08:00"), timedelta(hours=1))
    ten = timedelta(hours=10)
    with pytest.raises(clock.NeverOpenError):
        clock.due(calendar, tehran("2026-01-31T08:00"), ten)
    assert due_in_tehran(calendar, "2026-01-31T08:00", 4) == "2026-01-31 12:00"
    # From here the next opening is less than two years away.
    assert due_in_tehran(calendar, "2027-06-01T08:00", 1) == "2029-01-01 09:00"


def test_only_openings_long_ago() -> None:
    calendar = calendar_of(
        weekly={"monday": []}, openings=[{"date": "2020-01-01", "shifts": ["08:00-12:00"]}]
    )
    with pytest.raises(clock.NeverOpenError):
        clock.due(calendar, tehran("2025-01-01T08:00"), timedelta(hours=1))


def test_many_threads_find_the_same() -> None:

    parts = {
        "weekly": {day: ["07:30-14:15"] for day in DAYS[:5]},
        "holidays": {"country": "IR"},
    }
    starts = [datetime(1990 + n % 40, 1 + n % 12, 1 + n % 28, tzinfo=UTC) for n in range(200)]
    alone, together = calendar_of(**parts), calendar_of(**parts)
    expected = [clock.due(alone, start, timedelta(hours=30)).at for start in starts]
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda start: clock.due(together, start, timedelta(hours=30)).at, starts)
        )
    assert found == expected


# -- against a clock that is watched by the minute -----------------------------------------------

_ZONES = ("Asia/Tehran", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
_ANCHORS = (
    "2022-03-20",  # Tehran forward
    "2022-09-20",  # Tehran back
    "2025-03-29",  # Berlin forward
    "2025-10-25",  # Berlin back
    "2025-11-01",  # New York back
    "2025-04-05",  # Lord Howe, by half an hour
    "2025-12-30",  # the turn of a year
    "2026-03-18",  # Nowruz
)


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def shift_lists(draw: Callable[..., Any]) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, DAY_MINUTES // 15), min_size=0, max_size=5)))
    shifts = [
        f"{_clock_text(a * 15)}-{_clock_text(b * 15)}"
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    if len(cuts) % 2 and 0 < cuts[-1] < 96:
        # A night shift, possibly into the first shift of the next morning.
        end = draw(st.integers(0, min(30, cuts[-1] - 1)))
        shifts.append(f"{_clock_text(cuts[-1] * 15)}-{_clock_text(end * 15)}")
    return shifts


@st.composite
def documents(draw: Callable[..., Any]) -> tuple[dict[str, Any], datetime]:
    anchor = date.fromisoformat(draw(st.sampled_from(_ANCHORS)))

    def a_day() -> str:
        return (anchor + timedelta(draw(st.integers(-1, 8)))).isoformat()

    weekly = {day: draw(shift_lists()) for day in DAYS}
    weekly["monday"] = weekly["monday"] or ["08:00-09:00"]
    timed = []
    for _number in range(draw(st.integers(0, 3))):
        day, minute = a_day(), draw(st.integers(0, DAY_MINUTES - 1))
        length = draw(st.integers(1, 2000))
        end = datetime.fromisoformat(day) + timedelta(minutes=minute + length)
        timed.append({"from": f"{day} {_clock_text(minute)}", "to": end.strftime("%Y-%m-%d %H:%M")})
    document = {
        "zone": draw(st.sampled_from(_ZONES)),
        "weekly": weekly,
        "holidays": {"dates": [{"date": a_day()} for _ in range(draw(st.integers(0, 2)))]},
        "closures": [{"date": a_day()} for _ in range(draw(st.integers(0, 1)))] + timed,
        "openings": [
            {"date": a_day(), "shifts": draw(shift_lists())} for _ in range(draw(st.integers(0, 2)))
        ],
    }
    start = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC) + timedelta(
        minutes=draw(st.integers(0, 4 * DAY_MINUTES))
    )
    return document, start


class Watcher:
    """Looks at the wall clock of every minute; shares nothing with the code but the document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.zone = ZoneInfo(document["zone"])
        self.closed_days = {
            date.fromisoformat(item["date"]) for item in document["closures"] if "date" in item
        }
        self.holidays = {date.fromisoformat(i["date"]) for i in document["holidays"]["dates"]}
        self.timed = [
            (datetime.fromisoformat(item["from"]), datetime.fromisoformat(item["to"]))
            for item in document["closures"]
            if "from" in item
        ]
        self.minutes: dict[date, set[int]] = {}

    def of_day(self, day: date) -> set[int]:
        """Minutes after its midnight in which a shift that begins on a day is open."""
        if day not in self.minutes:
            texts = [
                text
                for item in self.document["openings"]
                if item["date"] == day.isoformat()
                for text in item["shifts"]
            ]
            if day not in self.holidays:
                texts += self.document["weekly"][DAYS[day.weekday()]]
            if day in self.closed_days:
                texts = []
            found: set[int] = set()
            for text in texts:
                a, b = (int(t[:2]) * 60 + int(t[3:]) for t in text.split("-"))
                found |= set(range(a, b if b > a else b + DAY_MINUTES))
            self.minutes[day] = found
        return self.minutes[day]

    def is_open(self, moment: datetime) -> bool:
        wall = moment.astimezone(self.zone).replace(tzinfo=None, fold=0)
        if any(start <= wall < end for start, end in self.timed):
            return False
        minute = wall.hour * 60 + wall.minute
        return minute in self.of_day(wall.date()) or minute + DAY_MINUTES in self.of_day(
            wall.date() - timedelta(1)
        )


@settings(max_examples=120, deadline=None)
@given(documents(), st.integers(1, 3000))
def test_agrees_with_the_watched_clock(given: tuple[dict[str, Any], datetime], wanted: int) -> None:
    document, start = given
    calendar, watcher = calendar_of(**document), Watcher(document)
    moment, counted = start, 0
    while counted < wanted and moment < start + WATCHED:
        counted += watcher.is_open(moment)
        moment += timedelta(minutes=1)
    assert clock.business_time(calendar, start, moment) == timedelta(minutes=counted)
    if counted:
        found = clock.due(calendar, start, timedelta(minutes=counted))
        assert found.at <= moment
        if counted == wanted:
            assert found.at == moment


@settings(max_examples=150, deadline=None)
@given(
    documents(),
    st.timedeltas(timedelta(), timedelta(hours=60)),
    st.timedeltas(timedelta(), timedelta(hours=60)),
    st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_laws(
    given: tuple[dict[str, Any], datetime], one: timedelta, two: timedelta, later: timedelta
) -> None:
    document, start = given
    calendar = calendar_of(**document)
    first = clock.due(calendar, start, one)
    assert clock.business_time(calendar, start, first.at) == one
    # Counting on from a due time is counting through.
    assert clock.due(calendar, first.at, two).at == clock.due(calendar, start, one + two).at
    assert clock.due(calendar, start, min(one, two)).at <= clock.due(calendar, start, two).at
    if one:
        assert first.at <= clock.due(calendar, start + later, one).at
        # The moment before, it was not yet due.
        before = first.at - timedelta(microseconds=1)
        assert clock.business_time(calendar, start, before) < one
        assert clock.is_open(calendar, before)
    counted = [step for step in first.steps if isinstance(step, clock.Counted)]
    assert sum((step.length for step in counted), timedelta()) == one
    assert all(
        step.end.astimezone(UTC) - step.start.astimezone(UTC) == step.length for step in counted
    )


def test_the_shipped_calendars_can_be_read() -> None:
    names = {path.stem for path in Path(catalogue.SHIPPED).glob("*.yaml")}
    assert {"always", "tehran-office", "centre-137"} <= names
    for entry in catalogue.entries(None, TEHRAN):
        assert entry.reading.ok
        assert entry.reading.problems == ()


def test_the_night_shift_of_the_centre_crosses_midnight() -> None:
    centre = catalogue.find("centre-137", None, TEHRAN)
    assert due_in_tehran(centre, "2025-10-25T23:30", 2) == "2025-10-26 07:30"
    assert due_in_tehran(centre, "2025-10-30T23:30", 2) == "2025-10-31 08:30"
