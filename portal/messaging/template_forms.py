"""The texts of a message template, one field per language."""

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from portal.contacts.models import LANGUAGES
from portal.i18n import _l
from portal.messaging.wording import MAX_NAME


class TemplateForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Name of the template"),
        description=_l("For your own lists."),
        validators=[Length(max=MAX_NAME)],
    )
    text_fa = TextAreaField(_l("Text in Persian"))
    text_ar = TextAreaField(_l("Text in Arabic"))
    text_en = TextAreaField(_l("Text in English"))
    seen = HiddenField(default="0")

    @property
    def number_seen(self) -> int:
        typed = self.seen.data or ""
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0

    def texts(self) -> dict[str, str]:
        return {code: self[f"text_{code}"].data or "" for code in LANGUAGES}

    def refuse(self, problems: Mapping[str, Sequence[str]]) -> None:
        for code, found in problems.items():
            self[f"text_{code}"].errors = list(found)
