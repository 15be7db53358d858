"""The steps of a campaign as forms. Every one keeps what was typed."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal import formats
from portal.contacts.audience import AudienceFilter, Choices
from portal.contacts.models import LANGUAGES
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import InputError, _, _l, current_language, format_date, local, parse_date, pick
from portal.phones import PhoneError, parse_mobile
from surveys.campaigns import texts as sms
from surveys.campaigns.models import Campaign
from surveys.campaigns.services import MAX_NAME
from surveys.questionnaires.models import Survey
from surveys.replies import texts as replies


def last_day(closes_at: dt.datetime | None) -> dt.date | None:
    """The last day on which answers are taken: a campaign closes at the end of a day."""
    return local(closes_at - dt.timedelta(seconds=1)).date() if closes_at else None


def typed_date(day: dt.date | None) -> str:
    """A date in a form that `parse_date` reads back in the reader's language."""
    if day is None:
        return ""
    return day.isoformat() if current_language() == "en" else format_date(day, "short")


class _ClosesOn:
    closes_at: dt.datetime | None = None

    def validate_closes_on(self, field: Any) -> None:
        if not (field.data or "").strip():
            return
        try:
            day = parse_date(field.data)
        except InputError as error:
            raise ValidationError(str(error.message)) from None
        self.closes_at = formats.utc(day + dt.timedelta(days=1))


class BasicsForm(_ClosesOn, FlaskForm):  # type: ignore[misc]
    """Step 1."""

    name = StringField(
        _l("Name of the campaign"),
        description=_l("For your own lists; the people you write to do not see it."),
        validators=[InputRequired(_l("Write a name.")), Length(max=MAX_NAME)],
    )
    survey_id = SelectField(_l("Survey"), coerce=int)
    closes_on = StringField(
        _l("Last day for answers"),
        description=_l(
            "At the end of this day the links stop taking answers. Empty: you close it."
        ),
        validators=[Length(max=40)],
    )

    def __init__(self, *args: Any, surveys: list[Survey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.survey_id.choices = [(s.id, f"{pick(s.titles)} ({s.code})") for s in surveys]


class ClosingForm(_ClosesOn, FlaskForm):  # type: ignore[misc]
    """The closing day of a campaign that runs."""

    closes_on = StringField(_l("Last day for answers"), validators=[Length(max=40)])


class AudienceForm(FlaskForm):  # type: ignore[misc]
    """Step 2. Whatever is not on offer is ignored: a tag may have vanished meanwhile."""

    tags = SelectMultipleField(validate_choice=False)
    neighbourhoods = SelectMultipleField(validate_choice=False)
    languages = SelectMultipleField(validate_choice=False)

    def wanted(self, offered: Choices) -> AudienceFilter:
        def known(field: Any, on_offer: list[tuple[str, int]]) -> tuple[str, ...]:
            names = {name for name, _number in on_offer}
            return tuple(dict.fromkeys(name for name in field.data or () if name in names))

        return AudienceFilter(
            known(self.tags, offered.tags),
            known(self.neighbourhoods, offered.neighbourhoods),
            known(self.languages, offered.languages),
        )


class TextsForm(FlaskForm):  # type: ignore[misc]
    """Step 3: a text and a reminder per language."""

    text_fa = TextAreaField(_l("SMS in Persian"))
    text_ar = TextAreaField(_l("SMS in Arabic"))
    text_en = TextAreaField(_l("SMS in English"))
    reminder_fa = TextAreaField(_l("Reminder in Persian"))
    reminder_ar = TextAreaField(_l("Reminder in Arabic"))
    reminder_en = TextAreaField(_l("Reminder in English"))

    def texts(self) -> dict[str, str]:
        return sms.kept({code: self[f"text_{code}"].data or "" for code in LANGUAGES})

    def reminder_texts(self) -> dict[str, str]:
        return sms.kept({code: self[f"reminder_{code}"].data or "" for code in LANGUAGES})

    def check(self, campaign: Campaign, by_language: Mapping[str, int]) -> bool:
        """Whether this can be sent to an audience; says at each field why not."""
        for code in LANGUAGES:
            text, reminder = self[f"text_{code}"], self[f"reminder_{code}"]
            kept = sms.normalise(text.data or "")
            if kept:
                wrong = replies.problem(campaign, code, kept)
            elif by_language.get(code):
                wrong = _(
                    "Write a text: there are people in your audience who read %(language)s.",
                    language=LANGUAGE_NAMES[code],
                )
            else:
                wrong = None
            text.errors = [wrong] if wrong else []
            again = sms.normalise(reminder.data or "")
            found = replies.problem(campaign, code, again) if again else None
            reminder.errors = [found] if found else []
        return not any(field.errors for field in self)

    @staticmethod
    def data_of(campaign: Campaign) -> dict[str, str]:
        return {
            **{f"text_{code}": text for code, text in campaign.texts.items()},
            **{f"reminder_{code}": text for code, text in campaign.reminder_texts.items()},
        }


class TestForm(FlaskForm):  # type: ignore[misc]
    """One SMS to one's own phone."""

    __test__ = False

    language = SelectField(_l("Language"))
    phone = StringField(
        _l("Your mobile number"),
        validators=[InputRequired(_l("Write a mobile number"))],
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )

    e164 = ""

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = [(code, LANGUAGE_NAMES[code]) for code in languages]

    def validate_phone(self, field: Any) -> None:
        try:
            self.e164 = parse_mobile(field.data or "").e164
        except PhoneError as error:
            raise ValidationError(str(error.message)) from None
