"""Points on the map as people type them, and the server that draws the map."""

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, has_request_context
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length, ValidationError

from portal.formats import InputError
from portal.i18n import _, _l
from portal.text import ascii_digits, strip_controls
from portal.tiles import centre_of, host_of

_DECIMAL = re.compile(r"([+-]?)(\d{1,3}(?:\.\d{1,12})?)\s*°?\s*([NSEWnsew]?)")
_WORDS = {"شمالی": "N", "جنوبی": "S", "شرقی": "E", "غربی": "W"}
ZOOM = 15
"""A street with the names of its alleys."""


def parse_coordinate(typed: str, limit: int) -> float:
    """Degrees in digits of any script, with a sign or a letter of the compass; seven decimals,
    one centimetre, are kept. `limit`: 90 for a latitude, 180 for a longitude. Raises InputError.
    """
    plain = ascii_digits(strip_controls(typed[:60])).strip().replace("\u2212", "-")
    plain = plain.replace("٫", ".").replace("،", ".").replace(",", ".")
    for word, letter in _WORDS.items():
        plain = plain.replace(word, letter)
    found = _DECIMAL.fullmatch(plain.strip())
    letters = "NSns" if limit == 90 else "EWew"
    if found is None or (found[3] and (found[3] not in letters or found[1])):
        raise InputError(_l("Write degrees as a number, like 35.6892"))
    value = float(found[2])
    if found[1] == "-" or found[3] in {"S", "s", "W", "w"}:
        value = -value
    if abs(value) > limit:
        raise InputError(_l("There is no such place on earth"))
    return round(value, 7)


class PlaceFields(FlaskForm):  # type: ignore[misc]
    """Latitude and longitude of a form; both or neither. For `place_fields` of macros/map.html."""

    latitude = StringField(
        _l("Latitude"),
        id="place-latitude",
        validators=[Length(max=60)],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    longitude = StringField(
        _l("Longitude"),
        id="place-longitude",
        validators=[Length(max=60)],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )

    point: tuple[float, float] | None = None
    """What was typed, once the form is valid."""

    def validate_latitude(self, field: Any) -> None:
        self.point = None
        north = _coordinate(field.data, 90)
        if north is None and (self.longitude.data or "").strip():
            raise ValidationError(_("Write both latitude and longitude, or neither."))

    def validate_longitude(self, field: Any) -> None:
        east = _coordinate(field.data, 180)
        if not (self.latitude.data or "").strip():
            return
        if east is None:
            raise ValidationError(_("Write both latitude and longitude, or neither."))
        try:
            self.point = (parse_coordinate(self.latitude.data or "", 90), east)
        except InputError:
            self.point = None

    def point_values(self) -> dict[str, Any]:
        north, east = self.point or (None, None)
        return {"latitude": north, "longitude": east}


def _coordinate(typed: str | None, limit: int) -> float | None:
    if not (typed or "").strip():
        return None
    try:
        return parse_coordinate(typed or "", limit)
    except InputError as error:
        raise ValidationError(str(error.message)) from None


@dataclass(frozen=True)
class Tiles:
    """Where pictures of the map come from."""

    url: str
    attribution: str
    latitude: float
    longitude: float
    zoom: int = ZOOM


def tiles() -> Tiles | None:
    """The configured server, None where there is none. A page that asks may load from it."""
    settings = current_app.extensions["pasokh_settings"]
    if not settings.map_tiles_url:
        return None
    if has_request_context():
        g.map_host = host_of(settings.map_tiles_url)
    north, east = centre_of(settings.map_centre)
    return Tiles(settings.map_tiles_url, settings.map_attribution, north, east)
