"""Due times of a course with pauses and changes, as a pure function of it and of the calendars.

A course is a row of runs. Between two runs the clock stands still. Each run has the calendar and
the limit that held in it; open time that was used in earlier runs counts against the limit of the
present one, second for second, whatever calendar it was used in. So nothing is kept that could
become wrong: when a calendar changes, the same course gives the new due time.

Times are instants and lengths microseconds (workflows.calendars.timeline).
"""

from collections.abc import Sequence
from typing import NamedTuple

from .model import Calendar


class Run(NamedTuple):
    """Time in which the clock ran; `end` None: it runs still."""

    calendar: Calendar
    start: int
    end: int | None
    limit: int


class Standing(NamedTuple):
    """What a course comes to."""

    due: int | None
    """None: the clock stands still before its limit is used up."""
    used: int
    """Open time of the runs that have ended."""


def due(runs: Sequence[Run], share_percent: int = 100) -> Standing:
    """When a share of the limit is used up.

    An agreement that leaves less than has been used already makes the clock due at the moment at
    which that agreement began: nobody is late before the promise was made. One that gives more
    time takes back a due time that had passed. Raises CalendarError.
    """
    used = 0
    found: int | None = None
    for calendar, start, end, whole in runs:
        limit = whole * share_percent // 100
        left = limit - used
        if left <= 0:
            if found is None:
                found = start
            if end is not None:
                used += calendar.timeline.between(start, end)
        elif end is None:
            found = calendar.timeline.advance(start, left)
        else:
            spent = calendar.timeline.between(start, end)
            # Used up within this run, or not before it ended; so a moment is sought only where
            # there is one.
            found = calendar.timeline.advance(start, left) if spent >= left else None
            used += spent
    return Standing(found, used)


def passed(runs: Sequence[Run], since: int, length: int) -> int | None:
    """The first moment at which the clock has run for `length` of open time since `since`; None
    where it stands still before. The limits of the runs do not matter."""
    cut = [
        Run(calendar, max(start, since), end, length)
        for calendar, start, end, _limit in runs
        if end is None or end > since
    ]
    return due(cut).due
