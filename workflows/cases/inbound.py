"""An SMS that is nothing else is a message to the city: it becomes a case, and is answered."""

from sqlalchemy import select

from portal.contacts.models import Contact
from portal.db import db
from portal.i18n import default_language as site_language
from portal.messaging import wording
from portal.messaging.models import InboundMessage
from portal.messaging.services import reply_automatically
from workflows.cases import codes, intake, moves
from workflows.cases.languages import guess

ORDER = 90
LEAST_LETTERS = 2
"""Of a text to be a message: a lone «?» or «7» stays in the inbox for a person."""


def take_inbound(message: InboundMessage, normalised: str) -> bool:
    """Handler of last resort. Runs in the transaction that marks the SMS as handled, so that an
    SMS that is offered twice is one case.

    Left in the inbox is what nobody wrote to us: senders that are no mobile number (shops, banks)
    and texts without words. The answer with the code goes on the line that was written to, and
    is left out towards robots (portal.messaging.services.reply_automatically).
    """
    if message.e164 is None or sum(char.isalpha() for char in normalised) < LEAST_LETTERS:
        return False
    language = language_of(message.e164, message.text)
    case = intake.receive(
        channel="sms",
        text=message.text[: moves.MOST_TEXT],
        language=language,
        e164=message.e164,
        origin_type="inbound_sms",
        origin_id=message.id,
        received_at=message.received_at,
        notify=False,
    )
    words = wording.render("cases.received", language, code=case.code, url=codes.url(case.code))
    reply = reply_automatically(
        message.id,
        words.body,
        language=language,
        contact_id=case.contact_id,
        template_version_id=words.version_id,
    )
    if reply is not None:
        moves.add_event(case.id, "sms", text=words.body, message_id=reply.id, about="received")
    db.session.flush()
    return True


def language_of(e164: str, text: str) -> str:
    """Of the contact if the bank knows the number, else of the letters."""
    known = db.session.scalar(select(Contact.language).where(Contact.e164 == e164))
    return known or guess(text, site_language())
