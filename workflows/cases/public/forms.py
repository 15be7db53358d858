"""What a citizen types: bounded, cleaned of what keyboards and machines smuggle in."""

from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal import phones
from portal.i18n import _, _l, current_language
from portal.places import PlaceFields
from portal.text import fold, strip_controls
from workflows.cases import once
from workflows.cases.photo_fields import PhotoFields

MAX_TEXT: Final = 4000
MAX_LINE: Final = 120
MAX_NAME: Final = 100
MAX_WORDS: Final = 1000


def several_lines(value: str | None) -> str:
    """Text as it is kept: without control characters, in one spelling of the page's language."""
    return fold(strip_controls(value or ""), current_language())


def one_line(value: str | None) -> str:
    return " ".join(several_lines(value).split())


class _SessionlessForm(FlaskForm):  # type: ignore[misc]
    """No CSRF field: nothing here acts in anybody's name, and there is no cookie to bind it to.
    The view asks where the form came from instead (portal.security.same_site)."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False


class MessageForm(PlaceFields, PhotoFields, _SessionlessForm):
    """A message to the city."""

    category = SelectField(_l("What is it about?"), validators=[Optional()])
    text = TextAreaField(
        _l("Your message"),
        description=_l("What has happened, since when, what you ask for."),
        filters=[several_lines],
        validators=[
            InputRequired(_l("Write what it is about")),
            Length(max=MAX_TEXT, message=_l("Please write less: at most 4,000 letters.")),
        ],
        render_kw={"rows": 6, "dir": "auto"},
    )
    place = StringField(
        _l("Where?"),
        description=_l("Street, alley, number, or what stands beside it."),
        filters=[one_line],
        validators=[Length(max=MAX_LINE, message=_l("Please write less."))],
        render_kw={"dir": "auto", "autocomplete": "street-address"},
    )
    neighbourhood = StringField(
        _l("Neighbourhood"),
        filters=[one_line],
        validators=[Length(max=MAX_LINE, message=_l("Please write less."))],
        render_kw={"dir": "auto", "autocomplete": "address-level3"},
    )
    district = SelectField(_l("District"), validators=[Optional()])
    mobile = TelField(
        _l("Your mobile number"),
        description=_l(
            "For the tracking code and the answer by SMS. Only those who work on it see it."
        ),
        validators=[Length(max=40, message=_l("This is not a telephone number"))],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    citizen_name = StringField(
        _l("Your name"),
        filters=[one_line],
        validators=[Length(max=MAX_NAME, message=_l("Please write less."))],
        render_kw={"dir": "auto", "autocomplete": "name"},
    )
    website = StringField(_l("Leave this field empty"))
    key = HiddenField()

    e164: str | None = None
    more: bytes = b""
    """Digest of what was answered to the category's questions."""

    def validate_text(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(_l("Write what it is about")))

    def validate_mobile(self, field: Any) -> None:
        self.e164 = None
        if not (field.data or "").strip():
            return
        try:
            self.e164 = phones.parse_mobile(field.data).e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None

    def validate_website(self, field: Any) -> None:
        """Hidden from people, so machines fill it in; whoever's browser did presses once more."""
        if field.data:
            field.data = ""
            raise ValidationError(
                _("This looked like the work of a machine. If you are a person, send once more.")
            )

    def form_key(self) -> bytes | None:
        return once.digest(
            self.key.data,
            self.category.data,
            self.text.data,
            self.place.data,
            self.neighbourhood.data,
            self.e164,
            self.citizen_name.data,
            self.district.data,
            self.latitude.data,
            self.longitude.data,
            files=self.photo_digest + self.more,
        )


class ObjectionForm(_SessionlessForm):
    """Why the matter is not settled."""

    words = TextAreaField(
        _l("What is still missing?"),
        filters=[several_lines],
        validators=[
            InputRequired(_l("Write in a few words what is missing")),
            Length(max=MAX_WORDS),
        ],
        render_kw={"rows": 4, "dir": "auto"},
    )

    def validate_words(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(str(_l("Write in a few words what is missing")))
