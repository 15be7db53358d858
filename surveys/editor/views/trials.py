"""The test answers of a survey."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import ngettext
from portal.security import allow
from surveys.editor import trials
from surveys.editor.views.blueprint import blueprint
from surveys.questionnaires import services as questionnaires
from surveys.questionnaires.models import Survey


@blueprint.get("/<code>/tests")
@allow("surveys.read")
def tests(code: str) -> ResponseReturnValue:
    survey = _survey(code)
    found, more = trials.page(survey.id, request.args.get("before", type=int))
    return render_template(
        "editor/tests.html",
        survey=survey,
        trials=found,
        older=url_for(".tests", code=code, before=found[-1][0].id) if more else None,
        newest=url_for(".tests", code=code) if "before" in request.args else None,
    )


@blueprint.post("/<code>/tests/delete")
@allow("surveys.write")
def delete_tests(code: str) -> ResponseReturnValue:
    """Delete the test answer `id`, or all where none is named."""
    survey = _survey(code)
    text = request.form.get("id", "")
    if text and not text.isdecimal():
        abort(400)
    count = trials.remove(survey, int(text) if text else None)
    db.session.commit()
    flash(
        ngettext("%(num)s test answer is deleted.", "%(num)s test answers are deleted.", count),
        "success",
    )
    return redirect(url_for(".tests", code=code), 303)


def _survey(code: str) -> Survey:
    survey = questionnaires.find_survey(code)
    return survey if survey is not None else abort(404)
