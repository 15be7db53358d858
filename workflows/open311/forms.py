"""What the administrator and who releases a text type."""

from typing import Any

from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.i18n import LANGUAGES, _l
from workflows.callins.fields import LocalInteger
from workflows.letters.forms import RefusableForm
from workflows.open311 import catalogue, keys, publishing


class KeyForm(RefusableForm):
    name = StringField(
        _l("Name of the application"),
        validators=[InputRequired(_l("Write a name.")), Length(max=120)],
    )
    contact = StringField(
        _l("Contact"),
        description=_l("Whom to tell when it misbehaves."),
        validators=[Length(max=200)],
    )
    per_minute = LocalInteger(
        _l("Requests it may send in a minute"),
        validators=[InputRequired(), NumberRange(1, keys.MOST_A_MINUTE)],
    )
    reads_own = BooleanField(
        _l("It reads its own requests in full"),
        description=_l("Text, place and answer of what it sent itself, before they are released."),
    )


class ServiceForm(RefusableForm):
    public = BooleanField(
        _l("List its messages publicly"),
        description=_l("Of every channel; texts and places only after they were released."),
    )
    description_fa = StringField(
        _l("Description in Persian"), validators=[Length(max=catalogue.MOST_TEXT)]
    )
    description_ar = StringField(
        _l("Description in Arabic"), validators=[Length(max=catalogue.MOST_TEXT)]
    )
    description_en = StringField(
        _l("Description in English"), validators=[Length(max=catalogue.MOST_TEXT)]
    )
    keywords = StringField(
        _l("Keywords"),
        description=_l("Several are parted by commas."),
        validators=[Length(max=catalogue.MOST_TEXT)],
    )

    def values(self) -> dict[str, Any]:
        return {
            "public": bool(self.public.data),
            "descriptions": {lang: self.line(f"description_{lang}", lang) for lang in LANGUAGES},
            "keywords": self.line("keywords"),
        }


class ReleaseForm(RefusableForm):
    description = TextAreaField(
        _l("Text as everybody may read it"),
        description=_l("Take out names, numbers and accusations."),
        validators=[Length(max=publishing.MOST_DESCRIPTION)],
        render_kw={"rows": 4, "dir": "auto"},
    )
    answer = TextAreaField(
        _l("Answer as everybody may read it"),
        validators=[Length(max=publishing.MOST_DESCRIPTION)],
        render_kw={"rows": 3, "dir": "auto"},
    )
    with_place = BooleanField(_l("Show the place and the point on the map"))
