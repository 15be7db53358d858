"""Staff's blueprint, and what all its pages share."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.db import db
from surveys.ballots import words
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotArea, BallotProposal, BallotScheme
from surveys.ballots.services import proposals, schemes
from surveys.ballots.staff_forms import last_day

blueprint = Blueprint(
    "ballots", __name__, template_folder="../templates", url_prefix="/staff/ballots"
)


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "kinds": words.KINDS,
        "rules": words.RULES,
        "scheme_states": words.SCHEME_STATES,
        "proposal_states": words.PROPOSAL_STATES,
        "reasons": proposals.REASONS,
        "last_day": last_day,
        "open_states": schemes.OPEN_STATES,
        "takes_proposals": schemes.takes_proposals,
    }


def find(scheme_id: int) -> BallotScheme:
    return schemes.get(scheme_id) or abort(404)


def find_area(area_id: int) -> BallotArea:
    return schemes.area(area_id) or abort(404)


def find_proposal(proposal_id: int) -> BallotProposal:
    return proposals.get(proposal_id) or abort(404)


def act(action: Callable[[], object], page: str, done: str = "") -> ResponseReturnValue:
    """Do it, commit once, go to `page`; a refusal is said there."""
    try:
        happened = action()
    except BallotError as error:
        db.session.rollback()
        say(error)
        return redirect(page, 303)
    db.session.commit()
    if done and happened is not False:
        flash(done, "success")
    return redirect(page, 303)


def say(error: BallotError) -> None:
    for message in error.messages:
        flash(str(message), "error")


def put(form: Any, error: BallotError) -> None:
    """A refusal at its field, or above the form."""
    field = form[error.field] if error.field and error.field in form else None
    messages = [str(message) for message in error.messages]
    if field is not None:
        field.errors = [*field.errors, *messages]
    else:
        form.form_errors.extend(messages)


def scheme_url(scheme_id: int) -> str:
    return url_for("ballots.show", scheme_id=scheme_id)


def area_url(area_id: int) -> str:
    return url_for("ballots.area", area_id=area_id)


def typed_after() -> int:
    """`?after=`: behind which number a page of a list begins. What is none is the first page."""
    number = request.args.get("after", 0, type=int)
    return number if 0 <= number < 2**31 else 0
