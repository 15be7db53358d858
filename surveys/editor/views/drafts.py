"""The draft as a whole: begin, look over, move and remove questions, publish, discard."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import LANGUAGES, _, format_number, known_language
from portal.security import allow
from surveys.editor import changes, checks, documents, services
from surveys.editor.services import DraftError
from surveys.editor.views.blueprint import blueprint, find_draft, revision, say
from surveys.questionnaires import services as questionnaires


@blueprint.post("/<code>/draft")
@allow("surveys.write")
def begin(code: str) -> ResponseReturnValue:
    """Open the draft of a survey, or go on with it."""
    try:
        services.begin(code, current_user.id)
    except LookupError:
        abort(404)
    db.session.commit()
    return redirect(url_for(".draft", code=code), 303)


@blueprint.get("/<code>/draft")
@allow("surveys.read")
def draft(code: str) -> ResponseReturnValue:
    """Every page and question, with what can be done to it."""
    found = find_draft(code)
    document = found.definition
    missing: dict[str, int] = {}
    for row in documents.text_rows(document):
        if any(row.texts.values()) and row.key != "title":
            missing[row.question] = missing.get(row.question, 0) + len(
                row.missing(document["languages"])
            )
    return render_template(
        "editor/draft.html",
        draft=found,
        survey=found.survey,
        document=document,
        missing=missing,
        complete=documents.completeness(document),
        wanted=[each for each in LANGUAGES if each not in document["languages"]],
    )


@blueprint.post("/<code>/draft/move")
@allow("surveys.write")
def move(code: str) -> ResponseReturnValue:
    name = request.form.get("name", "")
    step = 1 if request.form.get("to") == "down" else -1
    return _change(
        code, lambda: services.move_question(code, revision(), name, step, current_user.id), name
    )


@blueprint.post("/<code>/draft/remove")
@allow("surveys.write")
def remove(code: str) -> ResponseReturnValue:
    name = request.form.get("name", "")
    return _change(code, lambda: services.remove_question(code, revision(), name, current_user.id))


@blueprint.post("/<code>/draft/languages")
@allow("surveys.write")
def add_language(code: str) -> ResponseReturnValue:
    language = known_language(request.form.get("language")) or abort(400)
    return _change(code, lambda: services.add_language(code, language, current_user.id))


def _change(code: str, action: Any, name: str = "") -> ResponseReturnValue:
    find_draft(code)
    try:
        action()
        db.session.commit()
    except DraftError as error:
        say(error)
    return redirect(url_for(".draft", code=code, _anchor=f"q-{name}" if name else None), 303)


@blueprint.post("/<code>/draft/discard")
@allow("surveys.write")
def discard(code: str) -> ResponseReturnValue:
    try:
        services.discard(code)
        db.session.commit()
        flash(_("The draft is discarded. What was published stays."), "success")
    except DraftError as error:
        say(error)
    return redirect(url_for("questionnaires.survey", code=code), 303)


@blueprint.get("/<code>/draft/review")
@allow("surveys.read")
def review(code: str) -> ResponseReturnValue:
    """What is different from the newest version, and what is wrong; from here it is published."""
    found = find_draft(code)
    newest = services.newest_version(found.survey_id)
    remarks = checks.check(found.definition)
    return render_template(
        "editor/review.html",
        draft=found,
        survey=found.survey,
        newest=newest,
        changes=changes.changes(newest.definition, found.definition),
        remarks=remarks,
        errors=sum(remark.severity == "error" for remark in remarks),
        pages={
            question["name"]: page["name"]
            for page in found.definition["pages"]
            for question in page["questions"]
        },
    )


@blueprint.post("/<code>/draft/publish")
@allow("surveys.write")
def publish(code: str) -> ResponseReturnValue:
    """Make it the next version."""
    newest = request.form.get("newest", type=int)
    try:
        version = services.publish(code, revision(), newest or 0, current_user.id)
        number = version.number
        db.session.commit()
    except DraftError as error:
        say(error)
        return redirect(url_for(".review", code=code), 303)
    flash(
        _(
            "Version %(number)s is published. Running campaigns keep theirs until somebody "
            "switches them on their own page.",
            number=format_number(number),
        ),
        "success",
    )
    return redirect(url_for("questionnaires.survey", code=code), 303)


@blueprint.get("/<code>/changes")
@allow("surveys.read")
def compare(code: str) -> ResponseReturnValue:
    """The differences between two versions: ?old= and ?new=, else the two newest."""
    survey = questionnaires.find_survey(code)
    if survey is None or not survey.versions:
        abort(404)
    by_number = {version.number: version for version in survey.versions}
    newest = max(by_number)
    new = by_number.get(request.args.get("new", newest, type=int)) or abort(404)
    old = by_number.get(request.args.get("old", new.number - 1, type=int))
    if old is None:
        abort(404)
    return render_template(
        "editor/compare.html",
        survey=survey,
        old=old,
        new=new,
        changes=changes.changes(services.definition_of(old.id), services.definition_of(new.id)),
    )
