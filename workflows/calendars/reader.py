"""A calendar from its YAML file, or every reason why there is none. Format: docs/calendars.md."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.i18n import LANGUAGES, _l
from portal.text import ascii_digits

from . import nodes, observances
from .model import (
    DAYS,
    Calendar,
    DayClosure,
    Opening,
    Season,
    Shift,
    TimedClosure,
    Weekly,
    Yearly,
)
from .nodes import Node, Problem
from .timeline import FIRST_YEAR, LAST_YEAR, wall_of_day

MOST_ITEMS = 1000
MOST_PROBLEMS = 500
LONGEST_RANGE = timedelta(days=1100)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SHIFT = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2}))?")
_DAY_LENGTH = 1440
_MONTHS = {
    "persian": (31, 31, 31, 31, 31, 31, 30, 30, 30, 30, 30, 30),
    "hijri": (30, 29, 30, 29, 30, 29, 30, 29, 30, 29, 30, 30),
    "gregorian": (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
}


@dataclass(frozen=True)
class Reading:
    """A calendar where there is no error; `problems` may still hold warnings."""

    calendar: Calendar | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return self.calendar is not None


def read(data: bytes, city_zone: ZoneInfo, stem: str | None = None) -> Reading:
    """Read a file. `stem`, its name without the ending, must be the calendar's name."""
    reader = Reader(city_zone)
    root = nodes.parse(data, reader.problems)
    calendar = reader.calendar(root, stem) if root is not None else None
    if any(problem.severity == "error" for problem in reader.problems):
        calendar = None
    reader.problems.sort(key=lambda problem: problem.line or 0)
    return Reading(calendar, tuple(reader.problems[:MOST_PROBLEMS]))


@dataclass
class Reader:
    """One reading: the pieces of a file, and what was wrong with them."""

    city_zone: ZoneInfo
    problems: list[Problem] = field(default_factory=list)

    def say(self, node: Node, message: object, severity: str = "error") -> None:
        self.problems.append(Problem(node.path or None, node.line, message, severity))

    def calendar(self, root: Node, stem: str | None) -> Calendar | None:
        optional = ("zone", "holidays", "seasons", "closures", "openings")
        top = self.mapping(root, ("name", "titles", "weekly"), optional)
        if top is None:
            return None
        name = self.name(top["name"], stem) if "name" in top else ""
        zone = self.zone(top["zone"]) if "zone" in top else self.city_zone
        country, but, kept, yearly = self.holidays(top.get("holidays"))
        days, timed = self.closures(top.get("closures"))
        found = Calendar(
            name=name,
            titles=self.titles(top["titles"], whole=True) if "titles" in top else {},
            zone=zone,
            weekly=self.weekly(top["weekly"]) if "weekly" in top else ((),) * 7,
            country=country,
            not_holidays=but,
            holidays=kept,
            yearly=yearly,
            seasons=self.seasons(top.get("seasons")),
            day_closures=days,
            timed_closures=timed,
            openings=self.openings(top.get("openings")),
        )
        weeks = [found.weekly, *(season.weekly for season in found.seasons)]
        ever = any(day for week in weeks for day in week) or found.openings
        sound = all(problem.severity != "error" for problem in self.problems)
        if "weekly" in top and sound and not ever:
            self.say(top["weekly"], _l("This calendar is never open"))
        return found

    # -- pieces ---------------------------------------------------------------------------------

    def mapping(
        self, node: Node, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Node] | None:
        if not isinstance(node.value, dict):
            self.say(node, _l("Here a list of “name: value” lines is needed"))
            return None
        found: dict[str, Node] = {}
        for key, value in node.value.items():
            if key not in required and key not in optional:
                known = ", ".join((*required, *optional))
                message = _l("“%(key)s” is not known here; known are: %(known)s",
                             key=key, known=known)  # fmt: skip
                self.say(value, message)
            elif value.value is not None:
                found[key] = value
        for key in required:
            if key not in found:
                self.say(node, _l("“%(key)s” is missing", key=key))
        return found

    def items(self, node: Node | None) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.say(node, _l("Here a list is needed, each entry after a hyphen"))
            return []
        if len(node.value) > MOST_ITEMS:
            self.say(node, _l("At most %(most)s entries are possible here", most=MOST_ITEMS))
        return list(node.value[:MOST_ITEMS])

    def text(self, node: Node) -> str | None:
        if isinstance(node.value, str):
            return node.value.strip()
        self.say(node, _l("Here one text is needed"))
        return None

    def name(self, node: Node, stem: str | None) -> str:
        name = self.text(node) or ""
        if name and not _NAME.fullmatch(name):
            self.say(node, _l("A name has small Latin letters, digits and hyphens only"))
        elif name and stem is not None and name != stem:
            self.say(
                node,
                _l("The name must be that of the file: “%(stem)s”", stem=stem),
            )
        return name

    def zone(self, node: Node) -> ZoneInfo:
        key = self.text(node)
        if key is None:
            return self.city_zone
        try:
            return ZoneInfo(key)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.say(node, _l("There is no zone “%(zone)s”; one is Asia/Tehran", zone=key))
            return self.city_zone

    def titles(self, node: Node | None, *, whole: bool = False) -> dict[str, str]:
        if node is None:
            return {}
        given = self.mapping(node, (), tuple(LANGUAGES))
        if given is None:
            return {}
        found = {lang: text for lang, item in given.items() if (text := self.text(item))}
        if not found:
            self.say(node, _l("A title in at least one language is needed"))
        elif whole and (missing := [lang for lang in LANGUAGES if lang not in found]):
            message = _l("No title in: %(languages)s", languages=", ".join(missing))
            self.say(node, message, "warning")
        return found

    def weekly(self, node: Node) -> Weekly:
        given = self.mapping(node, (), DAYS) or {}
        return tuple(self.shifts(given[day]) if day in given else () for day in DAYS)

    def shifts(self, node: Node) -> tuple[Shift, ...]:
        found: list[Shift] = []
        for item in self.items(node):
            shift = self.shift(item)
            if shift is None:
                continue
            if any(shift.start < other.end and other.start < shift.end for other in found):
                self.say(item, _l("This shift overlaps another one of the same day"))
            found.append(shift)
        return tuple(found)

    def shift(self, node: Node) -> Shift | None:
        text = self.text(node)
        if text is None:
            return None
        parts = _SHIFT.fullmatch(ascii_digits(text))
        if parts is None:
            self.say(node, _l("Write a shift like 07:30-14:15, not “%(text)s”", text=text))
            return None
        hour, minute, end_hour, end_minute = map(int, parts.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if minute > 59 or end_minute > 59 or start >= _DAY_LENGTH or end > _DAY_LENGTH:
            self.say(node, _l("Hours go from 00:00 to 24:00, not as in “%(text)s”", text=text))
            return None
        if start == end:
            self.say(
                node,
                _l("“%(text)s” has no length; the whole day is 00:00-24:00", text=text),
            )
            return None
        return Shift(start, end if end > start else end + _DAY_LENGTH)

    def moment(self, node: Node) -> tuple[date, int | None] | None:
        """A date of either calendar and, if given, the minute of the day."""
        text = self.text(node)
        if text is None:
            return None
        parts = _MOMENT.fullmatch(ascii_digits(text))
        if parts is None:
            self.say(
                node,
                _l("Write a date like 1405-01-13 or 2026-04-02, not “%(text)s”", text=text),
            )
            return None
        year, month, day = int(parts[1]), int(parts[2]), int(parts[3])
        try:
            if 1250 <= year <= 1500:
                import jdatetime

                found: date = jdatetime.date(year, month, day).togregorian()
            else:
                found = date(year, month, day)
        except ValueError:
            self.say(node, _l("There is no day “%(text)s” in the calendar", text=text))
            return None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.say(
                node,
                _l(
                    "Calendars know the years from %(first)s to %(last)s only",
                    first=FIRST_YEAR,
                    last=LAST_YEAR,
                ),
            )
            return None
        if parts[4] is None:
            return found, None
        minute = int(parts[4]) * 60 + int(parts[5])
        if int(parts[5]) > 59 or minute > _DAY_LENGTH:
            self.say(node, _l("Hours go from 00:00 to 24:00, not as in “%(text)s”", text=text))
            return None
        return found, minute

    def moments(
        self, node: Node, given: dict[str, Node]
    ) -> tuple[tuple[date, int | None], tuple[date, int | None]] | None:
        """The first and the last moment of an entry with `date`, or `from` and `to`."""
        if ("date" in given) == ("from" in given or "to" in given):
            self.say(node, _l("Give either “date”, or “from” and “to”"))
            return None
        if "date" in given:
            single = self.moment(given["date"])
            if single is not None and single[1] is not None:
                self.say(given["date"], _l("With an hour, give “from” and “to”"))
                return None
            return (single, single) if single else None
        if "from" not in given or "to" not in given:
            self.say(node, _l("Give either “date”, or “from” and “to”"))
            return None
        first, last = self.moment(given["from"]), self.moment(given["to"])
        if first is None or last is None:
            return None
        if (first[1] is None) != (last[1] is None):
            self.say(node, _l("Give hours in both “from” and “to”, or in neither"))
            return None
        if (first[0], first[1] or 0) > (last[0], last[1] or 0) or (
            first[1] is not None and first == last
        ):
            self.say(node, _l("“to” must come after “from”"))
            return None
        if last[0] - first[0] > LONGEST_RANGE:
            message = _l("This is longer than %(days)s days", days=LONGEST_RANGE.days)
            self.say(node, message)
            return None
        return first, last

    def days(self, node: Node, given: dict[str, Node]) -> tuple[date, date] | None:
        found = self.moments(node, given)
        if found is None:
            return None
        (first, minute), (last, _) = found
        if minute is not None:
            self.say(node, _l("Here whole days are meant: leave the hours out"))
            return None
        return first, last

    # -- sections -------------------------------------------------------------------------------

    def holidays(
        self, node: Node | None
    ) -> tuple[str | None, frozenset[date], tuple[DayClosure, ...], tuple[Yearly, ...]]:
        given = self.mapping(node, (), ("country", "except", "dates", "yearly")) if node else None
        if not given:
            return None, frozenset(), (), ()
        country = self.text(given["country"]) if "country" in given else None
        if country is not None and not observances.known_country(country):
            message = _l("The holidays of “%(country)s” are not known; Iran is IR", country=country)
            self.say(given["country"], message)
            country = None
        but = frozenset(
            found[0] for item in self.items(given.get("except")) if (found := self.moment(item))
        )
        if "except" in given and country is None:
            self.say(given["except"], _l("“except” needs a “country” whose holidays it corrects"))
        kept: list[DayClosure] = []
        for item in self.items(given.get("dates")):
            entry = self.mapping(item, (), ("date", "from", "to", "titles"))
            if entry is not None and (days := self.days(item, entry)):
                kept.append(DayClosure(*days, self.titles(entry.get("titles"))))
        yearly = [day for item in self.items(given.get("yearly")) if (day := self.every(item))]
        return country, but, tuple(kept), tuple(yearly)

    def every(self, node: Node) -> Yearly | None:
        given = self.mapping(node, ("calendar", "month", "day"), ("titles",))
        if given is None or len(given.keys() & {"calendar", "month", "day"}) < 3:
            return None
        calendar = self.text(given["calendar"])
        month, day = (self.number(given[key]) for key in ("month", "day"))
        if calendar not in _MONTHS:
            self.say(given["calendar"], _l("Choose persian, hijri or gregorian"))
            return None
        if month is None or day is None:
            return None
        limits = _MONTHS[calendar]
        if not (1 <= month <= 12 and 1 <= day <= limits[month - 1]):
            self.say(node, _l("There is no such day in the calendar"))
            return None
        titles = self.titles(given.get("titles"))
        return Yearly(calendar, month, day, titles)

    def number(self, node: Node) -> int | None:
        text = self.text(node)
        if text is None:
            return None
        plain = ascii_digits(text)
        if not (plain.isascii() and plain.isdigit() and len(plain) < 5):
            self.say(node, _l("Write a whole number"))
            return None
        return int(plain)

    def seasons(self, node: Node | None) -> tuple[Season, ...]:
        found: list[Season] = []
        for item in self.items(node):
            given = self.mapping(item, ("from", "to", "weekly"), ("titles",))
            if given is None or not {"from", "to", "weekly"} <= given.keys():
                continue
            weekly, titles = self.weekly(given["weekly"]), self.titles(given.get("titles"))
            if days := self.days(item, given):
                if any(days[0] <= s.last and s.first <= days[1] for s in found):
                    self.say(item, _l("This season overlaps another one"))
                found.append(Season(*days, weekly, titles))
        return tuple(found)

    def closures(
        self, node: Node | None
    ) -> tuple[tuple[DayClosure, ...], tuple[TimedClosure, ...]]:
        days: list[DayClosure] = []
        timed: list[TimedClosure] = []
        for item in self.items(node):
            given = self.mapping(item, (), ("date", "from", "to", "titles"))
            if given is None:
                continue
            titles = self.titles(given.get("titles"))
            found = self.moments(item, given)
            if found is None:
                continue
            (first, start), (last, end) = found
            if start is None or end is None:
                days.append(DayClosure(first, last, titles))
            else:
                begin, finish = wall_of_day(first) + start * 60, wall_of_day(last) + end * 60
                timed.append(TimedClosure(begin, finish, titles))
        return tuple(days), tuple(timed)

    def openings(self, node: Node | None) -> tuple[Opening, ...]:
        found: list[Opening] = []
        for item in self.items(node):
            given = self.mapping(item, ("shifts",), ("date", "from", "to", "titles"))
            if given is None or "shifts" not in given:
                continue
            shifts, titles = self.shifts(given["shifts"]), self.titles(given.get("titles"))
            if days := self.days(item, given):
                found.append(Opening(*days, shifts, titles))
        return tuple(found)
