"""Hiding from the citizen's page (undone by a click) and redacting (never undone, in two steps)."""

from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from portal.db import db
from portal.i18n import LazyText, _
from portal.security import allow
from workflows.cases.models import Case, CaseEvent
from workflows.cases.moves import InputRefused
from workflows.cases.redaction import hiding, labels, letters, services, things
from workflows.cases.redaction.forms import ConfirmForm, HideForm, RedactForm
from workflows.cases.redaction.models import CaseRedaction
from workflows.cases.redaction.phone import redact_phone
from workflows.cases.redaction.services import RedactionRefused
from workflows.cases.staff import detail
from workflows.cases.staff import labels as case_labels

blueprint = Blueprint(
    "redactions", __name__, url_prefix="/staff/cases", template_folder="templates"
)


@blueprint.get("/<int:case_id>/hide")
@allow("cases.hide")
def texts(case_id: int) -> str:
    """What the citizen's page shows, each text with its button."""
    case = _found(case_id)
    events = db.session.scalars(
        select(CaseEvent)
        .where(CaseEvent.case_id == case_id, CaseEvent.public, CaseEvent.text != "")
        .where(CaseEvent.kind.not_in(("received", "accepted", "objected", "answered")))
        .order_by(CaseEvent.id.desc())
        .limit(200)
    ).all()
    return render_template(
        "cases_redaction/hide.html",
        case=case,
        events=events,
        hidden={row.event_id: row for row in hiding.of_case(case_id)},
        form=HideForm(formdata=None),
        reasons=labels.REASONS,
        event_names=case_labels.EVENTS,
    )


@blueprint.post("/<int:case_id>/hide")
@allow("cases.hide")
def hide(case_id: int) -> ResponseReturnValue:
    _found(case_id)
    form = HideForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        hiding.hide(case_id, event_id=form.event_id(), reason=form.reason.data, by=current_user.id)
    except InputRefused as error:
        db.session.rollback()
        flash(error.message, "error")
        return redirect(url_for(".texts", case_id=case_id), 303)
    db.session.commit()
    flash(_("The citizen does not see it any more."), "success")
    return redirect(url_for(".texts", case_id=case_id), 303)


@blueprint.post("/<int:case_id>/show")
@allow("cases.hide")
def show_again(case_id: int) -> ResponseReturnValue:
    _found(case_id)
    form = HideForm()
    hiding.show(case_id, event_id=form.event_id(), by=current_user.id)
    db.session.commit()
    flash(_("The citizen sees it again."), "success")
    return redirect(url_for(".texts", case_id=case_id), 303)


# Redacting

THINGS: Final = {
    "photo": services.redact_photo,
    "proof": services.redact_proof,
    "file": services.redact_file,
}


@blueprint.get("/<int:case_id>/redact")
@allow("cases.redact")
def begin(case_id: int) -> str:
    """`what` chooses a picture or a file beforehand."""
    case = _found(case_id)
    what = request.args.get("what", "")
    return _form_page(case, RedactForm(formdata=None, what=what, **_choices(case)))


@blueprint.post("/<int:case_id>/redact")
@allow("cases.redact")
def look(case_id: int) -> ResponseReturnValue:
    """The second step: every place where it stands. Changes nothing."""
    case = _found(case_id)
    form = RedactForm(**_choices(case))
    if not form.validate_on_submit():
        return _form_page(case, form), 422
    try:
        return _confirm_page(case, form)
    except RedactionRefused as error:
        form.passage.errors = [str(error.message)]
        return _form_page(case, form), 422


@blueprint.post("/<int:case_id>/redact/confirm")
@allow("cases.redact")
def confirm(case_id: int) -> ResponseReturnValue:
    case = _found(case_id)
    form = ConfirmForm(**_choices(case))
    if not form.validate_on_submit():
        return _not_confirmed(case, form)
    try:
        _redact(case, form)
    except RedactionRefused as error:
        db.session.rollback()
        flash(error.message, "error")
        return redirect(url_for(".begin", case_id=case_id), 303)
    db.session.commit()
    flash(_("It was removed for good."), "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _not_confirmed(case: Case, form: ConfirmForm) -> ResponseReturnValue:
    """The second step again; the first one where what it carried on is not right (any more)."""
    first = RedactForm(**_choices(case))
    if not first.validate_on_submit():
        return _form_page(case, first), 422
    try:
        return _confirm_page(case, form), 422
    except RedactionRefused as error:
        first.passage.errors = [str(error.message)]
        return _form_page(case, first), 422


def _redact(case: Case, form: ConfirmForm) -> None:
    what, by, reason = str(form.what.data), int(current_user.id), str(form.reason.data)
    if what == "phone":
        redact_phone(case.id, reason=reason, by=by)
    elif "-" in what:
        kind, _dash, number = what.partition("-")
        THINGS[kind](case.id, int(number), reason=reason, by=by)
    else:
        services.redact(
            case.id,
            services.passage_of(_words(case, form)),
            reason=reason,
            by=by,
            kind=what,
            elsewhere=bool(form.elsewhere.data) and what == "passage",
        )


def _words(case: Case, form: RedactForm | ConfirmForm) -> str:
    return case.citizen_name if form.what.data == "name" else str(form.passage.data or "")


def _confirm_page(case: Case, form: RedactForm | ConfirmForm) -> str:
    found = None
    if form.what.data in {"passage", "name"}:
        passage = services.passage_of(_words(case, form))
        found = services.look(case.id, passage, bank=form.what.data == "passage")
        if not found.total and not found.fixed:
            raise RedactionRefused(services.NOT_FOUND)
        certain = len(passage.key) >= services.CERTAIN
    else:
        certain = False
    bound = (
        form
        if isinstance(form, ConfirmForm)
        else ConfirmForm(
            formdata=None,
            what=form.what.data,
            passage=form.passage.data,
            reason=form.reason.data,
            elsewhere=certain,
            **_choices(case),
        )
    )
    return render_template(
        "cases_redaction/confirm.html",
        case=case,
        form=bound,
        found=found,
        what=_what(str(form.what.data)),
        reason=labels.REASONS[str(form.reason.data)],
        place_name=_place,
    )


def _what(value: str) -> LazyText:
    return labels.KINDS[value.partition("-")[0]]


def _place(name: str) -> str:
    return str(labels.PLACES.get(name, name))


def _choices(case: Case) -> dict[str, Any]:
    kinds = ["passage"]
    kinds += ["name"] if case.citizen_name else []
    kinds += ["phone"] if case.e164 else []
    return {"kinds": kinds, "things": things.of_case(case)}


def _form_page(case: Case, form: RedactForm) -> str:
    done = db.session.scalars(
        select(CaseRedaction)
        .where(CaseRedaction.case_id == case.id)
        .order_by(CaseRedaction.id.desc())
        .limit(50)
    ).all()
    return render_template(
        "cases_redaction/redact.html",
        case=case,
        form=form,
        done=done,
        scans=letters.scans(services.related(case)),
        reasons=labels.REASONS,
        kinds=labels.KINDS,
    )


def _found(case_id: int) -> Case:
    return detail.find(case_id) or abort(404)
