"""What campaigns know of a person: that they were invited, and what became of it.

Of an anonymous survey only that, and the day: the table itself knows no more, nor does a page.
"""

from collections.abc import Sequence
from typing import Final

from flask import url_for
from sqlalchemy import select

from portal.contacts.history import Before, HistoryItem, HistorySource
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import LazyText, _l
from surveys.campaigns.models import Campaign, Invitation

STATES: Final[dict[str, LazyText]] = {
    "open": _l("Invited, not answered"),
    "started": _l("Begun, not finished"),
    "answered": _l("Answered"),
    "refused": _l("Opted out"),
    "screened": _l("Their group was full"),
}
_ONLY: Final = {"answered": "answered"}
_TONES: Final = {"answered": "good", "refused": "warn"}


def _items(contact: Contact, before: Before, limit: int) -> Sequence[HistoryItem]:
    rows = db.session.execute(
        select(Invitation, Campaign.id, Campaign.name, Campaign.secrecy)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(
            Invitation.contact_id == contact.id,
            Invitation.channel != "test",
            before.condition("campaigns", Invitation.state_at, Invitation.id),
        )
        .order_by(Invitation.state_at.desc(), Invitation.id.desc())
        .limit(limit)
    )
    found = []
    for invitation, campaign_id, name, secrecy in rows:
        anonymous = secrecy == "anonymous"
        state = _ONLY.get(invitation.state, "open") if anonymous else invitation.state
        found.append(
            HistoryItem(
                invitation.state_at,
                invitation.id,
                _l("Survey"),
                name,
                str(STATES[state]),
                _TONES.get(state, ""),
                url_for("campaigns.show", campaign_id=campaign_id),
                day_only=anonymous,
            )
        )
    return found


SOURCE: Final = HistorySource("campaigns", "campaigns.read", _items)
