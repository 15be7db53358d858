"""Staff invites people to propose: texts with their count, then all at once."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import LANGUAGES, _, format_number
from portal.security import allow
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotScheme
from surveys.ballots.services import approving, inviting, schemes
from surveys.ballots.staff_forms import InviteForm, texts_of
from surveys.ballots.views.common import blueprint, find, put, scheme_url
from surveys.campaigns import texts as sms


@blueprint.get("/<int:scheme_id>/invite")
@allow("ballots.manage")
def invitation_page(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    if not schemes.takes_proposals(scheme):
        return redirect(scheme_url(scheme_id), 303)
    texts = inviting.suggested_texts(scheme)
    return _page(scheme, InviteForm(data={f"sms_{code}": texts[code] for code in LANGUAGES}))


@blueprint.post("/<int:scheme_id>/invite")
@allow("ballots.manage")
def invite(scheme_id: int) -> ResponseReturnValue:
    """Count again, or send."""
    scheme = find(scheme_id)
    form = InviteForm()
    if not form.validate_on_submit():
        return _page(scheme, form, 422)
    if request.form.get("go") != "send":
        return _page(scheme, form)
    try:
        outcome, number = approving.invite_or_ask(
            scheme_id,
            texts=texts_of(form, "sms"),
            expected=request.form.get("expected", -1, type=int),
            user_id=current_user.id,
        )
    except BallotError as error:
        db.session.rollback()
        put(form, error)
        return _page(find(scheme_id), form, 422)
    db.session.commit()
    if outcome == "waiting":
        flash(_("It waits for the approval of a second person."), "info")
        return redirect(scheme_url(scheme_id), 303)
    flash(_("SMS on their way: %(count)s.", count=format_number(number)), "success")
    return redirect(scheme_url(scheme_id), 303)


@blueprint.post("/<int:scheme_id>/invite/cost/<any(fa,ar,en):language>")
@allow("ballots.manage")
def count_invitation(scheme_id: int, language: str) -> ResponseReturnValue:
    """The cost of one text, for the page that asks while it is typed. Changes nothing."""
    people = inviting.plan(find(scheme_id), {}).by_language[language]
    typed = request.form.get(f"sms_{language}", "")
    return render_template(
        "campaigns/_cost.html", priced=_priced(language, typed, people), people=people
    )


def _priced(language: str, typed: str, people: int) -> dict[str, Any]:
    text = sms.normalise(typed)
    return {
        "cost": sms.cost(language, text, inviting.PURPOSE) if text else None,
        "problem": sms.problem(text) if text else None,
        "people": people,
    }


def _page(scheme: BallotScheme, form: InviteForm, status: int = 200) -> ResponseReturnValue:
    plan = inviting.plan(scheme, texts_of(form, "sms"))
    fields = [
        {
            "language": code,
            "field": form[f"sms_{code}"],
            "priced": _priced(code, form[f"sms_{code}"].data or "", plan.by_language[code]),
        }
        for code in LANGUAGES
    ]
    page = render_template(
        "ballots/invite.html", scheme=scheme, form=form, plan=plan, fields=fields
    )
    return page, status
