"""Categories: what a message can be about, who gets it, by when."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import _, pick
from portal.security import allow
from portal.units import services as units
from workflows.calendars import services as calendars
from workflows.cases.models import Category
from workflows.cases.questions.views import panel
from workflows.cases.staff import categories
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.forms import CategoryForm
from workflows.engine import versions


@blueprint.get("/categories")
@allow("cases.categories")
def category_list() -> str:
    rows = categories.every()
    return render_template(
        "cases_staff/categories.html",
        rows=rows,
        unit_names=units.names(sorted({row.unit_id for row in rows if row.unit_id})),
    )


@blueprint.route("/categories/new", methods=["GET", "POST"])
@allow("cases.categories")
def new_category() -> ResponseReturnValue:
    form = _form(first_action_hours=8, resolution_hours=40, calendar="tehran-office")
    if form.validate_on_submit():
        try:
            categories.create(form.code.data or "", **form.values())
        except categories.CategoryError as error:
            return _refused(form, error, None)
        db.session.commit()
        flash(_("The category was saved."), "success")
        return redirect(url_for("cases.category_list"), 303)
    return _page(form, None), 422 if form.errors else 200


@blueprint.route("/categories/<int:category_id>", methods=["GET", "POST"])
@allow("cases.categories")
def edit_category(category_id: int) -> ResponseReturnValue:
    category = db.session.get(Category, category_id) or abort(404)
    form = _form(
        chosen=category,
        unit_id=category.unit_id,
        calendar=category.calendar,
        first_action_hours=category.first_action_hours,
        resolution_hours=category.resolution_hours,
        active=category.active,
        asks_feedback=category.asks_feedback,
        definition=category.definition or "",
        **{f"name_{lang}": name for lang, name in category.names.items()},
    )
    if form.validate_on_submit():
        try:
            changed = categories.change(category_id, **form.values())
        except categories.CategoryError as error:
            return _refused(form, error, category_id)
        db.session.commit()
        flash(_("The category was saved.") if changed else _("Nothing was changed."), "success")
        return redirect(url_for("cases.category_list"), 303)
    return _page(form, category), 422 if form.errors else 200


def _form(chosen: Category | None = None, **data: Any) -> CategoryForm:
    names = {entry.name for entry in calendars.entries() if entry.reading.calendar is not None}
    if chosen is not None:
        # Its file may be broken at the moment; the category keeps it all the same.
        names.add(chosen.calendar)
    workflows = [(name, pick(dict(titles))) for name, titles in versions.titles().items()]
    if chosen is not None and chosen.definition and chosen.definition not in dict(workflows):
        workflows.append((chosen.definition, chosen.definition))
    return CategoryForm(units=units.choices(), calendars=sorted(names), workflows=workflows, **data)


def _refused(
    form: CategoryForm, error: categories.CategoryError, category_id: int | None
) -> ResponseReturnValue:
    db.session.rollback()
    field = form[error.field]
    field.errors = [*field.errors, str(error.message)]
    return _page(form, db.session.get(Category, category_id) if category_id else None), 422


def _page(form: CategoryForm, category: Category | None) -> str:
    return render_template(
        "cases_staff/category.html", form=form, category=category, **panel(category)
    )
