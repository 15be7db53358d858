"""Pages of a matter: suggestions while typing, joining, splitting, followers, bulk joining."""

from collections.abc import Callable, Iterable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from portal.db import db
from portal.i18n import _, default_language, ngettext
from portal.security import allow
from workflows.cases import moves, queries, stages
from workflows.cases.matter import candidates, joins, panel, people
from workflows.cases.matter.forms import DivideForm, FollowerForm, JoinForm, matter_from
from workflows.cases.models import Case
from workflows.cases.staff import detail, labels
from workflows.cases.staff.forms import one_line, words

blueprint = Blueprint("matters", __name__, url_prefix="/staff/cases", template_folder="templates")

FIELDS = {"category": "category_id", "name": "name"}


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": labels, "reasons_of": panel.reasons}


@blueprint.post("/same")
@allow("cases.register")
def same() -> str:
    """A part of the page for registering: what has been reported already. Stores nothing."""
    found = candidates.like(matter_from(request.form))
    chosen = request.form.get("same_as", "")
    return render_template("cases_matter/_same.html", suggestions=found, chosen=chosen)


@blueprint.get("/<int:case_id>/matter")
@allow("cases.join")
def show(case_id: int) -> str:
    return _page(_found(case_id))


def _page(
    case: Case,
    *,
    join: JoinForm | None = None,
    follower: FollowerForm | None = None,
    divide: DivideForm | None = None,
) -> str:
    return render_template(
        "cases_matter/matter.html",
        case=case,
        panel=panel.of(case),
        answers=panel.ANSWERS,
        join_form=join or JoinForm(formdata=None, prefix="join-"),
        follower_form=follower
        or FollowerForm(formdata=None, prefix="follower-", language=default_language()),
        divide_form=divide or _divide_form(formdata=None, text=case.text),
        sent=join or follower or divide,
    )


def _divide_form(**arguments: object) -> DivideForm:
    return DivideForm(prefix="divide-", categories=detail.category_choices(), **arguments)


@blueprint.post("/<int:case_id>/join")
@allow("cases.join")
def join(case_id: int) -> ResponseReturnValue:
    """Follow this case with the one whose code is given."""
    case = _found(case_id)
    form = JoinForm(prefix="join-")
    if not form.validate_on_submit():
        return _page(case, join=form), 422
    other = queries.by_code(form.code.data or "")
    if other is None:
        form.code.errors = [_("There is no case with this code.")]
        return _page(case, join=form), 422
    other_id = other.id
    return _done(
        lambda: joins.join(case_id, other_id, by=current_user.id),
        _("The case is followed with the other one now."),
        case_id,
    )


@blueprint.post("/<int:case_id>/part")
@allow("cases.join")
def part(case_id: int) -> ResponseReturnValue:
    """Undo the joining of this case."""
    _found(case_id)
    return _done(
        lambda: joins.part(case_id, by=current_user.id),
        _("The case is on its own again, with the time it had left."),
        case_id,
    )


@blueprint.post("/<int:case_id>/followers")
@allow("cases.join")
def add_follower(case_id: int) -> ResponseReturnValue:
    case = _found(case_id)
    form = FollowerForm(prefix="follower-")
    if not form.validate_on_submit():
        return _page(case, follower=form), 422
    language = form.language.data
    try:
        people.add_follower(
            case_id,
            e164=form.e164,
            name=one_line(form.name.data, language),
            language=language,
            text=words(form.text.data, language),
            by=current_user.id,
        )
    except (moves.InputRefused, joins.JoinRefused) as error:
        db.session.rollback()
        form.phone.errors = [str(error.message)]
        return _page(_found(case_id), follower=form), 422
    db.session.commit()
    flash(_("The citizen follows this case now and got a tracking code by SMS."), "success")
    return redirect(url_for(".show", case_id=case_id), 303)


@blueprint.post("/<int:case_id>/divide")
@allow("cases.join")
def divide(case_id: int) -> ResponseReturnValue:
    case = _found(case_id)
    form = _divide_form()
    if not form.validate_on_submit():
        return _page(case, divide=form), 422
    try:
        made = people.divide(
            case_id,
            text=words(form.text.data, case.language),
            category_id=form.category_id.data,
            by=current_user.id,
        )
    except (moves.InputRefused, stages.StageError) as error:
        db.session.rollback()
        form.text.errors = [str(error.message)]
        return _page(_found(case_id), divide=form), 422
    made_id = made.id
    db.session.commit()
    flash(_("The second matter is a case of its own now."), "success")
    return redirect(url_for("cases.show", case_id=made_id), 303)


# Several at once, from the list


@blueprint.get("/together")
@allow("cases.join")
def choose() -> str:
    """Which of the chosen cases leads? The oldest is proposed."""
    cases = _chosen(request.args.getlist("case") + request.args.getlist("ids"))
    return render_template("cases_matter/together.html", cases=cases)


@blueprint.post("/together")
@allow("cases.join")
def together() -> ResponseReturnValue:
    cases = _chosen(request.form.getlist("case"))
    into = next((case.id for case in cases if str(case.id) == request.form.get("into")), None)
    if len(cases) < 2 or into is None:
        return render_template("cases_matter/together.html", cases=cases, missing=True), 422
    ids = [case.id for case in cases]
    try:
        number = joins.join_several(ids, into, by=current_user.id)
    except joins.JoinRefused as error:
        db.session.rollback()
        flash(error.message, "error")
        return render_template("cases_matter/together.html", cases=_chosen(map(str, ids))), 409
    db.session.commit()
    flash(ngettext("%(num)s case was joined.", "%(num)s cases were joined.", number), "success")
    return redirect(url_for("cases.show", case_id=into), 303)


def _chosen(typed: Iterable[str]) -> list[Case]:
    ids = [int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < 18][
        : joins.MOST_AT_ONCE
    ]
    if not ids:
        return []
    return list(
        db.session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.received_at, Case.id))
    )


def _done(step: Callable[[], object], message: str, case_id: int) -> ResponseReturnValue:
    try:
        step()
    except joins.JoinRefused as error:
        db.session.rollback()
        flash(error.message, "error")
        return redirect(url_for(".show", case_id=case_id), 303)
    db.session.commit()
    flash(message, "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _found(case_id: int) -> Case:
    return detail.find(case_id) or abort(404)
