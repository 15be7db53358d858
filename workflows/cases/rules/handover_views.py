"""Somebody is away or has left: who stands in, and what lies with them is handed over."""

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.accounts.models import User
from portal.db import db
from portal.i18n import _, _l
from portal.security import allow, may
from portal.units.services import subtree
from workflows.cases import moves, work
from workflows.cases.filters import bulk, bulk_views
from workflows.cases.filters.forms import KEY, chosen
from workflows.cases.models import Case
from workflows.cases.rules import absences, forms
from workflows.cases.staff import detail, lists, paging
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.forms import words


def _scope() -> list[int] | None:
    """Units whose people somebody may hand over for; None: every one."""
    if may("cases.register"):
        return None
    return subtree(current_user.unit_id) if current_user.unit_id else []


def _person(user_id: int) -> User:
    """Everybody for themselves; for others by the permission, within one's own unit."""
    user = db.session.get(User, user_id) or abort(404)
    if user.id != current_user.id:
        units = _scope()
        if not may("cases.handover") or (units is not None and user.unit_id not in units):
            abort(404)
    return user


@blueprint.get("/handover")
@allow("cases.handover")
def handover_list() -> str:
    people, after = absences.people(_scope(), lists.number(request.args.get("after", "")) or 0)
    return render_template("cases_rules/handover.html", people=people, after=after)


@blueprint.get("/handover/<int:user_id>")
@allow("cases.work")
def handover(user_id: int) -> str:
    user = _person(user_id)
    return _page(user, _absence_form(user), _handover_form(user))


@blueprint.post("/handover/<int:user_id>/absence")
@allow("cases.work")
def set_absence(user_id: int) -> ResponseReturnValue:
    user = _person(user_id)
    form = _absence_form(user)
    if form.validate_on_submit():
        try:
            absences.leave(
                user.id,
                until=form.day,
                substitute_id=form.substitute.data,
                note=form.note.data or "",
                by=current_user.id,
            )
        except moves.InputRefused as error:
            db.session.rollback()
            field = form[error.field]
            field.errors = [*field.errors, str(error.message)]
        else:
            db.session.commit()
            flash(_("The absence was entered."), "success")
            return redirect(url_for("cases.handover", user_id=user_id), 303)
    return _page(_person(user_id), form, _handover_form(user)), 422


@blueprint.post("/handover/<int:user_id>/back")
@allow("cases.work")
def end_absence(user_id: int) -> ResponseReturnValue:
    user = _person(user_id)
    if absences.back(user.id):
        db.session.commit()
        flash(_("Here again: new cases come as before."), "success")
    return redirect(url_for("cases.handover", user_id=user_id), 303)


@blueprint.post("/handover/<int:user_id>/cases")
@allow("cases.work")
def hand_over(user_id: int) -> ResponseReturnValue:
    user = _person(user_id)
    form = _handover_form(user)
    found = chosen(request.form.getlist("ids"), bulk.MOST)
    if not found:
        flash(_("Choose cases in the list first."), "error")
        return redirect(url_for("cases.handover", user_id=user_id), 303)
    if not form.validate_on_submit():
        return _page(user, _absence_form(user), form), 422
    key = form.key.data or ""
    if not KEY.fullmatch(key):
        abort(400)
    to, note, by, owner = form.to.data, form.note.data, current_user.id, user.id
    home = user.unit_id

    def step(case: Case) -> object:
        if case.assignee_id != owner:
            raise moves.InputRefused("assignee", _l("Somebody else has it by now."))
        unit_id = case.unit_id or home
        if unit_id is None:
            raise moves.InputRefused("unit", _l("Choose a unit first."))
        return work.assign(
            case.id, unit_id=unit_id, assignee_id=to, by=by, note=words(note, case.language)
        )

    run_id = bulk_views.run("hand_over", key, found, step)
    return redirect(url_for("cases.bulk_result", run_id=run_id), 303)


def _others(user: User) -> list[tuple[int, str]]:
    return [(key, name) for key, name in detail.workers() if key != user.id]


def _absence_form(user: User) -> forms.AbsenceForm:
    return forms.AbsenceForm(prefix="absence-", people=_others(user))


def _handover_form(user: User) -> forms.HandOverForm:
    absence = absences.of(user.id)
    return forms.HandOverForm(
        prefix="over-",
        people=_others(user),
        to=absence.substitute_id if absence else None,
        key=uuid.uuid4().hex,
    )


def _page(user: User, absence: forms.AbsenceForm, over: forms.HandOverForm) -> str:
    page = paging.page(
        lists.CaseFilter(view="mine"),
        lists.Reader(user.id, user.unit_id, sees_numbers=False),
        size=bulk.MOST,
    )
    return render_template(
        "cases_rules/person.html",
        user=user,
        name=user.name or user.email,
        absence=absences.of(user.id),
        substitutes=dict(detail.workers()),
        absence_form=absence,
        over=over,
        rows=page.rows,
        more=page.after is not None,
        versions=bulk.versions([row.case.id for row in page.rows]),
    )
