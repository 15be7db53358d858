"""Special messages for those who pursue them: the list, one message with its ways."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.wrappers import Response

from portal.db import db
from portal.i18n import _, today
from portal.security import allow, may
from portal.units import services as units
from workflows.callins.fields import line, text
from workflows.cases import due_keys, stages
from workflows.cases.moves import InputRefused
from workflows.cases.staff import detail
from workflows.cases.staff import labels as case_labels
from workflows.cases.staff.case_pages import found
from workflows.special import forms, labels, panel, queries, services
from workflows.special.models import Referral, SpecialWay

blueprint = Blueprint(
    "special", __name__, template_folder="../templates", url_prefix="/staff/special"
)
blueprint.add_app_template_global(panel.of_case, "special_panel")
DUE_DAYS = {"unit": 3, "social": 1, "letter": 10}
"""What the forms begin with."""


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"labels": case_labels, "words": labels}


@blueprint.get("/")
@allow("special.read")
def index() -> str:
    state = "done" if request.args.get("view") == "done" else "open"
    after = request.args.get("after", "")
    lines, more = queries.page(state, due_keys.read(after))
    counts = queries.counts()
    last = lines[-1].special if lines else None
    return render_template(
        "special/index.html",
        lines=lines,
        view=state,
        tabs_of=[
            {
                "label": label,
                "url": url_for(".index", view=key),
                "active": key == state,
                "count": counts[key],
            }
            for key, label in labels.VIEWS.items()
        ],
        first_url=url_for(".index", view=state) if after else None,
        next_url=url_for(".index", view=state, after=due_keys.key(last.next_due_at, last.id))
        if more and last
        else None,
    )


@blueprint.route("/cases/<int:case_id>/mark", methods=["GET", "POST"])
@allow("special.mark")
def mark(case_id: int) -> ResponseReturnValue:
    case = found(case_id)
    known = queries.of_case(case_id)
    if known is not None:
        return redirect(url_for(".show", special_id=known.special.id), 303)
    form = forms.MarkForm()
    if form.validate_on_submit():
        try:
            special = services.mark(case_id, why=text(form.why.data), by=current_user.id)
        except (InputRefused, stages.StageError) as error:
            db.session.rollback()
            form.refuse(getattr(error, "field", "why"), error.message)
        else:
            special_id = special.id
            db.session.commit()
            flash(_("The message is special now. Begin its ways."), "success")
            return redirect(url_for(".show", special_id=special_id), 303)
    return render_template("special/mark.html", case=found(case.id), form=form), (
        422 if form.errors else 200
    )


@blueprint.get("/<int:special_id>")
@allow("special.read")
def show(special_id: int) -> str:
    return _page(special_id)


def _page(special_id: int, sent: Any = None, refused: object = "") -> str:
    """`sent`: the form that was refused and is shown again with what was typed; `refused`: why the
    step is not possible any more."""
    shown = queries.one(special_id)
    if shown is None:
        abort(404)
    can_work = may("special.work")
    open_kinds = {step.row.kind for step in shown.ways if step.row.state == "open"}  # type: ignore[union-attr]
    ways: dict[str, Any] = {}
    ends: dict[int, Any] = {}
    refer = None
    if can_work:
        given = _choices()
        for kind in forms.WAY_FORMS:
            if kind not in open_kinds:
                ways[kind] = sent if _is(sent, kind) else _way_form(kind, given, formdata=None)
        for step in shown.ways:
            way = step.row
            if isinstance(way, SpecialWay) and way.state == "open":
                mine = isinstance(sent, forms.EndForm) and sent._prefix == f"end{way.id}-"
                ends[way.id] = sent if mine else forms.EndForm.of(way.kind, way.id, formdata=None)
        refer = sent if isinstance(sent, forms.ReferForm) else _refer_form(formdata=None)
    return render_template(
        "special/show.html",
        line=shown,
        case=shown.case,
        way_forms=ways,
        end_forms=ends,
        refer_form=refer,
        sent=sent,
        refused=refused,
    )


def _is(sent: Any, kind: str) -> bool:
    return isinstance(sent, forms.WayForm) and sent.kind == kind


def _choices() -> dict[str, Any]:
    return {"units": units.choices(), "people": detail.workers()}


def _way_form(kind: str, given: dict[str, Any] | None = None, **values: Any) -> forms.WayForm:
    due_on = today() + dt.timedelta(days=DUE_DAYS[kind])
    return forms.WAY_FORMS[kind](**(given or _choices()), due_on=due_on, **values)


def _refer_form(**values: Any) -> forms.ReferForm:
    return forms.ReferForm(
        people=services.members(), due_on=today() + dt.timedelta(days=10), **values
    )


@blueprint.post("/<int:special_id>/ways/<any(unit,social,letter):kind>")
@allow("special.work")
def begin_way(special_id: int, kind: str) -> ResponseReturnValue:
    form = _way_form(kind)
    return _take(
        special_id,
        form,
        lambda: services.begin_way(special_id, form.way(), by=current_user.id),
        _("The way has begun."),
    )


@blueprint.post("/ways/<int:way_id>/end")
@allow("special.work")
def end_way(way_id: int) -> ResponseReturnValue:
    way = db.session.get(SpecialWay, way_id) or abort(404)
    form = forms.EndForm.of(way.kind, way_id)
    return _take(
        way.special_id,
        form,
        lambda: services.end_way(way_id, form.result(), by=current_user.id),
        _("The end of the way was recorded."),
    )


@blueprint.post("/<int:special_id>/refer")
@allow("special.work")
def refer(special_id: int) -> ResponseReturnValue:
    form = _refer_form()
    return _take(
        special_id,
        form,
        lambda: services.refer(
            special_id,
            member_id=form.member_id.data,
            request=text(form.request.data),
            letter_number=line(form.letter_number.data),
            letter_date=form.letter_date.data,
            due_at=forms.end_of(form.due_on.data),
            by=current_user.id,
        ),
        _("The message was referred to the member."),
    )


@blueprint.post("/referrals/<int:referral_id>/withdraw")
@allow("special.work")
def withdraw(referral_id: int) -> ResponseReturnValue:
    row = db.session.get(Referral, referral_id) or abort(404)
    special_id = row.special_id
    try:
        services.withdraw(referral_id, by=current_user.id)
    except stages.StageError as error:
        db.session.rollback()
        flash(str(error.message), "error")
    else:
        db.session.commit()
        flash(_("The referral was withdrawn."), "success")
    return _back(special_id)


def _take(special_id: int, form: Any, step: Callable[[], object], done: str) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return _page(special_id, form), 422
    try:
        step()
    except LookupError:
        abort(404)
    except InputRefused as error:
        db.session.rollback()
        form.refuse(error.field, error.message)
        return _page(special_id, form), 422
    except stages.StageError as error:
        db.session.rollback()
        return _page(special_id, form, refused=error.message), 409
    db.session.commit()
    flash(done, "success")
    return _back(special_id)


def _back(special_id: int) -> Response:
    return redirect(url_for(".show", special_id=special_id), 303)
