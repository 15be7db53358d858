"""The operations centre: its queue, and one case with all that can be done from there."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import clock
from portal.db import db
from portal.i18n import _, _l, current_language
from portal.photos import MAX_BYTES, MIMETYPE
from portal.security import allow, body_limit, may
from portal.units import services as units
from workflows.cases import clocks, due_keys, flow, photos, stages, work
from workflows.cases.models import Case
from workflows.cases.staff import detail, lists
from workflows.cases.staff import labels as case_labels
from workflows.cases.staff.case_pages import found, take
from workflows.cases.staff.forms import ActionForm, words
from workflows.operations import forms, labels, panel, proofs, queries, services
from workflows.operations.models import Visit

blueprint = Blueprint(
    "operations", __name__, template_folder="../templates", url_prefix="/staff/operations"
)
FILES = 4 * MAX_BYTES
"""Bytes of all photos of one form."""


blueprint.add_app_template_global(panel.of_case, "operations_panel")


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": case_labels, "words": labels}


@blueprint.get("/")
@allow("operations.work")
def index() -> str:
    return render_template("operations/index.html", **_queue())


@blueprint.get("/queue")
@allow("operations.work")
def queue() -> str:
    """The part of the page that refreshes itself."""
    return render_template("operations/_queue.html", **_queue())


def _queue() -> dict[str, Any]:
    view = request.args.get("view", "first")
    view = view if view in labels.VIEWS else "first"
    rows, more = queries.queue(view, due_keys.read(request.args.get("after", "")))
    counts = queries.counts()
    last = rows[-1].case if rows else None
    return {
        "view": view,
        "rows": rows,
        "counts": counts,
        "after": request.args.get("after", ""),
        "next_url": url_for(".index", view=view, after=due_keys.key(last.next_due_at, last.id))
        if more and last
        else None,
        "tabs_of": [
            {
                "label": label,
                "url": url_for(".index", view=key),
                "active": key == view,
                "count": counts[key],
            }
            for key, label in labels.VIEWS.items()
        ],
        "now": clock.now(),
        "late": sum(1 for row in rows if row.left is not None and row.left <= dt.timedelta()),
    }


@blueprint.get("/cases/<int:case_id>")
@allow("operations.work")
def show(case_id: int) -> str:
    return page(found(case_id))


def page(case: Case, bound: ActionForm | None = None, conflict: object = "") -> str:
    """`bound`: the form that was sent and is shown again with what was typed."""
    now = clock.now()
    version = str(detail.version(case.id))
    made: dict[str, ActionForm] = {}
    for name in _open_forms(case):
        if bound is not None and isinstance(bound, FORMS[name]):
            made[name] = bound
            if conflict:
                bound.version.data = version
            continue
        made[name] = _form(name, formdata=None)
        made[name].version.data = version
    return render_template(
        "operations/show.html",
        case=case,
        sentence=clocks.explain(case, current_language()),
        overdue=lists.is_overdue(case, now),
        soon=lists.is_soon(case, now),
        seen=detail.read(case),
        work=queries.of_case(case.id),
        forms_of=made,
        sent=bound,
        conflict=conflict,
    )


def _open_forms(case: Case) -> list[str]:
    steps = {step.action for step in flow.possible(case, may)}
    working = case.stage in stages.WORKING
    wanted = {
        "dispatch": working,
        "first_action": "first_action" in steps,
        "visit": working,
        "photos": True,
        "settle": "finish" in steps,
    }
    return [name for name, is_open in wanted.items() if is_open]


FORMS: dict[str, type[ActionForm]] = {
    "dispatch": forms.DispatchForm,
    "first_action": forms.FirstActionForm,
    "visit": forms.VisitForm,
    "photos": forms.PhotosForm,
    "settle": forms.SettleForm,
}


def _form(name: str, **values: Any) -> Any:
    given: dict[str, Any] = {"prefix": f"{name}-", **values}
    if name == "dispatch":
        given |= {"units": units.choices(), **forms.in_minutes(30)}
    elif name == "visit":
        given |= {"people": services.supervisors(), **forms.in_minutes(120)}
    return FORMS[name](**given)


def _take(
    case_id: int, form: ActionForm, step: Callable[[], object], done: Any, *, careful: bool = True
) -> ResponseReturnValue:
    return take(
        case_id,
        form,
        step,
        done,
        careful=careful,
        next_url=url_for(".show", case_id=case_id),
        draw=page,
    )


@blueprint.post("/cases/<int:case_id>/dispatch")
@allow("operations.work")
def dispatch(case_id: int) -> ResponseReturnValue:
    form = _form("dispatch")
    return _take(
        case_id,
        form,
        lambda: services.dispatch(
            case_id,
            unit_id=form.unit_id.data,
            crew=words(form.crew.data),
            expected_at=form.moment(),
            note=words(form.note.data),
            by=current_user.id,
        ),
        _l("It was recorded who was sent."),
    )


@blueprint.post("/cases/<int:case_id>/first-action")
@allow("operations.work")
@body_limit(64 * 1024, FILES)
def first_action(case_id: int) -> ResponseReturnValue:
    form = _form("first_action")
    with Files() as files:
        return _take(
            case_id,
            form,
            lambda: files.keep(
                services.first_action(
                    case_id,
                    text=words(form.text.data, found(case_id).language),
                    photos=form.photos.drawn,
                    no_photo=words(form.no_photo.data),
                    public=bool(form.public.data),
                    by=current_user.id,
                )
            ),
            _l("The first action was recorded."),
        )


@blueprint.post("/cases/<int:case_id>/photos")
@allow("operations.work")
@body_limit(64 * 1024, FILES)
def add_photos(case_id: int) -> ResponseReturnValue:
    form = _form("photos")
    with Files() as files:
        return _take(
            case_id,
            form,
            lambda: files.keep(
                services.add_photos(
                    case_id,
                    kind=form.kind.data,
                    photos=form.photos.drawn,
                    by=current_user.id,
                )
            ),
            _l("The photos were added."),
            careful=False,
        )


@blueprint.post("/cases/<int:case_id>/visit")
@allow("operations.work")
def order_visit(case_id: int) -> ResponseReturnValue:
    form = _form("visit")
    return _take(
        case_id,
        form,
        lambda: services.order_visit(
            case_id,
            supervisor_id=form.supervisor_id.data,
            due_at=form.moment(),
            instructions=words(form.instructions.data),
            by=current_user.id,
        ),
        _l("The visit was ordered."),
    )


@blueprint.post("/visits/<int:visit_id>/cancel")
@allow("operations.work")
def cancel_visit(visit_id: int) -> ResponseReturnValue:
    visit = db.session.get(Visit, visit_id) or abort(404)
    case_id = visit.case_id
    try:
        services.cancel_visit(visit_id, by=current_user.id)
    except stages.StageError as error:
        db.session.rollback()
        flash(str(error.message), "error")
    else:
        db.session.commit()
        flash(_("The visit was called off."), "success")
    return redirect(url_for(".show", case_id=case_id), 303)


@blueprint.post("/cases/<int:case_id>/settle")
@allow("operations.work")
def settle(case_id: int) -> ResponseReturnValue:
    form = _form("settle")
    return _take(
        case_id,
        form,
        lambda: work.finish(
            case_id,
            by=current_user.id,
            outcome=form.outcome.data,
            promised_on=form.promised,
            text=words(form.text.data, found(case_id).language),
        ),
        _l("The answer was recorded."),
    )


@blueprint.get("/photos/<int:proof_id>")
@allow("cases.read")
def photo(proof_id: int) -> ResponseReturnValue:
    row = proofs.find(proof_id)
    if row is None or not (path := photos.path_of(row.stored_path)).is_file():
        abort(404)
    response = send_file(path, mimetype=MIMETYPE, max_age=0)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


class Files:
    """Photos of a request: their files go where its change does not come to be."""

    def __init__(self) -> None:
        self.stored: list[str] = []

    def keep(self, rows: list[Any]) -> None:
        self.stored += [row.stored_path for row in rows]

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        # Committed by now, unless something was raised.
        if kind is not None:
            proofs.discard(self.stored)
