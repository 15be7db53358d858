"""SMS of a vote to many people, by two persons: its opening, and invitations to propose.

To few people they go out as ever. One wish about a scheme stands open at a time; what is to be
done with it lies in its details.
"""

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
from surveys.ballots.services import inviting, opening, schemes
from surveys.ballots.services.opening import SUBJECT
from surveys.campaigns import texts as sms

Outcome = Literal["done", "waiting"]


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
        return "done", opening.open_vote(
            scheme_id, texts=texts, until=until, expected=expected, user_id=user_id
        )
    if until <= clock.now():
        raise BallotError("past", _l("The last day has passed. Choose a later one."), field="until")
    details = {"what": "open", "texts": opening.cleaned(texts), "until": until.isoformat()}
    return _ask(scheme, found, details, expected, user_id)


def invite_or_ask(
    scheme_id: int, *, texts: Mapping[str, str], expected: int, user_id: int | None
) -> tuple[Outcome, int]:
    """Invite people to propose, or ask for a second person; and how many. BallotError."""
    scheme = schemes.locked(scheme_id)
    found = inviting.plan(scheme, texts)
    if not approvals.needed(found.recipients):
        return "done", inviting.invite(scheme_id, texts=texts, expected=expected, user_id=user_id)
    return _ask(scheme, found, {"what": "invite", "texts": sms.kept(texts)}, expected, user_id)


def _ask(
    scheme: BallotScheme,
    found: opening.Plan | inviting.Plan,
    details: Mapping[str, object],
    expected: int | None,
    user_id: int | None,
) -> tuple[Outcome, int]:
    if found.problems:
        raise BallotError("wrong", *found.problems)
    if expected is not None and expected != found.recipients:
        raise BallotError("changed", opening.changed())
    if approvals.standing(SUBJECT, scheme.id) is not None:
        raise BallotError("waiting", _l("It waits for the approval of a second person."))
    try:
        approvals.request(SUBJECT, scheme.id, found.recipients, user_id=user_id, details=details)
    except ApprovalError as error:
        raise BallotError(error.code, error.message) from None
    return "waiting", found.recipients


def approve(scheme_id: int, *, user_id: int | None, expected: int) -> int:
    """The second person agrees to `expected` people: what was wished for is done. Returns how
    many. BallotError."""
    schemes.locked(scheme_id)
    try:
        wish = approvals.approve(SUBJECT, scheme_id, user_id=user_id, recipients=expected)
    except ApprovalError as error:
        raise BallotError(error.code, error.message) from None
    texts = wish.details["texts"]
    if wish.details["what"] == "invite":
        return inviting.invite(scheme_id, texts=texts, expected=expected, user_id=wish.requested_by)
    return opening.open_vote(
        scheme_id,
        texts=texts,
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
    """Whoever wanted it takes it back. False: nothing stood open."""
    schemes.locked(scheme_id)
    return approvals.withdraw(SUBJECT, scheme_id)


def standing(scheme: BallotScheme) -> LaunchApproval | None:
    """What waits for a second person, or was declined last."""
    if scheme.state != "proposals":
        return None
    found = approvals.latest(SUBJECT, scheme.id)
    return found if found and found.state in {"waiting", "declined"} else None


def recipients_now(scheme: BallotScheme, wish: LaunchApproval) -> int:
    """To how many people a wish would go at this moment."""
    texts = wish.details.get("texts", {})
    plan = inviting.plan if wish.details.get("what") == "invite" else opening.plan
    return plan(scheme, texts).recipients
