"""The form of a step as its definition declares it."""

import datetime as dt
from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from portal.formats import parse_date
from portal.i18n import _, pick
from portal.text import ascii_digits
from workflows.cases import photos, promised
from workflows.cases.moves import MOST_TEXT
from workflows.cases.photo_fields import ERRORS as PHOTO_ERRORS
from workflows.cases.staff import forms
from workflows.engine.model import FormField

MOST_LINE = 300


def make(action: str, fields: tuple[FormField, ...], **arguments: Any) -> forms.ActionForm:
    """A form of an action; its fields carry the definition's names."""
    members: dict[str, Any] = {"action": action, "drawn": None}
    for field in fields:
        members[f"f_{field.name}"] = _field(field)
    kind = type("StepForm", (forms.ActionForm,), members)
    made: forms.ActionForm = kind(prefix=f"{action}-", **arguments)
    return made


def values(form: forms.ActionForm, fields: tuple[FormField, ...], language: str) -> dict[str, Any]:
    """What was filled in, by the definition's names; photos are taken apart."""
    found: dict[str, Any] = {}
    for field in fields:
        data = form[f"f_{field.name}"].data
        if field.kind in {"text", "words"}:
            found[field.name] = forms.words(data, language)
        elif field.kind == "date":
            found[field.name] = _date(data)
        elif field.kind == "number":
            found[field.name] = _number(data)
        elif field.kind != "photo":
            found[field.name] = data
    return found


def _field(field: FormField) -> Any:
    label = pick(dict(field.titles))
    given = [InputRequired(_("Write something here."))] if field.required else [Optional()]
    match field.kind:
        case "words":
            return TextAreaField(
                label,
                validators=[*given, Length(max=MOST_TEXT)],
                render_kw={"rows": 3, "maxlength": MOST_TEXT},
            )
        case "choice":
            choices = [
                SelectChoice(value=key, label=pick(dict(titles)))
                for key, titles in field.choices.items()
            ]
            needed = [InputRequired(_("Choose one."))] if field.required else [Optional()]
            return RadioField(label, choices=choices, validators=needed)
        case "date":
            return StringField(
                label,
                validators=[*given, _is_date],
                description=promised.HINT
                if field.name == promised.FIELD
                else _("For example 1403/07/15"),
            )
        case "number":
            return StringField(
                label, validators=[*given, _is_number], render_kw={"inputmode": "decimal"}
            )
        case "yesno":
            return BooleanField(label)
        case "photo":
            return FileField(label, validators=[_is_photo])
        case _:
            return StringField(
                label,
                validators=[*given, Length(max=MOST_LINE)],
                render_kw={"maxlength": MOST_LINE},
            )


def _date(typed: str | None) -> dt.date | None:
    return parse_date(typed) if typed and typed.strip() else None


def _number(typed: str | None) -> float | None:
    if not typed or not typed.strip():
        return None
    return float(ascii_digits(typed).strip().replace("٫", ".").replace(",", ""))


def _is_photo(form: Any, field: Field) -> None:
    """Draws it anew; a step keeps the last photo of its form."""
    if not field.data or not field.data.filename:
        return
    try:
        form.drawn = photos.read(field.data.stream.read(photos.MAX_BYTES + 1))
    except photos.PhotoError as error:
        raise ValidationError(str(PHOTO_ERRORS[error.code])) from None


def _is_date(_form: object, field: Field) -> None:
    try:
        _date(field.data)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _is_number(_form: object, field: Field) -> None:
    try:
        number = _number(field.data)
    except ValueError as error:
        raise ValidationError(_("Write a number.")) from error
    if number is not None and not -1e15 < number < 1e15:
        raise ValidationError(_("Write a number."))
