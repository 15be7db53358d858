"""Invitations one at a time, for those who come by another way than the SMS of the launch.

Whatever makes or finds one, everything after it is the same: the token, the lock, one answer.
"""

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from portal import clock, links
from portal.contacts.models import Contact
from portal.db import db
from surveys.campaigns import texts as sms
from surveys.campaigns.models import Invitation


def make(
    campaign_id: int, *, language: str, channel: str, contact_id: int | None = None
) -> tuple[int, str]:
    """A new invitation: its id and token. One of a contact must not exist; else see find_or_make.

    Flushed, never committed.
    """
    made = _insert(campaign_id, contact_id, language, channel)
    assert made is not None  # noqa: S101 (only a contact can be invited already)
    return made, token_of(made)


def find_or_make(campaign_id: int, contact_id: int, *, language: str, channel: str) -> str:
    """The token of the one invitation of a contact, made now if there is none. Two at once find
    the same."""
    made = _insert(campaign_id, contact_id, language, channel) or of_contact(
        campaign_id, contact_id
    )
    if made is None:
        raise LookupError("The invitation vanished")
    return token_of(made)


def of_contact(campaign_id: int, contact_id: int) -> int | None:
    """The id of a contact's invitation to a campaign."""
    return db.session.scalar(
        select(Invitation.id).where(
            Invitation.campaign_id == campaign_id,
            Invitation.contact_id == contact_id,
            Invitation.occasion == 0,
        )
    )


def token_of(invitation_id: int) -> str:
    return links.token_for(sms.PURPOSE, invitation_id)


def refuse(contact_id: int | None, e164: str) -> int:
    """Whoever wants no messages is not waited for: close open invitations. How many there were."""
    who = select(Contact.id).where(
        Contact.id == contact_id if contact_id is not None else Contact.e164 == e164
    )
    found = db.session.scalars(
        update(Invitation)
        .where(Invitation.contact_id.in_(who), Invitation.state.in_(("open", "started")))
        .values(state="refused", state_at=clock.now())
        .returning(Invitation.id)
    )
    return len(found.all())


def _insert(campaign_id: int, contact_id: int | None, language: str, channel: str) -> int | None:
    # Known before the row exists, for the digest of a token is made from the id.
    statement = text("SELECT nextval(pg_get_serial_sequence('invitations', 'id'))")
    invitation_id: int = db.session.execute(statement).scalar_one()
    return db.session.scalar(
        insert(Invitation)
        .values(
            id=invitation_id,
            campaign_id=campaign_id,
            contact_id=contact_id,
            language=language,
            channel=channel,
            token_digest=links.digest(token_of(invitation_id)),
            state="open",
            state_at=clock.now(),
            occasion=0,
        )
        .on_conflict_do_nothing(index_elements=["campaign_id", "contact_id", "occasion"])
        .returning(Invitation.id)
    )
