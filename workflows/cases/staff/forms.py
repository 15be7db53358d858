"""What people who work on cases type."""

import contextlib
import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from portal import phones
from portal.i18n import LANGUAGES, InputError, LazyText, _, _l, parse_int
from portal.text import fold, strip_controls
from workflows.cases import once
from workflows.cases.staff import labels
from workflows.cases.staff.detail_fields import IntakeFields
from workflows.cases.staff.moments import parse_moment
from workflows.cases.staff.promise_fields import PromiseField, promised_on_field

_PERSIAN_ALONE = re.compile("[پچژگ]")
MOST_TEXT = 4000
MOST_WORDS = 2000
MOST_PLACE = 300
MOST_LINE = 120


def one_line(value: str | None, language: str = "fa") -> str:
    plain = strip_controls(value or "", keep_newlines=False)
    return " ".join(fold(plain, language).split(" ")).strip()


def words(value: str | None, language: str = "fa") -> str:
    """A typed text as it is stored: one spelling, its lines kept.

    `language` is the case's; a note that colleagues write in Persian on an Arabic case stays
    Persian.
    """
    if language == "ar" and _PERSIAN_ALONE.search(value or ""):
        language = "fa"
    return fold(strip_controls(value or ""), language).strip()


def _options(names: dict[str, LazyText], keys: Sequence[str] | None = None) -> list[Any]:
    return [SelectChoice(value=key, label=names[key]) for key in keys or names]


def _id(value: Any) -> int | None:
    return int(value) if value not in {"", None, "None"} else None


class _Spoken(TextAreaField):
    """A text that must hold more than blanks."""

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.flags.required and not words(self.data):
            raise ValidationError(_("Write a text"))


def _text(label: LazyText, missing: LazyText, rows: int = 3, hint: LazyText | str = "") -> Any:
    return _Spoken(
        label,
        description=hint,
        validators=[InputRequired(missing), Length(max=MOST_TEXT)],
        render_kw={"rows": rows, "maxlength": MOST_TEXT},
    )


class ActionForm(FlaskForm):  # type: ignore[misc]
    """One action on one case; `version` is the last event that the form was opened upon."""

    action: ClassVar[str] = ""
    """The action of a workflow that it takes."""
    typed: ClassVar[bool] = True
    """Whether there is anything in it to be shown again."""
    version = HiddenField()

    def upon(self) -> int:
        value = self.version.data or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else -1


class AssignForm(ActionForm):
    action = "assign"
    unit_id = SelectField(_l("Unit"), coerce=_id, validators=[InputRequired(_l("Choose a unit"))])
    assignee_id = SelectField(_l("Person"), coerce=_id)
    note = TextAreaField(
        _l("Note for the unit"),
        validators=[Length(max=MOST_TEXT)],
        render_kw={"rows": 2, "maxlength": MOST_TEXT},
    )

    def __init__(
        self, *args: Any, units: list[tuple[int, str]], people: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = [("", "—"), *((str(key), name) for key, name in units)]
        self.assignee_id.choices = [
            ("", _("Nobody yet; the unit decides")),
            *((str(key), name) for key, name in people),
        ]


class TakeForm(ActionForm):
    """A button: nothing is typed."""

    action = "assign"
    typed = False


class FirstActionForm(ActionForm):
    action = "first_action"
    text = _text(_l("What was done or begun"), _l("Write what was done or begun"))
    public = BooleanField(
        _l("The citizen sees it"), description=_l("On the tracking page"), default=True
    )


class UrgentForm(ActionForm):
    action = "mark_urgent"
    urgency = RadioField(
        _l("Why it is urgent"),
        choices=_options(labels.URGENCIES),
        validators=[InputRequired(_l("Choose why it is urgent."))],
        description=_l("The two hours for the first action count from the arrival of the message."),
    )


class NoteForm(ActionForm):
    action = "note"
    text = _text(
        _l("Note"),
        _l("Write the note"),
        hint=_l("Write @ and a colleague’s name, and it is shown on that dashboard"),
    )
    public = BooleanField(
        _l("The citizen sees it"), description=_l("On the tracking page; else only people here do")
    )


class FinishForm(PromiseField, ActionForm):
    action = "finish"
    outcome = RadioField(
        _l("How it ended"),
        choices=_options(labels.OUTCOMES),
        validators=[InputRequired(_l("Choose how it ended"))],
    )
    promised_on = promised_on_field()
    text = _text(
        _l("Answer to the citizen"),
        _l("Write the answer"),
        rows=4,
        hint=_l("In the citizen’s language; it is sent and asked whether the citizen agrees"),
    )


class ReopenForm(ActionForm):
    action = "reopen"
    text = _text(_l("Why it is opened again"), _l("Write why"), rows=2)


class CallForm(ActionForm):
    """What was said in a feedback call."""

    action = "accept"
    answer = RadioField(
        _l("What the citizen said"),
        choices=_options(labels.CALL_RESULTS),
        validators=[InputRequired(_l("Choose what the citizen said"))],
    )
    text = TextAreaField(
        _l("The citizen’s own words"),
        description=_l("Needed with an objection: the unit reads it"),
        validators=[Length(max=MOST_WORDS)],
        render_kw={"rows": 3, "maxlength": MOST_WORDS},
    )

    later = StringField(
        _l("Call again at"),
        validators=[Length(max=40)],
        render_kw={"autocomplete": "off"},
    )

    def validate_text(self, field: Any) -> None:
        if self.answer.data == "objected" and not words(field.data):
            raise ValidationError(_("Write what the citizen objects to"))

    def validate_later(self, _field: Any) -> None:
        if self.answer.data == "later" and self.again_at() is None:
            raise ValidationError(_("Write the day and the time"))

    def again_at(self) -> dt.datetime | None:
        """The moment the citizen chose, or None."""
        return parse_moment(self.later.data or "") if self.answer.data == "later" else None


class RegisterForm(IntakeFields):
    """A message by telephone, at the counter, from the studio or social media."""

    phone = StringField(
        _l("Mobile number"),
        description=_l("Where the tracking code goes; leave it empty if there is none"),
        validators=[Length(max=64)],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )
    channel = RadioField(
        _l("How it came"),
        choices=_options(labels.CHANNELS, labels.BY_HAND),
        default="phone",
        validators=[InputRequired(_l("Choose how it came"))],
    )
    name = StringField(_l("Name"), validators=[Length(max=MOST_LINE)])
    language = RadioField(
        _l("Language of the citizen"),
        choices=[SelectChoice(value=code, label=name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Choose a language"))],
    )
    category_id = SelectField(_l("Category"), coerce=_id)
    urgency = RadioField(
        _l("Urgent?"),
        choices=[SelectChoice(value="", label=_l("Not urgent")), *_options(labels.URGENCIES)],
        default="",
        description=_l("An urgent message gets its first action within two hours, day and night"),
    )
    text = _text(_l("What the citizen says"), _l("Write what the citizen says"), rows=5)
    place = StringField(
        _l("Where"),
        description=_l("Street, house number, or what stands beside it"),
        validators=[Length(max=MOST_PLACE)],
    )
    neighbourhood = StringField(_l("Neighbourhood"), validators=[Length(max=MOST_LINE)])
    call = HiddenField()
    callback = HiddenField()
    key = HiddenField()
    """Of one opened page: pressed twice, it is one case."""

    e164: str | None = None

    def __init__(self, *args: Any, categories: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category_id.choices = [
            ("", _("Not clear yet")),
            *((str(key), name) for key, name in categories),
        ]
        self.key.data = self.key.data or once.new_key()
        self.choose()

    def form_key(self, *more: object) -> bytes | None:
        """`more`: who sends it, and what was answered to the category's questions."""
        return once.digest(
            self.key.data,
            *more,
            sorted(self.values().items(), key=str),
            files=self.photo_digest,
        )

    def know_number(self) -> None:
        """Reads a number that was filled in by us; one that is none stays as it is."""
        with contextlib.suppress(phones.PhoneError):
            self.e164 = phones.parse_mobile(self.phone.data or "").e164

    def validate_phone(self, field: Any) -> None:
        if not (field.data or "").strip():
            return
        try:
            self.e164 = phones.parse_mobile(field.data).e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None

    def values(self) -> dict[str, Any]:
        """The arguments of intake.receive."""
        language = self.language.data
        return {
            "channel": self.channel.data,
            "text": words(self.text.data, language),
            "language": language,
            "e164": self.e164,
            "citizen_name": one_line(self.name.data, language),
            "category_id": self.category_id.data,
            "place": one_line(self.place.data, language),
            "neighbourhood": one_line(self.neighbourhood.data),
            "urgency": self.urgency.data or None,
            "details": self.found,
            **self.point_values(),
        }


class _Hours(IntegerField):
    """A whole number, in digits of any keyboard: a browser's number field takes Latin ones."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = parse_int(valuelist[0])
        except InputError as error:
            self.data = None
            raise ValueError(str(error.message)) from None


def _hours(label: LazyText) -> Any:
    return _Hours(
        label,
        validators=[
            InputRequired(_l("Write the hours")),
            NumberRange(1, 2000, _l("Between 1 and 2000 hours")),
        ],
        render_kw={"inputmode": "numeric"},
    )


class CategoryForm(FlaskForm):  # type: ignore[misc]
    name_fa = StringField(_l("Name in Persian"), validators=[Length(max=120)])
    name_ar = StringField(_l("Name in Arabic"), validators=[Length(max=120)])
    name_en = StringField(_l("Name in English"), validators=[Length(max=120)])
    code = StringField(
        _l("Code"),
        description=_l("A short name for files, like street-lights; it stays"),
        validators=[Optional(), Length(max=40)],
    )
    unit_id = SelectField(
        _l("Who gets it first"), description=_l("Empty: the 137 centre"), coerce=_id
    )
    calendar = SelectField(
        _l("Working calendar"), description=_l("Its opening hours count, others do not")
    )
    first_action_hours = _hours(_l("Open hours until the first action"))
    resolution_hours = _hours(_l("Open hours until the answer"))
    asks_feedback = BooleanField(
        _l("The citizen is asked about the answer"),
        description=_l("31 or 33, recorded within a day. Of an urgent message always."),
        default=True,
    )
    definition = SelectField(
        _l("Workflow"),
        description=_l("What its cases follow; an urgent message follows the urgent one"),
        default="",
    )
    active = BooleanField(
        _l("In use"), description=_l("Citizens can choose it for a new message"), default=True
    )

    def __init__(
        self,
        *args: Any,
        units: list[tuple[int, str]],
        calendars: list[str],
        workflows: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = [("", "—"), *((str(key), name) for key, name in units)]
        self.calendar.choices = [(name, name) for name in calendars]
        self.definition.choices = [("", _("The usual one")), *workflows]

    def validate_resolution_hours(self, field: Any) -> None:
        first = self.first_action_hours.data
        if first and field.data and field.data < first:
            raise ValidationError(_("The answer cannot be due before the first action"))

    def values(self) -> dict[str, Any]:
        """The arguments of categories.create and change, without the code."""
        return {
            "names": {lang: one_line(self[f"name_{lang}"].data, lang) for lang in LANGUAGES},
            "unit_id": self.unit_id.data,
            "calendar": self.calendar.data,
            "first_action_hours": self.first_action_hours.data,
            "resolution_hours": self.resolution_hours.data,
            "active": self.active.data,
            "asks_feedback": self.asks_feedback.data,
            "definition": (self.definition.data or "").strip() or None,
        }
