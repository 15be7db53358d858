"""What is typed to join, to split, to add a follower, to take a second matter out."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal import phones
from portal.i18n import LANGUAGES, InputError, _, _l, parse_int
from portal.text import ascii_digits
from workflows.cases.matter import candidates
from workflows.cases.matter.likeness import Matter
from workflows.cases.staff.forms import MOST_LINE, MOST_PLACE, MOST_TEXT, one_line, words


class JoinForm(FlaskForm):  # type: ignore[misc]
    code = StringField(
        _l("Tracking code of the other case"),
        validators=[InputRequired(_l("Write the tracking code.")), Length(max=40)],
        render_kw={"autocomplete": "off"},
    )


class FollowerForm(FlaskForm):  # type: ignore[misc]
    phone = StringField(
        _l("Mobile number"),
        validators=[InputRequired(_l("Write the number first.")), Length(max=64)],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )
    name = StringField(_l("Name"), validators=[Length(max=MOST_LINE)])
    language = RadioField(
        _l("Language of the citizen"),
        choices=[SelectChoice(value=code, label=name) for code, name in LANGUAGES.items()],
        validators=[InputRequired(_l("Choose a language"))],
    )
    text = TextAreaField(
        _l("What this citizen adds"),
        description=_l("Leave it empty if it is the same"),
        validators=[Length(max=MOST_TEXT)],
        render_kw={"rows": 2, "maxlength": MOST_TEXT},
    )
    e164: str = ""

    def validate_phone(self, field: Any) -> None:
        try:
            self.e164 = phones.parse_mobile(field.data).e164
        except phones.PhoneError as error:
            raise ValidationError(str(error.message)) from None


class DivideForm(FlaskForm):  # type: ignore[misc]
    text = TextAreaField(
        _l("The second matter, in the citizen’s words"),
        description=_l("Leave of the message what belongs to the new case"),
        validators=[InputRequired(_l("Write a text")), Length(max=MOST_TEXT)],
        render_kw={"rows": 6, "maxlength": MOST_TEXT},
    )
    category_id = SelectField(_l("Category"), coerce=lambda value: int(value) if value else None)

    def __init__(self, *args: Any, categories: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category_id.choices = [
            ("", _("Not clear yet")),
            *((str(key), name) for key, name in categories),
        ]


def matter_from(typed: Any) -> Matter:
    """What is known so far of a message that is being written; nonsense is not known."""
    return candidates.typed(
        text=words(typed.get("text", "")[:MOST_TEXT]),
        place=one_line(typed.get("place", "")[:MOST_PLACE]),
        neighbourhood=one_line(typed.get("neighbourhood", "")[:MOST_LINE]),
        latitude=_degree(typed.get("latitude", ""), 90),
        longitude=_degree(typed.get("longitude", ""), 180),
        category_id=_id(typed.get("category_id", "")),
    )


def _id(value: str) -> int | None:
    try:
        number = parse_int(value[:18])
    except (InputError, ValueError):
        return None
    return number if 0 < number < 10**15 else None


def _degree(value: str, most: int) -> float | None:
    try:
        number = float(ascii_digits(value[:24]).replace("٫", "."))
    except ValueError:
        return None
    return number if abs(number) <= most else None
