"""Reminders of a running vote: to those who were reached and have not voted, to nobody else.

Voters are locked while a wave is put in: whoever votes at this moment is either seen here or
finds a message to cancel. A message that is with the gateway already takes its course.
"""

from typing import Any, Final

from sqlalchemy import func, select

from portal import audit, clock
from portal.contacts import audience
from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import _l, pick
from portal.messaging import services as messaging
from portal.messaging import wording
from portal.messaging.models import Message
from portal.messaging.services import NewMessage
from surveys.ballots.errors import BallotError
from surveys.ballots.models import BallotScheme, BallotVoter
from surveys.ballots.services import opening, schemes
from surveys.ballots.services.people import sms_line
from surveys.ballots.services.voting import PURPOSE, is_open

CHUNK: Final = 5000
MOST_WAVES: Final = 3
REACHED: Final = ("accepted", "at_operator", "delivered", "expired", "unknown")
"""States of the invitation after which a reminder may still find its reader."""


def waiting(scheme: BallotScheme) -> int:
    """How many would be reminded now."""
    return db.session.scalar(_waiting(scheme).with_only_columns(func.count())) or 0


def may_remind(scheme: BallotScheme) -> bool:
    return is_open(scheme, clock.now()) and len(scheme.reminder_batches) < MOST_WAVES


def remind(scheme_id: int, *, wave: int, user_id: int | None = None) -> int:
    """Send the invitation's text once more. `wave`: how many reminders had gone out when it was
    confirmed. Returns how many. BallotError: not_voting, reminded, enough, nobody."""
    scheme = schemes.locked(scheme_id)
    if not is_open(scheme, clock.now()):
        raise BallotError("not_voting", _l("No vote is running."))
    if wave != len(scheme.reminder_batches):
        raise BallotError("reminded", _l("This reminder was sent already."))
    if wave >= MOST_WAVES:
        raise BallotError("enough", _l("Three reminders are enough for everybody."))
    if not waiting(scheme):
        raise BallotError("nobody", _l("There is nobody to remind now."))
    batch = messaging.create_batch(
        pick(scheme.names), launched_by=user_id, approved_by=opening.approved_by(scheme)
    )
    version = wording.freeze(scheme.texts, opening.SUBJECT, scheme.id, user_id=user_id)
    query = (
        _waiting(scheme)
        .with_only_columns(BallotVoter.id, Contact.id, Contact.e164, BallotVoter.language)
        .order_by(BallotVoter.id)
        .limit(CHUNK)
        .with_for_update(of=BallotVoter, key_share=True)
    )
    total, last = 0, 0
    while rows := db.session.execute(query.where(BallotVoter.id > last)).all():
        total += messaging.insert_messages(
            batch.id,
            (
                NewMessage(contact_id, e164, language, scheme.texts[language], PURPOSE, voter_id)
                for voter_id, contact_id, e164, language in rows
            ),
            template_version_id=version.id,
        )
        last = rows[-1][0]
    scheme.reminder_batches = [*scheme.reminder_batches, batch.id]
    audit.record("ballot.reminded", "ballot_scheme", scheme_id, recipients=total, wave=wave + 1)
    db.session.flush()
    return total


def cancel_waves(scheme: BallotScheme, reason: str) -> None:
    """The vote is over: nobody is reminded of it any more."""
    for batch_id in scheme.reminder_batches:
        messaging.cancel_batch(batch_id, reason)


def _waiting(scheme: BallotScheme) -> Any:
    reached = _linked([scheme.batch_id], REACHED)
    on_the_way = _linked(scheme.reminder_batches, ("created", "claimed"))
    return (
        select(BallotVoter)
        .join(Contact, Contact.id == BallotVoter.contact_id)
        .where(
            BallotVoter.scheme_id == scheme.id,
            BallotVoter.channel == "sms",
            BallotVoter.voted_by.is_(None),
            BallotVoter.language.in_(list(scheme.texts)),
            BallotVoter.id.in_(reached),
            BallotVoter.id.not_in(on_the_way),
            ~audience.opted_out(sms_line()),
        )
    )


def _linked(batch_ids: list[Any], states: tuple[str, ...]) -> Any:
    return select(Message.link_id).where(
        Message.batch_id.in_(batch_ids),
        Message.link_purpose == PURPOSE,
        Message.link_id.is_not(None),
        Message.state.in_(states),
    )
