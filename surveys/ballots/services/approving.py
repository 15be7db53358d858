"""The opening of a vote for many people, by two persons. Without many, an opening as ever."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from portal import clock
from portal.i18n import _l
from portal.messaging import approvals
from portal.messaging.approval_models import LaunchApproval
from portal.messaging.approvals import ApprovalError
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotScheme
from surveys.ballots.services import opening, schemes
from surveys.ballots.services.opening import SUBJECT

Outcome = Literal["open", "waiting"]


def open_or_ask(
    scheme_id: int,
    *,
    texts: Mapping[str, str],
    until: dt.datetime,
    expected: int | None,
    user_id: int | None,
) -> tuple[Outcome, int]:
    """Open a vote, or ask for a second person; and for how many people. BallotError."""
    scheme = schemes.locked(scheme_id)
    found = opening.plan(scheme, texts)
    if not approvals.needed(found.recipients):
        return "open", opening.open_vote(
            scheme_id, texts=texts, until=until, expected=expected, user_id=user_id
        )
    if found.problems:
        raise BallotError("wrong", *found.problems)
    if until <= clock.now():
        raise BallotError("past", _l("The last day has passed. Choose a later one."), field="until")
    if expected is not None and expected != found.recipients:
        raise BallotError("changed", opening.changed())
    if approvals.standing(SUBJECT, scheme_id) is not None:
        raise BallotError("waiting", _l("It waits for the approval of a second person."))
    details = {"texts": opening.cleaned(texts), "until": until.isoformat()}
    try:
        approvals.request(SUBJECT, scheme_id, found.recipients, user_id=user_id, details=details)
    except ApprovalError as error:
        raise BallotError(error.code, error.message) from None
    return "waiting", found.recipients


def approve(scheme_id: int, *, user_id: int | None, expected: int) -> int:
    """The second person agrees to `expected` people: the vote opens with what was wished for.
    Returns how many. BallotError."""
    schemes.locked(scheme_id)
    try:
        wish = approvals.approve(SUBJECT, scheme_id, user_id=user_id, recipients=expected)
    except ApprovalError as error:
        raise BallotError(error.code, error.message) from None
    return opening.open_vote(
        scheme_id,
        texts=wish.details["texts"],
        until=dt.datetime.fromisoformat(wish.details["until"]),
        expected=expected,
        user_id=wish.requested_by,
    )


def decline(scheme_id: int, *, user_id: int | None, reason: str) -> None:
    """The second person says no, and why. BallotError."""
    schemes.locked(scheme_id)
    try:
        approvals.decline(SUBJECT, scheme_id, user_id=user_id, reason=reason)
    except ApprovalError as error:
        raise BallotError(error.code, error.message) from None


def withdraw(scheme_id: int) -> bool:
    """Whoever wanted to open takes it back. False: nothing stood open."""
    schemes.locked(scheme_id)
    return approvals.withdraw(SUBJECT, scheme_id)


def standing(scheme: BallotScheme) -> LaunchApproval | None:
    """What waits for a second person, or was declined last."""
    if scheme.state != "proposals":
        return None
    found = approvals.latest(SUBJECT, scheme.id)
    return found if found and found.state in {"waiting", "declined"} else None
