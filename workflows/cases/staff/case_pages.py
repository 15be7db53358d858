"""One case on one page, and every step that can be taken there."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm

from portal import clock
from portal.db import db
from portal.i18n import LazyText, _, _l, current_language
from portal.security import allow, may
from portal.units import services as units
from workflows.cases import clocks, flow, moves, stages, urgency, work
from workflows.cases.matter import panel as matter
from workflows.cases.models import Case
from workflows.cases.replies import services as canned
from workflows.cases.staff import clock_panel, detail, detail_panel, forms, history, lists
from workflows.cases.staff.blueprint import blueprint

FIELDS = {"unit": "unit_id", "assignee": "assignee_id", "words": "text"}
"""Names of the services' inputs where a form calls them otherwise."""
CHANGED = _l(
    "Somebody else has changed this case meanwhile; below is how it stands now. What you typed is "
    "kept: read, then send it again if it still fits."
)
GONE = _l(
    "Somebody else has changed this case meanwhile, and this step is not possible any more. What "
    "you typed is kept below."
)


def found(case_id: int) -> Case:
    return detail.find(case_id) or abort(404)


@blueprint.get("/<int:case_id>")
@allow("cases.read")
def show(case_id: int) -> str:
    return page(found(case_id))


def page(
    case: Case,
    bound: forms.ActionForm | None = None,
    conflict: object = "",
    *,
    panel_form: FlaskForm | None = None,
) -> str:
    """The page; `bound` or `panel_form` is the form that was sent and is shown again with what was
    typed."""
    seen = detail.read(case)
    now = clock.now()
    from workflows.cases.staff import step_pages  # it draws its form on this page's frame

    roles = my_roles()
    steps = [step.action for step in flow.possible(case, may, roles)]
    if flow.may_pass_on(case, roles) and may("cases.work"):
        steps.append(flow.ASSIGN)
    steps = matter.steps(case, steps)
    return render_template(
        "cases_staff/show.html",
        workflow_panel=step_pages.panel,
        clock_title=flow.clock_title,
        case=case,
        seen=seen,
        sentence=clocks.explain(case, current_language()),
        timeline=history.timeline(seen),
        overdue=lists.is_overdue(case, now),
        soon=lists.is_soon(case, now),
        now=now,
        matter_panel=matter.of,
        matter_answers=matter.ANSWERS,
        matter_reasons=matter.reasons,
        steps=steps,
        sent=bound,
        conflict=conflict,
        forms_of=_forms(case, steps, bound, bool(conflict)) if may("cases.steps") else {},
        replies=canned.panel(case) if "finish" in steps and may("cases.work") else [],
        clock_panel=clock_panel.panel(case, bound, changed=bool(conflict)),
        extra=detail_panel.of(case, panel_form),
        panel_form=panel_form,
    )


def my_roles() -> frozenset[str]:
    return frozenset(role.name for role in current_user.roles)


def _forms(
    case: Case, steps: list[str], bound: forms.ActionForm | None, changed: bool
) -> dict[str, forms.ActionForm]:
    """The form of each step that is allowed now; the one that was sent as it was typed."""
    version = str(detail.version(case.id))
    made: dict[str, forms.ActionForm] = {}
    for action in ("first_action", "mark_urgent", "assign", "note", "finish", "reopen"):
        if action not in steps:
            continue
        if bound is not None and bound.action == action and bound.typed:
            made[action] = bound
            if changed:
                bound.version.data = version
            continue
        if action == "assign":
            made[action] = _assign_form(
                formdata=None, unit_id=case.unit_id, assignee_id=case.assignee_id
            )
        else:
            made[action] = FORMS[action](formdata=None, prefix=f"{action}-")
        made[action].version.data = version
    return made


FORMS: dict[str, type[forms.ActionForm]] = {
    "first_action": forms.FirstActionForm,
    "mark_urgent": forms.UrgentForm,
    "note": forms.NoteForm,
    "finish": forms.FinishForm,
    "reopen": forms.ReopenForm,
}


def _assign_form(**arguments: Any) -> forms.AssignForm:
    return forms.AssignForm(
        prefix="assign-", units=units.choices(), people=detail.workers(), **arguments
    )


def take(
    case_id: int,
    form: forms.ActionForm,
    step: Callable[[], object],
    done: LazyText,
    *,
    next_url: str | None = None,
    careful: bool = True,
    draw: Callable[..., str] = page,
) -> ResponseReturnValue:
    """One step: checked, done, committed, and the page again.

    `careful`: refused where the case has changed since the form was opened.
    """
    case = found(case_id)
    if not form.validate_on_submit():
        return draw(case, form), 422
    if careful:
        case = moves.lock(case_id)
        if detail.version(case_id) != form.upon():
            db.session.rollback()
            return _changed(case_id, form, CHANGED, draw)
    try:
        step()
    except stages.StageError as error:
        db.session.rollback()
        return _changed(case_id, form, error.message, draw)
    except moves.InputRefused as error:
        db.session.rollback()
        name = FIELDS.get(error.field, error.field)
        field = form[name if name in form else "version"]
        field.errors = [*field.errors, str(error.message)]
        return draw(found(case_id), form), 422
    db.session.commit()
    flash(done, "success")
    return redirect(next_url or url_for("cases.show", case_id=case_id), 303)


def _changed(
    case_id: int, form: forms.ActionForm, why: object, draw: Callable[..., str]
) -> ResponseReturnValue:
    case = found(case_id)
    still = any(step.action == form.action for step in flow.possible(case, may, my_roles()))
    still = still or clock_panel.possible(case, form.action)
    return draw(case, form, why if still else GONE), 409


@blueprint.post("/<int:case_id>/assign")
@allow("cases.work")
def assign(case_id: int) -> ResponseReturnValue:
    form = _assign_form()
    return take(
        case_id,
        form,
        lambda: work.assign(
            case_id,
            unit_id=form.unit_id.data,
            assignee_id=form.assignee_id.data,
            by=current_user.id,
            note=forms.words(form.note.data, found(case_id).language),
        ),
        _l("The case was passed on."),
    )


@blueprint.post("/<int:case_id>/take")
@allow("cases.work")
def take_over(case_id: int) -> ResponseReturnValue:
    """I do it: the case stays with its unit and is mine."""
    case = found(case_id)
    unit_id = case.unit_id or current_user.unit_id
    if unit_id is None:
        flash(_("Choose a unit first."), "error")
        return redirect(url_for("cases.show", case_id=case_id), 303)
    form = forms.TakeForm(prefix="take-")
    return take(
        case_id,
        form,
        lambda: work.assign(
            case_id, unit_id=unit_id, assignee_id=current_user.id, by=current_user.id
        ),
        _l("The case is yours now."),
    )


@blueprint.post("/<int:case_id>/first-action")
@allow("cases.work")
def first_action(case_id: int) -> ResponseReturnValue:
    form = forms.FirstActionForm(prefix="first_action-")
    if found(case_id).urgency is not None:
        # Of an urgent case it needs a proof: the operations centre, or a field visit.
        flash(_("The first action of an urgent message is recorded with a proof."), "error")
        return redirect(url_for("cases.show", case_id=case_id), 303)
    return take(
        case_id,
        form,
        lambda: work.first_action(
            case_id,
            by=current_user.id,
            text=forms.words(form.text.data, found(case_id).language),
            public=bool(form.public.data),
        ),
        _l("The first action was recorded."),
    )


@blueprint.post("/<int:case_id>/urgent")
@allow("cases.work")
def mark_urgent(case_id: int) -> ResponseReturnValue:
    form = forms.UrgentForm(prefix="mark_urgent-")
    return take(
        case_id,
        form,
        lambda: urgency.mark_urgent(case_id, by=current_user.id, urgency=form.urgency.data),
        _l("The case is urgent now."),
    )


@blueprint.post("/<int:case_id>/note")
@allow("cases.steps")
def note(case_id: int) -> ResponseReturnValue:
    form = forms.NoteForm(prefix="note-")
    return take(
        case_id,
        form,
        lambda: work.note(
            case_id,
            by=current_user.id,
            text=forms.words(form.text.data, found(case_id).language),
            public=bool(form.public.data),
        ),
        _l("The note was added."),
        # A note takes nothing away from anybody's.
        careful=False,
    )


@blueprint.post("/<int:case_id>/finish")
@allow("cases.work")
def finish(case_id: int) -> ResponseReturnValue:
    form = forms.FinishForm(prefix="finish-")
    return take(
        case_id,
        form,
        lambda: work.finish(
            case_id,
            by=current_user.id,
            outcome=form.outcome.data,
            promised_on=form.promised,
            text=forms.words(form.text.data, found(case_id).language),
        ),
        _l("The answer was recorded."),
    )


@blueprint.post("/<int:case_id>/reopen")
@allow("cases.work")
def reopen(case_id: int) -> ResponseReturnValue:
    form = forms.ReopenForm(prefix="reopen-")
    return take(
        case_id,
        form,
        lambda: work.reopen(
            case_id, by=current_user.id, text=forms.words(form.text.data, found(case_id).language)
        ),
        _l("The case was opened again and passed to the unit above."),
    )
