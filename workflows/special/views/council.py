"""A council member's own page: what was referred by letter, and the report on it.

The citizen's name and number are not the member's: names and long numbers are taken out of the
text too, as far as a machine sees them.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _
from portal.security import allow
from workflows.callins.fields import text
from workflows.cases import stages
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.cases.persons import without_person
from workflows.cases.staff import labels as case_labels
from workflows.special import forms, labels, queries, services
from workflows.special.models import Referral

blueprint = Blueprint(
    "council_referrals", __name__, template_folder="../templates", url_prefix="/council/referrals"
)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": case_labels, "words": labels, "told": told}


def told(case: Case) -> str:
    """The message without the person."""
    return without_person(case.text, case.citizen_name)


def waiting() -> int:
    """For the dashboard of whoever is signed in."""
    return queries.waiting(current_user.id)


@blueprint.get("/")
@allow("council.referrals")
def index() -> str:
    view = "done" if request.args.get("view") == "done" else "open"
    after = request.args.get("after", type=int)
    rows, more = queries.asked(current_user.id, is_open=view == "open", after=after)
    return render_template(
        "special/council.html",
        rows=rows,
        view=view,
        first_url=url_for(".index", view=view) if after else None,
        next_url=url_for(".index", view=view, after=rows[-1].referral.id) if more else None,
    )


@blueprint.get("/<int:referral_id>")
@allow("council.referrals")
def show(referral_id: int) -> str:
    return _page(referral_id)


def _page(referral_id: int, form: forms.ReportForm | None = None) -> str:
    rows, _more = queries.asked(current_user.id, is_open=True, referral_id=referral_id)
    if not rows:
        abort(404)
    row = rows[0].referral
    if form is None and row.state == "open":
        form = forms.ReportForm(formdata=None, report=row.report, proposal=row.proposal)
    return render_template(
        "special/referral.html",
        asked=rows[0],
        line=queries.one(row.special_id),
        form=form,
    )


def _is_kept(referral_id: int, form: forms.ReportForm) -> bool:
    """Whether what was typed stands there already: the button was pressed twice."""
    row = db.session.get_one(Referral, referral_id)
    return (row.report, row.proposal) == (text(form.report.data), text(form.proposal.data))


@blueprint.post("/<int:referral_id>/report")
@allow("council.referrals")
def report(referral_id: int) -> ResponseReturnValue:
    form = forms.ReportForm()
    done = request.form.get("do") == "done"
    if not form.validate_on_submit():
        return _page(referral_id, form), 422
    try:
        services.report(
            referral_id,
            current_user.id,
            report=text(form.report.data),
            proposal=text(form.proposal.data),
            done=done,
        )
    except LookupError:
        abort(404)
    except InputRefused as error:
        db.session.rollback()
        form.refuse(error.field, error.message)
        return _page(referral_id, form), 422
    except stages.StageError as error:
        db.session.rollback()
        flash(str(error.message), "error")
        if _is_kept(referral_id, form):
            return redirect(url_for(".show", referral_id=referral_id), 303)
        return _page(referral_id, form), 409
    db.session.commit()
    flash(_("Your report was sent. Thank you.") if done else _("Kept; not sent yet."), "success")
    back = url_for(".index") if done else url_for(".show", referral_id=referral_id)
    return redirect(back, 303)
