"""Staff pages: the texts of the product's own messages, and those that campaigns begin from."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.accounts import services as accounts
from portal.contacts.models import LANGUAGES
from portal.db import db
from portal.i18n import _
from portal.messaging import purposes, wording
from portal.messaging.purposes import TemplatePurpose
from portal.messaging.template_forms import TemplateForm
from portal.messaging.template_models import MessageTemplate, MessageTemplateVersion
from portal.messaging.wording import TemplateError
from portal.security import allow

blueprint = Blueprint(
    "message_templates", __name__, url_prefix="/staff/messages/templates",
    template_folder="templates",
)  # fmt: skip


@blueprint.get("/")
@allow("messages.read")
def index() -> ResponseReturnValue:
    """Every purpose, and whether its text is the product's own."""
    found = wording.newest()
    rows = []
    for purpose in purposes.purposes():
        if purpose.many:
            rows += [(purpose, *pair) for key, pair in found.items() if key[0] == purpose.name]
        else:
            rows.append((purpose, *found.get((purpose.name, ""), (None, None))))
    return render_template(
        "messaging/templates.html",
        rows=rows,
        beginnings=[purpose for purpose in purposes.purposes() if purpose.many],
    )


@blueprint.get("/<purpose>")
@allow("messages.read")
def edit(purpose: str) -> ResponseReturnValue:
    """The text of one purpose; ?name= tells those of one purpose apart."""
    found = _purpose(purpose)
    name = request.args.get("name", "")
    template = wording.find(purpose, name)
    if found.many and template is None and name:
        abort(404)
    version = next(iter(wording.versions(template.id, 1)), None) if template else None
    texts = wording.texts_now(found, version)
    form = TemplateForm(
        formdata=None,
        data={
            "name": name,
            "seen": str(version.number if version else 0),
            **{f"text_{code}": text for code, text in texts.items()},
        },
    )
    return _page(found, template, form)


@blueprint.post("/<purpose>")
@allow("messages.templates")
def save(purpose: str) -> ResponseReturnValue:
    found = _purpose(purpose)
    name = request.args.get("name", "")
    form = TemplateForm()
    template = wording.find(purpose, name)
    if request.form.get("action") == "recount":
        return _page(found, template, form)
    if not form.validate_on_submit():
        return _page(found, template, form), 422
    is_new = found.many and not name
    chosen = (form.name.data or "") if is_new else name
    try:
        version = wording.save(
            found,
            form.texts(),
            name=chosen,
            user_id=current_user.id,
            seen=form.number_seen,
            is_new=is_new,
        )
    except TemplateError as error:
        db.session.rollback()
        form.refuse(error.problems)
        if error.code in {"name", "taken"}:
            form.name.errors = [str(error.message)]
        elif error.message:
            form.form_errors.append(str(error.message))
        if error.code == "changed" and template is not None:
            form.seen.data = str(next(iter(wording.versions(template.id, 1))).number)
        return _page(found, wording.find(purpose, name), form), 422
    db.session.commit()
    if version is None:
        flash(_("Nothing was changed."), "info")
    else:
        flash(_("Saved. Messages from now on have this text."), "success")
    return redirect(_url(found, " ".join(chosen.split())), 303)


@blueprint.post("/<purpose>/reset")
@allow("messages.templates")
def reset(purpose: str) -> ResponseReturnValue:
    """The product's own text again."""
    found = _purpose(purpose)
    if found.many:
        abort(404)
    try:
        version = wording.reset(
            found, user_id=current_user.id, seen=request.form.get("seen", 0, type=int)
        )
    except TemplateError as error:
        db.session.rollback()
        flash(str(error.message), "error")
        return redirect(_url(found), 303)
    db.session.commit()
    if version is not None:
        flash(_("The product's own text counts again."), "success")
    return redirect(_url(found), 303)


@blueprint.post("/<purpose>/cost/<any(fa,ar,en):language>")
@allow("messages.templates")
def count_segments(purpose: str, language: str) -> ResponseReturnValue:
    """Length, problems and look of one text alone, while it is typed. Changes nothing."""
    typed = request.form.get(f"text_{language}", "")
    return render_template(
        "messaging/_template_preview.html",
        preview=wording.preview(_purpose(purpose), language, typed),
    )


def _purpose(name: str) -> TemplatePurpose:
    return purposes.find(name) or abort(404)


def _url(purpose: TemplatePurpose, name: str = "") -> str:
    return url_for(".edit", purpose=purpose.name, name=name or None)


def _page(purpose: TemplatePurpose, template: MessageTemplate | None, form: TemplateForm) -> str:
    history: list[MessageTemplateVersion] = (
        list(wording.versions(template.id)) if template is not None else []
    )
    return render_template(
        "messaging/template.html",
        purpose=purpose,
        template=template,
        form=form,
        history=history,
        people=accounts.names({each.created_by for each in history if each.created_by}),
        defaults={code: wording.default(purpose, code) for code in LANGUAGES},
        previews={
            code: wording.preview(purpose, code, form[f"text_{code}"].data or "")
            for code in LANGUAGES
        },
        is_changed=bool(history and history[0].texts),
    )
