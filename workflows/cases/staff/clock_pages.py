"""Clocks that wait, and how a due time comes about."""

import datetime as dt

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal import clock
from portal.formats import utc
from portal.i18n import _l, current_language
from portal.security import allow
from workflows.calendars.explain import length
from workflows.cases import clocks, due_steps, pauses
from workflows.cases.staff import forms
from workflows.cases.staff.blueprint import blueprint
from workflows.cases.staff.case_pages import found, take
from workflows.cases.staff.clock_panel import PauseForm, ResumeForm


@blueprint.get("/<int:case_id>/due")
@allow("cases.read")
def due(case_id: int) -> str:
    case = found(case_id)
    return render_template(
        "cases_staff/due.html",
        case=case,
        sentence=clocks.explain(case, current_language()),
        explained=due_steps.explained(case),
        length=_length,
        now=clock.now(),
    )


def _length(seconds: float) -> str:
    """Hours and minutes, never days: a day of open time is no day."""
    return length(dt.timedelta(seconds=seconds))


@blueprint.post("/<int:case_id>/pause")
@allow("cases.work")
def pause(case_id: int) -> ResponseReturnValue:
    form = PauseForm(prefix="pause-")

    def step() -> object:
        until = None
        if form.until.data is not None:
            until = utc(form.until.data, form.until_time.data or dt.time(0))
        return pauses.pause(
            case_id,
            by=current_user.id,
            reason=form.reason.data,
            text=forms.words(form.text.data),
            until=until,
        )

    return take(case_id, form, step, _l("The deadlines stand still."))


@blueprint.post("/<int:case_id>/resume")
@allow("cases.work")
def resume(case_id: int) -> ResponseReturnValue:
    form = ResumeForm(prefix="resume-")
    return take(
        case_id,
        form,
        lambda: pauses.resume(case_id, by=current_user.id, text=forms.words(form.text.data)),
        _l("The deadlines go on."),
    )
