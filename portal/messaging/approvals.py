"""Two persons for many recipients: whoever launches, and somebody else who agrees.

A plugin asks `needed(recipients)`; where a second person is needed, `request` notes the wish,
`approve` or `decline` is said by somebody else, and the launch itself calls `use`. Functions flush
and never commit.
"""

from collections.abc import Collection, Mapping
from typing import Any

from flask import current_app
from sqlalchemy import select

from portal import audit, clock
from portal.config import Settings
from portal.db import db
from portal.i18n import LazyText, _l
from portal.messaging.approval_models import LaunchApproval

OPEN = ("waiting", "approved")
MAX_REASON = 500


class ApprovalError(ValueError):
    """Refused; codes: needed, grown, same_person, none, reason. `message` is for people."""

    def __init__(self, code: str, message: LazyText) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def needed(recipients: int) -> bool:
    """Whether a launch to so many people needs a second person."""
    settings: Settings = current_app.extensions["pasokh_settings"]
    return 0 < settings.approval_above < recipients


def standing(subject_type: str, subject_id: int) -> LaunchApproval | None:
    """The open wish about a thing: waiting, or approved and not launched yet."""
    return db.session.scalars(_open(subject_type, subject_id)).one_or_none()


def latest(subject_type: str, subject_id: int) -> LaunchApproval | None:
    """The last wish about a thing, however it ended."""
    return db.session.scalars(
        select(LaunchApproval)
        .where(LaunchApproval.subject_type == subject_type, LaunchApproval.subject_id == subject_id)
        .order_by(LaunchApproval.id.desc())
        .limit(1)
    ).first()


def waiting_among(subject_type: str, subject_ids: Collection[int]) -> set[int]:
    """Those of the things that wait for a second person."""
    if not subject_ids:
        return set()
    return set(
        db.session.scalars(
            select(LaunchApproval.subject_id).where(
                LaunchApproval.subject_type == subject_type,
                LaunchApproval.subject_id.in_(subject_ids),
                LaunchApproval.state == "waiting",
            )
        )
    )


def request(
    subject_type: str,
    subject_id: int,
    recipients: int,
    *,
    user_id: int | None,
    details: Mapping[str, Any] | None = None,
) -> LaunchApproval:
    """Wish for a launch. The caller holds the thing's lock and knows that nothing stands open.

    ApprovalError needed: nobody is signed in whom a second person could differ from.
    """
    if user_id is None:
        raise ApprovalError("needed", _needed())
    wish = LaunchApproval(
        subject_type=subject_type,
        subject_id=subject_id,
        recipients=recipients,
        details=dict(details or {}),
        requested_at=clock.now(),
        requested_by=user_id,
    )
    db.session.add(wish)
    db.session.flush()
    _note("launch.approval_requested", wish)
    return wish


def approve(
    subject_type: str, subject_id: int, *, user_id: int | None, recipients: int
) -> LaunchApproval:
    """A second person agrees to so many recipients. ApprovalError: none, same_person."""
    wish = _decided(subject_type, subject_id, user_id, "approved")
    wish.recipients = recipients
    db.session.flush()
    _note("launch.approved", wish)
    return wish


def decline(
    subject_type: str, subject_id: int, *, user_id: int | None, reason: str
) -> LaunchApproval:
    """A second person says no, and why. ApprovalError: none, same_person, reason."""
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise ApprovalError("reason", _l("Write the reason."))
    wish = _decided(subject_type, subject_id, user_id, "declined")
    wish.reason = reason
    db.session.flush()
    _note("launch.declined", wish, reason=reason)
    return wish


def withdraw(subject_type: str, subject_id: int) -> bool:
    """Nobody wishes it any more. False: nothing stood open."""
    wish = _locked(subject_type, subject_id)
    if wish is None:
        return False
    wish.state = "withdrawn"
    db.session.flush()
    _note("launch.approval_withdrawn", wish)
    return True


def use(subject_type: str, subject_id: int, recipients: int) -> LaunchApproval | None:
    """The approval of a launch that happens now; None where none is needed.

    Between the approval and a planned launch people come and go: a tenth more than were approved
    is allowed. ApprovalError: needed, grown.
    """
    wish = _locked(subject_type, subject_id)
    if needed(recipients):
        if wish is None or wish.state != "approved":
            raise ApprovalError("needed", _needed())
        if recipients > wish.recipients + wish.recipients // 10:
            raise ApprovalError(
                "grown", _l("There are many more people now than were approved. Ask once more.")
            )
    if wish is None:
        return None
    was_approved = wish.state == "approved"
    wish.state = "used" if was_approved else "withdrawn"
    db.session.flush()
    return wish if was_approved else None


def _needed() -> LazyText:
    return _l("So many people need the approval of a second person.")


def _open(subject_type: str, subject_id: int) -> Any:
    return select(LaunchApproval).where(
        LaunchApproval.subject_type == subject_type,
        LaunchApproval.subject_id == subject_id,
        LaunchApproval.state.in_(OPEN),
    )


def _locked(subject_type: str, subject_id: int) -> LaunchApproval | None:
    found: LaunchApproval | None = db.session.scalars(
        _open(subject_type, subject_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    return found


def _decided(subject_type: str, subject_id: int, user_id: int | None, state: str) -> LaunchApproval:
    wish = _locked(subject_type, subject_id)
    if wish is None or wish.state != "waiting":
        raise ApprovalError("none", _l("Nothing waits for an approval here any more."))
    if user_id is None or user_id == wish.requested_by:
        raise ApprovalError(
            "same_person", _l("Whoever launches cannot approve it: another person must.")
        )
    wish.state, wish.decided_by, wish.decided_at = state, user_id, clock.now()
    return wish


def _note(action: str, wish: LaunchApproval, **payload: Any) -> None:
    audit.record(
        action,
        wish.subject_type,
        wish.subject_id,
        recipients=wish.recipients,
        requested_by=wish.requested_by,
        **payload,
    )
