"""Keys and services for the administrator; on the page of a case, what of it is published."""

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm

from portal.db import db
from portal.i18n import LANGUAGES, _, pick
from portal.security import allow
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.cases.staff import case_pages
from workflows.cases.staff import labels as case_labels
from workflows.open311 import catalogue, ids, keys, publishing
from workflows.open311.forms import KeyForm, ReleaseForm, ServiceForm

blueprint = Blueprint(
    "open311_admin", __name__, template_folder="templates", url_prefix="/staff/open311"
)


@blueprint.context_processor
def _words() -> dict[str, object]:
    """For the page of a case, which is shown from here when a release is refused."""
    return {"labels": case_labels}


@blueprint.get("/")
@allow("open311.manage")
def index() -> ResponseReturnValue:
    return _page(KeyForm(formdata=None, data={"per_minute": 30, "reads_own": True}))


@blueprint.post("/keys")
@allow("open311.manage")
def issue_key() -> ResponseReturnValue:
    """The key stands on this one page, in no address, no session and no table."""
    form = KeyForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        row, key = keys.create(
            form.line("name"),
            contact=form.line("contact"),
            per_minute=form.per_minute.data or 0,
            reads_own=bool(form.reads_own.data),
        )
    except InputRefused as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(form), 422
    name = row.name
    db.session.commit()
    return render_template("open311/key.html", name=name, key=key)


@blueprint.post("/keys/<int:key_id>/revoke")
@allow("open311.manage")
def revoke_key(key_id: int) -> ResponseReturnValue:
    try:
        keys.revoke(key_id)
    except LookupError:
        abort(404)
    db.session.commit()
    flash(_("The key was revoked."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.route("/services/<int:category_id>", methods=["GET", "POST"])
@allow("open311.manage")
def service(category_id: int) -> ResponseReturnValue:
    shown = catalogue.find(category_id) or abort(404)
    texts = {f"description_{lang}": shown.descriptions.get(lang, "") for lang in LANGUAGES}
    form = ServiceForm(data={"public": shown.public, "keywords": shown.keywords, **texts})
    if form.validate_on_submit():
        catalogue.set_service(category_id, **form.values())
        db.session.commit()
        flash(_("The service was saved."), "success")
        return redirect(url_for(".index"), 303)
    page = render_template(
        "open311/service.html", form=form, name=pick(shown.category.names), shown=shown
    )
    return page, 422 if form.errors else 200


@blueprint.post("/cases/<int:case_id>/release")
@allow("open311.release")
def release(case_id: int) -> ResponseReturnValue:
    case = db.session.get(Case, case_id) or abort(404)
    form = ReleaseForm(prefix="release-")
    if form.validate_on_submit():
        try:
            publishing.release(
                case_id,
                by=current_user.id,
                description=form.text("description", case.language),
                answer=form.text("answer", case.language),
                with_place=bool(form.with_place.data),
            )
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            db.session.commit()
            flash(_("The text was released to the public."), "success")
            return redirect(url_for("cases.show", case_id=case_id, _anchor="open311"), 303)
    # The page of the case again, with what was typed.
    g.open311_form = form
    return case_pages.page(db.session.get_one(Case, case_id)), 422


@blueprint.post("/cases/<int:case_id>/withhold")
@allow("open311.release")
def withhold(case_id: int) -> ResponseReturnValue:
    try:
        publishing.withhold(case_id, by=current_user.id)
    except LookupError:
        abort(404)
    db.session.commit()
    flash(_("Nothing of this case is public any more."), "success")
    return redirect(url_for("cases.show", case_id=case_id, _anchor="open311"), 303)


@blueprint.app_template_global("open311_panel")
def panel(case: Case) -> dict[str, Any]:
    """What open311/_panel.html shows on the page of a case."""
    row, listed, sender = publishing.state_of(case)
    released = row is not None and row.released_at is not None
    form = ReleaseForm(
        formdata=None,
        prefix="release-",
        data={
            "description": row.description if row and released else case.text,
            "answer": row.answer if row and released and row.answer else case.outcome_text,
            "with_place": row.with_place if row and released else False,
        },
    )
    sent: ReleaseForm | None = g.get("open311_form")
    if case.outcome is None and not (sent and sent.answer.data):
        del form.answer
    return {
        "row": row,
        "listed": listed,
        "released": released,
        "sender": sender,
        "public_id": ids.public_id(case.id),
        "form": sent or form,
        "is_sent": sent is not None,
    }


def _page(form: KeyForm) -> str:
    rows, more = keys.page(request.args.get("older", type=int))
    return render_template(
        "open311/index.html",
        form=form,
        revoke_form=FlaskForm(),
        keys=rows,
        older=url_for(".index", older=rows[-1].id) if more else None,
        services=catalogue.every(active_only=False),
        address=url_for("open311.discovery", kind="json", _external=False),
    )
