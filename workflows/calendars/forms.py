"""Forms of the calendars' pages; the rules are in the services."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.i18n import LANGUAGES, LazyText, _l
from portal.text import ascii_digits, fold
from workflows.calendars.model import DAYS
from workflows.calendars.saying import MOST_TEXT, CityCalendarError
from workflows.callins.fields import LocalDay, LocalTime, line

DAY_NAMES: dict[str, LazyText] = {
    "saturday": _l("Saturday"),
    "sunday": _l("Sunday"),
    "monday": _l("Monday"),
    "tuesday": _l("Tuesday"),
    "wednesday": _l("Wednesday"),
    "thursday": _l("Thursday"),
    "friday": _l("Friday"),
}
"""The Iranian week begins on Saturday."""
_SEPARATORS = re.compile(r"[,،؛;]+")
_UNTIL = re.compile(r"\s*(?:-|–|تا|إلى|الى|to)\s*")


class _Refusable(FlaskForm):  # type: ignore[misc]
    def refuse(self, error: CityCalendarError) -> None:
        """Show a refusal of the services beside its field, else above the form."""
        field = self._fields.get(error.field)
        if field is None:
            self.form_errors.append(str(error.message))
        else:
            field.errors = [*field.errors, str(error.message)]


class ClosureForm(_Refusable):
    first = LocalDay(
        _l("First day"),
        description=_l("year/month/day"),
        validators=[InputRequired(_l("Write the day."))],
    )
    last = LocalDay(
        _l("Last day"),
        description=_l("Empty: the same day"),
        validators=[Optional()],
    )
    begins = LocalTime(
        _l("From"),
        description=_l("On the first day. Without hours, no shift begins on these days"),
        validators=[Optional()],
    )
    ends = LocalTime(_l("To"), description=_l("On the last day"), validators=[Optional()])
    calendars = SelectMultipleField(
        _l("Which calendars"),
        validators=[InputRequired(_l("Choose at least one calendar."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    reason_fa = StringField(_l("Reason in Persian"), validators=[Length(max=MOST_TEXT)])
    reason_ar = StringField(_l("Reason in Arabic"), validators=[Length(max=MOST_TEXT)])
    reason_en = StringField(_l("Reason in English"), validators=[Length(max=MOST_TEXT)])

    def __init__(self, *args: Any, calendars: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendars.choices = calendars

    def values(self) -> dict[str, Any]:
        """The arguments of city.announce. Raises CityCalendarError."""
        begins, ends = self.begins.data, self.ends.data
        if (begins is None) != (ends is None):
            missing = "ends" if ends is None else "begins"
            raise CityCalendarError(missing, _l("Give both hours, or neither."))
        return {
            "calendars": self.calendars.data,
            "first": self.first.data,
            "last": self.last.data or self.first.data,
            "hours": (begins, ends) if begins is not None else None,
            "reasons": {lang: line(self[f"reason_{lang}"].data) for lang in LANGUAGES},
        }


def _shifts(day: str) -> Any:
    return StringField(
        DAY_NAMES[day],
        validators=[Length(max=200)],
        render_kw={"inputmode": "text", "autocomplete": "off"},
    )


class WeekForm(_Refusable):
    """Seven lines of shifts, as people write them: ۷:۳۰ تا ۱۲، ۱۳ تا ۱۴:۱۵."""

    saturday = _shifts("saturday")
    sunday = _shifts("sunday")
    monday = _shifts("monday")
    tuesday = _shifts("tuesday")
    wednesday = _shifts("wednesday")
    thursday = _shifts("thursday")
    friday = _shifts("friday")

    def weekly(self) -> dict[str, list[str]]:
        return {day: shifts for day in DAYS if (shifts := typed_shifts(self[day].data))}


class HoursForm(WeekForm):
    valid_from = LocalDay(
        _l("Valid from"),
        description=_l("year/month/day"),
        validators=[InputRequired(_l("Write the day."))],
    )


class CalendarForm(WeekForm):
    name = StringField(
        _l("Code"),
        description=_l("Small Latin letters, digits and hyphens, like museum"),
        validators=[InputRequired(_l("Write a code.")), Length(max=63)],
    )
    title_fa = StringField(_l("Name in Persian"), validators=[Length(max=MOST_TEXT)])
    title_ar = StringField(_l("Name in Arabic"), validators=[Length(max=MOST_TEXT)])
    title_en = StringField(_l("Name in English"), validators=[Length(max=MOST_TEXT)])
    holidays = BooleanField(_l("Closed on the public holidays of Iran"), default=True)

    def values(self) -> dict[str, Any]:
        """The arguments of own.create."""
        return {
            "name": line(self.name.data),
            "titles": {lang: line(self[f"title_{lang}"].data) for lang in LANGUAGES},
            "weekly": self.weekly(),
            "country": "IR" if self.holidays.data else None,
        }


class UploadForm(_Refusable):
    file = FileField(
        _l("File of the calendar"),
        description=_l("YAML; a calendar of the same name is replaced"),
        validators=[FileRequired(_l("Choose a file."))],
    )


class HolidayForm(_Refusable):
    day = HiddenField(validators=[InputRequired()])
    holiday = HiddenField(validators=[InputRequired(), Length(max=200)])
    kept_on = LocalDay(_l("Kept on"), validators=[InputRequired(_l("Write the day."))])

    def computed(self) -> dt.date | None:
        try:
            return dt.date.fromisoformat(self.day.data or "")
        except ValueError:
            return None


class UnitForm(_Refusable):
    unit_id = SelectField(_l("Unit"), coerce=int, validators=[InputRequired(_l("Choose a unit"))])
    calendar = SelectField(_l("Working calendar"))

    def __init__(
        self,
        *args: Any,
        units: list[tuple[int, str]],
        calendars: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = units
        self.calendar.choices = [("", _l("That of each category")), *calendars]


def typed_shifts(value: str | None) -> list[str]:
    """«۷:۳۰ تا ۱۲، ۱۳ تا ۱۴:۱۵» as ["07:30-12:00", "13:00-14:15"]; what cannot be read stays as
    it was typed, for the reader to refuse it by name."""
    plain = ascii_digits(fold(line(value)))
    return [
        "-".join(_clock(part) for part in _UNTIL.split(piece.strip()))
        for piece in _SEPARATORS.split(plain)
        if piece.strip()
    ]


def _clock(typed: str) -> str:
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?", typed.strip(), re.ASCII)
    return f"{int(found[1]):02d}:{found[2] or '00'}" if found else typed.strip()


def typed_week(weekly: Mapping[str, list[str]]) -> dict[str, str]:
    """Stored hours as they are typed."""
    return {day: ", ".join(shifts) for day, shifts in weekly.items()}
