"""«Call me back», as a citizen asks for it."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal import phones
from portal.i18n import _, _l
from workflows.calls import callbacks
from workflows.cases.public.forms import one_line, several_lines


class CallMeForm(FlaskForm):  # type: ignore[misc]
    """No CSRF field, as with a message: it acts in nobody's name."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False

    mobile = TelField(
        _l("Your mobile number"),
        validators=[InputRequired(_l("Write the number we should call")), Length(max=40)],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    wished = SelectField(_l("When?"), description=_l("We call within this hour."))
    citizen_name = StringField(
        _l("Your name"),
        filters=[one_line],
        validators=[Length(max=100)],
        render_kw={"dir": "auto", "autocomplete": "name"},
    )
    text = TextAreaField(
        _l("What is it about?"),
        description=_l("A few words, or nothing."),
        filters=[several_lines],
        validators=[Length(max=callbacks.MOST_WORDS, message=_l("Please write less."))],
        render_kw={"rows": 2, "dir": "auto"},
    )
    website = StringField(_l("Leave this field empty"))

    e164: str = ""

    def validate_mobile(self, field: Any) -> None:
        try:
            self.e164 = phones.parse_mobile(field.data).e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None

    def validate_website(self, field: Any) -> None:
        if field.data:
            field.data = ""
            raise ValidationError(
                _("This looked like the work of a machine. If you are a person, send once more.")
            )
