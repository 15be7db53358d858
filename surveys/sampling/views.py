"""The page of a draft's sample; of a launched campaign, what was drawn."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts import audience
from portal.db import db
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import _, digits
from portal.security import allow, may
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.sampling import drawing, services
from surveys.sampling.drawing import Stratum
from surveys.sampling.forms import ALLOCATION_NAMES, DIMENSION_NAMES, SampleForm
from surveys.sampling.plans import SEPARATOR, Plan

blueprint = Blueprint(
    "sampling",
    __name__,
    template_folder="templates",
    url_prefix="/staff/campaigns/<int:campaign_id>/sample",
)


@blueprint.get("")
@allow("campaigns.read")
def show(campaign_id: int) -> ResponseReturnValue:
    campaign = _find(campaign_id)
    plan = services.plan_of(campaign_id)
    if campaign.state != "draft":
        return _drawn_page(campaign, plan)
    sample = drawing.of(campaign_id)
    chosen = plan or Plan()
    form = SampleForm(
        tags=_tags(),
        data={
            "dimensions": list(chosen.dimensions),
            "tags": list(chosen.tags),
            "allocation": chosen.allocation,
            "size": digits(str(chosen.size)) if chosen.size else "",
            "seed": sample.seed if sample else "",
        },
    )
    return _draft_page(campaign, form, plan)


@blueprint.post("")
@allow("campaigns.launch")
def save(campaign_id: int) -> ResponseReturnValue:
    campaign = _find(campaign_id)
    form = SampleForm(tags=_tags())
    plan = form.plan()
    if request.form.get("action") == "recount" and campaign.state == "draft":
        return _draft_page(campaign, form, plan)
    found = services.preview(campaign, plan)
    if form.validate() and form.check(plan, found):
        try:
            if services.too_fine(found):
                raise CampaignError("too_fine", _("These are too many strata. Choose fewer kinds."))
            services.set_plan(campaign_id, plan, form.seed.data or "")
        except CampaignError as error:
            db.session.rollback()
            words = [str(message) for message in error.messages]
            if error.code == "bad_seed":
                form.seed.errors = words
            else:
                form.form_errors = words
            campaign = _find(campaign_id)
        else:
            db.session.commit()
            flash(_("The sample was saved. It is drawn at the launch."), "success")
            return redirect(url_for(".show", campaign_id=campaign_id))
    if campaign.state != "draft":
        return redirect(url_for(".show", campaign_id=campaign_id))
    return _draft_page(campaign, form, plan), 422


@blueprint.post("/remove")
@allow("campaigns.launch")
def remove(campaign_id: int) -> ResponseReturnValue:
    _find(campaign_id)
    try:
        services.set_plan(campaign_id, None)
    except CampaignError as error:
        db.session.rollback()
        flash(" ".join(str(message) for message in error.messages), "error")
    else:
        db.session.commit()
        flash(_("The whole audience will be invited."), "success")
    return redirect(url_for(".show", campaign_id=campaign_id))


def _find(campaign_id: int) -> Campaign:
    return campaigns.get(campaign_id) or abort(404)


def _tags() -> list[str]:
    return [tag for tag, _number in audience.choices().tags]


def _label(parts: tuple[str, ...], plan: Plan) -> str:
    """A stratum in words."""
    shown = []
    for dimension, part in zip(plan.dimensions, parts, strict=True):
        if dimension == "language":
            shown.append(LANGUAGE_NAMES.get(part, part))
        elif not part:
            shown.append(_("none") if dimension == "tag" else _("unknown"))
        else:
            shown.append(part)
    return " · ".join(shown) or _("Everybody")


def _draft_page(campaign: Campaign, form: SampleForm, plan: Plan | None) -> str:
    found = services.preview(campaign, plan) if plan else []
    return render_template(
        "sampling/draft.html",
        campaign=campaign,
        form=form,
        plan=plan,
        saved=drawing.of(campaign.id),
        strata=[
            {
                "place": place,
                "key": each.key,
                "label": _label(each.parts, plan),
                "frame": each.frame,
                "wanted": each.wanted,
                "probability": each.probability,
            }
            for place, each in enumerate(found)
        ]
        if plan
        else [],
        total=sum(each.wanted for each in found),
        frame=sum(each.frame for each in found),
        may_change=may("campaigns.launch"),
    )


def _drawn_page(campaign: Campaign, plan: Plan | None) -> str:
    sample = drawing.of(campaign.id)
    rows = [
        (
            Stratum(SEPARATOR.join(each["key"]), tuple(each["key"]), each["frame"], each["drawn"]),
            _label(tuple(each["key"]), plan),
        )
        for each in (sample.strata if sample else ())
        if plan
    ]
    return render_template(
        "sampling/drawn.html",
        campaign=campaign,
        sample=sample,
        rows=rows,
        drawn=sum(stratum.wanted for stratum, _words in rows),
        dimensions=[DIMENSION_NAMES[each] for each in plan.dimensions] if plan else [],
        allocation=ALLOCATION_NAMES[plan.allocation] if plan else "",
    )
