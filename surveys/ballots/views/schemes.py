"""Schemes: list, draft, neighbourhoods, publishing."""

from typing import Any

import jdatetime
from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, current_language, digits, pick, today
from portal.security import allow
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotScheme
from surveys.ballots.services import (
    closing,
    counting,
    inviting,
    paper,
    proposals,
    reminding,
    schemes,
)
from surveys.ballots.staff_forms import AreaForm, BudgetForm, SchemeForm
from surveys.ballots.views.approval import approval_of
from surveys.ballots.views.common import (
    act,
    area_url,
    blueprint,
    find,
    find_area,
    put,
    scheme_url,
)

PAGE = 50


@blueprint.get("")
@allow("ballots.read")
def index() -> ResponseReturnValue:
    rows = schemes.listed(request.args.get("before", type=int), PAGE)
    older = rows[-1].id if len(rows) == PAGE else None
    return render_template("ballots/index.html", rows=rows, older=older)


@blueprint.get("/new")
@allow("ballots.manage")
def new() -> ResponseReturnValue:
    form = SchemeForm(data={"year": digits(_this_year()), "max_choices": "3", "points": "10"})
    return _form_page(form, None)


@blueprint.post("/new")
@allow("ballots.manage")
def create() -> ResponseReturnValue:
    form = SchemeForm()
    if form.validate_on_submit():
        try:
            scheme = schemes.create(
                form.code.data or "", user_id=current_user.id, **form.scheme_values()
            )
        except BallotError as error:
            db.session.rollback()
            put(form, error)
        else:
            scheme_id = scheme.id
            db.session.commit()
            return redirect(scheme_url(scheme_id), 303)
    return _form_page(form, None, 422)


@blueprint.get("/<int:scheme_id>/edit")
@allow("ballots.manage")
def edit(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    return _form_page(SchemeForm(data=SchemeForm.data_of(scheme)), scheme)


@blueprint.post("/<int:scheme_id>/edit")
@allow("ballots.manage")
def save(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    form = SchemeForm()
    form.code.data = scheme.code
    if form.validate_on_submit():
        try:
            schemes.change(scheme_id, **form.scheme_values())
        except BallotError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(scheme_url(scheme_id), 303)
    return _form_page(form, find(scheme_id), 422)


def _form_page(
    form: SchemeForm, scheme: BallotScheme | None, status: int = 200
) -> ResponseReturnValue:
    return render_template("ballots/form.html", form=form, scheme=scheme), status


def _this_year() -> int:
    """In the calendar of the reader."""
    day = today()
    if current_language() != "fa":
        return day.year
    return int(jdatetime.date.fromgregorian(date=day).year)


@blueprint.get("/<int:scheme_id>")
@allow("ballots.read")
def show(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    units = schemes.units_to_choose(scheme) if scheme.state in schemes.OPEN_STATES else []
    return _scheme_page(scheme, _area_form(units))


def _area_form(units: Any) -> AreaForm:
    form = AreaForm()
    form.unit_id.choices = [(unit.id, pick(unit.names)) for unit in units]
    return form


def _scheme_page(scheme: BallotScheme, form: AreaForm, status: int = 200) -> ResponseReturnValue:
    counted = scheme.state == "counted"
    return (
        render_template(
            "ballots/show.html",
            scheme=scheme,
            counts=proposals.counts(scheme.id),
            turnout=closing.turnout(scheme.id),
            sheets=paper.sheet_counts(scheme.id) if scheme.takes_paper else {},
            results=counting.results(scheme.id) if counted else {},
            problems=counting.problems(scheme) if scheme.state == "closed" else [],
            to_tell=counting.to_tell(scheme)
            if counted and scheme.announced_batch_id is None
            else None,
            form=form,
            **approval_of(scheme),
            invited=inviting.invited(scheme.id) if scheme.proposing_batches else 0,
            to_remind=reminding.waiting(scheme) if reminding.may_remind(scheme) else 0,
        ),
        status,
    )


@blueprint.post("/<int:scheme_id>/areas")
@allow("ballots.manage")
def add_area(scheme_id: int) -> ResponseReturnValue:
    scheme = find(scheme_id)
    form = _area_form(schemes.units_to_choose(scheme))
    if form.validate_on_submit():
        try:
            schemes.add_area(scheme_id, form.unit_id.data, form.rial)
        except BallotError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            return redirect(scheme_url(scheme_id), 303)
    return _scheme_page(find(scheme_id), form, 422)


@blueprint.post("/areas/<int:area_id>/budget")
@allow("ballots.manage")
def save_budget(area_id: int) -> ResponseReturnValue:
    area = find_area(area_id)
    form = BudgetForm()
    if not form.validate_on_submit():
        for message in form.budget.errors:
            flash(str(message), "error")
        return redirect(area_url(area.id), 303)
    return act(lambda: schemes.change_budget(area_id, form.rial), area_url(area_id), _("Saved."))


@blueprint.post("/areas/<int:area_id>/remove")
@allow("ballots.manage")
def remove_area(area_id: int) -> ResponseReturnValue:
    scheme_id = find_area(area_id).scheme_id
    return act(lambda: schemes.remove_area(area_id), scheme_url(scheme_id), _("Taken out."))


@blueprint.post("/<int:scheme_id>/publish")
@allow("ballots.manage")
def publish(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    return act(
        lambda: schemes.publish(scheme_id),
        scheme_url(scheme_id),
        _("The scheme is public. Proposals are taken on its days."),
    )


@blueprint.post("/<int:scheme_id>/cancel")
@allow("ballots.manage")
def cancel(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    return act(lambda: schemes.cancel(scheme_id), scheme_url(scheme_id), _("Called off."))
