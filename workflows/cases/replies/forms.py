"""What is typed for a canned reply."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from portal.i18n import LANGUAGES, _, _l
from workflows.cases.replies.services import MOST_TEXT
from workflows.cases.staff import labels
from workflows.cases.staff.forms import words


def _text(label: Any) -> Any:
    return TextAreaField(
        label, validators=[Length(max=MOST_TEXT)], render_kw={"rows": 4, "maxlength": MOST_TEXT}
    )


def _id(value: Any) -> int | None:
    return int(value) if value not in {"", None, "None"} else None


class ReplyForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Name"),
        description=_l("For colleagues who choose it"),
        validators=[InputRequired(_l("Write a name")), Length(max=120)],
    )
    outcome = SelectField(
        _l("How it ended"),
        choices=[SelectChoice(value=key, label=label) for key, label in labels.OUTCOMES.items()],
        validators=[InputRequired(_l("Choose how it ended"))],
    )
    category_id = SelectField(
        _l("Only for the category"), description=_l("Empty: for every one"), coerce=_id
    )
    text_fa = _text(_l("Text in Persian"))
    text_ar = _text(_l("Text in Arabic"))
    text_en = _text(_l("Text in English"))
    active = BooleanField(_l("In use"), default=True)

    def __init__(self, *args: Any, categories: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.category_id.choices = [
            ("", _("All")),
            *((str(key), name) for key, name in categories),
        ]

    def values(self) -> dict[str, Any]:
        """The arguments of services.save."""
        return {
            "name": self.name.data or "",
            "outcome": self.outcome.data,
            "category_id": self.category_id.data,
            "texts": {lang: words(self[f"text_{lang}"].data, lang) for lang in LANGUAGES},
            "active": bool(self.active.data),
        }
