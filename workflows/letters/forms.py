"""What is typed of letters; the rules are in the services."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.i18n import LANGUAGES, _l
from portal.text import ascii_digits, fold, strip_controls
from workflows.callins.fields import LocalDay, LocalInteger
from workflows.cases.moves import InputRefused
from workflows.letters import files, services, words
from workflows.letters.files import Sent

ACCEPT = "application/pdf,image/jpeg,image/png,image/webp"
_LINE = [Length(max=services.MOST_LINE)]


def _choices(names: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, str(label)) for key, label in names.items()]


class RefusableForm(FlaskForm):  # type: ignore[misc]
    def refuse(self, error: InputRefused) -> None:
        """Show a refusal of the services beside its field, else above the form."""
        field = self._fields.get(error.field)
        if field is None:
            self.form_errors.append(str(error.message))
        else:
            field.errors = [*field.errors, str(error.message)]

    def line(self, name: str, language: str = "fa") -> str:
        plain = strip_controls(self[name].data or "", keep_newlines=False)
        return " ".join(fold(plain, language).split(" ")).strip()

    def text(self, name: str, language: str = "fa") -> str:
        return fold(strip_controls(self[name].data or ""), language).strip()

    def lines(self, name: str, language: str = "fa") -> list[str]:
        """One text a line."""
        return [one.strip() for one in self.text(name, language).split("\n") if one.strip()]


class _Party:
    """The fields of the other side, whose names the services know."""

    party_name = StringField(_l("Name"), validators=_LINE, render_kw={"dir": "auto"})
    party_position = StringField(_l("Position"), validators=_LINE, render_kw={"dir": "auto"})
    party_organisation = StringField(
        _l("Organisation"), validators=_LINE, render_kw={"dir": "auto"}
    )


class LetterForm(RefusableForm, _Party):
    """A draft."""

    unit_id = SelectField(_l("Unit that writes"), coerce=int)
    language = SelectField(_l("Language"), choices=lambda: list(LANGUAGES.items()))
    relation = SelectField(_l("It is"), choices=[])
    subject = StringField(
        _l("Subject"),
        validators=[InputRequired(_l("Write the subject.")), *_LINE],
        render_kw={"dir": "auto"},
    )
    body = TextAreaField(
        _l("Letter"),
        description=_l("An empty line begins a new paragraph."),
        validators=[Length(max=services.MOST_BODY)],
        render_kw={"rows": 14, "dir": "auto"},
    )
    copies = TextAreaField(
        _l("Copies to"),
        description=_l("One in each line."),
        validators=[Length(max=5_000)],
        render_kw={"rows": 3, "dir": "auto"},
    )
    enclosures = TextAreaField(
        _l("Enclosures"),
        description=_l("What lies in the letter, one in each line. Files are added afterwards."),
        validators=[Length(max=5_000)],
        render_kw={"rows": 2, "dir": "auto"},
    )
    signatory_name = StringField(_l("Who signs"), validators=_LINE, render_kw={"dir": "auto"})
    signatory_position = StringField(
        _l("Position of who signs"), validators=_LINE, render_kw={"dir": "auto"}
    )
    expects_reply = BooleanField(_l("A reply is expected"))
    reply_days = LocalInteger(
        _l("Within how many working days"), validators=[Optional(), NumberRange(1, 250)]
    )
    calendar = SelectField(
        _l("Working calendar"),
        description=_l("Around the clock: every day counts."),
    )
    cases = StringField(
        _l("Tracking codes of the cases"),
        description=_l("Several are parted by spaces."),
        validators=[Length(max=1_000)],
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )

    def __init__(
        self,
        *args: Any,
        units: list[tuple[int, str]],
        calendars: list[tuple[str, str]],
        relations: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = units
        self.calendar.choices = calendars
        if relations:
            self.relation.choices = [(key, str(words.RELATIONS[key])) for key in relations]
        else:
            del self.relation

    def draft(self, case_ids: list[int]) -> services.Draft:
        """What the services take."""
        language = self.language.data
        expects = bool(self.expects_reply.data)
        return services.Draft(
            unit_id=self.unit_id.data,
            language=language,
            subject=self.line("subject", language),
            body=self.text("body", language),
            **{
                name: self.line(name, language)
                for name in (
                    "party_name",
                    "party_position",
                    "party_organisation",
                    "signatory_name",
                    "signatory_position",
                )
            },
            copies=self.lines("copies", language),
            enclosures=self.lines("enclosures", language),
            calendar=self.calendar.data if expects else None,
            reply_days=self.reply_days.data if expects else None,
            case_ids=case_ids,
        )


class IncomingForm(RefusableForm, _Party):
    """A letter that came in."""

    unit_id = SelectField(_l("Unit that gets it"), coerce=int)
    register_number = StringField(
        _l("Number in the register"),
        description=_l("As the city's secretariat gave it."),
        validators=[Length(max=60)],
        render_kw={"dir": "ltr"},
    )
    language = SelectField(_l("Language"), choices=lambda: list(LANGUAGES.items()))
    their_reference = StringField(
        _l("Number of the letter"),
        description=_l("As its sender wrote it."),
        validators=[InputRequired(_l("Write the number.")), Length(max=60)],
        render_kw={"dir": "auto"},
    )
    their_date = LocalDay(
        _l("Date of the letter"),
        description=_l("year/month/day"),
        validators=[InputRequired(_l("Write the day."))],
    )
    subject = StringField(
        _l("Subject"),
        validators=[InputRequired(_l("Write the subject.")), *_LINE],
        render_kw={"dir": "auto"},
    )
    body = TextAreaField(
        _l("What it says, in short"),
        validators=[Length(max=services.MOST_BODY)],
        render_kw={"rows": 5, "dir": "auto"},
    )
    cases = StringField(
        _l("Tracking codes of the cases"),
        description=_l("Several are parted by spaces."),
        validators=[Length(max=1_000)],
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    files = MultipleFileField(
        _l("Scan"),
        description=_l("PDF or pictures, each at most 12 MB."),
        render_kw={"accept": ACCEPT},
    )

    def __init__(
        self, *args: Any, units: list[tuple[int, str]], secretariat: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = units
        if not secretariat:
            del self.register_number

    def scans(self) -> list[Sent]:
        return read_files(self.files)


class FilesForm(RefusableForm):
    files = MultipleFileField(
        _l("Files"),
        description=_l("PDF or pictures, each at most 12 MB."),
        render_kw={"accept": ACCEPT},
    )

    def sent(self) -> list[Sent]:
        found = read_files(self.files)
        if not found:
            raise InputRefused("files", _l("Choose a file first."))
        return found


def read_files(field: Any) -> list[Sent]:
    """What was sent in a field of files. Raises InputRefused."""
    found = [one for one in field.data or [] if one and one.filename]
    limit = files.MOST_BYTES + 1
    return files.read([(one.filename, one.stream.read(limit)) for one in found], field.name)


class IssueForm(RefusableForm):
    """`external_*` only where the secretariat numbers."""

    external_number = StringField(
        _l("Number of the secretariat"),
        validators=[InputRequired(_l("Write the number.")), Length(max=60)],
        render_kw={"dir": "ltr", "autocomplete": "off"},
    )
    external_date = LocalDay(
        _l("Date of the secretariat"),
        description=_l("year/month/day"),
        validators=[InputRequired(_l("Write the day."))],
    )

    def __init__(self, *args: Any, secretariat: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not secretariat:
            del self.external_number
            del self.external_date

    def values(self) -> dict[str, Any]:
        if "external_number" not in self:
            return {}
        return {
            "external_number": self.line("external_number"),
            "external_date": self.external_date.data,
        }


class SentForm(RefusableForm):
    how = SelectField(_l("How it was sent"), choices=lambda: _choices(words.SENT_BY))


class EndForm(RefusableForm):
    why = TextAreaField(
        _l("Why"),
        validators=[InputRequired(_l("Write why.")), Length(max=1_000)],
        render_kw={"rows": 2, "dir": "auto"},
    )


class HeadForm(RefusableForm):
    """A unit's letterhead."""

    numbering = SelectField(_l("Numbers"), choices=lambda: _choices(words.NUMBERINGS))
    prefix = StringField(
        _l("Before the number"),
        description=_l("Printed before year and number; empty: the code of the unit."),
        validators=[Length(max=20)],
        render_kw={"dir": "ltr"},
    )
    calendar = SelectField(_l("Working calendar"))
    reply_days = LocalInteger(
        _l("Working days for a reply"), validators=[InputRequired(), NumberRange(1, 250)]
    )
    signatory_name_fa = StringField(_l("Who signs, in Persian"), validators=[Length(max=120)])
    signatory_name_ar = StringField(_l("Who signs, in Arabic"), validators=[Length(max=120)])
    signatory_name_en = StringField(_l("Who signs, in English"), validators=[Length(max=120)])
    signatory_position_fa = StringField(_l("Position, in Persian"), validators=[Length(max=120)])
    signatory_position_ar = StringField(_l("Position, in Arabic"), validators=[Length(max=120)])
    signatory_position_en = StringField(_l("Position, in English"), validators=[Length(max=120)])
    address_fa = StringField(_l("Foot of the page, in Persian"), validators=[Length(max=300)])
    address_ar = StringField(_l("Foot of the page, in Arabic"), validators=[Length(max=300)])
    address_en = StringField(_l("Foot of the page, in English"), validators=[Length(max=300)])
    emblem = FileField(
        _l("Emblem"),
        description=_l("A picture; units below use it too."),
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    drop_emblem = BooleanField(_l("Remove the emblem"))

    def __init__(self, *args: Any, calendars: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar.choices = calendars

    def values(self) -> dict[str, Any]:
        """Columns of Letterhead."""
        texts = {
            key: {
                lang: words_ for lang in LANGUAGES if (words_ := self.line(f"{key}_{lang}", lang))
            }
            for key in ("signatory_name", "signatory_position", "address")
        }
        return {
            "numbering": self.numbering.data,
            "prefix": ascii_digits(self.line("prefix")),
            "calendar": self.calendar.data,
            "reply_days": self.reply_days.data,
            **texts,
        }
