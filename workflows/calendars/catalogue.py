"""Which calendars there are: the shipped ones, and the city's own files in DATA_DIR/calendars.

A file of the city replaces the shipped calendar of the same name, also while it is broken: an
administrator who changed the hours must not get due times by the old ones.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from portal.i18n import _l

from .model import Calendar
from .nodes import MOST_BYTES, Problem
from .reader import Reading, read
from .timeline import CalendarError

SHIPPED = Path(__file__).resolve().parent / "data"
FOLDER = "calendars"


class UnknownCalendarError(CalendarError):
    """No calendar has this name."""


class BrokenCalendarError(CalendarError):
    """The calendar's file has errors; `problems` lists them."""

    def __init__(self, message: object, problems: tuple[Problem, ...]) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True)
class Entry:
    name: str
    path: Path | None
    """None: it lies in the database."""
    source: Literal["shipped", "city"]
    reading: Reading


@dataclass(frozen=True, slots=True)
class _Kept:
    mark: tuple[int, int, str]
    reading: Reading


_kept: dict[Path, _Kept] = {}
_lock = threading.Lock()


def read_file(path: Path, city_zone: ZoneInfo) -> Reading:
    """The reading of a file, kept until the file changes. A file that cannot be read: a problem."""
    try:
        status = path.stat()
        mark = (status.st_mtime_ns, status.st_size, city_zone.key)
        with _lock:
            kept = _kept.get(path)
        if kept is not None and kept.mark == mark:
            return kept.reading
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = _l("The file cannot be read: %(why)s", why=error.strerror or str(error))
        return Reading(None, (Problem(None, None, message),))
    reading = read(data, city_zone, path.stem)
    with _lock:
        _kept[path] = _Kept(mark, reading)
    return reading


def _paths(data_dir: Path | None) -> dict[str, tuple[Path, Literal["shipped", "city"]]]:
    found: dict[str, tuple[Path, Literal["shipped", "city"]]] = {
        path.stem: (path, "shipped") for path in SHIPPED.glob("*.yaml")
    }
    if data_dir is not None:
        for path in sorted((data_dir / FOLDER).glob("*.yaml")):
            found[path.stem] = (path, "city")
    return found


def entries(data_dir: Path | None, city_zone: ZoneInfo) -> list[Entry]:
    """Every calendar by name, broken ones too."""
    return [
        Entry(name, path, source, read_file(path, city_zone))
        for name, (path, source) in sorted(_paths(data_dir).items())
    ]


def find(name: str, data_dir: Path | None, city_zone: ZoneInfo) -> Calendar:
    """The calendar of a name. Raises UnknownCalendarError, BrokenCalendarError."""
    paths = _paths(data_dir)
    if name not in paths:
        raise UnknownCalendarError(
            _l(
                "There is no calendar “%(name)s”; there are: %(names)s",
                name=name[:80],
                names=", ".join(sorted(paths)),
            )
        )
    reading = read_file(paths[name][0], city_zone)
    if reading.calendar is None:
        raise BrokenCalendarError(
            _l("The file of the calendar “%(name)s” has errors", name=name), reading.problems
        )
    return reading.calendar
