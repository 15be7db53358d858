"""What every change of calendars is made of: checks, the new mark, the run that dates anew."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _l, timezone
from workflows.calendars import changes, services, weekly
from workflows.calendars.model import DAYS
from workflows.calendars.models import CalendarRun, CalendarState
from workflows.calendars.nodes import Problem
from workflows.calendars.timeline import FIRST_YEAR, LAST_YEAR, CalendarError

ALWAYS: Final = "always"
LONGEST: Final = dt.timedelta(days=366)
MOST_TEXT: Final = 200


class CityCalendarError(Exception):
    """A change that is refused; `field` names the input, `message` is for people, `problems` are
    those of a file."""

    def __init__(self, field: str, message: LazyText, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(str(message))
        self.field, self.message, self.problems = field, message, problems


def checked_weekly(given: Mapping[str, list[str]]) -> None:
    """Raises CityCalendarError with the day as its field."""
    try:
        found = weekly.weekly_of(given)
    except weekly.WeeklyError as error:
        first = error.problems[0]
        raise CityCalendarError(first.path or DAYS[0], _as_text(first.message)) from None
    if not any(found):
        raise CityCalendarError("saturday", _l("This calendar is never open"))


def changed(run: CalendarRun | None) -> None:
    """Every process sees from the commit on that its calendars are old; `run` dates anew."""
    mark = uuid.uuid4().hex
    db.session.execute(
        insert(CalendarState)
        .values(id=1, mark=mark)
        .on_conflict_do_update(index_elements=["id"], set_={"mark": mark})
    )
    if run is not None:
        db.session.add(run)
    db.session.flush()
    changes.forget()


def closable(names: Iterable[str]) -> list[str]:
    known = {entry.name for entry in services.entries()} - {ALWAYS}
    found = sorted(set(names))
    if not found:
        raise CityCalendarError("calendars", _l("Choose at least one calendar."))
    if unknown := [name for name in found if name not in known]:
        raise CityCalendarError(
            "calendars", _l("The calendar “%(name)s” cannot be closed.", name=unknown[0][:80])
        )
    return found


def check_days(first: dt.date, last: dt.date) -> None:
    if not all(FIRST_YEAR < day.year < LAST_YEAR for day in (first, last)):
        raise CityCalendarError(
            "first",
            _l(
                "Calendars know the years from %(first)s to %(last)s only",
                first=FIRST_YEAR,
                last=LAST_YEAR,
            ),
        )
    if last < first:
        raise CityCalendarError("last", _l("The end must come after the beginning."))
    if last - first > LONGEST:
        raise CityCalendarError("last", _l("A closure lasts a year at most."))


def since(names: Iterable[str], first: dt.date) -> dt.datetime:
    """The moment at which a day begins, in the easternmost of the calendars' zones; a night shift
    of the day before is not touched by it."""
    midnight = dt.datetime.combine(first, dt.time(0))
    moments = []
    for name in names:
        try:
            zone = services.calendar(name).zone
        except CalendarError:
            zone = timezone()
        moments.append(midnight.replace(tzinfo=zone).astimezone(dt.UTC))
    return min(moments, default=midnight.replace(tzinfo=timezone()).astimezone(dt.UTC))


def texts(given: Mapping[str, str], field: str) -> dict[str, str]:
    found = {lang: " ".join((given.get(lang) or "").split()) for lang in LANGUAGES}
    found = {lang: text for lang, text in found.items() if text}
    if not found:
        raise CityCalendarError(field, _l("Write it in at least one language."))
    if any(len(text) > MOST_TEXT for text in found.values()):
        raise CityCalendarError(field, _l("The text is too long."))
    return found


def _as_text(message: object) -> LazyText:
    return message  # type: ignore[return-value]
