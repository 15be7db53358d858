"""Whom an operator answers for."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import Length, ValidationError

from portal.i18n import LANGUAGES, _, _l
from portal.phones import PhoneError, parse_mobile


class StartForm(FlaskForm):  # type: ignore[misc]
    """The number and the language of the conversation."""

    phone = StringField(
        _l("Mobile number of the citizen"),
        validators=[Length(max=64)],
        render_kw={"inputmode": "tel"},
    )
    language = RadioField(_l("Language of the conversation"))

    e164: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = list(LANGUAGES.items())

    def check(self, *, without_number: bool) -> bool:
        """Whether to go on; a walk-in has no number."""
        if not self.validate():
            return False
        if without_number:
            return True
        try:
            self.e164 = parse_mobile(self.phone.data or "").e164
        except PhoneError as error:
            self.phone.errors = [str(error.message)]
        return self.e164 is not None

    def validate_language(self, field: Any) -> None:
        if field.data not in LANGUAGES:
            raise ValidationError(_("Choose a language."))
