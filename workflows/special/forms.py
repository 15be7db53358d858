"""What people type who pursue special messages, and what council members report."""

import datetime as dt
from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from portal import formats
from portal.i18n import LazyText, _l
from workflows.callins.fields import LocalDay, LocalInteger, line, text
from workflows.special.services import MOST_LINE, MOST_LINK, MOST_WORDS, Outcome, Way


def _number(value: Any) -> int | None:
    return int(value) if value not in {"", None, "None"} else None


def _words(
    label: LazyText, missing: LazyText | None = None, *, rows: int = 3, hint: LazyText | str = ""
) -> Any:
    return TextAreaField(
        label,
        description=hint,
        validators=[
            InputRequired(missing) if missing else Optional(),
            Length(max=MOST_WORDS),
        ],
        render_kw={"rows": rows, "maxlength": MOST_WORDS, "dir": "auto"},
    )


def _line(label: LazyText, missing: LazyText | None = None, hint: LazyText | str = "") -> Any:
    return StringField(
        label,
        description=hint,
        validators=[InputRequired(missing) if missing else Optional(), Length(max=MOST_LINE)],
        render_kw={"dir": "auto"},
    )


def end_of(day: dt.date) -> dt.datetime:
    """The last minute of a day of the city."""
    return formats.utc(day, dt.time(23, 59))


class _Form(FlaskForm):  # type: ignore[misc]
    """`refuse` puts what a service did not take beside its field."""

    def refuse(self, name: str, message: object) -> None:
        field = self[name] if name in self else next(iter(self))
        field.errors = [*field.errors, str(message)]


class MarkForm(_Form):
    why = _words(_l("Why it is special"), _l("Write why"), rows=2)


class WayForm(_Form):
    """The special follow-up unit; the base of the two others."""

    kind = "unit"
    unit_id = SelectField(_l("Unit"), coerce=_number)
    owner_id = SelectField(_l("Person"), coerce=_number)
    due_on = LocalDay(_l("By the end of"), validators=[InputRequired(_l("Write the day"))])
    task = _words(_l("What is to be reached"), rows=2)

    def __init__(
        self, *args: Any, units: list[tuple[int, str]], people: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, prefix=f"{self.kind}-", **kwargs)
        self.unit_id.choices = [("", "—"), *((str(key), name) for key, name in units)]
        self.owner_id.choices = [("", "—"), *((str(key), name) for key, name in people)]

    def way(self) -> Way:
        found = {
            name: line(self[name].data) if name in self else ""
            for name in ("network", "addressee", "subject")
        }
        return Way(
            kind=self.kind,
            unit_id=self.unit_id.data,
            owner_id=self.owner_id.data,
            due_at=end_of(self.due_on.data),
            task=text(self.task.data),
            **found,
        )


class SocialForm(WayForm):
    kind = "social"
    network = _line(
        _l("Network"), _l("Write which network"), _l("Name of the network and of the page")
    )


class LetterForm(WayForm):
    kind = "letter"
    addressee = _line(_l("Addressee"), _l("Write to whom"))
    subject = _line(_l("Subject"), _l("Write the subject"))


WAY_FORMS: dict[str, type[WayForm]] = {"unit": WayForm, "social": SocialForm, "letter": LetterForm}


class EndForm(_Form):
    """How a way ended; fields of other kinds are taken away by `of`."""

    state = RadioField(
        _l("How it ended"),
        choices=[
            SelectChoice(value="ended", label=_l("With an outcome")),
            SelectChoice(value="dropped", label=_l("Given up, because")),
        ],
        default="ended",
        validators=[InputRequired(_l("Choose how it ended"))],
    )
    outcome = _words(_l("Outcome, or why it was given up"), _l("Write the outcome"))
    link = StringField(
        _l("Address of the post or letter"),
        validators=[Length(max=MOST_LINK)],
        render_kw={"dir": "ltr", "inputmode": "url"},
    )
    reach = LocalInteger(
        _l("Reach"),
        description=_l("How often it was seen, as the network counts"),
        validators=[Optional()],
        render_kw={"inputmode": "numeric"},
    )
    reply = _words(_l("What the city answered there"))
    replied_on = LocalDay(_l("Day of the answer"), validators=[Optional()])
    external_number = _line(_l("Number of the letter"))
    external_date = LocalDay(_l("Date of the letter"), validators=[Optional()])

    @classmethod
    def of(cls, kind: str, way_id: int, **values: Any) -> "EndForm":
        form = cls(prefix=f"end{way_id}-", **values)
        absent = {
            "unit": ("link", "reach", "reply", "replied_on", "external_number", "external_date"),
            "social": ("external_number", "external_date"),
            "letter": ("reach", "reply", "replied_on"),
        }[kind]
        for name in absent:
            del form[name]
        return form

    def result(self) -> Outcome:
        def of(name: str, empty: Any) -> Any:
            found = self[name].data if name in self else None
            return empty if found is None else found

        return Outcome(
            text=text(self.outcome.data),
            dropped=self.state.data == "dropped",
            link=line(of("link", "")),
            reach=of("reach", None),
            reply=text(of("reply", "")),
            replied_on=of("replied_on", None),
            external_number=line(of("external_number", "")),
            external_date=of("external_date", None),
        )


class ReferForm(_Form):
    member_id = SelectField(
        _l("Council member"),
        coerce=_number,
        validators=[InputRequired(_l("Choose a council member"))],
    )
    request = _words(_l("What the member is asked for"), _l("Write what is asked for"))
    letter_number = _line(_l("Number of the letter"))
    letter_date = LocalDay(_l("Date of the letter"), validators=[Optional()])
    due_on = LocalDay(_l("Report by the end of"), validators=[InputRequired(_l("Write the day"))])

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, prefix="refer-", **kwargs)
        self.member_id.choices = [("", "—"), *((str(key), name) for key, name in people)]


class ReportForm(_Form):
    report = _words(
        _l("What you did and learned"),
        rows=5,
        hint=_l("Whom you spoke with, what stands in the way, what was agreed"),
    )
    proposal = _words(_l("What you propose"))
