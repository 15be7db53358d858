"""The rule of a survey as a form."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, ValidationError

from portal.formats import InputError, parse_int
from portal.i18n import _, _l, format_number
from surveys.retention.services import MOST_DAYS, Days, RetentionError


class RetentionForm(FlaskForm):  # type: ignore[misc]
    """Days; an empty field keeps for good."""

    texts_days = StringField(
        _l("Days until free texts are erased"),
        description=_l(
            "Texts, scanned codes, places and photos, and calculations made of them. Counted from "
            "the day a response was sent. Empty: never."
        ),
    )
    responses_days = StringField(
        _l("Days until whole responses are erased"),
        description=_l("Not fewer days than for free texts. Empty: never."),
    )
    confirm = BooleanField(_l("Yes, erase what is already older than that"))

    def validate_texts_days(self, field: StringField) -> None:
        _days(field)

    def validate_responses_days(self, field: StringField) -> None:
        responses, texts = _days(field), _known(self.texts_days)
        try:
            Days(texts, responses).check()
        except RetentionError:
            raise ValidationError(
                _(
                    "Whole responses cannot go before their texts: write at least %(days)s days.",
                    days=format_number(texts),
                )
            ) from None

    def days(self) -> Days:
        """Of a form without errors."""
        return Days(_days(self.texts_days), _days(self.responses_days))

    @staticmethod
    def data_of(days: Days) -> dict[str, Any]:
        return {
            "texts_days": format_number(days.texts) if days.texts else "",
            "responses_days": format_number(days.responses) if days.responses else "",
        }


def _days(field: StringField) -> int | None:
    """ValidationError."""
    typed = (field.data or "").strip()
    if not typed:
        return None
    try:
        number = parse_int(typed)
    except InputError:
        number = 0
    if not 1 <= number <= MOST_DAYS:
        raise ValidationError(
            _(
                "Write a whole number of days from 1 to %(most)s, or leave the field empty.",
                most=format_number(MOST_DAYS),
            )
        )
    return number


def _known(field: StringField) -> int | None:
    try:
        return _days(field)
    except ValidationError:
        return None  # the field says so itself
