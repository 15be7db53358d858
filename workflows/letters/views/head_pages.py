"""Letterheads: how each unit numbers and signs."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal import photos
from portal.db import db
from portal.i18n import LANGUAGES, _, pick
from portal.security import allow, body_limit
from portal.units import services as units
from portal.units.models import Unit
from workflows.cases.moves import InputRefused
from workflows.letters import heads
from workflows.letters.forms import HeadForm
from workflows.letters.views.blueprint import blueprint
from workflows.letters.views.filling import calendar_choices


@blueprint.get("/letterheads")
@allow("letters.settings")
def letterheads() -> ResponseReturnValue:
    return render_template("letters/heads.html", units=units.choices())


@blueprint.route("/letterheads/<int:unit_id>", methods=["GET", "POST"])
@allow("letters.settings")
@body_limit(100_000, photos.MAX_BYTES)
def letterhead(unit_id: int) -> ResponseReturnValue:
    unit = db.session.get(Unit, unit_id) or abort(404)
    head = heads.of(unit_id)
    texts = {
        f"{key}_{lang}": getattr(head, key).get(lang, "")
        for key in ("signatory_name", "signatory_position", "address")
        for lang in LANGUAGES
    }
    form = HeadForm(
        calendars=calendar_choices(head.calendar),
        data={
            "numbering": head.numbering,
            "prefix": head.prefix,
            "calendar": head.calendar,
            "reply_days": head.reply_days,
            **texts,
        },
    )
    if form.validate_on_submit():
        sent = form.emblem.data
        picture = sent.stream.read(photos.MAX_BYTES + 1) if sent and sent.filename else None
        try:
            heads.change(unit_id, form.values(), picture, drop=bool(form.drop_emblem.data))
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            db.session.commit()
            flash(_("The letterhead was saved."), "success")
            return redirect(url_for(".letterheads"), 303)
    status = 422 if form.errors or form.form_errors else 200
    return render_template(
        "letters/head.html",
        form=form,
        unit_id=unit_id,
        unit=pick(unit.names),
        has_emblem=heads.emblem_of(unit_id) is not None,
    ), status
