"""Incoming letters: a reply to one of ours, or any other."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.exc import IntegrityError

from portal.db import db
from portal.i18n import _, _l
from portal.security import allow, body_limit
from workflows.cases.moves import InputRefused
from workflows.letters import incoming
from workflows.letters.forms import IncomingForm
from workflows.letters.incoming import Incoming
from workflows.letters.models import Letter
from workflows.letters.views import filling
from workflows.letters.views.blueprint import blueprint
from workflows.letters.views.letter_pages import FILES_BYTES, FORM_BYTES, found


@blueprint.get("/incoming")
@allow("letters.write")
def new_incoming() -> ResponseReturnValue:
    """An empty form; `reply_to` names the letter that is answered."""
    answered = _answered()
    return _page(filling.new_incoming_form(answered), answered)


@blueprint.post("/incoming")
@allow("letters.write")
@body_limit(FORM_BYTES, FILES_BYTES)
def register_incoming() -> ResponseReturnValue:
    answered = _answered()
    form = filling.incoming_form(answered)
    if form.validate_on_submit():
        try:
            letter, stored = incoming.register(
                _given(form),
                form.scans(),
                by=current_user.id,
                reply_to_id=answered.id if answered else None,
            )
            letter_id = letter.id
            filling.commit_with(stored)
        except InputRefused as refused:
            db.session.rollback()
            form.refuse(refused)
        except IntegrityError:
            # The number was taken between the look and the write.
            db.session.rollback()
            form.refuse(InputRefused("register_number", _l("Another letter has this number.")))
        else:
            flash(_("The letter was registered."), "success")
            return redirect(url_for(".show", letter_id=letter_id), 303)
    return _page(form, _answered()), 422


def _given(form: IncomingForm) -> Incoming:
    language = form.language.data
    return Incoming(
        unit_id=form.unit_id.data,
        language=language,
        their_reference=form.line("their_reference", language),
        their_date=form.their_date.data,
        party_name=form.line("party_name", language),
        party_position=form.line("party_position", language),
        party_organisation=form.line("party_organisation", language),
        subject=form.line("subject", language),
        body=form.text("body", language),
        case_ids=filling.case_ids(form),
        register_number=form.line("register_number") if "register_number" in form else "",
    )


def _answered() -> Letter | None:
    letter_id = request.args.get("reply_to", type=int)
    if letter_id is None:
        return None
    letter = found(letter_id)
    return letter if letter.direction == "out" and letter.state != "draft" else abort(404)


def _page(form: IncomingForm, answered: Letter | None) -> str:
    return render_template("letters/incoming.html", form=form, answered=answered)
