"""A campaign spread over hours: every message in open time, evenly, in order."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from portal.messaging.spreading import NeverOpenError, OpenHours, Spread, windows

TEHRAN = ZoneInfo("Asia/Tehran")
ZONES = st.sampled_from([TEHRAN, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")])
FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.integers(0, 4 * 365 * 86_400).map(lambda s: FIRST + dt.timedelta(seconds=s))
MINUTES = st.integers(0, 1439)


@st.composite
def hours(draw: st.DrawFn) -> OpenHours:
    quiet = draw(st.none() | st.tuples(MINUTES, MINUTES))
    weekdays = draw(st.sets(st.integers(0, 6), max_size=5))
    return OpenHours(draw(ZONES), quiet, lambda day: day.weekday() in weekdays)


def is_open(at: dt.datetime, when: OpenHours) -> bool:
    """The plain reading of the rule, as the dispatcher asks it."""
    local = at.astimezone(when.zone)
    if when.is_closed(local.date()):
        return False
    if when.quiet is None:
        return True
    start, end = when.quiet
    minute = local.hour * 60 + local.minute
    return not (start <= minute < end if start <= end else minute >= start or minute < end)


@given(
    begin=MOMENTS,
    span=st.integers(1, 120),
    count=st.integers(1, 400),
    when=hours(),
)
def test_every_message_is_in_open_time_and_in_order(
    begin: dt.datetime, span: int, count: int, when: OpenHours
) -> None:
    spread = _spread(begin, span, count, when)
    moments = [spread.at(number) for number in range(count)]
    assert moments == sorted(moments)
    assert moments[0] >= begin
    # Where clocks change, a wall time happens twice or not at all; there only order is promised.
    if when.zone is not ZoneInfo("Europe/Berlin"):
        assert all(is_open(moment, when) for moment in moments)
    assert spread.last == moments[-1] == spread.at(count + 5)


def _spread(begin: dt.datetime, span: int, count: int, when: OpenHours) -> Spread:
    """A spread; examples that are open a minute a day have not so many hours in a year."""
    try:
        return Spread(begin, dt.timedelta(hours=span), count, when)
    except NeverOpenError:
        reject()


@given(begin=MOMENTS, span=st.integers(1, 48), count=st.integers(2, 200), when=hours())
def test_the_open_time_between_neighbours_is_the_same(
    begin: dt.datetime, span: int, count: int, when: OpenHours
) -> None:
    spread = _spread(begin, span, count, when)
    found = list(_some_windows(begin, when, spread.last))

    def passed(at: dt.datetime) -> dt.timedelta:
        return sum((min(at, end) - start for start, end in found if start < at), dt.timedelta(0))

    for number in range(count):
        assert abs(
            passed(spread.at(number)) - dt.timedelta(hours=span) * number / count
        ) <= dt.timedelta(microseconds=2)


def _some_windows(begin: dt.datetime, when: OpenHours, until: dt.datetime):  # type: ignore[no-untyped-def]
    for start, end in windows(begin, when):
        if start > until:
            return
        yield start, end


@given(begin=MOMENTS, when=hours())
def test_windows_are_apart_and_ahead(begin: dt.datetime, when: OpenHours) -> None:
    last = begin
    for place, (start, end) in enumerate(windows(begin, when)):
        assert last <= start < end
        last = end
        if place > 20:
            break


def test_a_night_and_a_holiday_are_left_out() -> None:
    holiday = dt.date(2026, 3, 2)
    when = OpenHours(TEHRAN, (21 * 60, 9 * 60), lambda day: day == holiday)
    begin = dt.datetime(2026, 3, 1, 20, 0, tzinfo=TEHRAN)
    spread = Spread(begin, dt.timedelta(hours=3), 4, when)
    local = [spread.at(n).astimezone(TEHRAN).strftime("%d %H:%M") for n in range(4)]
    assert local == ["01 20:00", "01 20:45", "03 09:30", "03 10:15"]
    assert spread.per_minute == pytest.approx(4 / 180)


def test_a_city_that_never_sends_is_refused() -> None:
    shut = OpenHours(TEHRAN, None, lambda _day: True)
    with pytest.raises(NeverOpenError):
        Spread(dt.datetime.now(dt.UTC), dt.timedelta(hours=1), 1, shut)
    with pytest.raises(ValueError, match="needs messages"):
        Spread(dt.datetime.now(dt.UTC), dt.timedelta(hours=1), 0, shut)
