"""What an administrator types of a question."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from portal.i18n import LANGUAGES, LazyText, _l
from portal.text import fold, strip_controls
from workflows.cases.questions.models import CaseQuestion
from workflows.cases.questions.services import MOST_TEXT

KIND_NAMES: dict[str, LazyText] = {
    "text": _l("Text"),
    "choice": _l("One of several answers"),
    "several": _l("Some of several answers"),
    "number": _l("Number"),
    "yesno": _l("Yes or no"),
    "date": _l("Date"),
}
AUDIENCE_NAMES: dict[str, LazyText] = {
    "everybody": _l("Citizens and staff"),
    "staff": _l("Staff alone, when they register a message"),
}


def _line(label: LazyText) -> Any:
    return StringField(label, validators=[Length(max=MOST_TEXT)])


def _lines(label: LazyText) -> Any:
    return TextAreaField(label, validators=[Length(max=10_000)], render_kw={"rows": 4})


class QuestionForm(FlaskForm):  # type: ignore[misc]
    text_fa = _line(_l("Question in Persian"))
    text_ar = _line(_l("Question in Arabic"))
    text_en = _line(_l("Question in English"))
    kind = SelectField(
        _l("Kind of answer"), validators=[InputRequired(_l("Choose a kind of answer."))]
    )
    options_fa = _lines(_l("Answers in Persian, one in a line"))
    options_ar = _lines(_l("Answers in Arabic, one in a line"))
    options_en = _lines(_l("Answers in English, one in a line"))
    hint_fa = _line(_l("Hint in Persian"))
    hint_ar = _line(_l("Hint in Arabic"))
    hint_en = _line(_l("Hint in English"))
    required = BooleanField(_l("Must be answered"))
    audience = RadioField(
        _l("Who is asked"),
        choices=[SelectChoice(value=key, label=name) for key, name in AUDIENCE_NAMES.items()],
        default="everybody",
        validators=[InputRequired(_l("Choose who is asked."))],
    )
    key = StringField(
        _l("Name in files"),
        description=_l("Latin letters and digits, like depth; it stays. Empty: made for you."),
        validators=[Length(max=40)],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = list(KIND_NAMES.items())

    @staticmethod
    def data_of(question: CaseQuestion) -> dict[str, Any]:
        data: dict[str, Any] = {
            "kind": question.kind,
            "required": question.required,
            "audience": question.audience,
        }
        for lang in LANGUAGES:
            data[f"text_{lang}"] = question.texts.get(lang, "")
            data[f"hint_{lang}"] = question.hints.get(lang, "")
            lines = [one["texts"].get(lang, "") for one in question.options]
            data[f"options_{lang}"] = "\n".join(lines).strip()
        return data

    def values(self) -> dict[str, Any]:
        """The arguments of services.create and change, without the key."""
        return {
            "kind": self.kind.data,
            "texts": {lang: _plain(self[f"text_{lang}"].data, lang) for lang in LANGUAGES},
            "hints": {lang: _plain(self[f"hint_{lang}"].data, lang) for lang in LANGUAGES},
            "options": {
                lang: [
                    line
                    for typed in (self[f"options_{lang}"].data or "").splitlines()
                    if (line := _plain(typed, lang))
                ]
                for lang in LANGUAGES
            },
            "required": bool(self.required.data),
            "audience": self.audience.data,
        }


def _plain(typed: str | None, language: str) -> str:
    return " ".join(fold(strip_controls(typed or "", keep_newlines=False), language).split())
