"""The steps of a campaign as forms. Every one keeps what was typed."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from portal import formats
from portal.contacts.audience import AudienceFilter, Choices
from portal.contacts.models import LANGUAGES
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import (
    InputError,
    _,
    _l,
    current_language,
    format_date,
    local,
    parse_date,
    parse_int,
    pick,
)
from portal.phones import PhoneError, parse_mobile
from portal.text import ascii_digits
from surveys.campaigns import texts as sms
from surveys.campaigns.models import Campaign
from surveys.campaigns.services import MAX_NAME
from surveys.questionnaires.models import Survey
from surveys.replies import texts as replies


def last_day(closes_at: dt.datetime | None) -> dt.date | None:
    """The last day on which answers are taken: a campaign closes at the end of a day."""
    return local(closes_at - dt.timedelta(seconds=1)).date() if closes_at else None


def first_day(opens_at: dt.datetime | None) -> dt.date | None:
    """The first day on which answers are taken."""
    return local(opens_at).date() if opens_at else None


def typed_date(day: dt.date | None) -> str:
    """A date in a form that `parse_date` reads back in the reader's language."""
    if day is None:
        return ""
    return day.isoformat() if current_language() == "en" else format_date(day, "short")


def _day(field: Any) -> dt.date | None:
    """The typed day, None where nothing was typed. ValidationError."""
    if not (field.data or "").strip():
        return None
    try:
        return parse_date(field.data)
    except InputError as error:
        raise ValidationError(str(error.message)) from None


MOST_TOMAN: Final = 10**12


class _ClosesOn:
    closes_at: dt.datetime | None = None

    def validate_closes_on(self, field: Any) -> None:
        if day := _day(field):
            self.closes_at = formats.utc(day + dt.timedelta(days=1))


_SECRECIES = {
    "confidential": _l(
        "Confidential: answers are stored with the invitation; pages and files show them without "
        "names. People can stop and go on later."
    ),
    "anonymous": _l(
        "Anonymous: we know who answered, but nobody can find out what. Results appear in "
        "batches, at the earliest on the next day. People must finish in one go."
    ),
}


class BasicsForm(_ClosesOn, FlaskForm):  # type: ignore[misc]
    """Step 1."""

    name = StringField(
        _l("Name of the campaign"),
        description=_l("For your own lists; the people you write to do not see it."),
        validators=[InputRequired(_l("Write a name.")), Length(max=MAX_NAME)],
    )
    survey_id = SelectField(_l("Survey"), coerce=int)
    secrecy = RadioField(
        _l("Secrecy"),
        default="confidential",
        description=_l("The first page of the survey says which. It cannot change after launch."),
    )
    opens_on = StringField(
        _l("First day for answers"),
        description=_l("Who opens the link earlier is told this day. Empty: from the launch on."),
        validators=[Length(max=40)],
    )
    closes_on = StringField(
        _l("Last day for answers"),
        description=_l(
            "At the end of this day the links stop taking answers. Empty: you close it."
        ),
        validators=[Length(max=40)],
    )

    opens_at: dt.datetime | None = None

    def validate_opens_on(self, field: Any) -> None:
        if day := _day(field):
            self.opens_at = formats.utc(day)

    def __init__(self, *args: Any, surveys: list[Survey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.survey_id.choices = [(s.id, f"{pick(s.titles)} ({s.code})") for s in surveys]
        self.secrecy.choices = list(_SECRECIES.items())


class ClosingForm(_ClosesOn, FlaskForm):  # type: ignore[misc]
    """The closing day of a campaign that runs."""

    closes_on = StringField(_l("Last day for answers"), validators=[Length(max=40)])


_HOUR = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


class MomentForm(FlaskForm):  # type: ignore[misc]
    """A day and an hour in the city's zone."""

    day = StringField(_l("Day"), validators=[InputRequired(_l("Write the day.")), Length(max=40)])
    hour = StringField(
        _l("Hour"),
        description=_l("Like 09:30."),
        validators=[InputRequired(_l("Write the hour like 09:30.")), Length(max=10)],
        render_kw={"inputmode": "numeric"},
    )
    _day: dt.date | None = None
    _time: dt.time | None = None

    def validate_day(self, field: Any) -> None:
        self._day = _day(field)

    def validate_hour(self, field: Any) -> None:
        found = _HOUR.fullmatch(ascii_digits(field.data or "").strip())
        if found is None:
            raise ValidationError(_("Write the hour like 09:30."))
        self._time = dt.time(int(found[1]), int(found[2]))

    @property
    def moment(self) -> dt.datetime | None:
        return formats.utc(self._day, self._time) if self._day and self._time is not None else None


class BudgetForm(FlaskForm):  # type: ignore[misc]
    """What the SMS of a campaign may cost, in toman."""

    budget = StringField(
        _l("Budget in toman"),
        description=_l("Reminders included. Empty: without a limit."),
        validators=[Length(max=40)],
    )
    rial: int | None = None

    def validate_budget(self, field: Any) -> None:
        typed = (field.data or "").strip()
        if not typed:
            return
        try:
            toman = parse_int(typed)
        except InputError as error:
            raise ValidationError(str(error.message)) from None
        if not 0 < toman <= MOST_TOMAN:
            raise ValidationError(_("Write an amount in toman, greater than 0."))
        self.rial = toman * 10


class BoxForm(FlaskForm):  # type: ignore[misc]
    """Why few sealed answers are to be opened."""

    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Write the reason.")), Length(max=500)]
    )


class AudienceForm(FlaskForm):  # type: ignore[misc]
    """Step 2. Whatever is not on offer is ignored: a tag may have vanished meanwhile."""

    tags = SelectMultipleField(validate_choice=False)
    neighbourhoods = SelectMultipleField(validate_choice=False)
    languages = SelectMultipleField(validate_choice=False)
    include_unreachable = BooleanField()

    def wanted(self, offered: Choices) -> AudienceFilter:
        def known(field: Any, on_offer: list[tuple[str, int]]) -> tuple[str, ...]:
            names = {name for name, _number in on_offer}
            return tuple(dict.fromkeys(name for name in field.data or () if name in names))

        return AudienceFilter(
            known(self.tags, offered.tags),
            known(self.neighbourhoods, offered.neighbourhoods),
            known(self.languages, offered.languages),
            bool(self.include_unreachable.data),
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
