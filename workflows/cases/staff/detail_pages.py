"""Photos that staff adds to a case, and its place corrected."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import audit
from portal.db import db
from portal.i18n import _
from portal.security import allow, body_limit
from workflows.cases import moves, photos, searchable
from workflows.cases.photo_fields import FORM_BYTES, MOST_BYTES
from workflows.cases.staff import detail_panel
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.case_pages import found, page
from workflows.cases.staff.forms import one_line


@blueprint.post("/<int:case_id>/photos")
@allow("cases.work")
@body_limit(FORM_BYTES, MOST_BYTES)
def add_photos(case_id: int) -> ResponseReturnValue:
    case = found(case_id)
    form = detail_panel.PhotosForm()
    if not form.validate_on_submit() or not form.drawn:
        if not form.errors:
            form.photo.errors = [_("Choose a photo.")]
        return page(case, panel_form=form), 422
    moves.lock(case_id)
    kept = keep(case_id, form.drawn)
    moves.add_event(case_id, "photo", by=current_user.id, number=len(kept))
    audit.record("case.photo_added", "case", case_id, number=len(kept))
    commit(kept)
    flash(_("The photos were added."), "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


@blueprint.post("/<int:case_id>/place")
@allow("cases.work")
def correct_place(case_id: int) -> ResponseReturnValue:
    case = found(case_id)
    form = detail_panel.PlaceForm()
    if not form.validate_on_submit():
        return page(case, panel_form=form), 422
    case = moves.lock(case_id)
    before = {"place": case.place, "latitude": case.latitude, "longitude": case.longitude}
    case.place = one_line(form.place.data, case.language)
    case.neighbourhood = one_line(form.neighbourhood.data)
    values = form.point_values()
    case.latitude, case.longitude = values["latitude"], values["longitude"]
    searchable.keep(case)
    moves.add_event(case_id, "place", by=current_user.id, text=case.place, before=before)
    audit.record("case.place_changed", "case", case_id, before=before, place=case.place, **values)
    db.session.commit()
    flash(_("The place was corrected."), "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def keep(case_id: int, drawn: list[photos.Photo]) -> list[str]:
    """Store photos of a case; returns their files, for `commit`."""
    kept: list[str] = []
    try:
        for photo in drawn:
            kept.append(photos.attach(case_id, photo).stored_path)
    except BaseException:
        _discard(kept)
        raise
    return kept


def commit(kept: list[str]) -> None:
    """Commit; where that fails the files go too."""
    try:
        db.session.commit()
    except BaseException:
        _discard(kept)
        raise


def _discard(kept: list[str]) -> None:
    for stored in kept:
        photos.discard(stored)
