"""The second person's word on the opening of a vote for many people."""

from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from portal.i18n import _, format_number
from portal.security import allow, may
from surveys.ballots.models import BallotScheme
from surveys.ballots.services import approving, inviting, opening
from surveys.ballots.views.common import act, blueprint, find, scheme_url
from surveys.campaigns import texts as sms


def approval_of(scheme: BallotScheme) -> dict[str, Any]:
    """What the part of the page about it needs."""
    found = approving.standing(scheme)
    if found is None:
        return {"approval": None}
    texts = found.details.get("texts", {})
    is_invitation = found.details.get("what") == "invite"
    return {
        "approval": found,
        "approval_what": _("Invitation to propose") if is_invitation else _("Open the vote"),
        "approval_count": approving.recipients_now(scheme, found),
        "approval_samples": {
            code: sms.sample(body, inviting.PURPOSE) if is_invitation else opening.sample(body)
            for code, body in texts.items()
        },
        "approval_urls": {
            name: url_for(f".{name}_opening", scheme_id=scheme.id)
            for name in ("approve", "decline", "withdraw")
            if name != "withdraw" or may("ballots.manage")
        },
    }


@blueprint.post("/<int:scheme_id>/open/approve")
@allow("campaigns.approve")
def approve_opening(scheme_id: int) -> ResponseReturnValue:
    """`expected`: the number of people that stood on the page."""
    find(scheme_id)
    expected = request.form.get("expected", type=int)
    if expected is None:
        abort(400)

    def approve() -> None:
        number = approving.approve(scheme_id, user_id=current_user.id, expected=expected)
        flash(_("Approved. SMS on their way: %(count)s.", count=format_number(number)), "success")

    return act(approve, scheme_url(scheme_id))


@blueprint.post("/<int:scheme_id>/open/decline")
@allow("campaigns.approve")
def decline_opening(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    reason = request.form.get("reason", "")[:1000]
    return act(
        lambda: approving.decline(scheme_id, user_id=current_user.id, reason=reason),
        scheme_url(scheme_id),
        _("Declined. The draft can be changed again."),
    )


@blueprint.post("/<int:scheme_id>/open/withdraw")
@allow("ballots.manage")
def withdraw_opening(scheme_id: int) -> ResponseReturnValue:
    find(scheme_id)
    return act(
        lambda: approving.withdraw(scheme_id),
        scheme_url(scheme_id),
        _("Taken back. The draft can be changed again."),
    )
