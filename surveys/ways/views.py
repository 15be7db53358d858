"""The page of a campaign's ways, and its posters."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.contacts.models import LANGUAGES
from portal.db import db
from portal.i18n import LANGUAGES as LANGUAGE_NAMES
from portal.i18n import _
from portal.security import allow, may
from surveys.campaigns import services as campaigns
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.models import Campaign
from surveys.openlinks import poster
from surveys.openlinks.services import OpenLink, look_repeated
from surveys.ways import labels, reading, services
from surveys.ways.forms import ScriptForm, WaysForm
from surveys.ways.models import UNVERIFIED, CampaignWays

blueprint = Blueprint(
    "ways", __name__, template_folder="templates", url_prefix="/staff/campaigns/<int:campaign_id>"
)


@blueprint.get("/ways")
@allow("campaigns.read")
def show(campaign_id: int) -> ResponseReturnValue:
    campaign = _find(campaign_id)
    ways = reading.of(campaign_id)
    return _page(campaign, ways, WaysForm(data=WaysForm.data_of(ways)))


@blueprint.post("/ways")
@allow("campaigns.launch")
def choose(campaign_id: int) -> ResponseReturnValue:
    campaign = _find(campaign_id)
    form = WaysForm()
    if form.validate_on_submit():
        try:
            services.choose(
                campaign_id,
                invites_by_sms=bool(form.invites_by_sms.data),
                open_kind=form.open_kind.data or None,
                takes_replies=bool(form.takes_replies.data),
            )
        except CampaignError as error:
            db.session.rollback()
            form.form_errors = [str(message) for message in error.messages]
            campaign = _find(campaign_id)
        else:
            db.session.commit()
            flash(_("The ways to answer were saved."), "success")
            return redirect(url_for(".show", campaign_id=campaign_id))
    return _page(campaign, reading.of(campaign_id), form), 422


@blueprint.post("/ways/script")
@allow("campaigns.launch")
def change_script(campaign_id: int) -> ResponseReturnValue:
    campaign = _find(campaign_id)
    form = ScriptForm()
    if not form.validate_on_submit():
        ways = reading.of(campaign_id)
        return _page(campaign, ways, WaysForm(data=WaysForm.data_of(ways)), form), 422
    services.change_script(campaign_id, form.script())
    db.session.commit()
    flash(_("The script was saved."), "success")
    return redirect(url_for(".show", campaign_id=campaign_id))


@blueprint.get("/poster.pdf")
@allow("campaigns.read")
def download_poster(campaign_id: int) -> ResponseReturnValue:
    """`?size=` a4, a3 or billboard; `?languages=` a language, or "all", the city's own first."""
    campaign = _find(campaign_id)
    link = _link(campaign, reading.of(campaign_id))
    size, wanted = request.args.get("size", "a4"), request.args.get("languages", "all")
    languages = LANGUAGES if wanted == "all" else (wanted,)
    if link is None or size not in poster.SIZES or not set(languages) <= set(LANGUAGES):
        abort(404)
    response = Response(poster.render(link, languages, size), mimetype="application/pdf")
    name = f"poster-{link.code}-{size}-{wanted}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _find(campaign_id: int) -> Campaign:
    return campaigns.get(campaign_id) or abort(404)


def _link(campaign: Campaign, ways: CampaignWays) -> OpenLink | None:
    if not ways.open_kind or not ways.open_code:
        return None
    return OpenLink(campaign, ways.open_kind, ways.open_code)


def _page(
    campaign: Campaign, ways: CampaignWays, form: WaysForm, script: ScriptForm | None = None
) -> str:
    link = _link(campaign, ways)
    stored = {f"script_{code}": text for code, text in ways.call_script.items()}
    return render_template(
        "ways/show.html",
        campaign=campaign,
        ways=ways,
        form=form if campaign.state == "draft" and may("campaigns.launch") else None,
        script=script or ScriptForm(data=stored),
        link=link,
        address=poster.short_address(link) if link else "",
        sizes=poster.SIZES,
        language_choices={**LANGUAGE_NAMES, "all": _("All three languages")},
        open_kinds=labels.OPEN_KINDS,
        repeated=look_repeated(campaign.id) if ways.open_kind == UNVERIFIED else None,
    )
