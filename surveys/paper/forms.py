"""A batch of sheets, the number of a sheet, and why one is void."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import Length, ValidationError

from portal.i18n import _, _l
from portal.text import ascii_digits
from surveys.paper import serials
from surveys.paper.services import MAX_REASON, MOST_SHEETS


class BatchForm(FlaskForm):  # type: ignore[misc]
    """How many sheets in which language."""

    language = RadioField(_l("Language of the sheets"))
    sheets = StringField(
        _l("Number of sheets"), validators=[Length(max=20)], render_kw={"inputmode": "numeric"}
    )
    number = 0

    def __init__(self, languages: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = list(languages.items())

    def validate_language(self, field: Any) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError(_("Choose a language."))

    def validate_sheets(self, field: Any) -> None:
        text = ascii_digits(field.data or "").strip()
        self.number = int(text) if text.isascii() and text.isdigit() else 0
        if not 1 <= self.number <= MOST_SHEETS:
            raise ValidationError(_("Print 1 to 500 sheets at once."))


class FindForm(FlaskForm):  # type: ignore[misc]
    """The number printed on a sheet. Sent by GET: it changes nothing."""

    class Meta:
        csrf = False

    number = StringField(
        _l("Number of the sheet"),
        validators=[Length(max=40)],
        description=_l("As it stands at the top of every page, e.g. 0000426."),
        render_kw={"inputmode": "numeric", "autocomplete": "off", "autofocus": True},
    )
    sheet_id = 0

    def validate_number(self, field: Any) -> None:
        found = serials.read(field.data or "")
        if found is None:
            raise ValidationError(
                _("This is not the number of a sheet: a digit is wrong or missing. Type it again.")
            )
        self.sheet_id = found


class VoidForm(FlaskForm):  # type: ignore[misc]
    """Why a sheet does not count."""

    reason = StringField(
        _l("Why is this sheet void?"),
        validators=[Length(max=MAX_REASON)],
        description=_l("E.g. spoilt, lost, came back empty. Never write who filled it in."),
    )
