"""Fields of the registration form that only some channels ask for."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional

from portal.i18n import _l
from portal.places import PlaceFields
from workflows.cases import channels
from workflows.cases.moves import InputRefused
from workflows.cases.photo_fields import PhotoFields


class ChannelFields(FlaskForm):  # type: ignore[misc]
    """Social media and the studio, and the district of any message."""

    network = SelectField(_l("Network"), validators=[Optional()])
    link = StringField(
        _l("Link"),
        validators=[Length(max=500)],
        render_kw={"inputmode": "url", "autocomplete": "off"},
    )
    reach = StringField(
        _l("Reach"),
        description=_l("How many people have seen it"),
        validators=[Length(max=20)],
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    author = StringField(_l("Author"), validators=[Length(max=120)])
    programme = StringField(_l("Programme"), validators=[Length(max=120)])
    aired_on = StringField(
        _l("Day of the broadcast"), validators=[Length(max=40)], render_kw={"autocomplete": "off"}
    )
    aired_time = StringField(
        _l("Time of the broadcast"), validators=[Length(max=20)], render_kw={"autocomplete": "off"}
    )
    district = SelectField(_l("District"), validators=[Optional()])

    found: dict[str, Any]

    def choose(self) -> None:
        """The choices, in the reader's language."""
        self.network.choices = [("", "—"), *channels.NETWORKS.items()]
        self.district.choices = [("", "—"), *channels.districts()]

    def read_details(self, channel: str | None) -> bool:
        """Sets `found`; False with the errors at their fields."""
        self.found = {}
        typed = {
            name: self[name].data or ""
            for name in ("network", "link", "reach", "author", "programme", "district")
        }
        try:
            if channel == "social" and not typed["network"]:
                raise InputRefused("network", _l("Choose where it was seen."))
            if channel == "studio":
                if not typed["programme"].strip():
                    raise InputRefused("programme", _l("Write which programme it was."))
                if (self.aired_on.data or "").strip():
                    typed["aired_at"] = channels.aired_at(
                        self.aired_on.data or "", self.aired_time.data or ""
                    )
            self.found = channels.read(channel or "", typed)
        except InputRefused as refused:
            field = self[refused.field]
            field.errors = [*field.errors, str(refused.message)]
            return False
        return True


class IntakeFields(ChannelFields, PlaceFields, PhotoFields):
    """Everything that the registration form asks beyond the message."""
