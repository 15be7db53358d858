"""Forms of call-ins; the rules are in the services."""

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from portal.formats import utc
from portal.i18n import (
    LANGUAGES,
    _,
    _l,
)
from portal.phones import PhoneError, parse_mobile
from portal.text import ascii_digits
from workflows.callins import labels
from workflows.callins.fields import LocalDay, LocalInteger, LocalTime, line, text
from workflows.callins.models import CallinSeries, CallinSession
from workflows.callins.numbers import landline
from workflows.callins.services import CallinError

END_OF_DAY = dt.time(23, 59)


def _languages() -> list[tuple[str, str]]:
    return list(LANGUAGES.items())


class RegistrationForm(FlaskForm):  # type: ignore[misc]
    """For citizens: without session and CSRF field; the view checks where the form came from."""

    class Meta:
        csrf = False

    form_key = HiddenField(validators=[Length(max=64)])
    name = StringField(
        _l("Your name"),
        validators=[DataRequired(_l("Write your name.")), Length(max=100)],
        render_kw={"autocomplete": "name"},
    )
    mobile = StringField(
        _l("Mobile number"),
        description=_l("We call this number during the session and send the code to it."),
        validators=[InputRequired(_l("Write your mobile number.")), Length(max=40)],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    language = RadioField(_l("Language of the conversation"), choices=_languages)
    subject = TextAreaField(
        _l("What is it about?"),
        description=_l("One or two sentences, without other people's names."),
        validators=[DataRequired(_l("Write what it is about.")), Length(max=500)],
        render_kw={"rows": 3},
    )
    neighbourhood = StringField(_l("Neighbourhood"), validators=[Length(max=100)])
    medium = StringField(
        _l("Newspaper, agency or channel"),
        validators=[DataRequired(_l("Write for whom you come.")), Length(max=100)],
        render_kw={"autocomplete": "organization"},
    )
    seats = LocalInteger(
        _l("How many people"),
        default=1,
        validators=[
            InputRequired(_l("Write how many people.")),
            NumberRange(1, 5, _l("At most five people on one registration.")),
        ],
        render_kw={"inputmode": "numeric"},
    )

    e164: str = ""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        """`kind` of the session decides what is asked: see models.KINDS."""
        super().__init__(*args, **kwargs)
        if kind != "press":
            del self.medium
        if kind != "visit":
            del self.seats
        if kind != "call_in":
            self.mobile.description = _l("We send a code to it.")
        if kind == "press":
            del self.neighbourhood
            self.subject.label.text = _("What do you want to ask about?")
        elif kind == "visit":
            self.subject.label.text = _("What would you like to see or ask?")

    def validate_mobile(self, field: Any) -> None:
        try:
            self.e164 = parse_mobile(field.data or "").e164
        except PhoneError as error:
            raise ValidationError(str(error.message)) from None

    def values(self) -> dict[str, Any]:
        """The arguments of registration.register."""
        return {
            "name": line(self.name.data),
            "e164": self.e164,
            "language": self.language.data,
            "subject": text(self.subject.data),
            "neighbourhood": line(self.neighbourhood.data) if self.neighbourhood else "",
            "form_key": line(self.form_key.data),
            "medium": line(self.medium.data) if self.medium else "",
            "seats": self.seats.data if self.seats else 1,
        }


class _Refusable(FlaskForm):  # type: ignore[misc]
    def refuse(self, error: CallinError) -> None:
        """Show a refusal of the services beside its field, else above the form."""
        field = self._fields.get(error.field)
        if field is None:
            self.form_errors.append(str(error.message))
        else:
            field.errors = [*field.errors, str(error.message)]


def _texts(prefix: str) -> Any:
    return {lang: f"{prefix}_{lang}" for lang in LANGUAGES}


class SeriesForm(_Refusable):
    kind = SelectField(_l("Kind"), choices=lambda: [(k, str(v)) for k, v in labels.KINDS.items()])
    titles_fa = StringField(_l("Title in Persian"), validators=[Length(max=120)])
    titles_ar = StringField(_l("Title in Arabic"), validators=[Length(max=120)])
    titles_en = StringField(_l("Title in English"), validators=[Length(max=120)])
    officials_fa = StringField(_l("Who answers, in Persian"), validators=[Length(max=120)])
    officials_ar = StringField(_l("Who answers, in Arabic"), validators=[Length(max=120)])
    officials_en = StringField(_l("Who answers, in English"), validators=[Length(max=120)])
    places_fa = StringField(_l("Place in Persian"), validators=[Length(max=200)])
    places_ar = StringField(_l("Place in Arabic"), validators=[Length(max=200)])
    places_en = StringField(_l("Place in English"), validators=[Length(max=200)])
    subjects_fa = TextAreaField(_l("What it is about, in Persian"), validators=[Length(max=600)])
    subjects_ar = TextAreaField(_l("What it is about, in Arabic"), validators=[Length(max=600)])
    subjects_en = TextAreaField(_l("What it is about, in English"), validators=[Length(max=600)])
    phone = StringField(
        _l("Telephone"), validators=[InputRequired(_l("Write the telephone.")), Length(max=20)]
    )
    unit_id = SelectField(_l("Unit of the official"))
    frequency = SelectField(
        _l("How often"), choices=lambda: [(k, str(v)) for k, v in labels.FREQUENCIES.items()]
    )
    ordinal = SelectField(
        _l("Which one of the month"),
        coerce=int,
        choices=lambda: [(k, str(v)) for k, v in labels.ORDINALS.items()],
    )
    weekday = SelectField(
        _l("Day of the week"),
        coerce=int,
        choices=lambda: [(k, str(v)) for k, v in labels.WEEKDAYS.items()],
    )
    month_calendar = SelectField(
        _l("Months of which calendar"),
        choices=lambda: [(k, str(v)) for k, v in labels.MONTH_CALENDARS.items()],
    )
    on_holiday = SelectField(
        _l("On holidays and days of mourning"),
        choices=lambda: [(k, str(v)) for k, v in labels.ON_HOLIDAYS.items()],
        default="skip",
    )
    starts = LocalTime(_l("From"), validators=[InputRequired(_l("Write the time."))])
    ends = LocalTime(_l("To"), validators=[InputRequired(_l("Write the time."))])
    capacity = LocalInteger(
        _l("Places for registration"), validators=[InputRequired(), NumberRange(1, 500)]
    )
    waiting_capacity = LocalInteger(
        _l("Places on the waiting list"), validators=[InputRequired(), NumberRange(0, 500)]
    )
    active = BooleanField(_l("Plan further sessions"))

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = [("", "—"), *((str(unit_id), name) for unit_id, name in units)]

    @classmethod
    def data_of(cls, series: CallinSeries | None) -> dict[str, Any]:
        if series is None:
            return {
                "phone": "137",
                "ordinal": 1,
                "weekday": 6,
                "starts": dt.time(10),
                "ends": dt.time(12),
                "capacity": 20,
                "waiting_capacity": 10,
                "active": True,
            }
        data: dict[str, Any] = {
            key: getattr(series, key)
            for key in (
                "kind",
                "on_holiday",
                "phone",
                "frequency",
                "ordinal",
                "weekday",
                "month_calendar",
                "starts",
                "ends",
                "capacity",
                "waiting_capacity",
                "active",
            )
        }
        data["unit_id"] = str(series.unit_id or "")
        for key in ("titles", "officials", "places", "subjects"):
            for lang, words in getattr(series, key).items():
                data[f"{key}_{lang}"] = words
        return data

    def validate_ends(self, field: Any) -> None:
        if self.starts.data and field.data and field.data <= self.starts.data:
            raise ValidationError(_("The end must come after the beginning."))

    def validate_titles_fa(self, _field: Any) -> None:
        for key in ("titles", "officials"):
            if not self._texts_of(key):
                raise ValidationError(_("Write title and official in at least one language."))

    def _texts_of(self, key: str) -> dict[str, str]:
        read = text if key == "subjects" else line
        found = {lang: read(self[name].data) for lang, name in _texts(key).items()}
        return {lang: words for lang, words in found.items() if words}

    def values(self) -> dict[str, Any]:
        """Columns of CallinSeries."""
        plain = (
            "kind",
            "on_holiday",
            "frequency",
            "ordinal",
            "weekday",
            "month_calendar",
            "starts",
            "ends",
        )
        return {
            **{key: self._texts_of(key) for key in ("titles", "officials", "places", "subjects")},
            **{key: self[key].data for key in (*plain, "capacity", "waiting_capacity", "active")},
            "phone": ascii_digits(line(self.phone.data)),
            "unit_id": int(self.unit_id.data) if self.unit_id.data else None,
        }


class SessionForm(_Refusable):
    day = LocalDay(_l("Day"), description=_l("year/month/day"), validators=[InputRequired()])
    starts = LocalTime(_l("From"), validators=[InputRequired()])
    ends = LocalTime(_l("To"), validators=[InputRequired()])
    capacity = LocalInteger(
        _l("Places for registration"), validators=[InputRequired(), NumberRange(1, 500)]
    )

    @classmethod
    def data_of(cls, session: CallinSession) -> dict[str, Any]:
        from portal.i18n import local

        starts, ends = local(session.starts_at), local(session.ends_at)
        return {
            "day": starts.date(),
            "starts": starts.time(),
            "ends": ends.time(),
            "capacity": session.capacity,
        }

    def values(self) -> dict[str, Any]:
        """The arguments of services.move_session."""
        return {
            "starts_at": utc(self.day.data, self.starts.data),
            "ends_at": utc(self.day.data, self.ends.data),
            "capacity": self.capacity.data,
        }


class CallerForm(_Refusable):
    """A walk-in caller; the number may be withheld or a landline."""

    number = StringField(
        _l("Number"),
        description=_l("As the telephone shows it; empty when it is withheld."),
        validators=[Length(max=40)],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )
    name = StringField(_l("Name"), validators=[Length(max=100)], render_kw={"autocomplete": "off"})
    language = SelectField(_l("Language"), choices=_languages)
    subject = StringField(_l("Subject"), validators=[Length(max=500)])

    e164: str | None = None

    def validate_number(self, field: Any) -> None:
        typed = (field.data or "").strip()
        self.e164 = None
        if not typed:
            return
        try:
            self.e164 = parse_mobile(typed).e164
        except PhoneError as error:
            self.e164 = landline(typed)
            if self.e164 is None:
                raise ValidationError(str(error.message)) from None

    def values(self) -> dict[str, Any]:
        """The arguments of board.add_caller."""
        return {
            "e164": self.e164,
            "name": line(self.name.data),
            "language": self.language.data,
            "subject": line(self.subject.data),
        }


class AnswerForm(_Refusable):
    """How a call ended, other than by a promise."""

    words = TextAreaField(
        _l("Answer in a few words, or to whom the call was transferred"),
        validators=[Length(max=1000)],
        render_kw={"rows": 3},
    )

    def said(self) -> str:
        return text(self.words.data)


class PromiseForm(_Refusable):
    subject = StringField(
        _l("Subject"), validators=[InputRequired(_l("Write the subject.")), Length(max=500)]
    )
    promise = TextAreaField(
        _l("What is promised"),
        validators=[InputRequired(_l("Write what is promised.")), Length(max=1000)],
        render_kw={"rows": 3},
    )
    unit_id = SelectField(_l("Who does it (unit)"), coerce=int)
    assignee_id = SelectField(_l("Responsible person"), validators=[Optional()])
    due_on = LocalDay(
        _l("By which day"),
        description=_l("year/month/day"),
        validators=[InputRequired(_l("Write the day."))],
    )

    def __init__(
        self,
        *args: Any,
        units: list[tuple[int, str]],
        people: list[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = units
        self.assignee_id.choices = [("", "—"), *((str(who), name) for who, name in people)]

    def values(self) -> dict[str, Any]:
        """The arguments of board.promise."""
        return {
            "subject": line(self.subject.data),
            "text": text(self.promise.data),
            "unit_id": self.unit_id.data,
            "assignee_id": int(self.assignee_id.data) if self.assignee_id.data else None,
            "due_at": utc(self.due_on.data, END_OF_DAY),
        }
