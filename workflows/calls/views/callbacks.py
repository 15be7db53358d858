"""The queue of citizens who asked to be called."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from portal import clock
from portal.db import db
from portal.i18n import _, _l
from portal.security import allow
from workflows.calls import callbacks, known, labels
from workflows.calls.models import Callback
from workflows.calls.views.desk import blueprint
from workflows.cases.moves import InputRefused
from workflows.cases.staff import labels as case_labels
from workflows.cases.staff.forms import words


class ResultForm(FlaskForm):  # type: ignore[misc]
    """What was said; the button that is pressed is the result."""

    note = TextAreaField(
        _l("What was said"),
        validators=[Length(max=2_000)],
        render_kw={"rows": 3, "maxlength": 2_000},
    )


@blueprint.get("/callbacks")
@allow("calls.take")
def callback_queue() -> str:
    rows, after = callbacks.waiting(request.args.get("after", ""))
    return render_template(
        "calls/callbacks.html",
        rows=rows,
        after_url=after and url_for("calls.callback_queue", after=after),
        now=clock.now(),
        due=callbacks.due(),
        me=current_user.id,
    )


@blueprint.post("/callbacks/next")
@allow("calls.take")
def next_callback() -> ResponseReturnValue:
    return _begun(callbacks.take_next(current_user.id), _("Nobody has to be called now."))


@blueprint.post("/callbacks/<int:callback_id>/take")
@allow("calls.take")
def take_callback(callback_id: int) -> ResponseReturnValue:
    if db.session.get(Callback, callback_id) is None:
        abort(404)
    taken = callbacks.take(callback_id, current_user.id)
    return _begun(taken, _("Somebody else is calling this citizen, or it is over."))


def _begun(callback_id: int | None, why_not: str) -> ResponseReturnValue:
    db.session.commit()
    if callback_id is None:
        flash(why_not, "info")
        return redirect(url_for("calls.callback_queue"), 303)
    return redirect(url_for("calls.callback", callback_id=callback_id), 303)


@blueprint.get("/callbacks/<int:callback_id>")
@allow("calls.take")
def callback(callback_id: int) -> str:
    return _page(_found(callback_id), ResultForm())


@blueprint.post("/callbacks/<int:callback_id>")
@allow("calls.take")
def end_callback(callback_id: int) -> ResponseReturnValue:
    found, form = _found(callback_id), ResultForm()
    result = request.form.get("do", "")
    if not form.validate_on_submit():
        return _page(found, form), 422
    if result == "registered":
        # It ends when the form is sent; until then it stays this person's.
        return redirect(url_for("cases.new", callback=callback_id), 303)
    try:
        if result == "unreached":
            again = callbacks.unanswered(callback_id, by=current_user.id)
            said = (
                _("Noted. It comes back into the queue later.")
                if again
                else _("Nobody answered several times; it is given up.")
            )
        else:
            callbacks.finish(
                callback_id, by=current_user.id, state=result, note=words(form.note.data)
            )
            said = _("Recorded: %(result)s", result=labels.CALLBACK_STATES[result])
    except InputRefused as refused:
        db.session.rollback()
        form.note.errors = [*form.note.errors, str(refused.message)]
        return _page(_found(callback_id), form), 422
    db.session.commit()
    flash(said, "success")
    return redirect(url_for("calls.callback_queue"), 303)


def _found(callback_id: int) -> Callback:
    return db.session.get(Callback, callback_id) or abort(404)


def _page(found: Callback, form: ResultForm) -> str:
    return render_template(
        "calls/callback.html",
        callback=found,
        form=form,
        known=known.about(found.e164),
        words=labels.RESULTS,
        tones=labels.TONES,
        states=labels.CALLBACK_STATES,
        case_labels=case_labels,
        tries=callbacks.TRIES,
    )
