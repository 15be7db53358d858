"""What a campaign does by itself: planned launch, planned reminders, quotas."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.db import db
from portal.i18n import InputError, _, format_datetime, format_number, parse_int
from portal.security import allow
from surveys.campaigns import schedule, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.forms import MomentForm
from surveys.campaigns.models import Campaign
from surveys.campaigns.views.common import act, blueprint, find
from surveys.questionnaires.services import load_version
from surveys.quotas import services as quotas

EMPTY_ROWS = 3


@blueprint.get("/<int:campaign_id>/plan")
@allow("campaigns.read")
def plan(campaign_id: int) -> ResponseReturnValue:
    return _page(find(campaign_id))


@blueprint.post("/<int:campaign_id>/plan/launch")
@allow("campaigns.launch")
def plan_launch(campaign_id: int) -> ResponseReturnValue:
    campaign = find(campaign_id)
    form = MomentForm(prefix="launch")
    if form.validate_on_submit() and (at := form.moment):
        try:
            schedule.plan_launch(campaign_id, at, user_id=current_user.id)
        except CampaignError as error:
            db.session.rollback()
            return _page(find(campaign_id), launch=_refused(form, error)), 422
        db.session.commit()
        flash(_("The launch is planned for %(moment)s.", moment=format_datetime(at)), "success")
        return redirect(url_for(".plan", campaign_id=campaign_id))
    return _page(campaign, launch=form), 422


@blueprint.post("/<int:campaign_id>/plan/launch/undo")
@allow("campaigns.launch")
def unplan_launch(campaign_id: int) -> ResponseReturnValue:
    return act(campaign_id, schedule.unplan_launch, _("The plan was taken back."))


@blueprint.post("/<int:campaign_id>/plan/reminders")
@allow("campaigns.launch")
def plan_reminder(campaign_id: int) -> ResponseReturnValue:
    campaign = find(campaign_id)
    form = MomentForm(prefix="reminder")
    if form.validate_on_submit() and (at := form.moment):
        try:
            schedule.plan_reminder(campaign_id, at, user_id=current_user.id)
        except CampaignError as error:
            db.session.rollback()
            return _page(find(campaign_id), reminder=_refused(form, error)), 422
        db.session.commit()
        flash(_("A reminder is planned for %(moment)s.", moment=format_datetime(at)), "success")
        return redirect(url_for(".plan", campaign_id=campaign_id))
    return _page(campaign, reminder=form), 422


@blueprint.post("/<int:campaign_id>/plan/reminders/<int:planned_id>/undo")
@allow("campaigns.launch")
def unplan_reminder(campaign_id: int, planned_id: int) -> ResponseReturnValue:
    return act(
        campaign_id,
        lambda number: schedule.unplan_reminder(number, planned_id),
        _("The plan was taken back."),
    )


@blueprint.post("/<int:campaign_id>/plan/quotas")
@allow("campaigns.launch")
def save_quotas(campaign_id: int) -> ResponseReturnValue:
    campaign = find(campaign_id)
    rows, wishes, errors = _typed(campaign)
    if not errors:
        try:
            quotas.replace(services.draft(campaign_id), wishes)
        except CampaignError as error:
            db.session.rollback()
            errors = [(None, str(message)) for message in error.messages]
        else:
            db.session.commit()
            flash(_("The quotas are saved."), "success")
            return redirect(url_for(".plan", campaign_id=campaign_id))
    return _page(find(campaign_id), rows=rows, errors=errors), 422


Row = tuple[str, str, str]


def _typed(campaign: Campaign) -> tuple[list[Row], list[quotas.Wish], list[Any]]:
    """The rows as typed, what they wish, and (id of the field, what is wrong with it)."""
    columns = [request.form.getlist(name)[: quotas.MOST + 1] for name in _COLUMNS]
    rows: list[Row] = [(a.strip(), b.strip(), c.strip()) for a, b, c in zip(*columns, strict=False)]
    wishes: list[quotas.Wish] = []
    errors: list[Any] = []
    q = load_version(campaign.version_id)
    for n, (name, condition, maximum) in enumerate(rows):
        if not condition and not maximum and not name:
            continue
        if wrong := quotas.problem(condition, q):
            errors.append((f"condition-{n}", str(wrong)))
        try:
            number = parse_int(maximum)
        except InputError as error:
            errors.append((f"maximum-{n}", str(error.message)))
            continue
        if number < 1:
            errors.append((f"maximum-{n}", _("The greatest number must be at least 1.")))
        wishes.append(quotas.Wish((name or condition)[:120], condition[:500], number))
    return rows, wishes, errors


_COLUMNS = ("name", "condition", "maximum")


def _page(
    campaign: Campaign,
    *,
    launch: MomentForm | None = None,
    reminder: MomentForm | None = None,
    rows: list[Row] | None = None,
    errors: Any = (),
) -> str:
    found = quotas.of(campaign.id)
    is_hidden = any(quota.sealed_count is not None for quota in found)
    if rows is None:
        rows = [(each.name, each.condition, format_number(each.maximum)) for each in found]
    editable = campaign.state == "draft" and campaign.launch_at is None
    if editable:
        rows = rows + [("", "", "")] * min(EMPTY_ROWS, quotas.MOST - len(rows))
    return render_template(
        "campaigns/plan.html",
        campaign=campaign,
        launch=launch or MomentForm(prefix="launch", formdata=None),
        reminder=reminder or MomentForm(prefix="reminder", formdata=None),
        planned=schedule.planned_reminders(campaign.id),
        outcomes={
            "planned": _("planned"),
            "sent": _("sent"),
            "nobody": _("nobody had to be reminded"),
            "over": _("the campaign had ended"),
        },
        may_plan=campaign.state in ("draft", *services.RUNNING),
        editable=editable,
        quotas=found,
        is_hidden=is_hidden,
        rows=rows,
        errors=errors,
        names=[x.name for x in load_version(campaign.version_id).questions if x.type != "note"],
    )


def _refused(form: MomentForm, error: CampaignError) -> MomentForm:
    form.day.errors = [str(message) for message in error.messages]
    return form
