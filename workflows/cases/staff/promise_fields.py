"""The day that is promised with an answer: of forms that end a case."""

import datetime as dt
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length, ValidationError

from portal.i18n import InputError, parse_date, today
from workflows.cases import promised

MOST_DATE: Final = 40


def promised_on_field() -> Any:
    return StringField(
        promised.LABEL,
        description=promised.HINT,
        validators=[Length(max=MOST_DATE)],
        render_kw={"autocomplete": "off", "maxlength": MOST_DATE},
    )


class PromiseField(FlaskForm):  # type: ignore[misc]
    """What is planned has a day that the citizen is told."""

    promised: dt.date | None = None
    """The day, once the form is valid."""

    def validate_promised_on(self, field: Any) -> None:
        self.promised = None
        typed = (field.data or "").strip()
        if not typed:
            if self._is_planned():
                raise ValidationError(str(promised.MISSING))
            return
        try:
            self.promised = parse_date(typed)
        except InputError as error:
            raise ValidationError(str(error.message)) from None
        if self.promised < today():
            raise ValidationError(str(promised.OVER))

    def _is_planned(self) -> bool:
        return "outcome" in self and self["outcome"].data == promised.PLANNED
