"""Questions of a category: adding, changing, ordering, ending them; and the fragment for forms."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.db import db
from portal.i18n import _
from portal.security import allow
from workflows.cases.models import Category
from workflows.cases.questions import asking, services
from workflows.cases.questions.forms import KIND_NAMES, QuestionForm
from workflows.cases.questions.models import CaseQuestion
from workflows.cases.staff.blueprint import blueprint


@blueprint.get("/questions")
@allow("cases.register")
def questions_of() -> str:
    """The questions of `?category=` alone, for the form that is open."""
    typed = request.args.get("category", "")
    category_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else None
    # What somebody typed into another category's questions does not fit these.
    return render_template(
        "cases_staff/_asked.html",
        questions=asking.of_form(category_id, MultiDict(request.args), staff=True),
    )


@blueprint.route("/categories/<int:category_id>/questions/new", methods=["GET", "POST"])
@allow("cases.categories")
def new_question(category_id: int) -> ResponseReturnValue:
    category = _category(category_id)
    form = QuestionForm()
    if form.validate_on_submit():
        try:
            services.create(category_id, key=form.key.data or "", **form.values())
        except services.QuestionError as error:
            return _refused(form, error, category_id, None)
        db.session.commit()
        flash(_("The question was saved."), "success")
        return _back(category_id)
    return _page(form, category, None), 422 if form.errors else 200


@blueprint.route("/questions/<int:question_id>", methods=["GET", "POST"])
@allow("cases.categories")
def edit_question(question_id: int) -> ResponseReturnValue:
    question = _question(question_id)
    category_id = question.category_id
    form = QuestionForm(**QuestionForm.data_of(question))
    if form.validate_on_submit():
        try:
            changed = services.change(question_id, **form.values())
        except services.QuestionError as error:
            return _refused(form, error, category_id, question_id)
        except LookupError:
            db.session.rollback()
            flash(_("Somebody else has changed this question meanwhile."), "error")
            return _back(category_id)
        db.session.commit()
        flash(_("The question was saved.") if changed else _("Nothing was changed."), "success")
        return _back(category_id)
    return _page(form, _category(category_id), question), 422 if form.errors else 200


@blueprint.post("/questions/<int:question_id>/retire")
@allow("cases.categories")
def retire_question(question_id: int) -> ResponseReturnValue:
    category_id = _question(question_id).category_id
    services.retire(question_id)
    db.session.commit()
    flash(_("The question is not asked any more; answers to it stay."), "success")
    return _back(category_id)


@blueprint.post("/questions/<int:question_id>/up")
@allow("cases.categories")
def move_question_up(question_id: int) -> ResponseReturnValue:
    category_id = _question(question_id).category_id
    services.move_up(question_id)
    db.session.commit()
    return _back(category_id)


def _back(category_id: int) -> ResponseReturnValue:
    url = url_for("cases.edit_category", category_id=category_id)
    return redirect(f"{url}#questions", 303)


def _category(category_id: int) -> Category:
    return db.session.get(Category, category_id) or abort(404)


def _question(question_id: int) -> CaseQuestion:
    question = db.session.get(CaseQuestion, question_id)
    return question if question is not None and question.retired_at is None else abort(404)


def _refused(
    form: QuestionForm, error: services.QuestionError, category_id: int, question_id: int | None
) -> ResponseReturnValue:
    db.session.rollback()
    field = form[error.field if error.field in form else "text_fa"]
    field.errors = [*field.errors, str(error.message)]
    question = _question(question_id) if question_id is not None else None
    return _page(form, _category(category_id), question), 422


def _page(form: QuestionForm, category: Category, question: CaseQuestion | None) -> str:
    return render_template(
        "cases_staff/question.html", form=form, category=category, question=question
    )


def panel(category: Category | None) -> dict[str, object]:
    """What the category's page shows of its questions."""
    rows = services.current(category.id) if category is not None else ()
    return {"questions": rows, "kind_names": KIND_NAMES}
