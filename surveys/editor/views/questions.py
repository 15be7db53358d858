"""Change one question, or add one."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _
from portal.security import allow
from surveys.editor import documents, services
from surveys.editor.checks import Remark
from surveys.editor.labels import TYPES
from surveys.editor.models import SurveyDraft
from surveys.editor.question_form import ChoiceRow, QuestionForm
from surveys.editor.services import DraftError
from surveys.editor.views.blueprint import blueprint, find_draft, revision, say


@blueprint.get("/<code>/draft/questions/<path:name>")
@allow("surveys.read")
def question(code: str, name: str) -> ResponseReturnValue:
    draft = find_draft(code)
    found = documents.find_question(draft.definition, name) or abort(404)
    form = QuestionForm.of(found, draft.definition["languages"])
    return _page(draft, form, found)


@blueprint.post("/<code>/draft/questions/<path:name>")
@allow("surveys.write")
def save_question(code: str, name: str) -> ResponseReturnValue:
    draft = find_draft(code)
    found = documents.find_question(draft.definition, name)
    if found is None:
        flash(_("This question is no longer in the draft."), "error")
        return redirect(url_for(".draft", code=code), 303)
    form = QuestionForm.read(request.form, draft.definition["languages"], found)
    return _save(draft, form, found, documents.page_of(draft.definition, name) or "")


@blueprint.get("/<code>/draft/pages/<path:page>/new")
@allow("surveys.write")
def new_question(code: str, page: str) -> ResponseReturnValue:
    draft = find_draft(code)
    if not any(each["name"] == page for each in draft.definition["pages"]):
        abort(404)
    form = QuestionForm("", "text", draft.definition["languages"])
    form.choices = [ChoiceRow("", {}) for _row in range(3)]
    return _page(draft, form, None, page=page)


@blueprint.post("/<code>/draft/pages/<path:page>/new")
@allow("surveys.write")
def add_question(code: str, page: str) -> ResponseReturnValue:
    draft = find_draft(code)
    form = QuestionForm.read(request.form, draft.definition["languages"], None)
    return _save(draft, form, None, page)


def _save(
    draft: SurveyDraft, form: QuestionForm, old: dict[str, Any] | None, page: str
) -> ResponseReturnValue:
    code = draft.survey.code
    action = request.form.get("do", "save")
    if action != "save":
        form.apply(action)
        return _page(draft, form, old, page=page)
    problems: list[tuple[str | None, str]] = []
    if old is None:
        if not form.name:
            problems.append(("name", _("Write a name: short, without spaces.")))
        elif "/" in form.name:
            said = _(
                "“%(name)s” cannot be a name. Use letters, digits, hyphens and underscores, "
                "and begin with a letter.",
                name=form.name,
            )
            problems.append(("name", said))
        elif documents.find_question(draft.definition, form.name):
            problems.append(("name", _("Another question has this name. Choose one of its own.")))
    if problems:
        return _page(draft, form, old, page=page, problems=problems), 422
    try:
        services.save_question(code, revision(), form.question(old), page, current_user.id)
        db.session.commit()
    except DraftError as error:
        if error.code == "errors":
            db.session.rollback()
            problems = [_problem(each, form) for each in error.messages if isinstance(each, Remark)]
            return _page(find_draft(code), form, old, page=page, problems=problems), 422
        say(error)
        if error.code == "gone":
            return redirect(url_for(".draft", code=code), 303)
        fresh = find_draft(code)
        now = documents.find_question(fresh.definition, form.name)
        return _page(fresh, form, now, page=page, other=now), 409
    flash(_("The question is saved."), "success")
    return redirect(url_for(".draft", code=code, _anchor=f"q-{form.name}"), 303)


def _problem(remark: Remark, form: QuestionForm) -> tuple[str | None, str]:
    """(id of the field, message); errors of other questions name them."""
    if remark.question and remark.question != form.name:
        return None, f"{remark.question}: {remark.message}"
    texts = {"label", "hint", "required_message", "constraint_message"}
    if remark.column in texts and "/choices/" not in remark.pointer:
        return f"{remark.column}-{remark.language or form.languages[0]}", str(remark.message)
    known = {"relevant": "relevant", "constraint": "constraint", "name": "name"}
    return known.get(remark.column, "choice-0-name" if form.has_choices else None), str(
        remark.message
    )


def _page(
    draft: SurveyDraft,
    form: QuestionForm,
    old: dict[str, Any] | None,
    *,
    page: str = "",
    problems: list[tuple[str | None, str]] | None = None,
    other: dict[str, Any] | None = None,
) -> str:
    by_field: dict[str | None, list[str]] = {}
    for name, message in problems or []:
        by_field.setdefault(name, []).append(message)
    return render_template(
        "editor/question.html",
        draft=draft,
        survey=draft.survey,
        form=form,
        old=old,
        other=QuestionForm.of(other, draft.definition["languages"]) if other else None,
        page=page,
        problems=problems or [],
        errors_of=lambda name: by_field.get(name, ()),
        types=[(kind, str(label)) for kind, label in TYPES.items()],
        text_languages=draft.definition["languages"],
    )
