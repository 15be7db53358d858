"""Open time as sorted spans with running totals, so that a due time costs two bisections.

Times here are microseconds since 1970 UTC ("instants") or, for opening hours before a zone is
applied, seconds of the wall clock since 1970-01-01 00:00 ("walls"). Years are UTC years.
"""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1980, 2100
"""What the holiday tables cover; nothing is computed outside."""
LONGEST_GAP = 731 * 86_400 * 1_000_000
"""Two years: a calendar closed for longer has no due times."""

MICRO = 1_000_000
DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

Span = tuple[int, int]


class CalendarError(Exception):
    """A due time cannot be computed; `message` (a lazy translation) says why."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NeverOpenError(CalendarError):
    """The calendar has no open time within two years."""


class OutOfRangeError(CalendarError):
    """A time before FIRST_YEAR or after LAST_YEAR would be needed."""


def to_instant(moment: datetime) -> int:
    """Raises ValueError for a datetime without a zone."""
    if moment.tzinfo is None:
        raise ValueError("calendars count from aware datetimes only")
    since = moment - _EPOCH
    return (since.days * DAY + since.seconds) * MICRO + since.microseconds


def from_instant(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def wall_of_day(day: date) -> int:
    """The wall second at which a date begins."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with overlapping and touching spans made one and empty ones left out."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(spans: list[Span], cuts: Iterable[Span]) -> list[Span]:
    """`spans` (as of union) without the time of `cuts`."""
    for cut_start, cut_end in union(cuts):
        kept: list[Span] = []
        for start, end in spans:
            if end <= cut_start or start >= cut_end:
                kept.append((start, end))
                continue
            if start < cut_start:
                kept.append((start, cut_start))
            if end > cut_end:
                kept.append((cut_end, end))
        spans = kept
    return spans


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always knows
    return offset.days * DAY + offset.seconds


def _steady(zone: ZoneInfo, begin: int, end: int) -> list[tuple[int, int, int]]:
    """[begin, end) in UTC seconds cut where the zone's offset changes: (from, to, offset)."""
    found: list[tuple[int, int, int]] = []
    start, offset = begin, _offset(zone, begin)
    # Daily samples: no zone has changed its clock twice within one day.
    for sample in [*range(begin + DAY, end, DAY), end]:
        if (now := _offset(zone, sample)) == offset:
            continue
        low, high = sample - DAY, sample
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        if high >= end:
            break
        found.append((start, high, offset))
        start, offset = high, now
    found.append((start, end, offset))
    return found


def year_bounds(year: int) -> Span:
    """UTC seconds of a year."""
    return wall_of_day(date(year, 1, 1)), wall_of_day(date(year + 1, 1, 1))


def open_instants(zone: ZoneInfo, walls: list[Span], year: int) -> list[Span]:
    """The instants of a UTC year at which the zone's wall clock reads a time within `walls`.

    So an hour that the clock skips is not there, and one that it shows twice counts twice.
    """
    return union(
        (max(start - offset, begin) * MICRO, min(end - offset, finish) * MICRO)
        for begin, finish, offset in _steady(zone, *year_bounds(year))
        for start, end in walls
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """Every open span of consecutive years; replaced whole, so readers need no lock."""

    first: int
    last: int
    begin: int
    end: int
    starts: list[int]
    ends: list[int]
    totals: list[int]
    """totals[i]: open time before starts[i]; one more at the end: all open time."""
    deserts: list[Span]
    """Gaps longer than LONGEST_GAP."""


class Timeline:
    """Open time of one calendar, built year by year as it is asked for."""

    def __init__(self, open_in_year: Callable[[int], list[Span]]) -> None:
        self._open_in_year = open_in_year
        self._years: dict[int, list[Span]] = {}
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def advance(self, start: int, length: int) -> int:
        """The first instant at which `length` of open time has passed since `start`.

        Raises NeverOpenError, OutOfRangeError.
        """
        if length <= 0:
            self._covering(start)
            return start
        known = self._covering(start)
        while True:
            target = self._open_before(known, start) + length
            totals = known.totals
            if target <= totals[-1]:
                index = bisect_left(totals, target)
                found = known.ends[index - 1] - (totals[index] - target)
                if known.deserts:
                    self._refuse_desert(known, start, found)
                return found
            last_open = known.ends[-1] if known.ends else known.begin
            if known.end - max(last_open, start) > LONGEST_GAP:
                raise NeverOpenError(_never_open())
            if known.deserts:
                self._refuse_desert(known, start, known.end)
            known = self._grow(known.first, known.last + 1)

    def between(self, start: int, end: int) -> int:
        """Open time from `start` to `end`. Raises OutOfRangeError; ValueError if end < start."""
        if end < start:
            raise ValueError("the end lies before the start")
        self._covering(start)
        known = self._covering(end)
        return self._open_before(known, end) - self._open_before(known, start)

    def spans(self, start: int, end: int) -> list[Span]:
        """The open spans within [start, end), clipped to it."""
        if start >= end:
            return []
        self._covering(start)
        known = self._covering(end)
        first = bisect_right(known.ends, start)
        last = bisect_left(known.starts, end)
        return [(max(known.starts[i], start), min(known.ends[i], end)) for i in range(first, last)]

    @staticmethod
    def _open_before(known: _Known, instant: int) -> int:
        index = bisect_right(known.starts, instant)
        total = known.totals[index]
        if index and known.ends[index - 1] > instant:
            total -= known.ends[index - 1] - instant
        return total

    @staticmethod
    def _refuse_desert(known: _Known, start: int, end: int) -> None:
        for begin, finish in known.deserts:
            if finish < end and finish - max(begin, start) > LONGEST_GAP:
                raise NeverOpenError(_never_open())

    def _covering(self, instant: int) -> _Known:
        known = self._known
        if known is not None and known.begin <= instant < known.end:
            return known
        try:
            year = from_instant(instant).year
        except OverflowError:
            raise OutOfRangeError(_out_of_range()) from None
        first = year if known is None else min(year, known.first)
        last = min(year + 1, LAST_YEAR) if known is None else max(year, known.last)
        return self._grow(first, last, year)

    def _grow(self, first: int, last: int, asked: int | None = None) -> _Known:
        if first < FIRST_YEAR or max(last, asked or last) > LAST_YEAR:
            raise OutOfRangeError(_out_of_range())
        with self._lock:
            if self._known is not None:
                # Another thread may have grown it meanwhile; never shrink what it found.
                first, last = min(first, self._known.first), max(last, self._known.last)
                if (first, last) == (self._known.first, self._known.last):
                    return self._known
            for year in range(first, last + 1):
                if year not in self._years:
                    self._years[year] = self._open_in_year(year)
            self._known = self._joined(first, last)
            return self._known

    def _joined(self, first: int, last: int) -> _Known:
        spans = union(span for year in range(first, last + 1) for span in self._years[year])
        begin, end = year_bounds(first)[0] * MICRO, year_bounds(last)[1] * MICRO
        totals, deserts, total, previous = [0], [], 0, begin
        for start, finish in spans:
            total += finish - start
            totals.append(total)
            if start - previous > LONGEST_GAP:
                deserts.append((previous, start))
            previous = finish
        return _Known(
            first, last, begin, end, [s for s, _ in spans], [e for _, e in spans], totals, deserts
        )


def _never_open() -> object:
    from portal.i18n import _l

    return _l("This calendar has no open time within two years")


def _out_of_range() -> object:
    from portal.i18n import _l

    return _l(
        "Calendars know the years from %(first)s to %(last)s only",
        first=FIRST_YEAR,
        last=LAST_YEAR,
    )
