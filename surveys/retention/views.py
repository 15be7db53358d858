"""The page of a survey's rule."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, format_number
from portal.security import allow
from surveys.questionnaires import services as questionnaires
from surveys.questionnaires.models import Survey
from surveys.retention import reading, services
from surveys.retention.forms import RetentionForm

blueprint = Blueprint(
    "retention", __name__, url_prefix="/staff/surveys", template_folder="templates"
)


@blueprint.get("/<code>/retention")
@allow("surveys.retention")
def show(code: str) -> ResponseReturnValue:
    survey = _survey(code)
    data = RetentionForm.data_of(services.of(survey.id))
    return _page(survey, RetentionForm(data=data))


@blueprint.post("/<code>/retention")
@allow("surveys.retention")
def change(code: str) -> ResponseReturnValue:
    """Save the rule; one that erases something at once only once that was confirmed."""
    survey = _survey(code)
    form = RetentionForm()
    if not form.validate_on_submit():
        return _page(survey, form), 422
    days = form.days()
    number = services.due_now(survey.id, days) if days != services.of(survey.id) else 0
    if number and not form.confirm.data:
        form.confirm.errors = [
            _(
                "Answers that are already older: %(count)s. They will be erased within the hour, "
                "and nothing brings them back. Confirm it, or write more days.",
                count=format_number(number),
            )
        ]
        return _page(survey, form, asks=True), 422
    services.change(survey, days, current_user.id)
    db.session.commit()
    flash(_("The retention rule was saved."), "success")
    return redirect(url_for(".show", code=code), 303)


def _survey(code: str) -> Survey:
    return questionnaires.find_survey(code) or abort(404)


def _page(survey: Survey, form: RetentionForm, *, asks: bool = False) -> str:
    return render_template(
        "retention/show.html",
        survey=survey,
        form=form,
        asks=asks,
        sentences=reading.sentences(survey.id),
    )
