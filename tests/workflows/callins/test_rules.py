"""The days of a series."""

import datetime as dt

import jdatetime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.callins.rules import occurrences

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))


def monthly(first: dt.date, last: dt.date, calendar: str, ordinal: int, weekday: int) -> list:
    return list(
        occurrences(
            first,
            last,
            frequency="monthly",
            month_calendar=calendar,
            ordinal=ordinal,
            weekday=weekday,
        )
    )


def month(day: dt.date, calendar: str) -> tuple[int, int]:
    if calendar == "persian":
        persian = jdatetime.date.fromgregorian(date=day)
        return persian.year, persian.month
    return day.year, day.month


@given(
    first=DAYS,
    length=st.integers(0, 400),
    calendar=st.sampled_from(["persian", "gregorian"]),
    ordinal=st.sampled_from([1, 2, 3, 4, -1]),
    weekday=st.integers(0, 6),
)
def test_monthly_days_are_those_a_wall_calendar_shows(
    first: dt.date, length: int, calendar: str, ordinal: int, weekday: int
) -> None:
    last = first + dt.timedelta(length)
    # The oracle walks day by day and counts weekdays within each month.
    begin = first - dt.timedelta(40)
    seen: dict[tuple[int, int], list[dt.date]] = {}
    for step in range(length + 120):
        day = begin + dt.timedelta(step)
        if day.weekday() == weekday:
            seen.setdefault(month(day, calendar), []).append(day)
    wanted = [
        days[ordinal - 1 if ordinal > 0 else -1]
        for key, days in seen.items()
        # The first and the last month of the walk may be cut.
        if key not in {month(begin, calendar)} and len(days) >= 4
    ]
    wanted = [day for day in wanted if first <= day <= last]
    assert monthly(first, last, calendar, ordinal, weekday) == wanted


def test_the_first_sunday_of_a_persian_month() -> None:
    found = monthly(dt.date(2026, 3, 21), dt.date(2026, 5, 30), "persian", 1, 6)
    assert [str(jdatetime.date.fromgregorian(date=day)) for day in found] == [
        "1405-01-02",
        "1405-02-06",
        "1405-03-03",
    ]


@pytest.mark.parametrize("weekday", range(7))
def test_every_week(weekday: int) -> None:
    first = dt.date(2026, 1, 1)
    found = list(
        occurrences(
            first,
            first + dt.timedelta(27),
            frequency="weekly",
            month_calendar="persian",
            ordinal=1,
            weekday=weekday,
        )
    )
    assert len(found) == 4
    assert {day.weekday() for day in found} == {weekday}
