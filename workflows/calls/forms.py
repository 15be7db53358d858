"""What an operator types while the caller speaks."""

import datetime as dt
import secrets
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, Optional, ValidationError

from portal import clock, phones
from portal.i18n import LANGUAGES, InputError, _, _l, parse_date, today
from portal.text import ascii_digits
from workflows.calls import services
from workflows.calls.counting import LONGEST
from workflows.cases.staff.forms import one_line, words


def _id(value: Any) -> int | None:
    return int(value) if str(value).isascii() and str(value).isdigit() else None


class CallForm(FlaskForm):  # type: ignore[misc]
    """One call; the button that is pressed is its result."""

    number = StringField(
        _l("Number"),
        description=_l("Who rings; leave it empty where it is withheld"),
        validators=[Length(max=64)],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )
    name = StringField(_l("Name"), validators=[Length(max=services.MOST_NAME)])
    subject = StringField(
        _l("What the caller asks"), validators=[Length(max=services.MOST_SUBJECT)]
    )
    category_id = SelectField(_l("Category"), coerce=_id, validators=[Optional()])
    language = SelectField(
        _l("Language"),
        choices=[SelectChoice(value=code, label=name) for code, name in LANGUAGES.items()],
        validators=[Optional()],
    )
    transferred_to = StringField(
        _l("Put through to"),
        description=_l("Needed where the call was put through"),
        validators=[Length(max=services.MOST_NAME)],
    )
    note = TextAreaField(
        _l("Note"),
        validators=[Length(max=services.MOST_NOTE)],
        render_kw={"rows": 2, "maxlength": services.MOST_NOTE},
    )
    line = HiddenField(validators=[Length(max=40)])
    key = HiddenField(validators=[Length(max=100)])
    started = HiddenField(validators=[Length(max=40)])
    answered = HiddenField(validators=[Length(max=40)])

    e164: str | None = None

    def __init__(self, *args: Any, categories: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category_id.choices = [("", "—"), *((str(key), name) for key, name in categories)]

    def validate_number(self, field: Any) -> None:
        self.e164 = None
        if not (field.data or "").strip():
            return
        try:
            self.e164 = phones.parse_number(field.data)
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None

    def begin(self) -> None:
        """What a new page is begun with: a key that makes two presses one call, and the time."""
        self.key.data = self.key.data or f"page:{secrets.token_urlsafe(16)}"
        self.started.data = self.started.data or clock.now().isoformat()

    def values(self) -> dict[str, Any]:
        """The arguments of services.record but for the operator and the result."""
        language = self.language.data or "fa"
        return {
            "e164": self.e164,
            "key": one_line(self.key.data) or None,
            "line": one_line(self.line.data),
            "name": one_line(self.name.data, language),
            "subject": one_line(self.subject.data, language),
            "category_id": self.category_id.data,
            "language": language,
            "transferred_to": one_line(self.transferred_to.data),
            "note": words(self.note.data),
            "started_at": moment(self.started.data),
            "answered_at": moment(self.answered.data),
        }


def moment(typed: str | None) -> dt.datetime | None:
    """What an exchange or our own page says of a time: ISO 8601 with its zone, or Unix seconds."""
    plain = ascii_digits((typed or "").strip())[:40]
    try:
        if plain.isdigit():
            return dt.datetime.fromtimestamp(int(plain), dt.UTC)
        found = dt.datetime.fromisoformat(plain)
        return found.astimezone(dt.UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None


class CorrectForm(FlaskForm):  # type: ignore[misc]
    """Another result of a call just recorded."""

    result = HiddenField()
    transferred_to = StringField(validators=[Length(max=services.MOST_NAME)])


class PeriodForm(FlaskForm):  # type: ignore[misc]
    """Days to count; empty: the last thirty."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False

    first = StringField(_l("From"), validators=[Length(max=40)], render_kw={"autocomplete": "off"})
    last = StringField(_l("Until"), validators=[Length(max=40)], render_kw={"autocomplete": "off"})

    days: tuple[dt.date, dt.date]

    def read(self) -> bool:
        """Sets `days`; False with the errors where they cannot be."""
        last = self._day(self.last)
        first = self._day(self.first)
        end = last or today()
        begin = first or end - dt.timedelta(days=29)
        self.days = (begin, end)
        if begin > end:
            self._refuse(self.first, _("The first day lies after the last."))
        elif (end - begin).days >= LONGEST:
            self._refuse(self.first, _("Choose at most one year."))
        if self.errors:
            self.days = (today() - dt.timedelta(days=29), today())
        return not self.errors

    def _day(self, field: Any) -> dt.date | None:
        if not (field.data or "").strip():
            return None
        try:
            return parse_date(field.data)
        except InputError as error:
            self._refuse(field, str(error.message))
            return None

    def _refuse(self, field: Any, why: str) -> None:
        field.errors = [*field.errors, why]
