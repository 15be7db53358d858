"""What is typed for a rule and for a hand-over."""

import datetime as dt
import hashlib
import json
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.i18n import LANGUAGES, InputError, _, _l, digits, parse_date
from portal.text import ascii_digits
from workflows.cases.rules import matching
from workflows.cases.rules.words import DAY_NAMES, WAY_NAMES
from workflows.cases.staff import labels
from workflows.cases.staff.forms import one_line

MOST_LINES = 50


def _id(value: Any) -> int | None:
    return int(value) if value not in {"", None, "None"} else None


class _Many(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _many(label: Any, choices: Any = None, **arguments: Any) -> Any:
    named = [SelectChoice(value=key, label=name) for key, name in (choices or {}).items()]
    return _Many(label, choices=named, **arguments)


def _lines(label: Any, hint: Any) -> Any:
    return TextAreaField(
        label,
        description=hint,
        validators=[Length(max=2000)],
        render_kw={"rows": 3, "maxlength": 2000},
    )


def _split(typed: str | None) -> list[str]:
    lines = [one_line(line) for line in (typed or "").splitlines()]
    return [line[:120] for line in lines if line][:MOST_LINES]


class RuleForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Name"),
        description=_l("It is given as the reason in the history of each case"),
        validators=[InputRequired(_l("Write a name")), Length(max=120)],
    )
    categories = _many(_l("Category"), coerce=int)
    district = SelectField(
        _l("District"),
        description=_l("The message names it, or a neighbourhood that lies under it"),
        coerce=_id,
    )
    neighbourhoods = _lines(_l("Neighbourhoods"), _l("One in each line"))
    channels = _many(_l("Channel"), labels.CHANNELS)
    urgency = _many(_l("Why it is urgent"), labels.URGENCIES)
    languages = _many(_l("Language"), LANGUAGES)
    words = _lines(
        _l("Words in the message"),
        _l("One word or phrase in each line; one of them must occur in the message"),
    )
    hour_from = StringField(_l("From"), validators=[Length(max=10)])
    hour_to = StringField(_l("To"), validators=[Length(max=10)])
    days = _many(_l("Days of the week"), DAY_NAMES, coerce=int)
    way = RadioField(
        _l("Who gets it"),
        choices=[SelectChoice(value=key, label=name) for key, name in WAY_NAMES.items()],
        default="unit",
        validators=[InputRequired(_l("Choose who gets it."))],
    )
    unit_id = SelectField(_l("Unit"), coerce=_id, validators=[InputRequired(_l("Choose a unit"))])
    assignee_id = SelectField(_l("Person"), coerce=_id)
    active = BooleanField(_l("In use"), default=True)
    tried = HiddenField()

    def __init__(
        self,
        *args: Any,
        category_choices: list[tuple[int, str]],
        units: list[tuple[int, str]],
        people: list[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.categories.choices = category_choices
        self.district.choices = [("", _("All")), *((str(key), name) for key, name in units)]
        self.unit_id.choices = [("", "—"), *((str(key), name) for key, name in units)]
        self.assignee_id.choices = [("", "—"), *((str(key), name) for key, name in people)]

    def validate_hour_from(self, field: Any) -> None:
        _check_time(field)
        if bool((field.data or "").strip()) != bool((self.hour_to.data or "").strip()):
            raise ValidationError(_("Write both hours, or none."))

    def validate_hour_to(self, field: Any) -> None:
        _check_time(field)

    def validate_assignee_id(self, field: Any) -> None:
        if self.way.data == "person" and field.data is None:
            raise ValidationError(_("Choose the person"))

    def conditions(self) -> matching.Conditions:
        hours = [
            matching.read_time(ascii_digits(one.data or ""))
            for one in (self.hour_from, self.hour_to)
            if (one.data or "").strip()
        ]
        return matching.Conditions(
            categories=self.categories.data or (),
            district=self.district.data,
            neighbourhoods=_split(self.neighbourhoods.data),
            channels=self.channels.data or (),
            urgency=self.urgency.data or (),
            languages=self.languages.data or (),
            words=_split(self.words.data),
            hours=hours,
            days=self.days.data or (),
        )

    def values(self) -> dict[str, Any]:
        """The arguments of services.save."""
        return {
            "name": self.name.data or "",
            "conditions": self.conditions(),
            "way": self.way.data,
            "unit_id": self.unit_id.data,
            "assignee_id": self.assignee_id.data,
            "active": bool(self.active.data),
        }

    def digest(self) -> str:
        """Of what decides which messages fit: a trial of something else is none of this."""
        conditions = json.dumps(self.conditions().to_json(), sort_keys=True)
        return hashlib.sha256(f"{conditions}{bool(self.active.data)}".encode()).hexdigest()


def _check_time(field: Any) -> None:
    if not (field.data or "").strip():
        return
    try:
        matching.read_time(ascii_digits(field.data))
    except ValueError:
        raise ValidationError(_("Write a time like 16:00.")) from None


def stored(conditions: matching.Conditions) -> dict[str, Any]:
    """The fields of a form that shows a stored rule."""
    hours = list(conditions.hours) or ["", ""]
    return {
        "categories": list(conditions.categories),
        "district": conditions.district,
        "neighbourhoods": "\n".join(conditions.neighbourhoods),
        "channels": list(conditions.channels),
        "urgency": list(conditions.urgency),
        "languages": list(conditions.languages),
        "words": "\n".join(conditions.words),
        "hour_from": digits(hours[0]),
        "hour_to": digits(hours[1]),
        "days": list(conditions.days),
    }


class AbsenceForm(FlaskForm):  # type: ignore[misc]
    until = StringField(
        _l("Last day away"),
        description=_l("Empty: does not work here any more"),
        validators=[Length(max=40)],
    )
    substitute = SelectField(
        _l("Who stands in"), description=_l("New cases go to this person"), coerce=_id
    )
    note = StringField(_l("Note"), validators=[Length(max=500)])

    day: dt.date | None = None

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.substitute.choices = [
            ("", _("Nobody; the unit decides")),
            *((str(key), name) for key, name in people),
        ]

    def validate_until(self, field: Any) -> None:
        if not (field.data or "").strip():
            return
        try:
            self.day = parse_date(field.data)
        except InputError as error:
            raise ValidationError(str(error.message)) from None


class HandOverForm(FlaskForm):  # type: ignore[misc]
    to = SelectField(_l("To whom"), coerce=_id)
    note = TextAreaField(
        _l("Note for whoever goes on"),
        validators=[InputRequired(_l("Write a note for whoever goes on")), Length(max=4000)],
        render_kw={"rows": 3, "maxlength": 4000},
    )
    key = HiddenField()

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.to.choices = [
            ("", _("Nobody; the unit decides")),
            *((str(key), name) for key, name in people),
        ]
