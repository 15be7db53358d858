"""Steps that the case's definition declares, and the tasks it has given."""

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, _l, pick
from portal.security import allow, body_limit, may
from workflows.cases import due_keys, flow, photos, stages, steps
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused
from workflows.cases.staff import case_pages, detail, forms, step_forms
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.tasks import services as tasks
from workflows.cases.tasks.models import CaseTask
from workflows.engine import versions

PHOTO_LIMIT = photos.MAX_BYTES + 64 * 1024


@dataclass(frozen=True)
class Step:
    """A button of the page that leads to the form of a step."""

    action: str
    title: str


@dataclass(frozen=True)
class Panel:
    """What the case page shows of its workflow."""

    workflow: str
    version: int | None
    state: str
    steps: list[Step]
    tasks: list[CaseTask]
    mine: frozenset[int]
    diagram: str | None


def panel(case: Case) -> Panel:
    definition = flow.definition_of(case)
    found = list(tasks.of_case(case.id))
    me = doer()
    name, number = (
        versions.name_and_number(case.definition_id)
        if case.definition_id is not None
        else (definition.name, None)
    )
    return Panel(
        workflow=pick(dict(definition.titles)),
        version=number,
        state=flow.state_title(case),
        steps=[
            Step(step.action, pick(dict(step.titles)))
            for step in flow.possible(case, may, me.roles)
            if step.action not in stages.BUILT_IN
        ],
        tasks=found,
        mine=frozenset(
            row.id for row in found if row.done_at is None and tasks.is_for(row, me, case)
        ),
        diagram=url_for("workflows.show", name=name) if may("workflows.read") else None,
    )


def doer() -> tasks.Doer:
    """Whoever is signed in."""
    return tasks.Doer(
        current_user.id,
        frozenset(role.name for role in current_user.roles),
        current_user.unit_id,
    )


@blueprint.get("/<int:case_id>/step/<action>")
@allow("cases.steps")
def step_form(case_id: int, action: str) -> ResponseReturnValue:
    case = _case(case_id, action)
    made = step_forms.make(action, steps.declared(case, action), formdata=None)
    made.version.data = str(detail.version(case.id))
    return _page(case, made)


@blueprint.post("/<int:case_id>/step/<action>")
@allow("cases.steps")
@body_limit(256 * 1024, PHOTO_LIMIT)
def take_step(case_id: int, action: str) -> ResponseReturnValue:
    """The step is taken and, with a photo in its form, the photo kept."""
    case = _case(case_id, action)
    fields = steps.declared(case, action)
    form = step_forms.make(action, fields)

    def step() -> None:
        drawn: photos.Photo | None = form.drawn
        row = photos.attach(case_id, drawn) if drawn is not None else None
        filled = step_forms.values(form, fields, case.language)
        try:
            steps.perform(
                case_id, action, by=current_user.id, values=filled, photo=row.id if row else None
            )
        except BaseException as error:
            if row is not None:
                photos.discard(row.stored_path)
            if isinstance(error, InputRefused):
                error.field = f"f_{error.field}"
            raise

    return case_pages.take(case_id, form, step, _l("The step was taken."), draw=_page)


def _case(case_id: int, action: str) -> Case:
    """The case; 404 for a step that has a page of its own, 403 for one of another permission."""
    case = case_pages.found(case_id)
    if action in stages.BUILT_IN:
        abort(404)
    known = [step for step in flow.definition_of(case).steps_of(action) if step.roles]
    if known and not any(may(step.permission) for step in known):
        abort(403)
    return case


def _page(case: Case, form: forms.ActionForm, conflict: object = "") -> str:
    title = next(
        (
            pick(dict(step.titles))
            for step in flow.definition_of(case).steps(case.state)
            if step.action == form.action
        ),
        "",
    )
    if not title and not conflict:
        conflict = _(
            "This is not possible now; the stage is: %(stage)s.", stage=flow.state_title(case)
        )
    return render_template(
        "cases_staff/step.html", case=case, form=form, title=title, conflict=conflict
    )


# Tasks


@blueprint.get("/tasks")
@allow("cases.steps")
def task_list() -> str:
    """What workflows have given to whoever looks."""
    found = list(tasks.page(doer(), due_keys.read(request.args.get("after", ""))))
    more, found = len(found) > tasks.PAGE, found[: tasks.PAGE]
    last = found[-1][0] if found and more else None
    key = due_keys.key(last.due_at, last.id) if last else None
    return render_template("cases_staff/tasks.html", rows=found, after=key)


@blueprint.post("/tasks/<int:task_id>/done")
@allow("cases.steps")
def task_done(task_id: int) -> ResponseReturnValue:
    try:
        row = tasks.done(task_id, doer=doer(), result=request.form.get("result", ""))
    except LookupError:
        abort(404)
    except (tasks.TaskError, InputRefused) as error:
        db.session.rollback()
        flash(str(error), "error")
        waiting = db.session.get(CaseTask, task_id)
        return redirect(url_for("cases.show", case_id=waiting.case_id if waiting else 0), 303)
    db.session.commit()
    flash(_("The task is done."), "success")
    return redirect(url_for("cases.show", case_id=row.case_id), 303)
