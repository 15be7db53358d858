"""Feedback calls: the queue, and the page beside the telephone."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import _, _l, digits
from portal.security import allow
from workflows.cases import attempts, feedback, ringing
from workflows.cases.models import Case
from workflows.cases.staff import calls, detail, history, moments
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.case_pages import found, take
from workflows.cases.staff.forms import ActionForm, CallForm, words


@blueprint.get("/calls")
@allow("cases.feedback")
def call_queue() -> str:
    waiting = calls.waiting(current_user.id)
    return render_template(
        "cases_staff/calls.html",
        waiting=waiting,
        count=calls.count(current_user.id),
        asked=calls.asked_at([case.id for case in waiting]),
        tried=calls.tried([case.id for case in waiting]),
        most=attempts.MOST,
        hours=digits(int(calls.SILENCE.total_seconds()) // 3600),
    )


@blueprint.post("/calls/next")
@allow("cases.feedback")
def next_call() -> ResponseReturnValue:
    case_id = calls.take_next(current_user.id)
    db.session.commit()
    if case_id is None:
        flash(_("Nobody has to be rung now."), "info")
        return redirect(url_for("cases.call_queue"), 303)
    return redirect(url_for("cases.call", case_id=case_id), 303)


@blueprint.get("/<int:case_id>/call")
@allow("cases.feedback")
def call(case_id: int) -> str:
    return _page(found(case_id))


@blueprint.post("/<int:case_id>/call")
@allow("cases.feedback")
def record_call(case_id: int) -> ResponseReturnValue:
    form = CallForm(prefix="call-")

    def step() -> None:
        if form.answer.data not in {"accepted", "objected"}:
            ringing.not_reached(
                case_id, form.answer.data, by=current_user.id, again_at=form.again_at()
            )
            return
        feedback.answer_by_call(
            case_id,
            by=current_user.id,
            accepted=form.answer.data == "accepted",
            words=words(form.text.data, found(case_id).language),
        )

    done = {
        "accepted": _l("The agreement was recorded and the case is closed."),
        "objected": _l("The objection was recorded; the case is open again, with somebody else."),
        "wrong_number": _l("Noted. The citizen cannot be asked; the case is closed as not asked."),
        **dict.fromkeys(
            ("no_answer", "busy", "later"), _l("Noted. The case comes back into the queue later.")
        ),
    }
    return take(
        case_id,
        form,
        step,
        done.get(form.answer.data or "", _l("Recorded.")),
        next_url=url_for("cases.call_queue"),
        draw=_page,
    )


def _page(case: Case, bound: ActionForm | None = None, conflict: object = "") -> str:
    form = bound if bound is not None else CallForm(formdata=None, prefix="call-")
    if bound is None or conflict:
        form.version.data = str(detail.version(case.id))
    seen = detail.read(case)
    return render_template(
        "cases_staff/call.html",
        case=case,
        seen=seen,
        form=form,
        conflict=conflict,
        timeline=history.timeline(seen),
        attempts=calls.attempts_of(case.id),
        most=attempts.MOST,
        later_example=moments.example(),
    )
