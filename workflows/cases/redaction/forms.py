"""What is typed to hide and to redact."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal.i18n import _, _l
from workflows.cases.redaction import labels

MOST: int = 5_000


def _reasons() -> list[Any]:
    return [SelectChoice(value=key, label=name) for key, name in labels.REASONS.items()]


class HideForm(FlaskForm):  # type: ignore[misc]
    what = HiddenField(validators=[InputRequired()])
    reason = SelectField(_l("Reason"), choices=_reasons())

    def event_id(self) -> int | None:
        """None: the answer."""
        value = self.what.data or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


class _WhatForm(FlaskForm):  # type: ignore[misc]
    what = RadioField(
        _l("What is removed"),
        validators=[InputRequired(_l("Choose what is removed."))],
    )
    reason = SelectField(_l("Reason"), choices=_reasons())

    def __init__(
        self, *args: Any, kinds: list[str], things: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        """`things`: pictures and files, each with its name."""
        super().__init__(*args, **kwargs)
        self.what.choices = [
            *(SelectChoice(value=kind, label=labels.KINDS[kind]) for kind in kinds),
            *(SelectChoice(value=value, label=label) for value, label in things),
        ]

    def validate_passage(self, field: Any) -> None:
        if self.what.data == "passage" and not (field.data or "").strip():
            raise ValidationError(_("Write the passage."))


class RedactForm(_WhatForm):
    """First step: what, and why."""

    passage = TextAreaField(
        _l("The passage, word for word"),
        description=_l("Copy it from the page. It is found however it is spelt and spaced."),
        validators=[Length(max=MOST)],
        render_kw={"rows": 3, "maxlength": MOST, "autocomplete": "off"},
    )


class ConfirmForm(_WhatForm):
    """Second step: the same, hidden, and whether it was read."""

    passage = HiddenField(validators=[Length(max=MOST)])
    elsewhere = BooleanField(_l("Remove it from those as well"))
    sure = BooleanField(
        _l("I have read where it stands; it cannot be brought back"),
        validators=[InputRequired(_l("Confirm that you have read it."))],
    )
