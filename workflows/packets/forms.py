"""What is typed about packets. Dates are in the reader's calendar."""

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.i18n import InputError, _, _l, parse_date, today
from portal.text import strip_controls
from portal.units.services import choices
from workflows.packets import services


def _day(field: Any) -> dt.date:
    try:
        return parse_date(field.data or "")
    except InputError as error:
        raise ValidationError(str(error.message)) from None


class _Words(TextAreaField):
    """A text that holds more than blanks."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = strip_controls(self.data or "").strip()


class PeriodForm(FlaskForm):  # type: ignore[misc]
    """Asks for a packet."""

    first_day = StringField(
        _l("First day"), validators=[InputRequired(_l("Write the first day.")), Length(max=40)]
    )
    last_day = StringField(
        _l("Last day"), validators=[InputRequired(_l("Write the last day.")), Length(max=40)]
    )
    first: dt.date
    last: dt.date

    def validate_first_day(self, field: Any) -> None:
        self.first = _day(field)

    def validate_last_day(self, field: Any) -> None:
        self.last = _day(field)
        if hasattr(self, "first"):
            try:
                services.check_period(self.first, self.last)
            except InputError as error:
                raise ValidationError(str(error.message)) from None


class CommentForm(FlaskForm):  # type: ignore[misc]
    """A member's words."""

    comment = _Words(
        _l("Your comment"),
        validators=[InputRequired(_l("Write a comment.")), Length(max=services.MOST_TEXT)],
    )

    def validate_comment(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Write a comment."))


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What is to be done, by whom, until when."""

    text = _Words(
        _l("What is to be done"),
        validators=[InputRequired(_l("Write the decision.")), Length(max=services.MOST_TEXT)],
    )
    unit_id = SelectField(
        _l("Owner"),
        coerce=int,
        validators=[InputRequired(_l("Choose the unit that does it."))],
    )
    due_on = StringField(
        _l("Due"),
        description=_l("Until the end of this day."),
        validators=[InputRequired(_l("Write the day by which it is due.")), Length(max=40)],
    )
    due: dt.date

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = [(0, _("Choose a unit")), *choices()]

    def validate_text(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Write the decision."))

    def validate_unit_id(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Choose the unit that does it."))

    def validate_due_on(self, field: Any) -> None:
        self.due = _day(field)
        if self.due < today():
            raise ValidationError(_("The day has passed."))
        if self.due > today() + dt.timedelta(days=3660):
            raise ValidationError(_("The day is too far away."))
