"""What officers type about contacts."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal import phones, text
from portal.contacts.rows import MAX_NAME, MAX_PLACE, MAX_TAG, MAX_TAGS, tags_of
from portal.i18n import LANGUAGES, _, _l


def one_line(value: str | None, language: str = "fa") -> str:
    """Typed text as it is stored: one spelling, one line."""
    plain = text.strip_controls(value or "", keep_newlines=False)
    return " ".join(text.fold(plain, language).split(" ")).strip()


class _TagsMixin:
    def validate_tags(self, field: Any) -> None:
        _found, cut = tags_of(field.data or "")
        if cut:
            raise ValidationError(
                _(
                    "At most %(count)s tags, each of at most %(length)s letters",
                    count=MAX_TAGS,
                    length=MAX_TAG,
                )
            )


class ContactForm(_TagsMixin, FlaskForm):  # type: ignore[misc]
    """Add or edit; the number of a contact never changes."""

    name = StringField(_l("Name"), validators=[Length(max=MAX_NAME)])
    language = RadioField(
        _l("Language of messages"),
        choices=[SelectChoice(value=code, label=name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Choose a language"))],
    )
    neighbourhood = StringField(
        _l("Neighbourhood"), validators=[Length(max=MAX_PLACE)], render_kw={"list": "places"}
    )
    tags = StringField(
        _l("Tags"), description=_l("Separate them by commas"), validators=[Length(max=2000)]
    )
    version = HiddenField()

    def values(self) -> dict[str, Any]:
        """The fields as the bank stores them."""
        return {
            "name": one_line(self.name.data, self.language.data),
            "language": self.language.data,
            "neighbourhood": one_line(self.neighbourhood.data),
            "tags": list(tags_of(self.tags.data or "")[0]),
        }


class NewContactForm(ContactForm):
    phone = StringField(
        _l("Mobile number"),
        description=_l("With the digits of any keyboard; numbers of other countries begin with +"),
        validators=[InputRequired(_l("Write a mobile number"))],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )

    e164 = ""

    def validate_phone(self, field: Any) -> None:
        try:
            self.e164 = phones.parse_mobile(field.data or "").e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None


class UploadForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("File"),
        validators=[FileRequired(_l("Choose a file"))],
        render_kw={"accept": ".csv,.tsv,.txt,.xlsx"},
    )
    source = StringField(
        _l("Where the numbers come from"),
        description=_l("Kept with each contact, for example: public meetings, spring 1404"),
        validators=[InputRequired(_l("Write where the numbers come from")), Length(max=200)],
    )


class ConsentForm(FlaskForm):  # type: ignore[misc]
    """Stop or rejoin, on behalf of the person."""

    note = TextAreaField(
        _l("Note"),
        description=_l("How the person asked for it: kept for ever, cannot be changed"),
        validators=[InputRequired(_l("Write how the person asked for it")), Length(max=500)],
        render_kw={"rows": 2},
    )


class TagForm(FlaskForm):  # type: ignore[misc]
    """One tag for everybody in a filtered list."""

    tag = StringField(
        _l("Tag"),
        validators=[InputRequired(_l("Write a tag")), Length(max=MAX_TAG)],
        render_kw={"list": "known-tags", "autocomplete": "off"},
    )

    def validate_tag(self, field: Any) -> None:
        if len(tags_of(field.data or "")[0]) != 1:
            raise ValidationError(_("Write one tag, without commas"))

    def value(self) -> str:
        return tags_of(self.tag.data or "")[0][0]
