"""Screening: every proposal of a neighbourhood, and what the ballot says of it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, current_language, format_number, pick
from portal.security import allow
from surveys.ballots.errors import BallotError
from surveys.ballots.models import PROPOSAL_STATES, BallotArea, BallotProposal
from surveys.ballots.services import pictures, proposal_pages, proposals
from surveys.ballots.staff_forms import (
    BudgetForm,
    DeclineForm,
    MergeForm,
    ProjectForm,
    texts_of,
)
from surveys.ballots.views.common import (
    act,
    area_url,
    blueprint,
    find_area,
    find_proposal,
    put,
    typed_after,
)


@blueprint.get("/areas/<int:area_id>")
@allow("ballots.read")
def area(area_id: int) -> ResponseReturnValue:
    found = find_area(area_id)
    state = request.args.get("state", "")
    state = state if state in PROPOSAL_STATES[1:] else ""
    page = proposal_pages.page(area_id, (state,) if state else (), after=typed_after())
    return render_template(
        "ballots/area.html",
        area=found,
        scheme=found.scheme,
        rows=page.rows,
        state=state,
        counts=proposals.counts(found.scheme_id).get(area_id, {}),
        page=page,
        budget=BudgetForm(data={"budget": format_number(found.budget // 10)}),
    )


@blueprint.get("/areas/<int:area_id>/new")
@allow("ballots.manage")
def new_project(area_id: int) -> ResponseReturnValue:
    return _new_page(find_area(area_id), ProjectForm())


@blueprint.post("/areas/<int:area_id>/new")
@allow("ballots.manage")
def create_project(area_id: int) -> ResponseReturnValue:
    found = find_area(area_id)
    form = ProjectForm()
    if not form.validate_on_submit():
        return _new_page(found, form, 422)
    kept = pictures.keep(form.drawn) if form.drawn else None
    try:
        proposal = proposals.add(
            area_id,
            language=current_language(),
            titles=texts_of(form, "title"),
            descriptions=texts_of(form, "text"),
            place=form.place.data or "",
            cost=form.rial,
            photo=kept,
        )
        proposal_id = proposal.id
        db.session.commit()
    except BallotError as error:
        db.session.rollback()
        pictures.discard(kept)
        put(form, error)
        return _new_page(find_area(area_id), form, 422)
    return redirect(url_for(".project", proposal_id=proposal_id), 303)


def _new_page(found: BallotArea, form: ProjectForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "ballots/project.html", area=found, scheme=found.scheme, proposal=None, form=form
    )
    return page, status


@blueprint.get("/projects/<int:proposal_id>")
@allow("ballots.read")
def project(proposal_id: int) -> ResponseReturnValue:
    found = find_proposal(proposal_id)
    return _project_page(found, ProjectForm(data=ProjectForm.data_of(found)))


@blueprint.post("/projects/<int:proposal_id>")
@allow("ballots.manage")
def save_project(proposal_id: int) -> ResponseReturnValue:
    """Save; a second button accepts in the same step."""
    found = find_proposal(proposal_id)
    form = ProjectForm()
    if not form.validate_on_submit():
        return _project_page(found, form, 422)
    accepts = request.form.get("go") == "accept"
    new_file: str | None = None
    gone: str | None = None
    try:
        proposals.edit(
            proposal_id,
            titles=texts_of(form, "title"),
            descriptions=texts_of(form, "text"),
            place=form.place.data or "",
            cost=form.rial,
        )
        if form.drawn is not None or form.remove_photo.data:
            new_file, gone = proposals.set_photo(proposal_id, form.drawn)
        if accepts:
            proposals.accept(proposal_id, user_id=current_user.id)
        db.session.commit()
    except BallotError as error:
        db.session.rollback()
        pictures.discard(new_file)
        put(form, error)
        return _project_page(find_proposal(proposal_id), form, 422)
    pictures.discard(gone)
    flash(_("It is on the ballot.") if accepts else _("Saved."), "success")
    page = find_proposal(proposal_id).area_id
    return redirect(area_url(page) if accepts else url_for(".project", proposal_id=proposal_id))


def _project_page(
    found: BallotProposal,
    form: ProjectForm,
    status: int = 200,
    decline: DeclineForm | None = None,
) -> ResponseReturnValue:
    merge = MergeForm()
    others = proposals.of_area(found.area_id, ("submitted", "accepted"))
    merge.into.choices = [
        (row.id, f"{format_number(row.number)}. {pick(row.titles)}")
        for row in others
        if row.id != found.id
    ]
    page = render_template(
        "ballots/project.html",
        area=found.area,
        scheme=found.area.scheme,
        proposal=found,
        form=form,
        merge=merge,
        decline=decline or DeclineForm(formdata=None),
    )
    return page, status


@blueprint.post("/projects/<int:proposal_id>/decline")
@allow("ballots.manage")
def decline(proposal_id: int) -> ResponseReturnValue:
    found = find_proposal(proposal_id)
    form = DeclineForm()
    area_id = found.area_id
    if form.validate_on_submit():
        try:
            proposals.decline(
                proposal_id,
                reason=form.reason.data or "",
                texts=texts_of(form, "reason"),
                user_id=current_user.id,
            )
        except BallotError as error:
            db.session.rollback()
            put(form, error)
        else:
            db.session.commit()
            flash(_("Declined. The reason is public."), "success")
            return redirect(area_url(area_id), 303)
    found = find_proposal(proposal_id)
    own = ProjectForm(formdata=None, data=ProjectForm.data_of(found))
    return _project_page(found, own, 422, form)


@blueprint.post("/projects/<int:proposal_id>/merge")
@allow("ballots.manage")
def merge(proposal_id: int) -> ResponseReturnValue:
    found = find_proposal(proposal_id)
    into = request.form.get("into", type=int) or 0
    return act(
        lambda: proposals.merge(proposal_id, into, user_id=current_user.id),
        area_url(found.area_id),
        _("Merged."),
    )


@blueprint.post("/projects/<int:proposal_id>/reconsider")
@allow("ballots.manage")
def reconsider(proposal_id: int) -> ResponseReturnValue:
    find_proposal(proposal_id)
    return act(
        lambda: proposals.reconsider(proposal_id, user_id=current_user.id),
        url_for(".project", proposal_id=proposal_id),
        _("It waits for a decision again."),
    )
