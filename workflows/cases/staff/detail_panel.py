"""The panel of a case: what its channel added, answers, and forms for photos and the place."""

from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from portal.i18n import LazyText, _l
from portal.places import PlaceFields
from portal.security import may
from workflows.cases import channels
from workflows.cases.models import Case
from workflows.cases.photo_fields import PhotoFields
from workflows.cases.questions import showing


class PhotosForm(PhotoFields):
    """Photos that staff adds."""


class PlaceForm(PlaceFields):
    """Where it is, corrected."""

    place = StringField(_l("Where"), validators=[Length(max=300)])
    neighbourhood = StringField(_l("Neighbourhood"), validators=[Length(max=120)])


@dataclass(frozen=True)
class Panel:
    details: list[tuple[LazyText, str, str]]
    answers: list[showing.Given]
    photos_form: PhotosForm | None
    place_form: PlaceForm | None


def of(case: Case, sent: FlaskForm | None = None) -> Panel:
    """For `cases_staff/_given.html`; `sent` is a form that was refused and is shown again."""
    works = may("cases.work")
    return Panel(
        details=channels.shown(case),
        answers=showing.of_case(case.id),
        photos_form=(sent if isinstance(sent, PhotosForm) else PhotosForm(formdata=None))
        if works
        else None,
        place_form=(sent if isinstance(sent, PlaceForm) else _place_form(case)) if works else None,
    )


def _place_form(case: Case) -> PlaceForm:
    data: dict[str, Any] = {"place": case.place, "neighbourhood": case.neighbourhood}
    if case.latitude is not None:
        data |= {"latitude": str(case.latitude), "longitude": str(case.longitude)}
    return PlaceForm(formdata=None, **data)
