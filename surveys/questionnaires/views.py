"""Staff pages of questionnaires: list, check and publish, versions, preview."""

import json
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, current_language, format_number, known_language, use_language
from portal.security import allow
from surveys.questionnaires import display, flow, in_page, services
from surveys.questionnaires.forms import UploadForm, seal, unseal
from surveys.questionnaires.models import SurveyVersion
from surveys.questionnaires.schema import Page, Questionnaire
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


@blueprint.route("/<code>/versions/<int:number>/preview", methods=["GET", "POST"])
@allow("surveys.read")
def preview(code: str, number: int) -> ResponseReturnValue:
    """A version as respondents see it, page by page; the answers travel with the form and are
    stored nowhere."""
    version = services.find_version(code, number)
    if version is None:
        abort(404)
    q = services.load_version(version.id)
    go = request.form.get(".go", "")
    lang = (
        known_language(go.removeprefix("lang:"))
        or known_language(request.form.get(".lang") or request.args.get("lang"))
        or current_language()
    )
    with use_language(lang):
        if request.method == "GET":
            answers = flow.initial_answers(q)
            return _preview(version, q, flow.next_page(q, None, answers), answers, lang)
        return _walk(version, q, lang, go)


def _walk(version: SurveyVersion, q: Questionnaire, lang: str, go: str) -> ResponseReturnValue:
    form = request.form
    answers = _carried(form.get(".answers", ""))
    page = q.page(form.get(".page", "")) or q.pages[0]
    shown = form.get(".shown", "").split()
    raw = {name: form.getlist(name) for name in shown}
    found = flow.validate_page(q, page, raw, answers, lang, shown=shown)
    answers = {**answers, **found.values}
    if go == "back":
        return _preview(version, q, flow.previous_page(q, page, answers) or page, answers, lang)
    if go.startswith("lang:"):
        return _preview(version, q, page, answers, lang)
    if not found.ok:
        html = _preview(version, q, page, answers, lang, raw=raw, errors=found.errors)
        return html, 422 if found.errors else 200
    following = flow.next_page(q, page, answers)
    return _preview(version, q, following, answers, lang, is_end=following is None)


def _carried(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _preview(
    version: SurveyVersion,
    q: Questionnaire,
    page: Page | None,
    answers: dict[str, Any],
    lang: str,
    *,
    is_end: bool = False,
    raw: Any = None,
    errors: Any = None,
) -> str:
    page = page or q.pages[0]
    logic = in_page.page_logic(q, page, answers, lang)
    fields = display.fields(q, page, answers, lang, raw=raw, errors=errors, logic=logic)
    position, total = flow.progress(q, page, answers)
    return render_template(
        "questionnaires/preview.html",
        code=version.survey.code,
        version_number=version.number,
        title=display.text_in(q.title, lang, q),
        heading=display.text_in(page.label, lang, q),
        page=page,
        fields=fields,
        carried=json.dumps(answers, ensure_ascii=False),
        shown=" ".join(field.name for field in fields if not field.is_hidden),
        logic=logic,
        number=position,
        total=total,
        minutes=display.minutes(q),
        choices=display.languages(q, lang),
        is_end=is_end,
    )
