"""Staff pages of questionnaires: list, check and publish, versions, preview."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, format_number
from portal.security import allow
from surveys.questionnaires import display, pictures, services
from surveys.questionnaires.export_package import export_package
from surveys.questionnaires.forms import UploadForm, seal, unseal
from surveys.questionnaires.xlsform import read

blueprint = Blueprint(
    "questionnaires", __name__, url_prefix="/staff/surveys", template_folder="templates"
)


@blueprint.get("/")
@allow("surveys.read")
def index() -> ResponseReturnValue:
    """All surveys."""
    return render_template("questionnaires/index.html", surveys=services.list_surveys())


@blueprint.route("/new", methods=["GET", "POST"])
@allow("surveys.write")
def upload() -> ResponseReturnValue:
    """Read a spreadsheet and show what is in it and what is wrong with it; stores nothing."""
    form = UploadForm()
    if request.method == "GET":
        form.code.data = request.args.get("code", "")[:40]
        return render_template("questionnaires/upload.html", form=form)
    if not form.validate_on_submit():
        return render_template("questionnaires/upload.html", form=form), 422
    code = form.code.data or ""
    data, filename = form.file.data.read(), form.file.data.filename or ""
    reading = read(data, filename)
    if reading.ok:
        # Named by their content: kept before publishing, they disturb nothing and are forgotten
        # when nobody publishes.
        pictures.keep(reading.pictures)
    survey = services.find_survey(code)
    page = render_template(
        "questionnaires/upload.html",
        form=form,
        filename=filename,
        reading=reading,
        errors=sum(problem.severity == "error" for problem in reading.problems),
        sealed=seal(code, reading, data, filename, current_user.id) if reading.ok else None,
        next_number=len(survey.versions) + 1 if survey else 1,
        text_in=display.text_in,
    )
    return page, 200 if reading.ok else 422


@blueprint.post("/publish")
@allow("surveys.write")
def publish() -> ResponseReturnValue:
    """Publish what was checked as the next version."""
    checked = unseal(request.form.get("sealed", ""), current_user.id)
    if checked is None:
        flash(_("The check was too long ago. Choose the file again."), "error")
        return redirect(url_for(".upload"), 303)
    version, is_new = services.publish(
        checked.code,
        checked.questionnaire,
        question_count=checked.question_count,
        filename=checked.filename,
        source_digest=checked.source_digest,
        user_id=current_user.id,
    )
    number = version.number
    db.session.commit()
    if is_new:
        flash(_("Version %(number)s is published.", number=format_number(number)), "success")
    else:
        flash(
            _("The file says the same as version %(number)s.", number=format_number(number)), "info"
        )
    return redirect(url_for(".survey", code=checked.code), 303)


@blueprint.get("/<code>")
@allow("surveys.read")
def survey(code: str) -> ResponseReturnValue:
    """A survey and its versions."""
    found = services.find_survey(code)
    if found is None or not found.versions:
        abort(404)
    return render_template("questionnaires/survey.html", survey=found)


@blueprint.get("/<code>/versions/<int:number>/xlsform")
@allow("surveys.read")
def xlsform(code: str, number: int) -> ResponseReturnValue:
    """A version as a workbook, to go on working on it."""
    version = services.find_version(code, number)
    if version is None:
        abort(404)
    found = export_package(services.load_version(version.id), f"{code}-{number}")
    response = Response(found.data, mimetype=found.mimetype)
    name = f"{code}-{number}{found.suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
