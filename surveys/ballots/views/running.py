"""The vote: opening, closing, counting, telling."""

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import LANGUAGES, _, format_number
from portal.security import allow
from surveys.ballots.errors import BallotError
from surveys.ballots.jobs import advance
from surveys.ballots.models import BallotScheme
from surveys.ballots.services import approving, closing, counting, opening, reminding
from surveys.ballots.staff_forms import OpenForm, texts_of
from surveys.ballots.views.common import act, blueprint, find, put, say, scheme_url


@blueprint.get("/<int:scheme_id>/open")
@allow("ballots.manage")
def opening_page(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    if scheme.state not in {"draft", "proposals"}:
        return redirect(scheme_url(scheme_id), 303)
    texts = opening.suggested_texts(scheme)
    return _open_page(scheme, OpenForm(data={f"sms_{code}": texts[code] for code in LANGUAGES}))


@blueprint.post("/<int:scheme_id>/open")
@allow("ballots.manage")
def open_vote(scheme_id: int) -> ResponseReturnValue:
    """Look at the numbers again, or open."""
    scheme = find(scheme_id)
    form = OpenForm()
    if not form.validate_on_submit() or form.moment is None:
        return _open_page(scheme, form, 422)
    if request.form.get("go") != "open":
        return _open_page(scheme, form)
    try:
        outcome, number = approving.open_or_ask(
            scheme_id,
            texts=texts_of(form, "sms"),
            until=form.moment,
            expected=request.form.get("expected", type=int),
            user_id=current_user.id,
        )
    except BallotError as error:
        db.session.rollback()
        put(form, error)
        return _open_page(find(scheme_id), form, 422)
    db.session.commit()
    if outcome == "waiting":
        flash(_("It waits for the approval of a second person."), "info")
        return redirect(scheme_url(scheme_id), 303)
    flash(_("The vote is open. People invited: %(count)s.", count=format_number(number)), "success")
    return redirect(scheme_url(scheme_id), 303)


def _open_page(scheme: BallotScheme, form: OpenForm, status: int = 200) -> ResponseReturnValue:
    texts = opening.cleaned(texts_of(form, "sms"))
    page = render_template(
        "ballots/open.html",
        scheme=scheme,
        form=form,
        plan=opening.plan(scheme, texts),
        samples={code: opening.sample(body) for code, body in texts.items()},
    )
    return page, status


@blueprint.post("/<int:scheme_id>/close")
@allow("ballots.manage")
def close(scheme_id: int) -> ResponseReturnValue:
    """End the vote before its time; the boxes are opened by the job."""
    find(scheme_id)
    advance.enqueue()
    return act(lambda: closing.close(scheme_id), scheme_url(scheme_id), _("The vote is over."))


@blueprint.post("/<int:scheme_id>/remind")
@allow("ballots.manage")
def remind(scheme_id: int) -> ResponseReturnValue:
    """One wave; the number of waves before it tells a double click from a second wave."""
    find(scheme_id)
    try:
        number = reminding.remind(scheme_id, wave=request.form.get("wave", -1, type=int))
    except BallotError as error:
        db.session.rollback()
        say(error)
        return redirect(scheme_url(scheme_id), 303)
    db.session.commit()
    flash(_("SMS on their way: %(count)s.", count=format_number(number)), "success")
    return redirect(scheme_url(scheme_id), 303)


@blueprint.post("/<int:scheme_id>/count")
@allow("ballots.manage")
def count(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    return act(
        lambda: counting.count(scheme_id),
        scheme_url(scheme_id),
        _("Counted. The result is public."),
    )


@blueprint.post("/<int:scheme_id>/announce")
@allow("ballots.manage")
def announce(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    try:
        number = counting.announce(scheme_id)
    except BallotError as error:
        db.session.rollback()
        say(error)
        return redirect(scheme_url(scheme_id), 303)
    db.session.commit()
    flash(_("SMS on their way: %(count)s.", count=format_number(number)), "success")
    return redirect(scheme_url(scheme_id), 303)
