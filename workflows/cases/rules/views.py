"""Rules of assignment: their order, their pages, their trial."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from portal.i18n import _
from portal.security import allow
from portal.units import services as units
from workflows.cases import moves
from workflows.cases.rules import forms, services, words
from workflows.cases.rules.matching import Conditions
from workflows.cases.staff import detail
from workflows.cases.staff.blueprint import blueprint


@blueprint.get("/rules")
@allow("cases.rules")
def rule_list() -> str:
    rows = services.every()
    return render_template(
        "cases_rules/index.html",
        rows=rows,
        parts={
            row.id: words.joined(str(words.PART_NAMES[part]) for part in row.conditions)
            for row in rows
        },
        ways=words.WAY_NAMES,
        unit_names=units.names(sorted({row.unit_id for row in rows})),
        people=dict(detail.workers()),
    )


@blueprint.route("/rules/new", methods=["GET", "POST"])
@allow("cases.rules")
def new_rule() -> ResponseReturnValue:
    return _edit(None, _form())


@blueprint.route("/rules/<int:rule_id>", methods=["GET", "POST"])
@allow("cases.rules")
def edit_rule(rule_id: int) -> ResponseReturnValue:
    try:
        rule = services.find(rule_id)
    except LookupError:
        abort(404)
    return _edit(
        rule_id,
        _form(
            name=rule.name,
            way=rule.way,
            unit_id=rule.unit_id,
            assignee_id=rule.assignee_id,
            active=rule.active,
            **forms.stored(Conditions.from_json(rule.conditions)),
        ),
    )


@blueprint.post("/rules/<int:rule_id>/move")
@allow("cases.rules")
def move_rule(rule_id: int) -> ResponseReturnValue:
    try:
        services.shift(rule_id, up=request.form.get("way") == "up")
    except LookupError:
        abort(404)
    db.session.commit()
    return redirect(url_for("cases.rule_list"), 303)


@blueprint.post("/rules/<int:rule_id>/delete")
@allow("cases.rules")
def delete_rule(rule_id: int) -> ResponseReturnValue:
    try:
        services.delete(rule_id)
    except LookupError:
        abort(404)
    db.session.commit()
    flash(_("The rule was deleted."), "success")
    return redirect(url_for("cases.rule_list"), 303)


def _form(**data: Any) -> forms.RuleForm:
    return forms.RuleForm(
        category_choices=detail.category_choices(),
        units=units.choices(),
        people=detail.workers(),
        **data,
    )


def _edit(rule_id: int | None, form: forms.RuleForm) -> ResponseReturnValue:
    """Tried first: what is saved is what the trial was of."""
    trial: list[services.Trial] | None = None
    if form.validate_on_submit():
        if request.form.get("step") == "save" and form.tried.data == form.digest():
            try:
                services.save(rule_id, **form.values())
            except moves.InputRefused as error:
                db.session.rollback()
                field = form[error.field]
                field.errors = [*field.errors, str(error.message)]
            else:
                db.session.commit()
                flash(_("The rule was saved."), "success")
                return redirect(url_for("cases.rule_list"), 303)
        else:
            trial = services.attempt(rule_id, form.conditions(), bool(form.active.data))
            form.tried.data = form.digest()
    body = render_template(
        "cases_rules/edit.html", form=form, rule_id=rule_id, trial=trial, tried=services.TRIED
    )
    return body, 422 if form.errors else 200
