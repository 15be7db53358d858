"""The page beside the telephone: who rings, and how the call ended, by keyboard.

The exchange opens it with `?number=…&line=…&call=…&started=…`; nothing is stored before a result
is chosen.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import clock, phones
from portal.db import db
from portal.i18n import _, default_language
from portal.security import allow, may
from workflows.calls import callbacks, known, labels, services
from workflows.calls.forms import CallForm, CorrectForm
from workflows.calls.models import RESULTS, CentreCall
from workflows.cases.moves import InputRefused
from workflows.cases.staff import detail
from workflows.cases.staff import labels as case_labels

blueprint = Blueprint("calls", __name__, template_folder="../templates", url_prefix="/staff/calls")


@blueprint.get("/")
@allow("calls.take")
def desk() -> ResponseReturnValue:
    form = _form()
    form.number.data = request.args.get("number", "")[:64]
    form.line.data = request.args.get("line", "")[:40]
    form.started.data = request.args.get("started", "")[:40]
    form.answered.data = request.args.get("answered", "")[:40]
    if exchange_id := request.args.get("call", "")[:80]:
        form.key.data = f"exchange:{exchange_id}"
    return _page(form, _look(form) if form.number.data else None)


@blueprint.post("/")
@allow("calls.take")
def take() -> ResponseReturnValue:
    """Who is it? Or: how it ended."""
    form = _form()
    result = request.form.get("do", "")
    valid = form.validate_on_submit()
    if result == "look":
        found = _look(form)
        return _page(form, found), 200 if form.e164 else 422
    if not valid:
        return _page(form), 422
    try:
        call_id = services.record(operator_id=current_user.id, result=result, **form.values())
    except InputRefused as refused:
        db.session.rollback()
        name = refused.field if refused.field in form else "number"
        form[name].errors = [*form[name].errors, str(refused.message)]
        return _page(form), 422
    before = db.session.get_one(CentreCall, call_id).result
    db.session.commit()
    if result == "registered":
        return redirect(url_for("cases.new", call=call_id), 303)
    if before != result:
        # The page was sent before, with another key: nothing of this was stored.
        said = _("This call was recorded already: %(result)s.", result=labels.RESULTS[before])
        flash(f"{said} {_('It can be corrected below.')}", "error")
        return redirect(url_for("calls.desk"), 303)
    flash(_("Recorded: %(result)s", result=labels.RESULTS[result]), "success")
    return redirect(url_for("calls.desk"), 303)


@blueprint.post("/<int:call_id>/result")
@allow("calls.take")
def correct(call_id: int) -> ResponseReturnValue:
    """Another result than the key that was pressed."""
    form = CorrectForm()
    try:
        changed = services.correct(
            call_id,
            by=current_user.id,
            result=form.result.data or "",
            transferred_to=form.transferred_to.data or "",
        )
    except LookupError:
        abort(404)
    except InputRefused as refused:
        db.session.rollback()
        flash(str(refused.message), "error")
        return redirect(url_for("calls.desk"), 303)
    db.session.commit()
    flash(_("The call was corrected.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("calls.desk"), 303)


def _form() -> CallForm:
    return CallForm(categories=detail.category_choices(), language=default_language())


def _look(form: CallForm) -> known.Known:
    """Fill in what we know of the number; what was typed stays."""
    try:
        form.e164 = phones.parse_number(form.number.data or "")
    except phones.PhoneError as error:
        form.number.errors = [str(error.message)]
        return known.Known()
    found = known.about(form.e164)
    form.name.data = form.name.data or found.name
    if found.language:
        form.language.data = found.language
    return found


def _page(form: CallForm, found: known.Known | None = None) -> str:
    form.begin()
    own = known.own(current_user.id)
    return render_template(
        "calls/desk.html",
        form=form,
        known=found if found is not None else known.about(form.e164),
        own=own,
        results=RESULTS,
        words=labels.RESULTS,
        tones=labels.TONES,
        case_labels=case_labels,
        correctable=clock.now() - services.CORRECTABLE,
        callbacks_due=callbacks.due() if may("calls.take") else 0,
    )
