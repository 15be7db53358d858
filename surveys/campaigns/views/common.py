"""The blueprint, and what all pages of campaigns share."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import services as accounts
from portal.db import db
from portal.i18n import format_number
from portal.messaging import prices
from portal.security import may
from surveys.campaigns import approving, services
from surveys.campaigns.errors import CampaignError
from surveys.campaigns.forms import BudgetForm, first_day, last_day
from surveys.campaigns.labels import state_label
from surveys.campaigns.models import Campaign
from surveys.secrecy.words import secrecy_label

blueprint = Blueprint(
    "campaigns", "surveys.campaigns", template_folder="templates", url_prefix="/staff/campaigns"
)


@blueprint.context_processor
def _labels() -> dict[str, Any]:
    return {
        "state_label": state_label,
        "secrecy_label": secrecy_label,
        "first_day": first_day,
        "last_day": last_day,
    }


def find(campaign_id: int) -> Campaign:
    return services.get(campaign_id) or abort(404)


def find_draft(campaign_id: int) -> Campaign:
    """The draft, or a way to the page of what is no draft any more."""
    campaign = find(campaign_id)
    if campaign.state != "draft":
        abort(redirect(url_for(".show", campaign_id=campaign_id)))
    return campaign


def budget_form(campaign: Campaign) -> BudgetForm:
    """Its budget as it stands, to be changed."""
    rial = campaign.budget_rial
    typed = "" if rial is None else format_number(prices.toman(rial))
    return BudgetForm(formdata=None, data={"budget": typed})


def approval_of(campaign: Campaign, recipients: int, parts: int) -> dict[str, Any]:
    """What the part about a second person's approval needs."""
    urls = {
        name: url_for(f".{name}", campaign_id=campaign.id)
        for name in ("approve", "decline", "withdraw")
        if name != "withdraw" or may("campaigns.launch")
    }
    found = approving.standing(campaign)
    asked_by = accounts.names({found.requested_by}) if found is not None else {}
    return {
        "approval": found,
        "approval_urls": urls,
        "approval_count": recipients,
        "approval_parts": parts,
        "approval_asked_by": next(iter(asked_by.values()), ""),
    }


def act(campaign_id: int, action: Callable[[int], object], done: str) -> ResponseReturnValue:
    find(campaign_id)
    page = url_for(".show", campaign_id=campaign_id)
    return changed(lambda: action(campaign_id), page, campaign_id, done)


def changed(
    action: Callable[[], object], page: str, campaign_id: int, done: str = ""
) -> ResponseReturnValue:
    """Do it, commit once, go to `page`; a refusal is said on the campaign's page."""
    try:
        happened = action()
    except CampaignError as error:
        db.session.rollback()
        say(error)
        return redirect(url_for(".show", campaign_id=campaign_id))
    db.session.commit()
    if done and happened is not False:
        flash(done, "success")
    return redirect(page)


def say(error: CampaignError) -> None:
    for message in error.messages:
        flash(str(message), "error")
