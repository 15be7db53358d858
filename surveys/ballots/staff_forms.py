"""Forms of staff."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal import formats
from portal.db import Texts
from portal.i18n import (
    LANGUAGES,
    InputError,
    LazyText,
    _,
    _l,
    current_language,
    default_language,
    format_date,
    local,
    parse_date,
    parse_int,
    today,
)
from surveys.ballots.forms import (
    MAX_LINE,
    MAX_TEXT,
    MAX_TITLE,
    MobileField,
    PhotoField,
    one_line,
    several_lines,
    shorter,
)
from surveys.ballots.models import BallotProposal, BallotScheme
from surveys.ballots.services.proposals import REASONS
from surveys.ballots.words import KINDS, RULES


def typed_date(day: dt.date | None) -> str:
    """A date in a form that `parse_date` reads back in the reader's language."""
    if day is None:
        return ""
    return day.isoformat() if current_language() == "en" else format_date(day, "short")


def last_day(until: dt.datetime | None) -> dt.date | None:
    """The last day of what ends at the end of a day."""
    return local(until - dt.timedelta(seconds=1)).date() if until else None


def _date(text: str | None) -> dt.date | None:
    if not (text or "").strip():
        return None
    try:
        return parse_date(text or "")
    except InputError as error:
        raise ValidationError(str(error.message)) from None


def _amount(text: str | None) -> int:
    """Toman as typed → rial."""
    try:
        toman = parse_int(text or "")
    except InputError as error:
        raise ValidationError(str(error.message)) from None
    if not 0 < toman <= 10**14:
        raise ValidationError(_("Write an amount above zero."))
    return toman * 10


def _number(text: str | None, least: int, most: int) -> int:
    try:
        number = parse_int(text or "")
    except InputError as error:
        raise ValidationError(str(error.message)) from None
    if not least <= number <= most:
        raise ValidationError(
            _(
                "Write a number from %(least)s to %(most)s.",
                least=formats.format_number(least),
                most=formats.format_number(most),
            )
        )
    return number


def texts_of(form: Any, name: str) -> Texts:
    """{language: text} of three fields, empty ones left out."""
    found = {code: form[f"{name}_{code}"].data or "" for code in LANGUAGES}
    return {code: text for code, text in found.items() if text}


def _in_languages(name: str, texts: Texts | None) -> dict[str, str]:
    return {f"{name}_{code}": (texts or {}).get(code, "") for code in LANGUAGES}


_LANGUAGE_LABELS: Final[dict[str, dict[str, LazyText]]] = {
    "name": {
        "fa": _l("Name in Persian"),
        "ar": _l("Name in Arabic"),
        "en": _l("Name in English"),
    },
    "intro": {
        "fa": _l("What it is about, in Persian"),
        "ar": _l("What it is about, in Arabic"),
        "en": _l("What it is about, in English"),
    },
    "title": {
        "fa": _l("Title in Persian"),
        "ar": _l("Title in Arabic"),
        "en": _l("Title in English"),
    },
    "text": {
        "fa": _l("Description in Persian"),
        "ar": _l("Description in Arabic"),
        "en": _l("Description in English"),
    },
    "reason": {
        "fa": _l("More about the reason, in Persian"),
        "ar": _l("More about the reason, in Arabic"),
        "en": _l("More about the reason, in English"),
    },
    "sms": {
        "fa": _l("SMS in Persian"),
        "ar": _l("SMS in Arabic"),
        "en": _l("SMS in English"),
    },
}


def _line(name: str, code: str, most: int) -> StringField:
    return StringField(
        _LANGUAGE_LABELS[name][code],
        filters=[one_line],
        validators=[shorter(most)],
        render_kw={"lang": code, "dir": "auto"},
    )


def _area(name: str, code: str, most: int, rows: int = 4) -> TextAreaField:
    return TextAreaField(
        _LANGUAGE_LABELS[name][code],
        filters=[several_lines],
        validators=[shorter(most)],
        render_kw={"rows": rows, "lang": code, "dir": "auto"},
    )


def _need_default(form: Any, name: str, message: Any) -> None:
    """One language at least: that of the site."""
    field = form[f"{name}_{default_language()}"]
    if not field.data:
        raise ValidationError(str(message))


def _options(names: Mapping[str, LazyText]) -> list[SelectChoice]:
    return [SelectChoice(value=code, label=name) for code, name in names.items()]


class SchemeForm(FlaskForm):  # type: ignore[misc]
    """A scheme's own data."""

    name_fa, name_ar, name_en = (_line("name", code, MAX_TITLE) for code in LANGUAGES)
    code = StringField(
        _l("Code"),
        description=_l("Stands in addresses, for example MAYOR-1405. It cannot be changed later."),
        filters=[one_line],
        validators=[InputRequired(_l("Write a code.")), Length(max=40)],
        render_kw={"dir": "ltr"},
    )
    year = StringField(_l("Year of the budget"), validators=[InputRequired(_l("Write the year."))])
    intro_fa, intro_ar, intro_en = (_area("intro", code, MAX_TEXT) for code in LANGUAGES)
    kind = RadioField(_l("How people vote"), choices=_options(KINDS), default="approval")
    max_choices = StringField(
        _l("Most projects of one voter"),
        description=_l("For choosing and for putting in order."),
        default="3",
    )
    points = StringField(
        _l("Points of one voter"), description=_l("For distributing points."), default="10"
    )
    rule = RadioField(_l("How it is counted"), choices=_options(RULES), default="count")
    proposals_from = StringField(_l("First day for proposals"), validators=[Length(max=40)])
    proposals_until = StringField(_l("Last day for proposals"), validators=[Length(max=40)])
    done_by = StringField(
        _l("Winners stand by"),
        description=_l("The day promised for the winning projects. Empty: a year after the count."),
        validators=[Length(max=40)],
    )
    takes_paper = BooleanField(
        _l("Paper ballots are given out too"),
        description=_l("Then the count begins when you say that all sheets are typed in."),
    )
    values: dict[str, Any]

    def validate_name_fa(self, _field: Any) -> None:
        if default_language() == "fa":
            _need_default(self, "name", _l("Write the name."))

    def validate_name_ar(self, _field: Any) -> None:
        if default_language() == "ar":
            _need_default(self, "name", _l("Write the name."))

    def validate_name_en(self, _field: Any) -> None:
        if default_language() == "en":
            _need_default(self, "name", _l("Write the name."))

    def validate_year(self, field: Any) -> None:
        self._note("year", _number(field.data, 1250, 2100))

    def validate_max_choices(self, field: Any) -> None:
        self._note("max_choices", _number(field.data, 1, 50))

    def validate_points(self, field: Any) -> None:
        self._note("points", _number(field.data, 1, 1000))

    def validate_proposals_from(self, field: Any) -> None:
        day = _date(field.data)
        self._note("proposals_from", formats.utc(day) if day else None)

    def validate_proposals_until(self, field: Any) -> None:
        day = _date(field.data)
        self._note("proposals_until", formats.utc(day + dt.timedelta(days=1)) if day else None)

    def validate_done_by(self, field: Any) -> None:
        self._note("done_by", _date(field.data))

    def _note(self, name: str, value: Any) -> None:
        self.__dict__.setdefault("values", {})[name] = value

    def scheme_values(self) -> dict[str, Any]:
        """Columns of BallotScheme; call it when the form is valid."""
        return {
            **self.values,
            "names": texts_of(self, "name"),
            "intros": texts_of(self, "intro"),
            "kind": self.kind.data,
            "rule": self.rule.data,
            "takes_paper": bool(self.takes_paper.data),
        }

    @staticmethod
    def data_of(scheme: BallotScheme) -> dict[str, Any]:
        return {
            **_in_languages("name", scheme.names),
            **_in_languages("intro", scheme.intros),
            "code": scheme.code,
            "year": formats.digits(scheme.year),
            "kind": scheme.kind,
            "rule": scheme.rule,
            "max_choices": formats.digits(scheme.max_choices),
            "points": formats.digits(scheme.points),
            "proposals_from": typed_date(
                local(scheme.proposals_from).date() if scheme.proposals_from else None
            ),
            "proposals_until": typed_date(last_day(scheme.proposals_until)),
            "done_by": typed_date(scheme.done_by),
            "takes_paper": scheme.takes_paper,
        }


class AreaForm(FlaskForm):  # type: ignore[misc]
    """A neighbourhood and its budget."""

    unit_id = SelectField(_l("Neighbourhood"), coerce=int)
    budget = StringField(_l("Budget in toman"), validators=[InputRequired(_l("Write the budget."))])
    rial: int = 0

    def validate_budget(self, field: Any) -> None:
        self.rial = _amount(field.data)


class BudgetForm(FlaskForm):  # type: ignore[misc]
    budget = StringField(_l("Budget in toman"), validators=[InputRequired(_l("Write the budget."))])
    rial: int = 0

    def validate_budget(self, field: Any) -> None:
        self.rial = _amount(field.data)


class ProjectForm(PhotoField, FlaskForm):  # type: ignore[misc]
    """What the ballot says of a project."""

    title_fa, title_ar, title_en = (_line("title", code, MAX_TITLE) for code in LANGUAGES)
    text_fa, text_ar, text_en = (_area("text", code, MAX_TEXT) for code in LANGUAGES)
    place = StringField(
        _l("Where?"), filters=[one_line], validators=[shorter(MAX_LINE)], render_kw={"dir": "auto"}
    )
    cost = StringField(_l("Cost in toman"), description=_l("Needed before it can be accepted."))
    photo = FileField(_l("Another photo"), render_kw={"accept": "image/jpeg,image/png,image/webp"})
    remove_photo = BooleanField(_l("Take the photo away"))
    rial: int | None = None

    def validate_cost(self, field: Any) -> None:
        self.rial = _amount(field.data) if (field.data or "").strip() else None

    def validate_title_fa(self, _field: Any) -> None:
        if not texts_of(self, "title"):
            raise ValidationError(str(_l("Write a title in one language at least.")))

    @staticmethod
    def data_of(proposal: BallotProposal) -> dict[str, Any]:
        return {
            **_in_languages("title", proposal.titles),
            **_in_languages("text", proposal.descriptions),
            "place": proposal.place,
            "cost": formats.digits(proposal.cost // 10) if proposal.cost else "",
        }


class DeclineForm(FlaskForm):  # type: ignore[misc]
    """A public reason."""

    reason = SelectField(_l("Reason"), choices=_options({"": _l("Choose"), **REASONS}))
    reason_fa, reason_ar, reason_en = (_area("reason", code, 500, 2) for code in LANGUAGES)


class MergeForm(FlaskForm):  # type: ignore[misc]
    into = SelectField(_l("Merge into"), coerce=int)


class InviteForm(FlaskForm):  # type: ignore[misc]
    """The SMS of an invitation."""

    sms_fa, sms_ar, sms_en = (_area("sms", code, 1200, 3) for code in LANGUAGES)


class OpenForm(InviteForm):
    """Invitations and the last day of the vote."""

    until = StringField(
        _l("Last day of the vote"),
        description=_l("At the end of this day the vote closes by itself."),
        validators=[InputRequired(_l("Write the last day.")), Length(max=40)],
    )
    moment: dt.datetime | None = None

    def validate_until(self, field: Any) -> None:
        day = _date(field.data)
        if day is not None and day < today():
            raise ValidationError(_("The last day has passed. Choose a later one."))
        self.moment = formats.utc(day + dt.timedelta(days=1)) if day else None


class PaperVoterForm(MobileField, FlaskForm):  # type: ignore[misc]
    """Who gets a paper ballot."""

    mobile = TelField(
        _l("Mobile number of the voter"),
        validators=[InputRequired(_l("Write the mobile number")), Length(max=40)],
        render_kw={"inputmode": "tel", "autocomplete": "off"},
    )
