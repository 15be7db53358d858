"""Forms of citizens, and what those of staff share with them. Every one keeps what was typed."""

from collections.abc import Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from portal import phones, photos
from portal.i18n import (
    _,
    _l,
    current_language,
    pick,
)
from portal.text import ascii_digits, fold, strip_controls
from surveys.ballots.models import BallotArea
from surveys.ballots.services import pictures

MAX_TITLE: Final = 120
MAX_TEXT: Final = 2000
MAX_LINE: Final = 200

_PHOTO_ERRORS: Final = {
    "too_large": _l("This photo is too large; choose one of at most 12 megabytes."),
    "too_many_pixels": _l("This picture is too large to be a photo."),
    "not_a_photo": _l("We cannot read this file. Choose a photo in JPEG, PNG or WebP format."),
}


def several_lines(value: str | None) -> str:
    return strip_controls(value or "").strip()


def one_line(value: str | None) -> str:
    return " ".join(several_lines(value).split())


def folded(value: str | None) -> str:
    """Several lines in one spelling of the page's language."""
    return fold(several_lines(value), current_language())


def folded_line(value: str | None) -> str:
    return " ".join(folded(value).split())


class PhotoField:
    """A form with a field `photo`; `drawn` is the picture drawn anew."""

    drawn: photos.Photo | None = None

    def validate_photo(self, field: Any) -> None:
        self.drawn = None
        if not field.data or not field.data.filename:
            return
        data = field.data.stream.read(photos.MAX_BYTES + 1)
        try:
            self.drawn = photos.read(data, pictures.MAX_SIDE)
        except photos.PhotoError as error:
            raise ValidationError(str(_PHOTO_ERRORS[error.code])) from None


class MobileField:
    """A form with a field `mobile`; `e164` is the number."""

    e164: str = ""

    def validate_mobile(self, field: Any) -> None:
        self.e164 = ""
        try:
            self.e164 = phones.parse_mobile(field.data or "").e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None


def shorter(most: int) -> Length:
    return Length(max=most, message=_l("Please write less."))


class _SessionlessForm(FlaskForm):  # type: ignore[misc]
    """No CSRF field: nothing here acts in anybody's name, and there is no cookie to bind it to.
    The view asks where the form came from instead (portal.security.same_site)."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False


class ProposeForm(PhotoField, MobileField, _SessionlessForm):
    """A citizen's proposal."""

    area = SelectField(
        _l("Neighbourhood"), validators=[InputRequired(_l("Choose your neighbourhood"))]
    )
    title = StringField(
        _l("What is your project?"),
        description=_l("In a few words, as it would stand on the ballot."),
        filters=[folded_line],
        validators=[InputRequired(_l("Write what your project is")), shorter(MAX_TITLE)],
        render_kw={"dir": "auto"},
    )
    description = TextAreaField(
        _l("Describe it"),
        description=_l("What is to be done, for whom, and why it is needed."),
        filters=[folded],
        validators=[InputRequired(_l("Describe your project")), shorter(MAX_TEXT)],
        render_kw={"rows": 6, "dir": "auto"},
    )
    place = StringField(
        _l("Where?"),
        description=_l("Street, alley, number, or what stands beside it."),
        filters=[folded_line],
        validators=[InputRequired(_l("Write where it is")), shorter(MAX_LINE)],
        render_kw={"dir": "auto"},
    )
    photo = FileField(
        _l("Photo"),
        description=_l("Place and device stored in the photo are removed."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    mobile = TelField(
        _l("Your mobile number"),
        description=_l("You get a code by SMS to finish. The number is not shown to anybody."),
        validators=[InputRequired(_l("Write your mobile number")), Length(max=40)],
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    website = StringField(_l("Leave this field empty"))

    def __init__(self, *args: Any, areas: Sequence[BallotArea], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.area.choices = [("", _("Choose"))] + [(a.slug, pick(a.names)) for a in areas]

    def validate_website(self, field: Any) -> None:
        """Hidden from people, so machines fill it in; whoever's browser did presses once more."""
        if field.data:
            field.data = ""
            raise ValidationError(
                _("This looked like the work of a machine. If you are a person, send once more.")
            )


class InvitedForm(ProposeForm):
    """The same from a personal link, which tells the neighbourhood and the number."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, areas=(), **kwargs)
        del self.area, self.mobile, self.website


class CodeForm(_SessionlessForm):
    """The code of the SMS."""

    code = StringField(
        _l("Code from the SMS"),
        filters=[lambda value: ascii_digits(value or "").strip()],
        validators=[InputRequired(_l("Write the six digits of the SMS")), Length(max=20)],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "dir": "ltr"},
    )
