"""Many cases at once: chosen in a list, then one step for all of them."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _
from portal.security import allow
from portal.units import services as units
from workflows.cases import moves, work
from workflows.cases.filters import bulk, forms
from workflows.cases.filters.models import BulkRun
from workflows.cases.models import Case
from workflows.cases.recategorise import recategorise
from workflows.cases.replies import services as replies
from workflows.cases.staff import detail, paging
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.forms import words


@blueprint.get("/bulk")
@allow("cases.work")
def bulk_page() -> ResponseReturnValue:
    chosen = forms.chosen(request.args.getlist("ids"), bulk.MOST)
    if not chosen:
        flash(_("Choose cases in the list first."), "error")
        return redirect(url_for("cases.index"))
    return _page(bulk.versions(list(chosen)), _forms())


@blueprint.post("/bulk/<step>")
@allow("cases.work")
def bulk_step(step: str) -> ResponseReturnValue:
    making = _MAKERS.get(step) or abort(404)
    form = making()
    chosen = forms.chosen(request.form.getlist("ids"), bulk.MOST)
    key = form.key.data or ""
    if not chosen or not forms.KEY.fullmatch(key):
        abort(400)
    if not form.validate_on_submit():
        seen = {case_id: upon or 0 for case_id, upon in chosen.items()}
        return _page(seen, {**_forms(), step: form}), 422
    run_id = run(step, key, chosen, _step(step, form))
    return redirect(url_for("cases.bulk_result", run_id=run_id), 303)


@blueprint.get("/bulk/<int:run_id>")
@allow("cases.work")
def bulk_result(run_id: int) -> str:
    found = db.session.get(BulkRun, run_id)
    if found is None or found.user_id != current_user.id:
        abort(404)
    why = {int(case_id): reason for case_id, reason in found.refused}
    return render_template(
        "cases_lists/bulk_result.html",
        run=found,
        why=why,
        rows=paging.rows([*why, *(int(one) for one in found.done)]),
    )


def run(
    action: str,
    key: str,
    chosen: Mapping[int, int | None],
    step: Callable[[Case], object],
) -> int:
    """Every case in a transaction of its own; the id of the run. Sent twice it is done once."""
    begun = bulk.begin(key, current_user.id, action, len(chosen))
    if begun is None:
        again = bulk.known(key, current_user.id) or abort(404)
        return again.id
    run_id = begun.id
    db.session.commit()
    needs = "assign" if action in {"categorise", "hand_over"} else action
    for case_id, upon in chosen.items():
        # A note takes nothing away from anybody's.
        bulk.one(run_id, case_id, step, needs, None if action == "note" else upon)
        db.session.commit()
    bulk.end(run_id)
    db.session.commit()
    return run_id


def _step(step: str, form: Any) -> Callable[[Case], object]:
    by = current_user.id
    match step:
        case "assign":
            return lambda case: work.assign(
                case.id,
                unit_id=form.unit_id.data,
                assignee_id=form.assignee_id.data,
                by=by,
                note=words(form.note.data, case.language),
            )
        case "note":
            return lambda case: work.note(
                case.id,
                by=by,
                text=words(form.text.data, case.language),
                public=bool(form.public.data),
            )
        case "finish":
            reply_id = int(form.reply.data)

            def finish(case: Case) -> object:
                reply = replies.find(reply_id)
                if not replies.speaks(reply, case.language):
                    # Nobody looks at each: it must not go out in a language not asked for.
                    raise moves.InputRefused("reply", replies.NOT_SPOKEN)
                return work.finish(
                    case.id,
                    by=by,
                    outcome=reply.outcome,
                    text=replies.text_for(reply, case),
                    promised_on=form.promised,
                )

            return finish
        case _:
            return lambda case: recategorise(case.id, category_id=int(form.category.data), by=by)


def _assign(**arguments: Any) -> Any:
    return forms.BulkAssignForm(
        prefix="assign-", units=units.choices(), people=detail.workers(), **arguments
    )


def _note(**arguments: Any) -> Any:
    return forms.BulkNoteForm(prefix="note-", **arguments)


def _finish(**arguments: Any) -> Any:
    found = replies.offered(None, every_category=True)
    return forms.BulkFinishForm(
        prefix="finish-",
        replies=[(one.id, one.name) for one in found],
        planned=[one.id for one in found if one.outcome == "planned"],
        **arguments,
    )


def _categorise(**arguments: Any) -> Any:
    return forms.BulkCategoryForm(
        prefix="categorise-", categories=detail.category_choices(), **arguments
    )


_MAKERS: dict[str, Callable[..., Any]] = {
    "assign": _assign,
    "note": _note,
    "finish": _finish,
    "categorise": _categorise,
}


def _forms() -> dict[str, Any]:
    made = {step: making(formdata=None) for step, making in _MAKERS.items()}
    for form in made.values():
        form.key.data = uuid.uuid4().hex
    return made


def _page(chosen: Mapping[int, int], bound: Mapping[str, Any]) -> str:
    return render_template(
        "cases_lists/bulk.html",
        rows=paging.rows(list(chosen)),
        chosen=chosen,
        forms_of=bound,
        sent=next((form for form in bound.values() if form.errors), None),
    )
