"""Form fields that read times, days and numbers as the reader of the page writes them."""

import datetime as dt
import re
from typing import Any

from wtforms import IntegerField, StringField
from wtforms.widgets import TextInput

from portal.i18n import InputError, _, current_language, digits, format_date, parse_date, parse_int
from portal.text import ascii_digits, strip_controls

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.٫]([0-5]\d)")


def line(value: str | None) -> str:
    return " ".join(strip_controls(value or "", keep_newlines=False).split())


def text(value: str | None) -> str:
    return strip_controls(value or "").strip()


def typed_date(value: dt.date) -> str:
    """A day as it is typed: year/month/day of the reader's calendar."""
    if current_language() == "fa":
        return format_date(value, "short")
    return digits(f"{value:%Y/%m/%d}")


class LocalTime(StringField):
    """Hours and minutes in digits of any script; `data` is a time."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0][:20] if valuelist else ""
        found = _CLOCK.fullmatch(ascii_digits(strip_controls(self.raw)).strip())
        self.data = dt.time(int(found[1]), int(found[2])) if found else None
        if not found:
            raise ValueError(_("Write the time like %(example)s", example=digits("10:00")))

    def _value(self) -> str:
        if isinstance(self.data, dt.time):
            return digits(f"{self.data:%H:%M}")
        return getattr(self, "raw", "")


class LocalDay(StringField):
    """A day in the reader's calendar; `data` is a date."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.raw = valuelist[0][:40] if valuelist else ""
        self.data = None
        try:
            self.data = parse_date(self.raw)
        except InputError as error:
            raise ValueError(str(error.message)) from None

    def _value(self) -> str:
        if isinstance(self.data, dt.date):
            return typed_date(self.data)
        return getattr(self, "raw", "")


class LocalInteger(IntegerField):
    """A whole number in digits of any script: a number field of the browser takes Latin ones alone,
    and throws away what it does not understand."""

    widget = TextInput()

    def __init__(self, *args: Any, render_kw: dict[str, Any] | None = None, **kwargs: Any) -> None:
        more = {"inputmode": "numeric", "autocomplete": "off", **(render_kw or {})}
        super().__init__(*args, render_kw=more, **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else digits(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            self.data = parse_int(valuelist[0]) if valuelist else None
        except InputError as error:
            self.data = None
            raise ValueError(str(error.message)) from None
