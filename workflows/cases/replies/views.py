"""Canned replies: their pages, and their use on the form that answers a case."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import _
from portal.security import allow
from workflows.cases import moves
from workflows.cases.replies import services
from workflows.cases.replies.forms import ReplyForm
from workflows.cases.staff import case_pages, detail, forms, lists
from workflows.cases.staff.blueprint import blueprint


@blueprint.get("/replies")
@allow("cases.replies")
def reply_list() -> str:
    names = dict(detail.category_choices(every=True))
    return render_template("cases_replies/index.html", rows=services.every(), categories=names)


@blueprint.route("/replies/new", methods=["GET", "POST"])
@allow("cases.replies")
def new_reply() -> ResponseReturnValue:
    return _edit(None, _form(outcome="not_municipal"))


@blueprint.route("/replies/<int:reply_id>", methods=["GET", "POST"])
@allow("cases.replies")
def edit_reply(reply_id: int) -> ResponseReturnValue:
    try:
        reply = services.find(reply_id)
    except LookupError:
        abort(404)
    return _edit(
        reply_id,
        _form(
            name=reply.name,
            outcome=reply.outcome,
            category_id=reply.category_id,
            active=reply.active,
            **{f"text_{lang}": text for lang, text in reply.texts.items()},
        ),
    )


def _form(**data: object) -> ReplyForm:
    return ReplyForm(categories=detail.category_choices(every=True), **data)


def _edit(reply_id: int | None, form: ReplyForm) -> ResponseReturnValue:
    status = 200
    if form.validate_on_submit():
        try:
            services.save(reply_id, **form.values())
        except moves.InputRefused as error:
            db.session.rollback()
            field = form[error.field]
            field.errors = [*field.errors, str(error.message)]
        else:
            db.session.commit()
            flash(_("The reply was saved."), "success")
            return redirect(url_for("cases.reply_list"), 303)
    if form.errors or request.method == "POST":
        status = 422
    return render_template("cases_replies/edit.html", form=form, reply_id=reply_id), status


@blueprint.post("/<int:case_id>/reply")
@allow("cases.work")
def use_reply(case_id: int) -> ResponseReturnValue:
    """The form of the answer again, with the chosen reply behind what was typed. Stores nothing."""
    case = case_pages.found(case_id)
    form = forms.FinishForm(prefix="finish-")
    try:
        reply = services.find(lists.number(request.form.get("reply", "")) or 0)
    except LookupError:
        flash(_("Choose a reply"), "error")
        return case_pages.page(case, form), 422
    typed = (form.text.data or "").rstrip()
    text = services.text_for(reply, case)
    form.text.data = f"{typed}\n{text}" if typed and text not in typed else text
    if not form.outcome.data:
        form.outcome.data = reply.outcome
    if not services.speaks(reply, case.language):
        form.text.errors = [str(services.NOT_SPOKEN)]
    return case_pages.page(case, form)
