"""The second person's page of a launch to many people: yes, or no with a reason."""

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.i18n import InputError, _, format_number, parse_int
from portal.security import allow
from surveys.campaigns import approving, spread
from surveys.campaigns.views.common import act, blueprint, changed, find


@blueprint.post("/<int:campaign_id>/approve")
@allow("campaigns.approve")
def approve(campaign_id: int) -> ResponseReturnValue:
    """`expected`: the number of people that stood on the page."""
    expected = request.form.get("expected", type=int)
    if expected is None:
        abort(400)
    return act(
        campaign_id,
        lambda number: _approve(number, expected),
        "",
    )


def _approve(campaign_id: int, expected: int) -> None:
    number = approving.approve(campaign_id, user_id=current_user.id, expected=expected)
    if number is None:
        flash(_("Approved. It launches at its planned moment."), "success")
    else:
        flash(_("Launched. People invited: %(count)s.", count=format_number(number)), "success")


@blueprint.post("/<int:campaign_id>/decline")
@allow("campaigns.approve")
def decline(campaign_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")[:1000]
    return act(
        campaign_id,
        lambda number: approving.decline(number, user_id=current_user.id, reason=reason),
        _("Declined. The draft can be changed again."),
    )


@blueprint.post("/<int:campaign_id>/withdraw")
@allow("campaigns.launch")
def withdraw(campaign_id: int) -> ResponseReturnValue:
    """Take the wish to launch back."""
    return act(campaign_id, approving.withdraw, _("Taken back. The draft can be changed again."))


@blueprint.post("/<int:campaign_id>/spread")
@allow("campaigns.launch")
def change_spread(campaign_id: int) -> ResponseReturnValue:
    """Over how many hours the SMS go out; nothing or 0: as fast as may be."""
    find(campaign_id)
    typed = request.form.get("hours", "").strip()[:10]
    try:
        hours = parse_int(typed) if typed else 0
    except InputError:
        hours = -1
    return changed(
        lambda: spread.change(campaign_id, hours or None),
        url_for(".review", campaign_id=campaign_id),
        campaign_id,
        _("Saved."),
    )
