"""What people at the operations centre, and field supervisors without script, type."""

import datetime as dt
from typing import Any, Final
from uuid import UUID, uuid4

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, ValidationError

from portal import clock, formats
from portal.i18n import LazyText, _, _l, local
from portal.photos import MAX_BYTES, Photo, PhotoError, read
from workflows.callins.fields import LocalDay, LocalTime
from workflows.cases.photo_fields import ERRORS as PHOTO_ERRORS
from workflows.cases.staff.forms import ActionForm, FinishForm, words
from workflows.operations import labels, proofs
from workflows.operations.services import MOST_CREW

ACCEPT: Final = {"accept": "image/jpeg,image/png,image/webp"}


class PhotosField(MultipleFileField):  # type: ignore[misc]
    """Photos, drawn anew; `drawn` holds them once the form is valid."""

    drawn: list[Photo]

    def pre_validate(self, _form: Any) -> None:
        self.drawn = []
        sent = [one for one in self.data or () if getattr(one, "filename", "")]
        if len(sent) > proofs.MOST:
            raise ValidationError(_("These are too many photos."))
        for one in sent:
            try:
                self.drawn.append(read(one.stream.read(MAX_BYTES + 1)))
            except PhotoError as error:
                raise ValidationError(str(PHOTO_ERRORS[error.code])) from None


def photos_field(label: LazyText, hint: LazyText | str = "", *, camera: bool = False) -> Any:
    attributes = {**ACCEPT, **({"capture": "environment"} if camera else {})}
    return PhotosField(label, description=hint, render_kw=attributes)


def _several_lines(label: LazyText, hint: LazyText | str = "", rows: int = 2) -> Any:
    return TextAreaField(
        label,
        description=hint,
        validators=[Length(max=2_000)],
        render_kw={"rows": rows, "maxlength": 2_000},
    )


class _TimedForm(ActionForm):
    """`day` and `at`: a wall time of the city."""

    day = LocalDay(_l("Day"), validators=[InputRequired(_l("Write the day"))])
    at = LocalTime(_l("Time"), validators=[InputRequired(_l("Write the time"))])

    def moment(self) -> dt.datetime:
        return formats.utc(self.day.data, self.at.data)


class DispatchForm(_TimedForm):
    action = "assign"
    unit_id = SelectField(_l("Unit"), coerce=lambda value: int(value) if value else None)
    crew = StringField(
        _l("Crew"),
        description=_l("Who goes: names, a vehicle, a telephone number"),
        validators=[Length(max=MOST_CREW)],
    )
    note = _several_lines(_l("What they are to do"))

    def __init__(self, *args: Any, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_id.choices = [("", "—"), *((str(key), name) for key, name in units)]


class FirstActionForm(ActionForm):
    action = "first_action"
    text = TextAreaField(
        _l("What was done or begun"),
        validators=[InputRequired(_l("Write what was done or begun")), Length(max=4_000)],
        render_kw={"rows": 3, "maxlength": 4_000},
    )
    photos = photos_field(
        _l("Photos as a proof"), _l("Place and device stored in a photo are removed.")
    )
    no_photo = StringField(
        _l("Why there is no photo"),
        description=_l("Needed where you add none"),
        validators=[Length(max=500)],
    )
    public = BooleanField(
        _l("The citizen sees it"), description=_l("On the tracking page"), default=True
    )

    def validate_no_photo(self, field: Any) -> None:
        if not self.photos.drawn and not self.photos.errors and not words(field.data):
            raise ValidationError(_("Add a photo, or write why there is none."))


class PhotosForm(ActionForm):
    action = "note"
    kind = RadioField(
        _l("What the photos show"),
        choices=[
            SelectChoice(value="before", label=labels.PROOF_KINDS["before"]),
            SelectChoice(value="after", label=labels.PROOF_KINDS["after"]),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    photos = photos_field(_l("Photos"))

    def validate_photos(self, field: Any) -> None:
        if not field.drawn and not field.errors:
            raise ValidationError(_("Choose a photo."))


class VisitForm(_TimedForm):
    action = "assign"
    supervisor_id = SelectField(
        _l("Field supervisor"),
        coerce=lambda value: int(value) if value else None,
        validators=[InputRequired(_l("Choose a field supervisor"))],
    )
    instructions = _several_lines(_l("What to check there"))

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.supervisor_id.choices = [("", "—"), *((str(key), name) for key, name in people)]


class SettleForm(FinishForm):
    """The answer to the citizen, from the operations centre."""


def in_minutes(minutes: int) -> dict[str, Any]:
    """Values of `day` and `at` for so many minutes from now."""
    moment = local(clock.now() + dt.timedelta(minutes=minutes))
    return {"day": moment.date(), "at": moment.time().replace(second=0, microsecond=0)}


class ArrivalForm(FlaskForm):  # type: ignore[misc]
    """A button of the page without script."""

    uuid = HiddenField()


class FindingForm(FlaskForm):  # type: ignore[misc]
    """A finding; the page without network has the same fields."""

    uuid = HiddenField()
    finding = RadioField(
        _l("What did you find?"),
        choices=[SelectChoice(value=key, label=name) for key, name in labels.FINDINGS.items()],
        validators=[InputRequired(_l("Choose what you found."))],
    )
    reason = StringField(
        _l("Why not, or what else is needed"),
        description=_l("Needed unless it is settled"),
        validators=[Length(max=500)],
    )
    words = _several_lines(_l("What you saw"), rows=3)
    answer = _several_lines(
        _l("What the citizen is told"),
        _l("Only where it is settled; sent at once. Leave it empty and the centre answers."),
    )
    before = photos_field(_l("Photos of before"), camera=True)
    after = photos_field(_l("Photos of after"), camera=True)


def key(form: ArrivalForm | FindingForm) -> UUID:
    """Of one opened form: sent twice, it is one record."""
    try:
        return UUID(form.uuid.data or "")
    except ValueError:
        return uuid4()
