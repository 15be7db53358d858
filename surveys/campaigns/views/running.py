"""The list, and the page of a campaign that was launched."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.i18n import _
from portal.messaging import labels as message_labels
from portal.messaging import quiet, spending
from portal.security import allow
from surveys.campaigns import approving, budgets, figures, launching, services
from surveys.campaigns.forms import BoxForm, BudgetForm, ClosingForm, last_day, typed_date
from surveys.campaigns.models import Campaign
from surveys.campaigns.views.common import act, approval_of, blueprint, budget_form, changed, find
from surveys.secrecy import services as secrecy


@blueprint.get("/")
@allow("campaigns.read")
def index() -> ResponseReturnValue:
    lines, more = figures.page(request.args.get("before", type=int))
    older = url_for(".index", before=lines[-1].campaign.id) if more else None
    newest = url_for(".index") if "before" in request.args else None
    return render_template("campaigns/index.html", lines=lines, older=older, newest=newest)


@blueprint.get("/<int:campaign_id>")
@allow("campaigns.read")
def show(campaign_id: int) -> ResponseReturnValue:
    campaign = find(campaign_id)
    survey, version, newest = figures.survey_of(campaign)
    running = campaign.state in services.RUNNING
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        survey=survey,
        version=version,
        newest=newest,
        wanted=services.wanted(campaign),
        costs=services.costs(campaign),
        reminders=figures.reminders(campaign),
        plan=launching.reminder_plan(campaign) if campaign.state == "launched" else None,
        closing=ClosingForm(data={"closes_on": typed_date(last_day(campaign.closes_at))})
        if running
        else None,
        box=secrecy.state(campaign)
        if campaign.secrecy == secrecy.ANONYMOUS and campaign.launched_at
        else None,
        budget_form=budget_form(campaign) if running else None,
        box_form=BoxForm(),
        minimum=secrecy.minimum(),
        **_approval(campaign),
        **_progress(campaign),
    )


def _approval(campaign: Campaign) -> dict[str, Any]:
    # Only a draft that waits is counted: that is what a second person looks at.
    standing = approving.standing(campaign)
    if standing is None:
        return {"approval": None}
    if standing.state != "waiting":
        return approval_of(campaign, 0, 0)
    found = launching.plan(campaign)
    return approval_of(campaign, found.recipients, found.segments)


@blueprint.get("/<int:campaign_id>/progress")
@allow("campaigns.read")
def progress(campaign_id: int) -> ResponseReturnValue:
    """The live part of the page alone."""
    campaign = find(campaign_id)
    return render_template("campaigns/_progress.html", campaign=campaign, **_progress(campaign))


def _progress(campaign: Campaign) -> dict[str, Any]:
    live = campaign.state in services.RUNNING
    found = figures.progress(campaign)
    return {
        "figures": found,
        "failures": [
            (message_labels.STATES[state], message_labels.explain(reason), number)
            for state, reason, number in figures.failures(campaign)
        ],
        "spending": spending.of(services.batch_ids(campaign)),
        "message_labels": message_labels,
        "stopped": message_labels.explain(services.paused_reason(campaign)),
        "live": live,
        "quiet": quiet.why() if live and found.queued > 0 else None,
    }


@blueprint.post("/<int:campaign_id>/pause")
@allow("campaigns.launch")
def pause(campaign_id: int) -> ResponseReturnValue:
    return act(campaign_id, services.pause, _("Sending has paused. Links keep working."))


@blueprint.post("/<int:campaign_id>/resume")
@allow("campaigns.launch")
def resume(campaign_id: int) -> ResponseReturnValue:
    return act(campaign_id, services.resume, _("Sending goes on."))


@blueprint.post("/<int:campaign_id>/close")
@allow("campaigns.launch")
def close(campaign_id: int) -> ResponseReturnValue:
    return act(campaign_id, services.close, _("The campaign is closed. The results stay."))


@blueprint.post("/<int:campaign_id>/cancel")
@allow("campaigns.launch")
def cancel(campaign_id: int) -> ResponseReturnValue:
    return act(campaign_id, services.cancel, _("The campaign is cancelled."))


@blueprint.post("/<int:campaign_id>/version")
@allow("campaigns.launch")
def switch_version(campaign_id: int) -> ResponseReturnValue:
    """Go on with the survey's newest version, the one whose number stood on the page."""
    number = request.form.get("number", type=int)
    if number is None:
        abort(400)
    return act(
        campaign_id,
        lambda each: services.switch_version(each, number),
        _("Whoever has not begun now gets the new version."),
    )


@blueprint.post("/<int:campaign_id>/box")
@allow("campaigns.open_box")
def open_box(campaign_id: int) -> ResponseReturnValue:
    """An administrator's decision; the sweep opens within a minute."""
    return act(
        campaign_id,
        lambda number: secrecy.force_opening(number, BoxForm().reason.data or ""),
        _("Decided. The answers are opened within a minute."),
    )


@blueprint.post("/<int:campaign_id>/remind")
@allow("campaigns.launch")
def remind(campaign_id: int) -> ResponseReturnValue:
    wave = request.form.get("wave", type=int)
    if wave is None:
        abort(400)
    return act(
        campaign_id,
        lambda number: launching.remind(number, user_id=current_user.id, wave=wave),
        _("The reminder is on its way."),
    )


@blueprint.post("/<int:campaign_id>/budget")
@allow("campaigns.launch")
def change_budget(campaign_id: int) -> ResponseReturnValue:
    """What its SMS may cost, before and after the launch."""
    campaign = find(campaign_id)
    form = BudgetForm()
    page = url_for(".review" if campaign.state == "draft" else ".show", campaign_id=campaign_id)
    if not form.validate_on_submit():
        flash(" ".join(str(each) for each in form.budget.errors), "error")
        return redirect(page)
    return changed(
        lambda: budgets.change(campaign_id, form.rial), page, campaign_id, _("The budget is saved.")
    )


@blueprint.post("/<int:campaign_id>/closing")
@allow("campaigns.launch")
def change_closing(campaign_id: int) -> ResponseReturnValue:
    form = ClosingForm()
    if not form.validate_on_submit():
        flash(" ".join(str(each) for each in form.closes_on.errors), "error")
        return redirect(url_for(".show", campaign_id=campaign_id))
    return act(
        campaign_id,
        lambda number: services.change_closing(number, form.closes_at),
        _("The last day was changed."),
    )
